"""Whose project it is, and of which release: what is found out before it is migrated.

Pure. Which configs are migrated is decided in `selection.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import partial

from ..check_codes import Code
from ..cluster.oc_errors import lacks_type
from ..cluster.state import ENVIRONMENT, DeploymentConfig, Environment, ProjectState
from ..values import NO_FIX, Check, Fix, Group, Text, Verdict, resume

# An operator patches its configs back (fact 24).
OPERATORS = ("APIManager",)
# A self-managed gateway, in a project without the rest of 3scale.
GATEWAY = re.compile(r"/3scale-amp\d*/apicast-gateway|/3scale2?/apicast|(?:^|/)apicast[^/]*$")
# Up to 2.3, and a live part of those releases (fact 23).
LEFTOVER, LAST_WITH_IT = "system-resque", (2, 3)

# The images that change with each release; those of databases, caches and the wildcard router do not.
_OWN = r"(?:apicast-gateway|backend|system|zync)"
_IN_IMAGES = (
    re.compile(rf"(?:^|/)3scale-amp(\d)(\d+)/{_OWN}"),
    re.compile(rf"(?:^|/)3scale-amp\d/{_OWN}[^:]*:(?:3scale)?(\d)\.(\d+)"),
)
# As a tag of an image stream, or in system's environment: 2.5, 2.5.1, 2.5.0-CR2.
_AS_WRITTEN = re.compile(r"(?:.*:)?(?:3scale)?(\d)\.(\d+)(?:[.\-].*)?")
_OWN_STREAMS = ("amp-apicast", "amp-backend", "amp-system", "amp-zync")
EXPECTED_RELEASE = (2, 5)
NEXT_RELEASE = (2, 6)

Release = tuple[int, int]


_finding = partial(Check, Group.PROJECT)


def no_api(state: ProjectState) -> list[Check]:
    """A server that has no DeploymentConfigs: it is no OpenShift, or one with that API switched off."""
    if not lacks_type(state.unread["dc"]):
        return []
    seen = Text("the server has no DeploymentConfigs: {why}", why=state.unread["dc"])
    sentence = Text(
        "check which cluster this is; OpenShift from 4.14 on can be installed without them, and a cluster admin can enable the"
        " capability DeploymentConfig"
    )
    return [_finding(Code.CONFIGS_PRESENT, f"project/{state.namespace}", Verdict.FAILED, seen, Fix(sentence))]


def no_config(state: ProjectState) -> Check:
    """A project without configs of 3scale: a self-managed gateway is recognised."""
    seen = Text(
        "there is no DeploymentConfig of 3scale in project {project}: name the right one with -n",
        project=state.namespace,
    )
    fix = NO_FIX
    gateways = [config.name for config in state.configs.values() if _is_gateway(config)]
    if gateways:
        seen = Text(
            "{names} is a self-managed APIcast, in a project without the rest of 3scale: the guide covers it only if"
            " its image comes from the registry",
            names=", ".join(gateways),
        )
        fix = Fix(Text("to migrate it, name it"), (resume("--dc", ",".join(gateways)),))
    return _finding(Code.CONFIGS_PRESENT, f"project/{state.namespace}", Verdict.FAILED, seen, fix)


def _is_gateway(config: DeploymentConfig) -> bool:
    return "apicast" in config.name and any(GATEWAY.search(image.partition("@")[0]) for image in config.images)


def checks(state: ProjectState, chosen: tuple[str, ...]) -> list[Check]:
    """The findings about a project that has configs of 3scale."""
    environment = state.environment
    found = [*_operated(state, chosen)]
    others = tuple(name for name in chosen if name != LEFTOVER)
    if LEFTOVER in state.configs and _is_left_over(releases(state, others)):
        chosen = others
        seen = Text("it is left over from 3scale 2.3 or older, and nothing uses it: delete it once you are sure")
        found.append(_finding(Code.LEFTOVERS_ABSENT, f"dc/{LEFTOVER}", Verdict.WARNING, seen))
    if "system-app" in chosen and environment is not None:
        found += _older(environment)
    return [*found, _release(releases(state, chosen))]


def _is_left_over(others: frozenset[Release]) -> bool:
    """Whether a config that exists up to 2.3 is none of the project's release: only where all others are known to be newer."""
    return bool(others) and min(others) > LAST_WITH_IT


