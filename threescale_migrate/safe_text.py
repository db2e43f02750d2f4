"""Text from a cluster or a file, made safe for terminals, reports and monitoring systems.

Letters of all languages stay. What is not seen, and may move the cursor, change colours or turn the reading direction around,
becomes what it is called: `\\x1b`, `\\u202e`.
"""

from __future__ import annotations

_NAMED = {"\t": "\\t", "\r": "\\r", "\n": "\\n"}
# Spaces of other widths are read as what they are; Japanese has one.
_SPACES = "\u00a0\u3000"


def visible(text: str, keep: str = "\n") -> str:
    """The text with a visible form for all that cannot be seen; the characters of `keep` stay."""
    if text.isprintable():
        return text
    return "".join(
        letter if letter.isprintable() or letter in keep or letter in _SPACES else escaped(letter) for letter in text
    )


def escaped(letter: str) -> str:
    """How a character that cannot be seen is written: as Python and shells do."""
    if letter in _NAMED:
        return _NAMED[letter]
    code = ord(letter)
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a name that is not UTF-8
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def cut(text: str, width: int) -> str:
    """The text in at most so many characters: its beginning, to the end of a word."""
    if len(text) <= width:
        return text
    kept = text[: width - 1]
    whole = kept.rpartition(" ")[0] if not text[width - 1].isspace() else kept
    return (whole.rstrip() or kept) + "…"


def unit_escaped(text: str) -> str:
    """The same as JSON, and most languages, escape it: by units of UTF-16."""
    raw = text.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{raw[at]:02x}{raw[at + 1]:02x}" for at in range(0, len(raw), 2))
