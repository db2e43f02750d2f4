"""Whether the project's quotas and limit ranges leave room for the pods that exist only for a moment.

A redeployment needs more pods than there are before and after it: the deployer, a hook, and new pods beside the old ones.
Where a quota refuses them none is created, and the rollout hangs (fact 20). Pure arithmetic, by the rules of
the quota and limit range admission of Kubernetes.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from ..check_codes import Code
from ..cluster.partial_answers import CLUSTER_QUOTA
from ..cluster.quotas import Limit, Quota
from ..cluster.state import DeploymentConfig, ProjectState, Resources
from ..values import RESUME, Check, Command, Fix, Group, Text, Verdict, Who, resume
from .cause import then
from .change import Change
from .pod_resources import COMPUTE, Amounts, PodNeed, effective, quantity, requested, rollout, shown, surge
from .selection import Wave

KNOWN_SCOPES = frozenset({"Terminating", "NotTerminating", "BestEffort", "NotBestEffort"})
# What a quota counts beside pods, by the type that changes create: its name after `count/`.
OBJECTS = {
    "secrets": "secrets",
    "serviceaccounts": "serviceaccounts",
    "rolebindings": "rolebindings.rbac.authorization.k8s.io",
}


def applies(quota: Quota, pod: PodNeed, amounts: Amounts) -> bool:
    """Whether a quota counts a pod; one with a scope that is not known here counts none."""
    best_effort = not any(
        amounts.get(f"{part}.{name}") for part in ("requests", "limits") for name in ("cpu", "memory")
    )
    meaning = {
        "Terminating": pod.terminating,
        "NotTerminating": not pod.terminating,
        "BestEffort": best_effort,
        "NotBestEffort": not best_effort,
    }
    return all(meaning.get(scope, False) for scope in quota.scopes)


def checks(state: ProjectState, order: tuple[Wave, ...], actions: tuple[Change, ...]) -> list[Check]:
    """What quotas and limit ranges mean for the redeployment of `order`; one that passes where all could be read and leave room."""
    found = list(problems(state, order, actions))
    for quota in state.quotas:
        strange = ", ".join(scope for scope in quota.scopes if scope not in KNOWN_SCOPES)
        if strange:
            seen = Text("not checked: its scope {scope} depends on the pods' priority or affinity", scope=strange)
            found.append(Check(Group.CAPACITY, Code.QUOTA_SUFFICIENT, subject(quota), Verdict.WARNING, seen))
    if not found and not {"quota", "limits", CLUSTER_QUOTA} & set(state.unread):
        count = len(state.quotas) + len(state.limits)
        seen = Text("there is no quota and no limit range")
        if count:
            seen = Text("{count} quotas and limit ranges leave room for the redeployment", count=count)
        found.append(Check(Group.CAPACITY, Code.QUOTA_SUFFICIENT, f"project/{state.namespace}", Verdict.PASSED, seen))
    return found


def problems(state: ProjectState, order: tuple[Wave, ...], actions: tuple[Change, ...]) -> tuple[Check, ...]:
    """What will be refused on the way, by quota and by limit range. `order` are the configs that will be redeployed."""
    limits = tuple(item for found in state.limits for item in found.items)
    found: list[Check] = []
    for quota in state.quotas:
        found += _of_objects(state, quota, actions, order)
        found += _of_quota(state, quota, order, limits)
    for item in limits:
        found += _of_limit(state, item, order, limits)
    return tuple(found)


def subject(quota: Quota) -> str:
    """A quota as a check names it: one that the cluster has over several projects is of a type of its own."""
    return f"{'clusterresourcequota' if quota.cluster else 'quota'}/{quota.name}"


def _problem(subject: str, seen: Text, fix: Fix) -> Check:
    return Check(Group.CAPACITY, Code.QUOTA_SUFFICIENT, subject, Verdict.FAILED, seen, fix, forceable=True)


def _of_quota(state: ProjectState, quota: Quota, order: tuple[Wave, ...], limits: tuple[Limit, ...]) -> list[Check]:
    """One problem for all resources that pods do not set, about all configs; and one for each resource that is too small, about the
    first wave that does not fit."""
    found = []
    silent: dict[str, list[str]] = {}
    for resource, written in quota.hard.items():
        hard, used = quantity(written), quantity(quota.used.get(resource, "0"))
        of_pods = resource == "pods" or resource.split(".", 1)[-1] in COMPUTE
        if hard is None or used is None or not of_pods:
            continue
        for wave in order:
            needs = {name: _peak(quota, resource, state.configs[name], limits) for name in wave.configs}
            amounts = [need for need in needs.values() if need is not None]
            if len(amounts) < len(needs):
                silent.setdefault(resource, []).extend(name for name, need in needs.items() if need is None)
            elif resource not in silent and amounts and sum(amounts, used) > hard:
                found.append(_exceeded(quota, resource, wave, sum(amounts, Fraction(0)), max(amounts), used, hard))
                break
    if silent:
        names = tuple(
            dict.fromkeys(
                name for wave in order for name in wave.configs if any(name in own for own in silent.values())
            )
        )
        found.insert(0, _unsaid(quota, tuple(silent), names))
    return found


def _peak(quota: Quota, resource: str, config: DeploymentConfig, limits: tuple[Limit, ...]) -> Fraction | None:
    """What a rollout needs of a resource at its worst moment; None where a pod does not say, which the quota refuses."""
    peak = Fraction(0)
    for moment in rollout(config):
        total = Fraction(0)
        for pod in moment:
            amounts = requested(pod, limits)
            if not applies(quota, pod, amounts):
                continue
            if resource not in amounts:
                return None
            total += amounts[resource]
        peak = max(peak, total)
    return peak


def _exceeded(
    quota: Quota, resource: str, wave: Wave, need: Fraction, most: Fraction, used: Fraction, hard: Fraction
) -> Check:
    seen = Text(
        "{resource}: {used} of {hard} are used, and wave {wave} needs {need} more for a moment",
        wave=Text(wave.name),
        **_amounts(resource, used=used, hard=hard, need=need),
    )
    fix = _raised(quota, resource, used + need)
    if used + most <= hard:
        sentence = Text(
            "redeploy fewer at a time, by a file of waves with a line for each config; or raise it to {enough}",
            enough=shown(resource, used + need),
        )
        fix = Fix(sentence, (resume("--wave-plan", "WAVES"),))
    return _problem(subject(quota), seen, fix)


def _amounts(resource: str, **amounts: Fraction) -> dict[str, str]:
    """A resource and amounts of it, as a person writes them."""
    return {"resource": resource, **{name: shown(resource, amount) for name, amount in amounts.items()}}


def _raised(quota: Quota, resource: str, enough: Fraction) -> Fix:
    sentence = Text("ask an admin to raise it to {enough}", enough=shown(resource, enough))
    return Fix(sentence, (Command(("oc", "edit", *subject(quota).split("/")), Who.CLUSTER_ADMIN), RESUME))


def _unsaid(quota: Quota, resources: tuple[str, ...], names: tuple[str, ...]) -> Check:
    seen = Text(
        "it limits {resource}, and pods that do not set it are refused: those of {names}, their deployers or hooks",
        resource=", ".join(resources),
        names=", ".join(names),
    )
    fix = then(
        Text("give the project a limit range with defaults, or set resources in the configs and their strategies")
    )
    return _problem(subject(quota), seen, fix)


def _of_objects(state: ProjectState, quota: Quota, actions: tuple[Change, ...], order: tuple[Wave, ...]) -> list[Check]:
    """Objects that stay: revisions, deployer and hook pods, and what the actions create."""
    count = sum(len(wave.configs) for wave in order)
    grows = {"replicationcontrollers": count}
    for name, full in OBJECTS.items():
        grows[name] = grows[f"count/{full}"] = sum(action.creates == name for action in actions)
    grows["count/replicationcontrollers"] = count
    grows["count/pods"] = _pods_that_stay(state, order)
    found = []
    for resource, more in grows.items():
        hard, used = quantity(quota.hard.get(resource, "")), quantity(quota.used.get(resource, "0"))
        if not quota.scopes and hard is not None and used is not None and more and used + more > hard:
            seen = Text(
                "{resource}: {used} of {hard} are used, and the migration creates {more} more",
                more=more,
                **_amounts(resource, used=used, hard=hard),
            )
            found.append(_problem(subject(quota), seen, _raised(quota, resource, used + more)))
    return found


def _pods_that_stay(state: ProjectState, order: tuple[Wave, ...]) -> int:
    """Deployer and hook pods are kept for ever (fact 5); new pods beside the old ones come on top."""
    configs = [[state.configs[name] for name in wave.configs] for wave in order]
    kept = sum(1 + len(config.hook_containers) for wave in configs for config in wave)
    return kept + max((sum(map(surge, wave)) for wave in configs), default=0)


def _of_limit(state: ProjectState, item: Limit, order: tuple[Wave, ...], limits: tuple[Limit, ...]) -> list[Check]:
    """One problem for each item of a limit range, about all configs that it will refuse."""
    refused: dict[str, Text] = {}
    for name in (name for wave in order for name in wave.configs):
        for pod in {pod.name: pod for moment in rollout(state.configs[name]) for pod in moment}.values():
            why = _refusal(pod, item, limits)
            if why is not None:
                refused.setdefault(pod.name, why)
    if not refused:
        return []
    seen = Text("pods of {names} will be refused: {why}", names=", ".join(refused), why=next(iter(refused.values())))
    sentence = Text("ask an admin to change the limit range, or change what the pods request")
    fix = Fix(sentence, (Command(("oc", "edit", "limits", item.range), Who.CLUSTER_ADMIN), RESUME))
    return [_problem(f"limits/{item.range}", seen, fix)]


def _refusal(pod: PodNeed, item: Limit, limits: tuple[Limit, ...]) -> Text | None:
    """Why a limit range refuses a pod, None where it does not."""
    measured: list[Resources] = []
    if item.type == "Container":
        measured = [effective(container, limits) for container in (*pod.containers, *pod.init_containers)]
    elif item.type == "Pod":
        amounts = requested(pod, limits)
        requests, most = (
            {name: str(amounts[f"{part}.{name}"]) for name in COMPUTE if f"{part}.{name}" in amounts}
            for part in ("requests", "limits")
        )
        measured = [Resources(pod.name, requests, most)]
    return next((why for resources in measured for why in [_beyond(resources, item)] if why is not None), None)


def _beyond(resources: Resources, item: Limit) -> Text | None:
    for resource, written in item.max.items():
        most, found = quantity(written), _amount(resources.limits, resource)
        if most is not None and (found is None or found > most):
            seen = "{resource} can be at most {most}, but its limit is {found}"
            return Text(seen, resource=resource, most=written, found=shown(resource, found))
    for resource, written in item.min.items():
        least, found = quantity(written), _amount(resources.requests, resource)
        if least is not None and (found is None or found < least):
            seen = "{resource} has to be at least {least}, but its request is {found}"
            return Text(seen, resource=resource, least=written, found=shown(resource, found))
    for resource, written in item.ratio.items():
        ratio, limit = quantity(written), _amount(resources.limits, resource)
        request = _amount(resources.requests, resource)
        if ratio is not None and (not limit or not request or limit / request > ratio):
            seen = "the limit of {resource} can be at most {ratio} times its request"
            return Text(seen, resource=resource, ratio=written)
    return None


def _amount(amounts: Mapping[str, str], resource: str) -> Fraction | None:
    written = amounts.get(resource)
    if written is None:
        return None
    return Fraction(written) if "/" in written else quantity(written)
