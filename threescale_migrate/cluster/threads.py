"""Work done at the same time, in threads that a signal can end: nothing else in the package starts threads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

Result = TypeVar("Result")
# A signal can come to any thread, and is handled in the main one when that wakes up the next time.
AWAKE_SECONDS = 0.1


def begun(call: Callable[[], Result]) -> Callable[[], Result]:
    """Begins a call, beside whatever else is done. What it gives waits for its end, and raises what it raised."""
    pool = ThreadPoolExecutor(1)
    future = pool.submit(call)
    pool.shutdown(wait=False)
    return future.result


def side_by_side(calls: Sequence[Callable[[], Result]], at_once: int | None = None) -> list[Result]:
    """What the calls gave, in their order; no more than `at_once` of them run at the same time.

    Raises what the first of them raised that failed, once all have ended. What a signal handler raises ends the waiting;
    calls that have not begun are given up then, and those of `oc` that run have been ended by the handler.
    """
    if len(calls) == 1:
        return [calls[0]()]
    with ThreadPoolExecutor(min(len(calls), at_once or len(calls)) or 1) as pool:
        futures = [pool.submit(call) for call in calls]
        try:
            while wait(futures, timeout=AWAKE_SECONDS).not_done:
                pass
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        return [future.result() for future in futures]
