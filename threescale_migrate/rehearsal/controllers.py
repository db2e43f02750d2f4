"""Which controller answers which kind of event: the table from which the queue of the rehearsal cluster is worked off."""

from __future__ import annotations

from . import accounts, deployer, kubelet, pods, status, triggers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .simulation import Handler

HANDLERS: dict[str, Handler] = {
    "config": triggers.check_triggers,
    "rollout": triggers.begin,
    "deployer": deployer.step,
    "scale": pods.reconcile,
    "status": status.tell_status,
    "pod": kubelet.step,
    "account": accounts.give_login,
}
