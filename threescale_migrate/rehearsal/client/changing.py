"""`oc create`, `run`, `apply`, `replace`, `patch`, `delete`, `secrets`, `diff`."""

from __future__ import annotations

import os
import sys

from ..patching import strategic
from ..quickjson import dumps, loads
from ..resources import BY_KIND, RESOURCES, Resource
from ..server import Api, ApiError, cron_version, namespace_of
from ..store import Object
from . import output
from .documents import parse
from .errors import failure, usage_hint
from .reading import targets
from .session import Session, Unauthenticated, told, type_named

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


def _read(session: Session) -> list[tuple[str, Object]]:
    """The documents of the files that are named, each with what an error calls its file. Raises CommandError."""
    found = []
    for path in _files(session.values.get("filename") or ()):
        name, text = ("STDIN", sys.stdin.read()) if path == "-" else (path, _text(path))
        for document in parse(text, name):
            listed = (
                document.get("items") if isinstance(document, dict) and document.get("kind") == "List" else [document]
            )
            for item in listed or ():
                if not isinstance(item, dict) or not item.get("kind"):
                    shown = dumps(item)
                    raise failure(f"unable to decode \"{name}\": Object 'Kind' is missing in '{shown}'")
                found.append((name, item))
    if not found:
        raise failure("no objects passed to create")
    return found


def _files(given: Iterable[str]) -> list[str]:
    """The files that are named; of a folder those with objects in it, by name."""
    found = []
    for path in given:
        if path != "-" and os.path.isdir(path):
            names = sorted(os.listdir(path))
            found += [os.path.join(path, name) for name in names if name.endswith((".json", ".yaml", ".yml"))]
        else:
            found.append(path)
    return found


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError:
        raise failure(f'the path "{path}" does not exist') from None


def _type_of(item: Object, name: str) -> Resource:
    resource, version = BY_KIND.get(str(item["kind"])), item.get("apiVersion", "v1")
    if resource is None or (resource.plural == "cronjobs" and version != cron_version()):
        raise failure(
            f'resource mapping not found for name: "{item.get("metadata", {}).get("name", "")}" namespace: "" from "{name}":'
            f' no matches for kind "{item["kind"]}" in version "{version}"\nensure CRDs are installed first'
        )
    return resource


def _done(session: Session, resource: Resource, item: Object, verb: str) -> None:
    form = str(session.values.get("output") or "")
    dry = {"client": " (dry run)", "server": " (server dry run)"}.get(session.dry_run, "")
    if form:
        output.print_object(session, item, form)
    else:
        session.print(f"{resource.singular}/{item['metadata']['name']} {verb}{dry}")


def create(session: Session) -> None:
    """Creates objects from files, or by one of the small generators."""
    if session.words:
        _generate(session)
        return
    if not session.values.get("filename"):
        raise usage_hint("must specify one of -f and -k", "oc create")
    for name, item in _read(session):
        resource = _type_of(item, name)
        if session.dry_run == "client":
            item.setdefault("metadata", {}).setdefault("namespace", session.namespace)
            _done(session, resource, item, "created")
            continue
        try:
            with session.api() as api:
                made = api.create(resource, _space(session, item), item, dry_run=session.dry_run == "server")
        except ApiError as error:
            session.complain(told(error, f'error when creating "{name}"'))
            continue
        except Unauthenticated:
            raise Unauthenticated(f'error when creating "{name}"') from None
        session.warn(resource.plural)
        _done(session, resource, made, "created")


def _space(session: Session, item: Object) -> str:
    wanted = item.get("metadata", {}).get("namespace")
    if wanted and session.values.get("namespace") and wanted != session.namespace:
        raise failure(
            f'the namespace from the provided object "{wanted}" does not match the namespace "{session.namespace}". You must pass'
            f" '--namespace={wanted}' to perform this operation."
        )
    return str(wanted or session.namespace)


