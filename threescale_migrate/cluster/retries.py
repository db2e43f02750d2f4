"""What is done about a call of `oc` that fails for a reason that passes by itself: it is made again, by tenacity."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, wait_random_exponential

from . import running_calls
from .clock import Clock
from .oc_errors import OcError, RequestTimeout, TimeOver, Unreachable, remedy

Result = TypeVar("Result")


def again(
    attempt: Callable[[], Result],
    first: OcError,
    began: float,
    tries: int,
    timeouts: int,
    clock: Clock,
    pause: Callable[[float], None],
    server: str,
) -> Result:
    """Calls `attempt` again while what it raises passes by itself, `first` being what it has raised already, at most `tries` times in
    all since `began`, or `timeouts` if no answer comes. Raises the last error."""
    begun = [first]
    failed: list[OcError] = []

    def late(state: RetryCallState) -> bool:
        return state.outcome is not None and isinstance(state.outcome.exception(), RequestTimeout)

    def enough(state: RetryCallState) -> bool:
        return (
            bool(running_calls.asked) or state.attempt_number >= (timeouts if late(state) else tries) or clock.is_over
        )

    def once() -> Result:
        try:
            if begun:
                raise begun.pop()
            return attempt()
        except TimeOver as error:
            raise (failed or [error])[-1] from None
        except OcError as error:
            failed.append(error)
            raise

    retrying = Retrying(
        retry=retry_if_exception(lambda error: isinstance(error, OcError) and error.passing),
        stop=enough,
        wait=wait_random_exponential(multiplier=0.2, max=5),
        sleep=lambda seconds: pause(clock.limit(seconds)),
        reraise=True,
    )
    try:
        return retrying(once)
    except Unreachable as error:
        if not error.fix:
            error.fix = remedy(error, server, max(1, len(failed)), monotonic() - began)
        raise
