"""The files that are part of the package, read in the same way from a directory and from within a zip.

It owns how such a file is found. It must not know what is in it.
"""

from __future__ import annotations


def binary(name: str) -> bytes:
    """The content of a file of the package, named from the package's root, such as `render/script.sh`."""
    import pkgutil  # late: most commands read none

    found = pkgutil.get_data(__package__, name)
    assert found is not None, name
    return found


def text(name: str) -> str:
    """The same as text."""
    return binary(name).decode("utf-8")