def _generate(session: Session) -> None:
    kind, *rest = session.words
    if kind == "secret":
        kind, rest = f"secret {rest[0] if rest else ''}", rest[1:]
    maker = GENERATORS.get(kind)
    if maker is None or not rest:
        raise failure(f"the rehearsal oc does not know create {kind} here")
    item = maker(session, rest[0])
    resource = BY_KIND[item["kind"]]
    if session.dry_run != "client":
        try:
            with session.api() as api:
                item = api.create(resource, session.namespace, item, dry_run=session.dry_run == "server")
        except ApiError as error:
            kind_name = item["kind"].lower()
            if error.status == 409:
                raise failure(f"failed to create {kind_name}: {error.message}") from None
            raise
    _done(session, resource, item, "created")


def run_pod(session: Session) -> None:
    """`oc run`: one pod, with the image and the command given, and what `--overrides` says besides."""
    if not session.words or not session.values.get("image"):
        raise failure('required flag(s) "image" not set' if session.words else "NAME is required for run")
    name, *command = session.words
    container: Object = {"image": session.values["image"], "name": name, "resources": {}}
    if command:
        container["command" if session.values.get("command") else "args"] = command
    environment = [text.partition("=") for text in session.values.get("env") or ()]
    if environment:
        container["env"] = [{"name": key, "value": value} for key, _, value in environment]
    item: Object = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"labels": {"run": name}, "name": name},
        "spec": {
            "containers": [container],
            "dnsPolicy": "ClusterFirst",
            "restartPolicy": session.values.get("restart") or "Always",
        },
    }
    if session.values.get("overrides"):
        item = strategic(item, _body(session.values["overrides"]))
    if session.dry_run != "client":
        with session.api() as api:
            item = api.create(RESOURCES["pods"], session.namespace, item, dry_run=session.dry_run == "server")
    _done(session, RESOURCES["pods"], item, "created")


def _role(session: Session, name: str) -> Object:
    return {"kind": "Role", "metadata": {"name": name}, "rules": _rules(session)}


def _rules(session: Session) -> list[Object]:
    """The rules of `create role`: one for each API group."""
    by_group: dict[str, list[str]] = {}
    for resource in session.values.get("resource") or ():
        kind, slash, sub = resource.partition("/")
        known = type_named(kind)
        by_group.setdefault(known.group, []).append(known.plural + slash + sub)
    names = session.values.get("resource-name")
    return [
        {"apiGroups": [group], "resources": resources, "verbs": list(session.values.get("verb") or ())}
        | ({"resourceNames": list(names)} if names else {})
        for group, resources in by_group.items()
    ]


def _subjects(session: Session) -> list[dict[str, str]]:
    subjects = []
    for account in session.values.get("serviceaccount") or ():
        namespace, _, name = account.partition(":")
        subjects.append({"kind": "ServiceAccount", "name": name, "namespace": namespace})
    for kind in ("user", "group"):
        for name in session.values.get(kind) or ():
            subjects.append({"apiGroup": "rbac.authorization.k8s.io", "kind": kind.capitalize(), "name": name})
    return subjects


def _binding(kind: str) -> Any:
    def make(session: Session, name: str) -> Object:
        role = session.values.get("role")
        reference = {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": "Role" if role else "ClusterRole",
            "name": str(role or session.values.get("clusterrole") or ""),
        }
        return {"kind": kind, "metadata": {"name": name}, "roleRef": reference, "subjects": _subjects(session)}

    return make


def _generic(session: Session, name: str) -> Object:
    data = dict(part.split("=", 1) for part in session.values.get("from-literal") or ())
    return {
        "kind": "Secret",
        "metadata": {"name": name},
        "stringData": data,
        "type": session.values.get("type") or "Opaque",
    }


GENERATORS: dict[str, Any] = {
    "sa": lambda session, name: {"kind": "ServiceAccount", "metadata": {"name": name}},
    "serviceaccount": lambda session, name: {"kind": "ServiceAccount", "metadata": {"name": name}},
    "namespace": lambda session, name: namespace_of(name),
    "role": _role,
    "rolebinding": _binding("RoleBinding"),
    "clusterrolebinding": _binding("ClusterRoleBinding"),
    "secret generic": _generic,
}


LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def apply(session: Session) -> None:
    """Creates what is not there, and merges into what is; what was applied is kept in an annotation (`secrets-and-accounts`)."""
    for name, item in _read(session):
        resource = _type_of(item, name)
        space = _space(session, item)
        with session.api() as api:
            try:
                made, verb = _apply_one(session, api, resource, space, item)
            except ApiError as error:
                session.complain(told(error, f'error when applying patch to "{name}"'))
                continue
        session.warn(resource.plural)
        _done(session, resource, made, verb)


def _apply_one(session: Session, api: Api, resource: Resource, space: str, item: Object) -> tuple[Object, str]:
    name, dry = item["metadata"]["name"], session.dry_run == "server"
    known = api.store.get(resource.plural, space if resource.namespaced else None, name)
    wanted = applied(resource, space, item)
    if known is None:
        return api.create(resource, space, wanted, dry), "created"
    if LAST_APPLIED not in known["metadata"].get("annotations", {}):
        session.err.write(
            f"Warning: resource {resource.plural}/{name} is missing the {LAST_APPLIED} annotation which is required by oc apply."
            " oc apply should only be used on resources created declaratively by either oc create --save-config or oc apply."
            " The missing annotation will be patched automatically.\n"
        )
    made, changed = api.patch(resource, space, name, "strategic", merged(known, wanted), dry)
    return made, "configured" if changed else "unchanged"


def applied(resource: Resource, space: str, item: Object) -> Object:
    """An object with the annotation that says what was applied."""
    meta = {**item["metadata"], "annotations": {**(item["metadata"].get("annotations") or {})}}
    if resource.namespaced:
        meta["namespace"] = space
    meta["annotations"].pop(LAST_APPLIED, None)
    said = {**item, "metadata": meta}
    annotations = {**meta["annotations"], LAST_APPLIED: dumps(_sorted(said)) + "\n"}
    return {**said, "metadata": {**meta, "annotations": annotations}}


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(part) for part in value] if isinstance(value, list) else value


def merged(known: Object, wanted: Object) -> Object:
    """The patch that makes an object what is applied: what was applied before and is no longer goes away."""
    before = known["metadata"].get("annotations", {}).get(LAST_APPLIED)
    patch: Object = _without(loads(before), wanted) if before else dict(wanted)
    return patch


def _without(before: Any, wanted: Any) -> Any:
    if not isinstance(before, dict) or not isinstance(wanted, dict):
        return wanted
    gone = {key: None for key in before if key not in wanted}
    return {**gone, **{key: _without(before.get(key), value) for key, value in wanted.items()}}


def replace(session: Session) -> None:
    """Replaces objects by those of files."""
    for name, item in _read(session):
        resource = _type_of(item, name)
        try:
            with session.api() as api:
                made, _ = api.replace(
                    resource, _space(session, item), item["metadata"]["name"], item, session.dry_run == "server"
                )
        except ApiError as error:
            session.warn(resource.plural)
            session.complain(told(error, f'error when replacing "{name}"'))
            continue
        session.warn(resource.plural)
        _done(session, resource, made, "replaced")


def diff(session: Session) -> None:
    """How an apply would change the cluster, as `diff -u` shows it: exit code 1 where it would (`secrets-and-accounts`)."""
    from difflib import unified_diff

    from .documents import to_yaml

    for name, item in _read(session):
        resource = _type_of(item, name)
        space = _space(session, item)
        with session.api() as api:
            key = item["metadata"]["name"]
            known = api.store.get(resource.plural, space if resource.namespaced else None, key)
            if known is None:
                after = api.create(resource, space, item, dry_run=True)
            else:
                after, _ = api.patch(resource, space, key, "strategic", merged(known, item), dry_run=True)
            stamp = api.store.timestamp().replace("T", " ").replace("Z", ".000000000 +0000")
            draw = api.store.random()
            version = resource.version.replace("/", ".")
            part = f"{version}.{resource.kind}.{space if resource.namespaced else ''}.{key}"
            files = [f"{side}-{draw.getrandbits(32)}/{part}" for side in ("LIVE", "MERGED")]
        sides = [to_yaml(output.shown(side)).splitlines(keepends=True) if side else [] for side in (known, after)]
        lines = list(unified_diff(sides[0], sides[1], files[0], files[1], stamp, stamp))
        if lines:
            session.out.write(f"diff -u -N {files[0]} {files[1]}\n" + "".join(lines))
            session.failed = True


