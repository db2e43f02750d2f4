"""Has the cluster look for images with the logins of the project, in one call that imports none of them (fact 37)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .allowed_calls import ASK, images
from .oc import Oc
from .oc_errors import BadInput, Forbidden

FOUND = "Success"
# An error of the image API itself can last; it says nothing of the images, and is not waited out.
TRIES = 2
# A policy of the cluster refuses the call as a whole, and names the images that it refuses by their number.
_REFUSED = re.compile(r"spec\.images\[(\d+)\]")


@dataclass(frozen=True)
class Looked:
    """What the cluster says of an image: a reason, `Success` if it is there, and a message."""

    reason: str
    message: str


def look(oc: Oc, names: Sequence[str]) -> dict[str, Looked]:
    """What the cluster says of each image. Raises OcError."""
    found: dict[str, Looked] = {}
    left = tuple(dict.fromkeys(names))
    while left:
        try:
            [answers] = oc.read_items(ASK, _parse, tries=TRIES, stdin=images(left))[0]
        except (BadInput, Forbidden) as error:
            refused = {left[int(number)] for number in _REFUSED.findall(str(error)) if int(number) < len(left)}
            if not refused:
                raise
            found.update(dict.fromkeys(refused, Looked("Invalid", str(error))))
            left = tuple(name for name in left if name not in refused)
        else:
            return {**found, **dict(zip(left, answers))}
    return found


def _parse(item: Mapping[str, Any]) -> list[Looked]:
    statuses = [image["status"] for image in item["status"]["images"]]
    return [
        Looked(
            FOUND if status.get("status") == FOUND else str(status.get("reason") or "Unknown"),
            str(status.get("message") or ""),
        )
        for status in statuses
    ]
