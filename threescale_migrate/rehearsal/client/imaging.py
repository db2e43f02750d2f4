"""`oc tag`, `import-image` and `image info`: image streams, and what a registry says about an image."""

from __future__ import annotations

from .. import images, tagging
from ..quickjson import loads
from ..refusing import ApiError
from ..resources import RESOURCES
from ..server import Api, open_cluster
from ..store import Object
from ..typed import Any
from .documents import to_json
from .errors import CommandError, failure
from .output import columns
from .session import Session

STREAMS = RESOURCES["imagestreams"]


def tag(session: Session) -> None:
    """Points a tag of an image stream at another image; a missing stream is created."""
    if len(session.words) != 2 or ":" not in session.words[1]:
        raise failure("you must specify at least a source and a destination or one or more tags to delete")
    image, (name, _, tag_name) = session.words[0], session.words[1].partition(":")
    with session.api() as api:
        stream = _stream(api, session.namespace, name)
        _follow(api, stream, tag_name, image)
        tagging.bring_in(api.cluster.simulation, stream, tag_name, image)
    session.print(f"Tag {session.words[1]} set to {image}.")


def _stream(api: Api, namespace: str, name: str) -> Object:
    """The stored stream, for a user who may change it. Raises ApiError."""
    try:
        api.get(STREAMS, namespace, name)
    except ApiError as error:
        if error.status != 404:
            raise
        api.create(STREAMS, namespace, {"kind": "ImageStream", "metadata": {"name": name}})
    api.patch(STREAMS, namespace, name, "merge", {})  # refused here without the permission to change it
    found: Object = api.store.get("imagestreams", namespace, name) or {}
    return found


def _follow(api: Api, stream: Object, tag_name: str, image: str) -> None:
    """Writes into the stream's spec which image the tag follows."""
    tags = stream.setdefault("spec", {}).setdefault("tags", [])
    tags[:] = [known for known in tags if known["name"] != tag_name]
    tags.append(
        {"from": {"kind": "DockerImage", "name": image}, "name": tag_name, "referencePolicy": {"type": "Source"}}
    )
    stream["metadata"]["generation"] = stream["metadata"].get("generation", 1) + 1
    api.store.put("imagestreams", stream)


def import_image(session: Session) -> None:
    """Asks a registry for the image of a tag, with the logins of the project; with `--dry-run` nothing is stored."""
    if len(session.words) != 1:
        raise failure("you must specify the name of an image stream")
    name, _, tag_name = session.words[0].partition(":")
    tag_name = tag_name or "latest"
    dry = session.dry_run != "none"
    with session.api() as api:
        known = api.store.get("imagestreams", session.namespace, name)
        if known is None and not session.values.get("confirm"):
            raise failure(f'no image stream named "{name}" exists, pass --confirm to create and import')
        image = str(session.values.get("from") or _followed(known, tag_name))
        if not image:
            raise failure(f'the tag "{tag_name}" does not exist on the image stream - choose an existing tag to import')
        if dry:
            api.allow("create", STREAMS, session.namespace)
            why = _try(api, session.namespace, image)
        else:
            stream = _stream(api, session.namespace, name)
            _follow(api, stream, tag_name, image)
            why = tagging.bring_in(api.cluster.simulation, stream, tag_name, image)
    done = "imported with errors" if why else "imported"
    session.print(f"{STREAMS.singular}/{name} {done}{' (dry run)' if dry else ''}\n")
    if why:
        session.complain(f"error: tag {tag_name} failed: {why}")
        return
    session.out.write(columns([["Name:", f"{name}:{tag_name}"], ["Docker Image:", image]]))


def _followed(stream: Object | None, tag_name: str) -> str:
    for known in (stream or {}).get("spec", {}).get("tags") or ():
        if known["name"] == tag_name:
            return str((known.get("from") or {}).get("name", ""))
    return ""


def _try(api: Api, namespace: str, image: str) -> str | None:
    try:
        images.look_up(api.store, image, images.of_project(api.store, namespace))
    except images.NoImage as error:
        return f"Internal error occurred: {image}: {error}"
    return None


def image(session: Session) -> None:
    """`image info`: asks a registry from this machine, with the logins in a file. The cluster's API is not involved."""
    if session.words[:1] != ["info"] or len(session.words) != 2:
        raise failure("the rehearsal oc knows only image info NAME")
    name = session.words[1]
    logins = _logins(str(session.values.get("registry-config") or ""))
    with open_cluster(session.directory) as cluster:
        try:
            found = images.look_up(cluster.store, name, [logins])
        except images.NoImage as error:
            what = "read image" if str(error).startswith("unauthorized") else "connect to image repository"
            raise failure(f"unable to {what} {name}: {error}") from None
    digest = found.rpartition("@")[2]
    media = "application/vnd.docker.distribution.manifest.v2+json"
    if session.values.get("output") == "json":
        session.print(to_json({"digest": digest, "mediaType": media, "name": name}, indent=2))
        return
    rows = [["Name:", name], ["Digest:", digest], ["Media Type:", media], ["OS:", "linux"], ["Arch:", "amd64"]]
    session.out.write(columns(rows))


def _logins(path: str) -> dict[str, Any]:
    if not path:
        return {}
    try:
        with open(path, encoding="utf-8") as file:
            document = loads(file.read())
        found = document["auths"]
    except OSError:
        raise CommandError(f"error: unable to load --registry-config: open {path}: no such file or directory") from None
    except (ValueError, KeyError, TypeError):
        raise failure(f"unable to load --registry-config: {path} holds no logins") from None
    return found if isinstance(found, dict) else {}