def patch(session: Session) -> None:
    """Patches objects by name; goes on after one that is not there (recordings/README.md 9)."""
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
                    body = _body(str(text))
                    _leave_out_unknown(session, resource, body)
                    made, changed = api.patch(
                        resource, session.namespace, name, kind, body, session.dry_run == "server"
                    )
            except ApiError as error:
                if error.status == 404 or (looked and not session.has("failed patch is not warned of")):
                    session.warn(resource.plural)
                session.complain(told(error))
                continue
            session.warn(resource.plural)
            if not changed and session.has("patch without change fails"):
                _done(session, resource, made, "not patched")
                session.failed = True
                continue
            _done(session, resource, made, "patched" if changed else "patched (no change)")


def _patch_local(session: Session) -> None:
    """`patch --local -f FILE`: patches what the file holds, and asks no server."""
    from .. import patching

    if session.words:
        raise failure("cannot specify --local and server resources")
    if not session.values.get("patch"):
        raise usage_hint("must specify --patch or --patch-file containing the contents of the patch", "oc patch")
    patched = {"json": patching.json_patch, "merge": patching.merge}.get(
        str(session.values.get("type")), patching.strategic
    )
    for name, item in _read(session):
        resource = _type_of(item, name)
        item.setdefault("metadata", {}).setdefault("namespace", _space(session, item))
        try:
            made = patched(item, _body(str(session.values["patch"])))
        except patching.BadPatch as error:
            raise failure(str(error)) from None
        _done(session, resource, made, "patched" if made != item else "patched (no change)")


# What a DeploymentConfig's spec can hold; the server leaves out what it does not know, with a warning (`errors.jsonl`).
SPEC_FIELDS = frozenset(
    {
        "minReadySeconds",
        "paused",
        "replicas",
        "revisionHistoryLimit",
        "selector",
        "strategy",
        "template",
        "test",
        "triggers",
    }
)


def _leave_out_unknown(session: Session, resource: Resource, body: Any) -> None:
    spec = body.get("spec") if isinstance(body, dict) else None
    if resource.plural != "deploymentconfigs" or not isinstance(spec, dict):
        return
    for name in [name for name in spec if name not in SPEC_FIELDS]:
        spec.pop(name)
        session.err.write(f'Warning: unknown field "spec.{name}"\n')


def _body(text: str) -> Any:
    try:
        return loads(text)
    except ValueError:
        found = parse(text, "patch") if not text.lstrip().startswith("{") else []
        if found and isinstance(found[0], (dict, list)):
            return found[0]
        from ..gojson import problem

        raise ApiError(400, "BadRequest", problem(text) or "the patch is not an object") from None


def delete(session: Session) -> None:
    """Takes objects away."""
    if session.values.get("filename"):
        wanted = [(_type_of(item, name), [item["metadata"]["name"]]) for name, item in _read(session)]
    else:
        wanted, named = targets(session, "oc delete")
        if not named and not session.values.get("all") and not session.values.get("selector"):
            raise failure("resource(s) were provided, but no name was specified")
    for resource, names in wanted:
        with session.api() as api:
            for name in names or [item["metadata"]["name"] for item in api.items(resource, session.namespace)]:
                _delete_one(session, api, resource, name)


def _delete_one(session: Session, api: Api, resource: Resource, name: str) -> None:
    try:
        if session.dry_run == "none":
            api.delete(resource, session.namespace, name)
    except ApiError as error:
        if not (error.status == 404 and session.values.get("ignore-not-found")):
            session.complain(told(error))
        return
    session.warn(resource.plural)
    if session.values.get("output") == "name":
        session.print(f"{resource.singular}/{name}")
    else:
        where = f" from {session.namespace} namespace" if resource.namespaced else ""
        session.print(f'{resource.singular} "{name}" deleted{where}')


def secrets(session: Session) -> None:
    """`secrets link` merges and is idempotent (recordings/README.md 7); `unlink` takes out of both lists."""
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
        lists = [
            key for use, key in (("pull", "imagePullSecrets"), ("mount", "secrets")) if use in uses or verb == "unlink"
        ]
        for key in lists:
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
