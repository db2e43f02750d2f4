"""The project that a rehearsal begins with: 3scale 2.5 as its templates create it, with the images of its streams.

`threescale-2.5.yml` is the recorded cluster's; the live suite uses it, too. The token in a hook is the rehearsal's alone.
"""

from __future__ import annotations

from .quickjson import dumps, loads
from .store import Object, Store
from .typed import Any

CREATED = "2026-11-23T16:46:09Z"
# 3scale's templates write a token of eight letters and digits into the pre hook of system-app (fact 22).
MASTER_ACCESS_TOKEN = "u8Rw3Nk5"
ENCODED = "openshift.io/encoded-deployment-config"
PLAIN = "bundle exec rake boot openshift:deploy"
# Each image stream: its tag, and the image that it had on the recorded cluster, in registry.access.redhat.com.
IMAGES = {
    "amp-apicast": ("latest", "3scale-amp25/apicast-gateway", "321a2a4e417b20d7b4c791ab3690373757ee6e86ae26146c497400897410bc91"),
    "amp-backend": ("latest", "3scale-amp25/backend", "4cc5e9712bbea97ed871a14d4fe0576d236df91962170f44fa15395248958541"),
    "amp-system": ("latest", "3scale-amp25/system", "9fc7a0c237f00a9f52077be0b30a38b3e92ac3111ae6ff697ab4b9bb862949a2"),
    "amp-wildcard-router": ("latest", "3scale-amp22/wildcard-router", "1922f829a076ee19ca46a21365219ea09c03efba49a941dc3166dde1a194ec40"),
    "amp-zync": ("latest", "3scale-amp25/zync", "ad3d1c90641443793fdfd98dfffb472f2a8c29fc2c8d70530cd21a36afaea28b"),
    "postgresql": ("10", "rhscl/postgresql-10-rhel7", "960d1467a226393863efbdc038beebb58afe04d74ca355e2b71f3a1b2e7c32f7"),
}  # fmt: skip

# In each installation since 2.5 (fact 23); the recorded cluster's project was created without it.
ENVIRONMENT: Object = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"labels": {"app": "3scale-api-management"}, "name": "system-environment"},
    "data": {"AMP_RELEASE": "2.5.0"},
}


def documents() -> list[Object]:
    """The objects of the project, with images in their streams."""
    import pkgutil

    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = pkgutil.get_data(__package__, "threescale-2.5.yml") or b""  # from within a zip too
    found: list[Object] = [item for item in yaml.load_all(text, Loader=loader) if item]
    for item in found:
        if item["kind"] == "ImageStream":
            _fill(item)
    return [*found, dict(ENVIRONMENT)]


def _fill(stream: Object) -> None:
    name = stream["metadata"]["name"]
    tag, repository, digest = IMAGES[name]
    image = {
        "created": CREATED,
        "dockerImageReference": f"registry.access.redhat.com/{repository}@sha256:{digest}",
        "generation": 1,
        "image": f"sha256:{digest}",
    }
    stream["metadata"]["generation"] = 1
    stream["status"] = {
        "dockerImageRepository": f"docker-registry.default.svc:5000/threescale/{name}",
        "tags": [{"items": [image], "tag": tag}],
    }


def write_token(store: Store) -> None:
    """Writes the token where a real project has it: in the config's hook, its encoded revisions, and the hook's pod."""
    for plural in ("deploymentconfigs", "replicationcontrollers", "pods"):
        for item in store.all(plural, store.settings["project"]):
            notes = item["metadata"].get("annotations", {})
            if ENCODED in notes:
                notes[ENCODED] = dumps(_with_token(loads(notes[ENCODED]))) + "\n"
            item.update(_with_token(item))
    store.changed = True


def _with_token(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _with_token(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_with_token(part) for part in value]
    return f'{PLAIN} MASTER_ACCESS_TOKEN="{MASTER_ACCESS_TOKEN}"' if value == PLAIN else value
