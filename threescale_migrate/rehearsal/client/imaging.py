"""`oc import-image` and `image info`: image streams, and what a registry says about an image."""

from __future__ import annotations

from .. import images, importing, tagging
from ..logins import NO_PAIR, Login, Unparsable, of_config
from ..quickjson import loads
from ..refusing import ApiError
from ..resources import RESOURCES
from ..server import Api, open_cluster
from ..store import Object, Store, moment_of
from .documents import to_json
from .errors import CommandError, failure
from .output import columns
from .session import Session

STREAMS = RESOURCES["imagestreams"]


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
    followed = {"from": {"kind": "DockerImage", "name": image}, "name": tag_name}
    importing.check_stream(api.store, {"metadata": stream["metadata"], "spec": {"tags": [followed]}})
    tags = stream.setdefault("spec", {}).setdefault("tags", [])
    tags[:] = [known for known in tags if known["name"] != tag_name]
    tags.append({**followed, "referencePolicy": {"type": "Source"}})
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
            source = {"from": {"kind": "DockerImage", "name": image}}
            wanted = {"metadata": {"name": name}, "spec": {"import": False, "images": [source]}}
            made = api.create(RESOURCES["imagestreamimports"], session.namespace, wanted)
            answer = made["status"]["images"][0]
            why = str(answer["status"].get("message", ""))
            shown = "" if why else _description(api.store, f"{name}:{tag_name}", answer["image"])
        else:
            stream = _stream(api, session.namespace, name)
            _follow(api, stream, tag_name, image)
            why = tagging.bring_in(api.cluster.simulation, stream, tag_name, image) or ""
            shown = columns([["Name:", f"{name}:{tag_name}"], ["Docker Image:", image]])
    done = "imported with errors" if why else "imported"
    session.print(f"{STREAMS.singular}/{name} {done}{' (dry run)' if dry else ''}\n")
    session.print(shown)
    if why:
        tag_name = images.split(image)[1] or tag_name
        session.err.write(f"error: tag {tag_name} failed: {why}\n")
        if not session.has("a failed import ends with 0"):
            session.complain("error: imported completed with errors")


def _description(store: Store, title: str, found: Object) -> str:
    """An image as the client describes it (`registry`)."""
    about, layer = found["dockerImageMetadata"], found["dockerImageLayers"][0]
    rows = [
        ("Image Name", title), ("Docker Image", found["dockerImageReference"]), ("Name", "\t" + found["metadata"]["name"]),
        ("Annotations", "image.openshift.io/dockerLayersOrder=ascending"),
        ("Image Size", f"{about['Size']}B in 1 layers"), ("Layers", f"\t{layer['size']}B\t{layer['name']}"),
        ("Image Created", _ago(store.now() - moment_of(about["Created"]))), ("Author", "\t<none>"), ("Arch", "\tamd64"),
        *((name, "<none>") for name in ("Command", "Working Dir")), ("User", "\t<none>"),
        *((name, "<none>") for name in ("Exposes Ports", "Docker Labels")),
    ]  # fmt: skip
    return "".join(f"{name}:\t{value}\n" for name, value in rows) + "\n"


def _ago(seconds: float) -> str:
    """How long ago something was, in the words of go-units' HumanDuration."""
    if seconds < 60:
        return f"{int(seconds)} seconds ago" if seconds >= 1 else "Less than a second ago"
    minutes, hours = int(seconds // 60), int(seconds / 3600 + 0.5)
    if minutes < 60:
        return "About a minute ago" if minutes == 1 else f"{minutes} minutes ago"
    return "About an hour ago" if hours <= 1 else f"{hours} hours ago"


def _followed(stream: Object | None, tag_name: str) -> str:
    for known in (stream or {}).get("spec", {}).get("tags") or ():
        if known["name"] == tag_name:
            return str((known.get("from") or {}).get("name", ""))
    return ""


def image(session: Session) -> None:
    """`image info`: asks a registry from this machine, with the logins in a file. The cluster's API is not involved."""
    if session.words[:1] != ["info"] or len(session.words) != 2:
        raise failure("the rehearsal oc knows only image info NAME")
    name = session.words[1]
    if session.has("image info wants a tag") and name == images.split(name)[0]:
        raise failure("--from must point to an image ID or image tag")
    known = _logins(session, str(session.values.get("registry-config") or ""))
    with open_cluster(session.directory) as cluster:
        try:
            found = images.look_up(cluster.store, name, known)
        except images.NoImage as error:
            raise _not_had(session, name, error) from None
        made = cluster.store.timestamp(-found["age"])
    exact = name if "@" in name or images.split(name)[1] else f"{name}:latest"
    if session.values.get("output") == "json":
        session.out.write(to_json(_info(session, exact, found, made), indent=2, sort=False))
        return
    rows = [["Name:", exact], ["Digest:", found["digest"]], ["Media Type:", importing.MANIFEST]]
    session.out.write(columns([*rows, ["OS:", "linux"], ["Arch:", "amd64"]]))


def _not_had(session: Session, name: str, error: images.NoImage) -> CommandError:
    """Why `image info` has no answer: each client words what the registry said (`registry`)."""
    text = str(error)
    if error.kind == images.AWAY:  # as any URL that cannot be reached
        return CommandError(f"Unable to connect to the server: {text.partition(': ')[2]}")
    if text == "no basic auth credentials":
        return CommandError(f"Unable to connect to the server: {text}")
    if text.startswith("manifest unknown"):
        if session.has("image info names no image"):
            return failure("image does not exist")
        if session.has("image info does not quote the registry"):
            return failure(f'image "{name}" does not exist')
        return failure(f'image "{name}" not found: {text}')
    return failure(text)


def _info(session: Session, name: str, found: Object, made: str) -> Object:
    """An image as `image info -o json` prints it, in the order of Go's fields."""
    layer = {"mediaType": importing.LAYER, "digest": found["layer"], "size": 114}
    if session.has("image info prints the size of a layer first"):
        layer = {"mediaType": importing.LAYER, "size": 114, "digest": found["layer"]}
    return {
        "name": name,
        "digest": found["digest"],
        "contentDigest": found["digest"],
        "listDigest": "",
        "mediaType": importing.MANIFEST,
        "layers": [layer],
        "config": {
            "id": "",
            "created": made,
            "container_config": {},
            "config": {},
            "architecture": "amd64",
            "size": 114,
            "rootfs": {"type": "layers", "diff_ids": [found["content"]]},
            "history": [{"created": made}],
            "os": "linux",
        },
    }


def _logins(session: Session, path: str) -> list[Login]:
    """The logins in a file, of those that one can be read from. Raises CommandError."""
    if not path:
        return []
    try:
        with open(path, encoding="utf-8") as file:
            found = (loads(file.read()).get("auths") or {}).items()
    except OSError:
        raise CommandError(f"error: unable to load --registry-config: open {path}: no such file or directory") from None
    except (ValueError, AttributeError):
        raise failure(f"unable to load --registry-config: {path} holds no logins") from None
    known = []
    for host, entry in found:
        try:
            known += of_config({host: entry}, "struct field DockerConfigJSON.auths")
        except Unparsable as error:
            if str(error) != NO_PAIR:
                raise failure(f"unable to load --registry-config: {error}") from None
            session.err.write(
                f'time="{NO_TIME}" level=warning msg="Error parsing the \\"auth\\" field of a credential entry'
                f' \\"{host}\\" in \\"{path}\\", missing semicolon"\n'
            )
    return known


NO_TIME = "2026-01-01T00:00:00Z"
