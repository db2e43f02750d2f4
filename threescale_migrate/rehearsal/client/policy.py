"""`oc adm policy` and `oc policy`: roles and SCCs for users and accounts.

Whether `--dry-run` is respected depends on the client's age (fact 21, `ages`).
"""

from __future__ import annotations

from .. import rights
from ..refusing import ApiError
from ..resources import RESOURCES
from ..server import Api
from ..store import Object
from . import output
from .errors import failure
from .session import Session

# Each verb: whether it applies to the project, and whether it adds. An SCC is granted by a binding with the name of its role,
# which is cluster-wide without `-n`.
VERBS = {
    "add-role-to-user": (True, True),
    "add-cluster-role-to-user": (False, True),
    "add-scc-to-user": (False, True),
    "remove-role-from-user": (True, False),
    "remove-cluster-role-from-user": (False, False),
    "remove-scc-from-user": (False, False),
}
SCCS = RESOURCES["securitycontextconstraints"]


class Order:
    """What one command requests: the role or SCC, the subjects, and the binding."""

    def __init__(self, session: Session, verb: str) -> None:
        self.local, self.add = VERBS[verb]
        self.scc = session.words[1] if "-scc-" in verb else ""
        self.role = f"system:openshift:scc:{self.scc}" if self.scc else session.words[1]
        self.local = self.local or bool(self.scc and session.values.get("namespace"))
        self.resource = RESOURCES["rolebindings" if self.local else "clusterrolebindings"]
        self.subjects = [_subject(name) for name in session.words[2:]]
        accounts = session.values.get("serviceaccount") or ()
        self.subjects += [rights.account(name, session.namespace) for name in accounts]
        # Clients repeat the subject as it was given, for an SCC only its name.
        bare = bool(accounts or self.scc)
        self.targets = [known["name"] if bare else _user(known) for known in self.subjects]
        self.dry = _dry_run(session)
        # Whether the subjects already have the role.
        self.bound = False

    def known(self, session: Session, api: Api) -> list[Object]:
        """The existing bindings of the role; for an SCC the one with the role's name."""
        return [
            bound
            for bound in api.items(self.resource, session.namespace)
            if (bound["roleRef"]["name"], bound["roleRef"].get("kind")) == (self.role, "ClusterRole")
            and (not self.scc or bound["metadata"]["name"] == self.role)
        ]


def _dry_run(session: Session) -> str:
    """`--dry-run` as this client respects it."""
    if session.has("policy ignores dry-run"):
        return "none"
    if session.dry_run == "server" and session.has("policy dry-run=server changes"):
        return "none"
    return session.dry_run


def adm(session: Session) -> None:
    """`oc adm policy …`."""
    if session.words[:1] != ["policy"]:
        raise failure("the rehearsal oc knows only adm policy")
    session.words = session.words[1:]
    policy(session)


def policy(session: Session) -> None:
    """Binds a role, or removes it; idempotent, and says `added` every time (fact 8)."""
    verb = session.words[0] if session.words else ""
    if verb == "who-can":  # the recorded server had no such API
        with session.api():
            what = "post localresourceaccessreviews.authorization.openshift.io"
            raise ApiError(404, "NotFound", f"the server could not find the requested resource ({what})")
    if verb not in VERBS or len(session.words) < 2:
        raise failure(f"the rehearsal oc does not know policy {verb}".rstrip())
    order = Order(session, verb)
    if not order.subjects:
        raise failure("You must specify at least one user or service account")
    if order.scc and session.has("SCC users stand in the object"):
        _in_object(session, order)
        return
    with session.api() as api:
        if order.scc and order.add:
            _role_of_scc(session, api, order)
        made = (_add if order.add else _remove)(session, api, order)
    _report(session, order, made)


def _role_of_scc(session: Session, api: Api, order: Order) -> None:
    """Creates the role that can use an SCC if it is missing; only a client's dry run prevents it.

    oc pkg/cli/admin/policy/modify_scc.go: AddSCC creates it without options, also on main.
    """
    if api.store.get("clusterroles", None, order.role) is not None:
        return
    if order.dry == "client":
        names = ", ".join(f'"{name}"' for name in order.targets)
        session.print(f"clusterrole.{rights.RBAC}/{order.role} added: {names} (dry run)")
        return
    rule = {
        "apiGroups": ["security.openshift.io"],
        "resourceNames": [order.scc],
        "resources": [SCCS.plural],
        "verbs": ["use"],
    }
    item = {"kind": "ClusterRole", "metadata": {"name": order.role}, "rules": [rule]}
    api.create(RESOURCES["clusterroles"], None, item)


