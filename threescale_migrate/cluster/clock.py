"""How long the work on a cluster may take: one deadline, which every call and every wait asks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic


@dataclass
class Clock:
    """A time in seconds that begins now, without an end where none is given. It stands still while a person is asked."""

    seconds: float | None = None
    began: float = field(default_factory=monotonic)

    @property
    def left(self) -> float | None:
        """The seconds that are left, None if there is no end."""
        return None if self.seconds is None else max(0.0, self.began + self.seconds - monotonic())

    @property
    def is_over(self) -> bool:
        """Whether nothing is left."""
        return self.left == 0.0

    def limit(self, seconds: float) -> float:
        """So many seconds, or what is left of them."""
        return seconds if self.left is None else min(seconds, self.left)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Within it a person is asked, which uses up nothing."""
        asked = monotonic()
        try:
            yield
        finally:
            self.began += monotonic() - asked
