"""Whether a report can be written to a path, checked before anything is done. It writes nothing that stays."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from ..language import system_error
from ..render.formats import REPORTS
from ..values import Text, Usage


def usable(path: str) -> str:
    """The path, whole, where a report can be written to it. Raises Usage."""
    target = Path(os.path.abspath(path))
    if target.suffix.lower() not in REPORTS:
        raise Usage(Text("{path}: the name of a report has to end in .html or .md", path=path))
    if target.is_dir():
        raise Usage(Text("{path} is a directory: give the name of a file", path=path))
    try:
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}."):
            pass
    except OSError as error:
        raise Usage(Text("{path} cannot be written ({why})", path=path, why=system_error(error))) from None
    return str(target)
