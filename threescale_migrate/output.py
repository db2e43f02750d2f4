"""All that the program prints passes here: it is masked, and converted to what the stream can show."""

from __future__ import annotations

import codecs
import io
import os
import sys
from collections.abc import Iterable
from typing import Any, TextIO, cast

from .language import system_error
from .redaction import REDACTOR
from .safe_text import unit_escaped

# How a stream writes what its encoding has no character for: so that JSON stays JSON.
UNIT_ESCAPED = "threescale-migrate-escaped"


def _escape(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return unit_escaped(error.object[error.start : error.end]), error.end


codecs.register_error(UNIT_ESCAPED, _escape)


class Unwritable(Exception):
    """The result cannot be written; `why` is the system's reason."""

    def __init__(self, error: OSError) -> None:
        self.why = system_error(error)
        super().__init__(str(self.why))


class Guarded:
    """A stream that masks secrets, and that shows what its encoding has no character for in another way.

    On stderr (`talk`), what cannot be written is dropped: a run is not ended in the middle because nobody reads it any more. On
    stdout, Unwritable or BrokenPipeError is raised.
    """

    def __init__(self, stream: TextIO, talk: bool) -> None:
        self.stream = stream
        self.talk = talk

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def write(self, text: str) -> int:
        """Writes the text, masked."""
        masked = REDACTOR(text)
        try:
            self.stream.write(masked)
        except (OSError, ValueError) as error:
            self._failed(error)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Writes several."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Hands on what is held back."""
        try:
            self.stream.flush()
        except (OSError, ValueError) as error:
            self._failed(error)

    def _failed(self, error: Exception) -> None:
        if self.talk:
            return
        if isinstance(error, BrokenPipeError) or not isinstance(error, OSError):
            raise error
        raise Unwritable(error)


def guard() -> None:
    """Puts the guard before both streams; one that is closed swallows what it is given."""
    sys.stdout = _guarded(sys.stdout, talk=False)
    sys.stderr = _guarded(sys.stderr, talk=True)


def _guarded(stream: TextIO | None, talk: bool) -> TextIO:
    if isinstance(stream, Guarded):
        return stream
    if stream is None:
        stream = io.StringIO()
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors=UNIT_ESCAPED)
    return cast(TextIO, Guarded(stream, talk))


def close() -> None:
    """Keeps Python from complaining at its end about a stream that cannot be written."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, Unwritable):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
