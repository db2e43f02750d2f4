"""Who calls the API server, and what they may do there: their rights, without those that a fault removes."""

from __future__ import annotations

from . import faults, rights
from .refusing import ApiError, rule_text
from .resources import Resource
from .store import Object, Store


class Caller:
    """A user who is logged in; `acting` where somebody else acts as that user, to whom no fault applies."""

    def __init__(self, store: Store, user: str, acting: bool) -> None:
        self.store = store
        self.user = user
        self.groups = rights.impersonated_groups(user) if acting else rights.groups_of(user)
        self.acting = acting

    def can_i(self, verb: str, resource: str, namespace: str | None, name: str = "", group: str | None = None) -> bool:
        """Whether the user may do something. Without a group, that of the type is used."""
        if not self.acting and faults.forbids(self.store, verb, resource):
            return False
        held = rights.rules(self.store, self.user, self.groups, namespace)
        group = rights.group_of(resource) if group is None else group
        return any(rights.covers(rule, verb, group, resource, name) for rule in held)

    def can_see(self, project: str) -> bool:
        """Whether a project is one of the user's."""
        return self.can_i("get", "namespaces", project, project)

    def rules(self, namespace: str | None) -> list[Object]:
        """The rules that hold for the user in a namespace, or cluster-wide for None, without those that a fault removes."""
        found = rights.rules(self.store, self.user, self.groups, namespace)
        if self.acting or not faults.active(self.store, "forbidden"):
            return found
        return [
            {
                **rule,
                "verbs": [verb for verb in rule["verbs"] if not faults.forbids(self.store, verb, rule["resources"][0])],
            }
            if "resources" in rule
            else rule
            for rule in rights.single([part for rule in found for part in rights.written_out(rule)])
        ]

    def allow(self, verb: str, resource: Resource, namespace: str | None, name: str = "", sub: str = "") -> None:
        """Raises ApiError where the user may not do something."""
        plural = f"{resource.plural}/{sub}" if sub else resource.plural
        if resource.plural == "deploymentconfigs" and faults.active(self.store, "api-away"):
            what = f"(get {resource.full}{' ' + name if name else ''})"
            raise ApiError(503, "ServiceUnavailable", f"the server is currently unable to handle the request {what}")
        space = namespace if resource.namespaced else None
        if resource.plural in ("namespaces", "projects") and name:
            space = name  # a project's own roles hold for the project itself
        if self.can_i(verb, plural, space, name):
            return
        inside = namespace if resource.namespaced else name if resource.plural == "namespaces" else ""
        where = f'in the namespace "{inside}"' if inside else "at the cluster scope"
        subject = f'{resource.full} "{name}"' if name else resource.full
        raise ApiError(
            403,
            "Forbidden",
            f'{subject} is forbidden: User "{self.user}" cannot {verb} resource "{plural}" in API group "{resource.group}" {where}',
        )

    def may_act_as(self, other: str) -> None:
        """Refuses to act in the name of a user or account for whom the user may not (fact 33). Raises ApiError."""
        words = other.split(":")
        if words[:2] == ["system", "serviceaccount"] and len(words) == 4:
            space, name, kind = words[2], words[3], "serviceaccounts"
        else:
            space, name, kind = None, other, "users"
        if self.can_i("impersonate", kind, space, name, ""):
            return
        where = f'in the namespace "{space}"' if space else "at the cluster scope"
        raise ApiError(
            403,
            "Forbidden",
            f'{kind} "{name}" is forbidden: User "{self.user}" cannot impersonate resource "{kind}" in API group "" {where}',
        )

    def review(self, namespace: str) -> Object:
        """What the user may do in a namespace, as a SelfSubjectRulesReview answers; nothing is stored (fact 33)."""
        found = self.rules(namespace)
        return {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectRulesReview",
            "metadata": {},
            "spec": {},
            "status": {
                "incomplete": False,
                "nonResourceRules": [rule for rule in found if "nonResourceURLs" in rule],
                "resourceRules": [rule for rule in found if "nonResourceURLs" not in rule],
            },
        }

    def may_grant(self, resource: Resource, binding: Object) -> None:
        """Refuses to grant rights that the user does not have, unless the user may bind any role. Raises ApiError."""
        space = binding["metadata"].get("namespace")
        role = "roles" if binding["roleRef"].get("kind") == "Role" else "clusterroles"
        if self.can_i("bind", role, space, binding["roleRef"]["name"]):
            return
        missing = rights.missing(self.rules(space), rights.rules_of(self.store, binding))
        if missing:
            groups = " ".join(f'"{group}"' for group in self.groups)
            raise ApiError(
                403,
                "Forbidden",
                f'{resource.full} "{binding["metadata"]["name"]}" is forbidden: user "{self.user}" (groups=[{groups}]) is attempting'
                " to grant RBAC permissions not currently held:\n" + "\n".join(map(rule_text, missing)),
            )
