"""The names of types, for the type checker alone: at run time they mean nothing, since `typing` takes too long to load."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any, TextIO, Union

    Object = dict[str, Any]
    Directory = Union[str, os.PathLike[str]]
else:
    Any = Callable = Directory = Iterable = Iterator = Object = Sequence = TextIO = object

__all__ = [
    "TYPE_CHECKING", "Any", "Callable", "Directory", "Iterable", "Iterator", "Object", "Sequence", "TextIO",
]  # fmt: skip