def _subject(name: str) -> Object:
    if name.startswith("system:serviceaccount:"):
        _, _, namespace, account = name.split(":", 3)
        return rights.account(account, namespace)
    return rights.subject(name)


def _user(subject: Object) -> str:
    """A subject as a user's name."""
    if subject["kind"] != "ServiceAccount":
        return str(subject["name"])
    return f"system:serviceaccount:{subject['namespace']}:{subject['name']}"


def _same(one: Object, other: Object) -> bool:
    return all(one.get(key) == other.get(key) for key in ("kind", "name", "namespace"))


def _add(session: Session, api: Api, order: Order) -> Object | None:
    """The binding that grants the role: one that already does, the SCC's with more subjects, or a new one."""
    known = order.known(session, api)
    bound = [subject for binding in known for subject in binding.get("subjects") or ()]
    missing = [subject for subject in order.subjects if not any(_same(subject, other) for other in bound)]
    if not missing:
        order.bound = True
        return known[0]
    if api.store.get("clusterroles", None, order.role) is None:
        session.err.write(f"Warning: role '{order.role}' not found\n")
    for subject in missing if not order.scc else ():
        if (
            subject["kind"] == "ServiceAccount"
            and api.store.get("serviceaccounts", subject["namespace"], subject["name"]) is None
        ):
            session.err.write(f"Warning: ServiceAccount '{subject['name']}' not found\n")
    dry = order.dry == "server"
    if order.scc and known:
        item = {**known[0], "subjects": [*(known[0].get("subjects") or ()), *missing]}
        if order.dry != "client":
            item, _ = api.replace(order.resource, session.namespace, item["metadata"]["name"], item, dry_run=dry)
        return item
    name = order.role if order.scc else _free_name(session, api, order)
    item = rights.binding(order.resource.kind, name, order.role, missing)
    if order.dry != "client":
        return api.create(order.resource, session.namespace, item, dry_run=dry)
    return item


def _free_name(session: Session, api: Api, order: Order) -> str:
    """The role's name, with the first free number if it is taken (fact 8)."""
    names = {binding["metadata"]["name"] for binding in api.items(order.resource, session.namespace)}
    name, number = order.role, 0
    while name in names:
        name, number = f"{order.role}-{number}", number + 1
    return name


def _remove(session: Session, api: Api, order: Order) -> Object | None:
    """Removes the subjects from the bindings, and bindings that have none left."""
    for binding in list(order.known(session, api)):
        bound = binding.get("subjects") or ()
        left = [other for other in bound if not any(_same(subject, other) for subject in order.subjects)]
        name = binding["metadata"]["name"]
        if len(left) == len(bound) or order.dry != "none":
            continue
        if left:
            api.patch(order.resource, session.namespace, name, "merge", {"subjects": left})
        else:
            api.delete(order.resource, session.namespace, name)
    return None


def _in_object(session: Session, order: Order) -> None:
    """An SCC's own list of users, which 3.11 uses."""
    names = [_user(subject) for subject in order.subjects]
    with session.api() as api:
        item = api.get(SCCS, None, order.scc)
        listed = item.get("users") or []
        if order.add:
            item["users"] = [*listed, *(name for name in names if name not in listed)]
        else:
            item["users"] = [name for name in listed if name not in names]
        if order.dry == "none":
            api.replace(SCCS, None, order.scc, item)
    verb = "added to" if order.add else "removed from"
    shown = "[" + " ".join(f'"{name}"' for name in names) + "]"
    session.print(f'scc "{order.scc}" {verb}: {shown}{" (dry run)" if order.dry != "none" else ""}')


def _report(session: Session, order: Order, made: Object | None) -> None:
    form = session.values.get("output")
    if form and made is not None:
        output.print_object(session, made, str(form))
        return
    dry = {"server": " (server dry run)", "client": " (dry run)"}.get(order.dry, "")
    verb = "added" if order.add else "removed"
    names = ", ".join(f'"{name}"' for name in order.targets)
    if session.has("policy prints sentences"):
        several = "[" + names.replace(", ", " ") + "]"
        scope = "" if order.local else "cluster "
        session.print(f'{scope}role "{order.role}" {verb}: {names if len(order.targets) == 1 else several}{dry}')
        return
    kind, name = "ClusterRole", order.role
    if order.dry == "client" and made is not None and not order.bound:  # the binding that would have been created
        kind, name = order.resource.kind, made["metadata"]["name"]
    session.print(f"{kind.lower()}.rbac.authorization.k8s.io/{name} {verb}: {names}{dry}")
