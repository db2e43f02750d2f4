"""Imports and mappings of images: they change the tags in an image stream's status."""

from __future__ import annotations

from . import importing
from .simulation import Simulation
from .store import Object, Store, copied


def followed(sim: Simulation, stream: Object) -> None:
    """Makes the configs of the project check the streams that they follow."""
    space = stream["metadata"]["namespace"]
    for config in sim.store.all("deploymentconfigs", space):
        sim.after("trigger", "config", space, config["metadata"]["name"])


def import_all(sim: Simulation, stream: Object) -> None:
    """Imports those tags of a new stream that follow an image in a registry, and points those at their images that follow these
    (`latest` follows `2.5.0`: fact 23)."""
    space, name = stream["metadata"]["namespace"], stream["metadata"]["name"]
    tags = [(str(tag["name"]), tag.get("from") or {}) for tag in (stream.get("spec") or {}).get("tags") or ()]
    for tag_name, source in tags:
        current = sim.store.get("imagestreams", space, name)
        if source.get("kind") == "DockerImage" and current is not None:
            bring_in(sim, current, tag_name, str(source["name"]))
    for _ in tags:  # one may follow another that follows a third
        for tag_name, source in tags:
            current = sim.store.get("imagestreams", space, name)
            if source.get("kind") != "ImageStreamTag" or current is None or _newest(current, tag_name):
                continue
            other, _, followed_tag = str(source.get("name") or "").rpartition(":")
            reference = _newest(current, followed_tag) if other in ("", name) else ""
            if reference:
                _point(sim, current, tag_name, reference)


def _newest(stream: Object, tag_name: str) -> str:
    """The image of a stream's tag; empty if there is none."""
    known: Object = next((tag for tag in (stream.get("status") or {}).get("tags") or () if tag["tag"] == tag_name), {})
    return str((known.get("items") or [{}])[0].get("dockerImageReference") or "")


def bring_in(sim: Simulation, stream: Object, tag_name: str, image: str) -> str | None:
    """Imports a tag's image. If that fails, the reason is in the tag's conditions, and returned."""
    store, meta = sim.store, stream["metadata"]
    answer = importing.answered(store, meta["namespace"], image)
    if "image" in answer:
        _point(sim, stream, tag_name, answer["image"]["dockerImageReference"])
        return None
    changed, known = _with_tag(stream, tag_name)
    known["conditions"] = [import_failed(store, meta["generation"], answer["status"])]
    store.put("imagestreams", changed)
    return str(answer["status"]["message"])


def import_failed(store: Store, generation: int, status: Object) -> Object:
    """The condition of a tag whose image could not be imported, with the reason and message of the importer's status."""
    condition = {"generation": generation, "lastTransitionTime": store.timestamp(), "message": status["message"]}
    return {**condition, "reason": status["reason"], "status": "False", "type": "ImportSuccess"}


def map_image(sim: Simulation, stream: Object, mapping: Object) -> None:
    """Enters an image into a tag of a stream without asking a registry."""
    image = mapping.get("image") or {}
    reference, name = image.get("dockerImageReference", ""), image.get("metadata", {}).get("name", "")
    _point(sim, stream, str(mapping.get("tag") or "latest"), reference, name)


def _point(sim: Simulation, stream: Object, tag_name: str, reference: str, image: str = "") -> None:
    """Stores the stream with an image before the tag's former ones."""
    changed, known = _with_tag(stream, tag_name)
    entry = {
        "created": sim.store.timestamp(),
        "dockerImageReference": reference,
        "generation": stream["metadata"].get("generation", 1),
        "image": image or reference.rpartition("@")[2],
    }
    known["items"] = [entry, *(known.get("items") or ())]
    known.pop("conditions", None)
    sim.store.put("imagestreams", changed)
    followed(sim, changed)


def _with_tag(stream: Object, tag_name: str) -> tuple[Object, Object]:
    """A copy of the stream, and the tag in its status, which is added if it is missing."""
    changed: Object = copied(stream)
    tags = changed.setdefault("status", {}).setdefault("tags", [])
    known: Object | None = next((item for item in tags if item["tag"] == tag_name), None)
    if known is None:
        known = {"items": None, "tag": tag_name}
        tags.append(known)
    return changed, known
