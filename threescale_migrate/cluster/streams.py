"""The files that a call of `oc` reads from or writes to, if the data is too large or too secret to be held in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO


@dataclass(frozen=True)
class Stream:
    """Files that are a call's own standard input (`source`) and output (`into`), and a time of its own in seconds."""

    source: BinaryIO | None = None
    into: BinaryIO | None = None
    seconds: float | None = None


NONE = Stream()
