"""`oc get --raw /apis/GROUP/VERSION`: the types of a version, as the server itself lists them.

From kubernetes staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/types.go (APIResourceList), and from kubectl's vendored
rawhttp/raw.go and cmd/get/get.go for what the client prints and refuses.
"""

from __future__ import annotations

from ..quickjson import dumps
from ..refusing import ApiError
from ..resources import RESOURCES, version_of
from ..rights import covers_url
from .errors import failure
from .session import Session

VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
# Every server has them, but this one stores none; without them a 3.11 server would have no batch/v1.
JOBS = ("jobs", "job", True, "Job")


def raw(session: Session) -> None:
    """Prints the document of a group's version; other paths are not known. Raises ApiError, CommandError."""
    path = str(session.values["raw"])
    if session.words:
        raise failure("arguments may not be passed when --raw is specified")
    if session.values.get("selector") or session.values.get("watch"):
        raise failure("--raw may not be specified with other flags that filter the server request or alter the output")
    if session.values.get("output"):
        raise failure("--raw and --output are mutually exclusive")
    wanted = path[len("/apis/") :]
    if not path.startswith("/apis/") or wanted.count("/") != 1:
        raise failure(f"the rehearsal oc does not know get --raw {path}")
    with session.api() as api:
        if not any(covers_url(rule, "get", path) for rule in api.rules(None)):
            raise ApiError(403, "Forbidden", f'forbidden: User "{api.user}" cannot get path "{path}"')
    types = [JOBS] if wanted == "batch/v1" else []
    types += [
        (resource.plural, resource.kind.lower(), resource.namespaced, resource.kind)
        for resource in RESOURCES.values()
        if version_of(resource) == wanted
    ]
    if not types:
        raise ApiError(404, "NotFound", "the server could not find the requested resource")
    listed = [
        {"name": plural, "singularName": singular, "namespaced": namespaced, "kind": kind, "verbs": VERBS}
        for plural, singular, namespaced, kind in types
    ]
    session.print(dumps({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": wanted, "resources": listed}))
