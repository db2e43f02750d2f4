"""What the pods of a rollout need, in the amounts that quotas and limit ranges count.

Pure arithmetic, by the rules of the quota and limit range admission of Kubernetes; whether it fits is decided in `capacity.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from ..cluster.quotas import Limit
from ..cluster.state import DeploymentConfig, Resources

UNITS = {
    "n": Fraction(1, 10**9), "u": Fraction(1, 10**6), "m": Fraction(1, 1000), "": Fraction(1),
    "k": Fraction(10**3), "M": Fraction(10**6), "G": Fraction(10**9), "T": Fraction(10**12), "P": Fraction(10**15),
    "E": Fraction(10**18), "Ki": Fraction(2**10), "Mi": Fraction(2**20), "Gi": Fraction(2**30), "Ti": Fraction(2**40),
    "Pi": Fraction(2**50), "Ei": Fraction(2**60),
}  # fmt: skip
_QUANTITY = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)([a-zA-Z]*)")
COMPUTE = ("cpu", "memory", "ephemeral-storage")

Amounts = Mapping[str, Fraction]


@dataclass(frozen=True)
class PodNeed:
    """A pod that a rollout makes. `terminating` pods have a deadline of their own: deployers and hooks."""

    name: str
    containers: tuple[Resources, ...]
    init_containers: tuple[Resources, ...] = ()
    terminating: bool = False


def quantity(text: str) -> Fraction | None:
    """The number that a quantity such as `50m`, `1.5` or `2Gi` means, None where it is none."""
    found = _QUANTITY.fullmatch(text.strip())
    if found is None or found[2] not in UNITS:
        return None
    return Fraction(found[1]) * UNITS[found[2]]


def shown(resource: str, amount: Fraction | None) -> str:
    """An amount as a person writes it."""
    if amount is None:
        return "none"
    if "memory" in resource or "storage" in resource:
        for unit in ("Gi", "Mi", "Ki"):
            if amount and (amount / UNITS[unit]).denominator == 1:
                return f"{amount / UNITS[unit]}{unit}"
        return str(int(amount))
    return str(amount) if amount.denominator == 1 else f"{float(amount * 1000):g}m"


def rollout(config: DeploymentConfig) -> tuple[tuple[PodNeed, ...], ...]:
    """The moments of a rollout that need most: for each, the pods beside those that run already."""
    deployer = PodNeed(f"{config.name} (deployer)", (config.deployer,), (), True)
    moments: list[tuple[PodNeed, ...]] = [(deployer,)]
    by_name = {container.name: container for container in config.containers}
    for name in config.hook_containers:
        hook = PodNeed(f"{config.name} (hook)", (by_name.get(name, Resources(name)),), (), True)
        moments.append((deployer, hook))
    pod = PodNeed(config.name, config.containers, config.init_containers)
    moments.append((deployer, *[pod] * surge(config)))
    return tuple(moments)


def surge(config: DeploymentConfig) -> int:
    """How many pods a Rolling strategy has more than wanted, rounded up as the deployer does; Recreate has none."""
    if config.strategy != "Rolling":
        return 0
    share, count = config.max_surge.rstrip("%"), config.replicas
    if not share.isdigit():
        return 1 if count else 0
    wanted = -(-count * int(share) // 100) if config.max_surge.endswith("%") else int(share)
    return wanted if count else 0


def effective(container: Resources, limits: Iterable[Limit]) -> Resources:
    """What a container asks for after admission has filled in the defaults of the limit ranges."""
    own = [item for item in limits if item.type == "Container"]
    defaults = {name: value for item in own for name, value in item.default.items()}
    requests = {name: value for item in own for name, value in item.default_request.items()}
    return Resources(
        container.name,
        {**requests, **container.limits, **container.requests},
        {**defaults, **container.limits},
    )


def requested(pod: PodNeed, limits: tuple[Limit, ...]) -> Amounts:
    """What a pod counts for in a quota, by the quota's names; what one of its containers does not say is not in it."""
    found: dict[str, Fraction] = {"pods": Fraction(1)}
    containers = [effective(container, limits) for container in pod.containers]
    first = [effective(container, limits) for container in pod.init_containers]
    for resource in COMPUTE:
        for prefix, part in (("requests.", "requests"), ("limits.", "limits")):
            amounts = [quantity(getattr(container, part).get(resource, "")) for container in containers]
            if any(amount is None for amount in amounts):
                continue
            before = [quantity(getattr(container, part).get(resource, "0")) or Fraction(0) for container in first]
            total = sum((amount for amount in amounts if amount is not None), Fraction(0))
            found[prefix + resource] = max([total, *before])
        if f"requests.{resource}" in found:
            found[resource] = found[f"requests.{resource}"]
    return found
