"""`oc create`, `replace`, `patch`, `delete`, `secrets`."""

from __future__ import annotations

from ..quickjson import dumps
from ..refusing import ApiError
from ..resources import RESOURCES, Resource, version_of
from ..server import Api
from ..store import Object
from ..typed import Any, Callable
from .errors import Unauthenticated, error_text, failure, usage_hint
from .files import body as body_of
from .files import done, read, space_of, text_of, type_of
from .generating import generate
from .reading import targets
from .session import Session


def create(session: Session) -> None:
    """Creates objects from files, or by one of the generators."""
    if session.words:
        generate(session)
        return
    if not session.values.get("filename"):
        raise usage_hint("must specify one of -f and -k", "oc create")
    if session.dry_run == "client":
        for name, item in read(session):
            item.setdefault("metadata", {}).setdefault("namespace", session.namespace)
            done(session, type_of(item, name), item, "created")
        return
    _each(session, "creating", "created", lambda api, *about: api.create(*about, session.dry))


def replace(session: Session) -> None:
    """Replaces objects by those of files."""

    def one(api: Api, resource: Resource, space: str, item: Object) -> Object:
        return api.replace(resource, space, item["metadata"]["name"], item, session.dry)[0]

    _each(session, "replacing", "replaced", one)


def _each(session: Session, doing: str, verb: str, change: Callable[[Api, Resource, str, Object], Object]) -> None:
    """Makes one change for each object of the files, and continues after a refusal."""
    for name, item in read(session):
        resource, while_doing = type_of(item, name), f'error when {doing} "{name}"'
        try:
            with session.api() as api:
                made = change(api, resource, space_of(session, item), item)
        except ApiError as error:
            if doing == "replacing":
                session.warn(resource.plural)
            session.complain(error_text(error, while_doing))
            continue
        except Unauthenticated:
            raise Unauthenticated(while_doing) from None
        session.warn(resource.plural)
        done(session, resource, made, verb)


def patch(session: Session) -> None:
    """Patches objects by name; continues after a missing one (fact 9)."""
    if session.values.get("local"):
        _patch_local(session)
        return
    wanted, _ = targets(session, "oc patch")
    text = session.values.get("patch")
    if text is None and session.values.get("patch-file"):
        with open(session.values["patch-file"], encoding="utf-8") as file:
            text = file.read()
    if text is None:
        raise usage_hint("must specify --patch or --patch-file containing the contents of the patch", "oc patch")
    kind = str(session.values.get("type") or "strategic")
    for resource, names in wanted:
        if not names:
            raise failure("resource(s) were provided, but no name was specified")
        for name in names:
            try:
                with session.api() as api:
                    looked = False
                    api.get(resource, session.namespace, name)
                    looked = True
                    session.warn(resource.plural)
                    body = body_of(str(text))
                    _leave_out_unknown(session, resource, body)
                    made, changed = api.patch(resource, session.namespace, name, kind, body, session.dry)
            except ApiError as error:
                if error.status == 404 or looked:
                    session.warn(resource.plural)
                session.complain(error_text(error))
                continue
            session.warn(resource.plural)
            if not changed and session.has("patch without change fails"):
                done(session, resource, made, "not patched")
                session.failed = True
                continue
            done(session, resource, made, "patched" if changed else "patched (no change)")


def _patch_local(session: Session) -> None:
    """`patch --local -f FILE`: patches the objects in the file without asking the server."""
    from ..patching import patched

    if session.words:
        raise failure("cannot specify --local and server resources")
    if not session.values.get("patch"):
        raise usage_hint("must specify --patch or --patch-file containing the contents of the patch", "oc patch")
    for name, item in read(session):
        resource = type_of(item, name)
        item.setdefault("metadata", {}).setdefault("namespace", space_of(session, item))
        try:
            made = patched(str(session.values.get("type")), item, body_of(str(session.values["patch"])))
        except ApiError as error:
            if error.status == 400:  # the patch itself is not valid JSON
                raise
            raise failure(str(error)) from None
        done(session, resource, made, "patched" if made != item else "patched (no change)")


# The fields of a DeploymentConfig's spec; the server drops unknown ones, with a warning (`errors`).
SPEC_FIELDS = (
    "minReadySeconds", "paused", "replicas", "revisionHistoryLimit", "selector", "strategy", "template", "test", "triggers",
)  # fmt: skip


def _leave_out_unknown(session: Session, resource: Resource, body: Any) -> None:
    spec = body.get("spec") if isinstance(body, dict) else None
    if resource.plural != "deploymentconfigs" or not isinstance(spec, dict):
        return
    for name in [name for name in spec if name not in SPEC_FIELDS]:
        spec.pop(name)
        session.err.write(f'Warning: unknown field "spec.{name}"\n')


