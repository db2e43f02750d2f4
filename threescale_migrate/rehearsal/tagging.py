"""What an import and a mapping leave in an image stream's status: the images of each tag, or why there is none.

It gives changed streams. Storing them, and what follows from the change, is the server's.
"""

from __future__ import annotations

from . import images
from .store import Object, Store, copied


def imported(store: Store, stream: Object, tag_name: str, image: str) -> tuple[Object, str | None]:
    """The stream after an import of a tag's image, and why that failed where it did."""
    meta = stream["metadata"]
    try:
        found = images.look_up(store, image, images.of_project(store, meta["namespace"]))
    except images.NoImage as error:
        why = f"Internal error occurred: {image}: {error}"
        changed, known = _with_tag(stream, tag_name)
        condition = {"generation": meta["generation"], "lastTransitionTime": store.timestamp(), "message": why}
        known["conditions"] = [{**condition, "reason": "InternalError", "status": "False", "type": "ImportSuccess"}]
        return changed, why
    return pointed(store, stream, tag_name, found), None


def pointed(store: Store, stream: Object, tag_name: str, reference: str, image: str = "") -> Object:
    """The stream with an image before those that the tag has had."""
    changed, known = _with_tag(stream, tag_name)
    entry = {
        "created": store.timestamp(),
        "dockerImageReference": reference,
        "generation": stream["metadata"].get("generation", 1),
        "image": image or reference.rpartition("@")[2],
    }
    known["items"] = [entry, *(known.get("items") or ())]
    known.pop("conditions", None)
    return changed


def _with_tag(stream: Object, tag_name: str) -> tuple[Object, Object]:
    """A copy of the stream, and the tag in its status, which is made where there is none."""
    changed: Object = copied(stream)
    tags = changed.setdefault("status", {}).setdefault("tags", [])
    known: Object | None = next((item for item in tags if item["tag"] == tag_name), None)
    if known is None:
        known = {"items": None, "tag": tag_name}
        tags.append(known)
    return changed, known