def _operated(state: ProjectState, chosen: Iterable[str]) -> list[Check]:
    """An operator's installation: it would revert its configs, and is upgraded in another way."""
    owned = [(name, kind, owner) for name in chosen for kind, owner in state.configs[name].owners if kind in OPERATORS]
    if not owned:
        return []
    kind, owner = owned[0][1:]
    seen = Text(
        "{count} configs belong to {kind} {owner}: an operator manages this project, and would revert what is changed here;"
        " this procedure is for installations from templates",
        count=len({name for name, _, _ in owned}),
        kind=kind,
        owner=owner,
    )
    fix = Fix(Text("follow the operator's own upgrade"))
    subject = f"{kind.lower()}/{owner}"
    return [_finding(Code.PROJECT_NOT_OPERATED, subject, Verdict.FAILED, seen, fix, forceable=True)]


def _older(environment: Environment) -> list[Check]:
    """Without the ConfigMap, the guide refers to its section for older installations."""
    if environment.unread:
        seen = Text("it cannot be read, so it is not known whether the project is of an older release")
    elif not environment.present:
        seen = Text(
            "it is not in the project: in that case the guide first upgrades the installation as an older one; see its"
            " section about {name}",
            name=ENVIRONMENT,
        )
    else:
        return []
    return [_finding(Code.RELEASE_SUPPORTED, f"configmap/{ENVIRONMENT}", Verdict.WARNING, seen)]


def releases(state: ProjectState, names: Iterable[str]) -> frozenset[Release]:
    """The releases of 3scale that the configs' images name; else the tags of the image streams, else the environment.

    Where images come from a mirror or the internal registry, their names show nothing (fact 23).
    """
    configs = [state.configs[name] for name in names]
    found = {
        (int(match[1]), int(match[2]))
        for config in configs
        for image in config.images
        for pattern in _IN_IMAGES
        for match in [pattern.search(image)]
        if match
    }
    written = state.environment.release if state.environment is not None else ""
    return frozenset(found or _of_streams(state, configs) or _written(written))


def _of_streams(state: ProjectState, configs: Iterable[DeploymentConfig]) -> set[Release]:
    """The releases that the tags of the configs' image streams point to."""
    found: set[Release] = set()
    for trigger in (trigger for config in configs for trigger in config.image_triggers):
        stream = state.streams.get(trigger.stream)
        if stream is not None and stream.name in _OWN_STREAMS:
            found |= _written(trigger.tag) or _written(dict(stream.follows).get(trigger.tag, ""))
    return found


def _written(text: str) -> set[Release]:
    match = _AS_WRITTEN.fullmatch(text)
    return {(int(match[1]), int(match[2]))} if match else set()


def _release(found: frozenset[Release]) -> Check:
    named = ", ".join(f"{major}.{minor}" for major, minor in sorted(found))
    verdict, fix = Verdict.WARNING, NO_FIX
    if found == {EXPECTED_RELEASE}:
        verdict, seen = Verdict.PASSED, Text("the images are those of 3scale {found}", found=named)
    elif not found:
        seen = Text("the images do not show which release of 3scale they belong to: this procedure is for 2.5")
    elif found <= {EXPECTED_RELEASE, NEXT_RELEASE}:
        seen = Text(
            "the images are those of 3scale {found}: the upgrade to 2.6 is already done, or has begun", found=named
        )
    else:
        verdict = Verdict.FAILED
        seen = Text("the images are those of 3scale {found}, but this procedure is for 2.5", found=named)
        fix = Fix(Text("upgrade to 2.5 first, or name a project of 2.5 with -n"))
    forceable = verdict is Verdict.FAILED
    return _finding(Code.RELEASE_SUPPORTED, "release", verdict, seen, fix, forceable=forceable)