def delete(session: Session) -> None:
    """Deletes objects."""
    if session.values.get("raw"):
        _delete_raw(session)
        return
    if session.values.get("filename"):
        wanted = [(type_of(item, name), [item["metadata"]["name"]]) for name, item in read(session)]
    else:
        wanted, named = targets(session, "oc delete")
        if not named and not session.values.get("all") and not session.values.get("selector"):
            raise failure("resource(s) were provided, but no name was specified")
    for resource, names in wanted:
        with session.api() as api:
            for name in names or [item["metadata"]["name"] for item in api.items(resource, session.namespace)]:
                _delete_one(session, api, resource, name)


# The types of which the server returns the deleted object, and of others a Status: `ReturnDeletedObject` in the storage of
# pkg/registry/core of Kubernetes; `preconditions` has an account.
RETURNED = ("serviceaccounts", "pods", "services", "namespaces", "persistentvolumeclaims", "resourcequotas")


def _delete_raw(session: Session) -> None:
    """`delete --raw PATH -f FILE`: the file's DeleteOptions may bind the deletion to a uid and a resourceVersion (fact 38)."""
    path, files = str(session.values["raw"]), session.values.get("filename") or ()
    if len(files) > 1:
        raise failure("--raw can only use a single local file or stdin")
    resource, space, name = _object_at(path)
    options: Any = body_of(text_of(files[0])) if files else {}
    with session.api() as api:
        gone = api.delete(resource, space, name, options.get("preconditions"))
    meta, head = gone["metadata"], {"kind": resource.kind, "apiVersion": resource.version}
    if resource.plural in RETURNED:
        keys = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
        session.print(dumps({**head, "metadata": {key: meta[key] for key in keys if key in meta}, **_content(gone)}))
        return
    group = {"group": resource.group} if resource.group else {}
    details = {"name": name, **group, "kind": resource.plural, "uid": meta["uid"]}
    session.print(
        dumps({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details})
    )


def _object_at(path: str) -> tuple[Resource, str | None, str]:
    """The type, project and name of the object at a path of the API. Raises CommandError."""
    parts = path.split("/")[1:]
    version, rest = (parts[1:3], parts[3:]) if parts[:1] == ["apis"] else (parts[1:2], parts[2:])
    space = rest[1] if rest[:1] == ["namespaces"] and len(rest) == 4 else None
    resource = RESOURCES.get(rest[-2]) if len(rest) == (2 if space is None else 4) else None
    if resource is None or version_of(resource) != "/".join(version) or resource.namespaced != (space is not None):
        raise failure(f"the rehearsal oc does not know the path {path}")
    return resource, space, rest[-1]


def _content(item: Object) -> Object:
    return {key: value for key, value in item.items() if key not in ("kind", "apiVersion", "metadata")}


def _delete_one(session: Session, api: Api, resource: Resource, name: str) -> None:
    try:
        if session.dry_run == "none":
            api.delete(resource, session.namespace, name)
    except ApiError as error:
        if not (error.status == 404 and session.values.get("ignore-not-found")):
            session.complain(error_text(error))
        return
    session.warn(resource.plural)
    if session.values.get("output") == "name":
        session.print(f"{resource.singular}/{name}")
    else:
        where = f" from {session.namespace} namespace" if resource.namespaced else ""
        session.print(f'{resource.singular} "{name}" deleted{where}')


def secrets(session: Session) -> None:
    """`secrets link` merges and is idempotent (fact 7); `unlink` removes from both lists."""
    verb, *rest = session.words or [""]
    if verb not in ("link", "add", "unlink") or len(rest) < 2:
        raise failure("must have service account name and at least one secret name")
    account, names = rest[0].rpartition("/")[2], [name.rpartition("/")[2] for name in rest[1:]]
    resource = RESOURCES["serviceaccounts"]
    with session.api() as api:
        item = api.get(resource, session.namespace, account)
        found = [name for name in names if api.store.get("secrets", session.namespace, name) is not None]
        for name in names:
            if name not in found:
                session.err.write(f'secret "{name}" not found\n')
        if verb != "unlink" and not found:
            raise failure("No valid secrets found")
        uses = session.values.get("for") or ["mount"]
        for use, key in (("pull", "imagePullSecrets"), ("mount", "secrets")):
            if use in uses or verb == "unlink":
                _relink(item, key, names if verb == "unlink" else found, verb == "unlink")
        api.replace(resource, session.namespace, account, item)
    if verb == "unlink" and len(found) < len(names):
        raise failure(f"Unlinked deleted secrets from {session.namespace}/{account} service account")


def _relink(item: Object, key: str, names: list[str], out: bool) -> None:
    listed = [dict(reference) for reference in item.get(key) or ()]
    if out:
        listed = [reference for reference in listed if reference.get("name") not in names]
    else:
        present = {reference.get("name") for reference in listed}
        listed += [{"name": name} for name in names if name not in present]
    if listed:
        item[key] = listed
    else:
        item.pop(key, None)
