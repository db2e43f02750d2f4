"""What the cluster's importer answers for an image: openshift-apiserver pkg/image/apiserver/importer (fact 35, fact 37)."""

from __future__ import annotations

from . import faults, images, logins
from .refusing import ApiError
from .store import Object, Store
from .typed import Any

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"


def answered(store: Store, namespace: str, source: str) -> Object:
    """One image as an ImageStreamImport's status has it: its tag, how it went, and what was found.

    Every pull secret of the project counts; one that cannot be parsed spoils the import of all images (fact 34, fact 37).
    """
    tag = "" if "@" in source else images.split(source)[1] or "latest"
    image = source if "@" in source else f"{images.split(source)[0]}:{tag}"
    shown: Object = {"tag": tag} if tag else {}
    try:
        found = images.look_up(store, image, images.of_project(store, namespace))
    except logins.Unparsable as error:
        return {"status": _failed(image, "", str(error)), **shown}
    except images.NoImage as error:
        return {"status": _failed(image, error.kind, str(error)), **shown}
    return {"image": picture(store, image, found), "status": {"metadata": {}, "status": "Success"}, **shown}


def _failed(image: str, kind: str, text: str) -> Object:
    """The status for an image that could not be had: a code, a reason, a message."""
    said: dict[str, Any] = {"metadata": {}, "status": "Failure"}
    if kind in (images.NO_LOGIN, images.WRONG_LOGIN):
        message = f'you may not have access to the container image "{image}"'
        return {"code": 401, "message": message, "reason": "Unauthorized", **said}
    if kind == images.ABSENT:
        details = {"group": "image.openshift.io", "kind": "dockerimage", "name": image}
        message = f'dockerimage.image.openshift.io "{image}" not found'
        return {"code": 404, "details": details, "message": message, "reason": "NotFound", **said}
    cause = f"{image}: {text}"
    causes: Object = {"causes": [{"message": cause}]}
    return {
        "code": 500, "details": causes, "message": f"Internal error occurred: {cause}", "reason": "InternalError", **said,
    }  # fmt: skip


def picture(store: Store, image: str, found: Object) -> Object:
    """An image as the server describes it."""
    return {
        "dockerImageLayers": [{"mediaType": LAYER, "name": found["layer"], "size": 114}],
        "dockerImageManifestMediaType": MANIFEST,
        "dockerImageMetadata": {
            "Architecture": "amd64",
            "Config": {},
            "ContainerConfig": {},
            "Created": store.timestamp(-found["age"]),
            "Id": found["id"],
            "Size": found["size"],
            "apiVersion": "image.openshift.io/1.0",
            "kind": "DockerImage",
        },
        "dockerImageMetadataVersion": "1.0",
        "dockerImageReference": images.exact(image, found["digest"]),
        "metadata": {
            "annotations": {"image.openshift.io/dockerLayersOrder": "ascending"},
            "name": found["digest"],
        },
    }


def _check_policy(store: Store, name: str, wanted: list[str]) -> None:
    """Refuses images of registries that the cluster does not import from. Raises ApiError.

    openshift-apiserver pkg/image/apiserver/registry/imagestreamimport/strategy.go: ValidateAllowedRegistries.
    """
    found = [
        f'spec.images[{place}].from.name: Forbidden: importing images from registry "{host}" is forbidden: {why}'
        for place, image in enumerate(wanted)
        for host in [f"{images.registry_of(image)}:443"]
        for why in [outside_policy(store, host)]
        if why
    ]
    if found:
        listed = found[0] if len(found) == 1 else "\n".join(["", *(f"* {cause}" for cause in found)])
        raise ApiError(422, "Invalid", f'ImageStreamImport "{name}" is invalid: {listed}')


def outside_policy(store: Store, host: str) -> str:
    """Why the cluster imports nothing from a registry; empty where it does."""
    if not faults.active(store, "import-policy") or host.partition(":")[0] in faults.POLICY:
        return ""
    allowed = ", ".join(f'"{known}:443"' for known in faults.POLICY)
    return f'registry "{host}" not allowed by whitelist: {allowed}'


def check_stream(store: Store, stream: Object) -> None:
    """Refuses a stream with a tag that follows an image of such a registry. Raises ApiError."""
    for tag in (stream.get("spec") or {}).get("tags") or ():
        source = tag.get("from") or {}
        why = outside_policy(store, images.registry_of(str(source.get("name", ""))))
        if source.get("kind") == "DockerImage" and why:
            cause = f"spec.tags[{tag['name']}].from.name: Forbidden: {why}"
            raise ApiError(422, "Invalid", f'ImageStream "{stream["metadata"]["name"]}" is invalid: {cause}')


def asked(store: Store, namespace: str, wanted: Object, limited: bool) -> Object:
    """An ImageStreamImport that stores nothing, with an answer for each of its images. Raises ApiError.

    `limited`: the cluster's policy holds for the user; not for one who may create images themselves.
    """
    spec = wanted.get("spec") or {}
    title = str(wanted["metadata"]["name"])
    if limited:
        _check_policy(store, title, [str(entry["from"]["name"]) for entry in spec.get("images") or ()])
    if spec.get("import") or spec.get("repository"):
        raise ApiError(501, "NotImplemented", "the rehearsal answers an ImageStreamImport only with import: false")
    listed = []
    for entry in spec.get("images") or ():
        name, tag = str(entry["from"]["name"]), images.split(str(entry["from"]["name"]))[1]
        filled = {"importPolicy": {"importMode": "Legacy"}, "referencePolicy": {"type": "Source"}}
        to = {"to": {"name": tag}} if tag and "@" not in name else {}
        listed.append({**filled, **to, **entry})
    meta = {"creationTimestamp": store.timestamp(), "name": title, "namespace": namespace}
    return {
        "apiVersion": "image.openshift.io/v1",
        "kind": "ImageStreamImport",
        "metadata": {**meta, "uid": store.new_uid()},
        "spec": {"images": listed, "import": False},
        "status": {"images": [answered(store, namespace, str(entry["from"]["name"])) for entry in listed]},
    }
