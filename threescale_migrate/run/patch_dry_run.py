"""Asks the server, by a dry run of one patch, whether a policy of the cluster would refuse the redeployment."""

from __future__ import annotations

from collections.abc import Iterable

from ..check_codes import Code
from ..cluster.allowed_calls import try_patch
from ..cluster.oc import Oc
from ..cluster.oc_errors import Denied, OcError, Unreachable
from ..cluster.versions import versions
from ..guide.change import Change
from ..guide.config_changes import ConfigPatched
from ..guide.user_rights import knows_dry_run
from ..values import ACCOUNT, Check, Fix, Step, Text, Verdict


def tried(oc: Oc, actions: Iterable[Change]) -> tuple[Check, ...]:
    """A failure if admission refuses the first patch of the plan; nothing if it takes it, or cannot be asked: by an old client or
    server, or where a webhook takes no dry runs. Changes nothing. Raises Unreachable."""
    first = next(
        (change for change in actions if isinstance(change, ConfigPatched) and change.account == ACCOUNT), None
    )
    if first is None:
        return ()
    try:
        # A server that does not know what a dry run is would make the patch.
        if not knows_dry_run(versions(oc)):
            return ()
        oc.read(try_patch(first.config), tries=2)
    except Denied as error:
        seen = Text("a policy of the cluster refuses the patch: {why}", why=error.text)
        fix = Fix(policy_fix())
        return (Check(Step.DEPLOYMENT_CONFIGS, Code.ADMISSION_ALLOWS, str(first.subject), Verdict.FAILED, seen, fix),)
    except Unreachable:
        raise
    except OcError:
        return ()
    return ()


def policy_fix() -> Text:
    """What has to be done about a policy that refuses the account; no permission is missing."""
    return Text(
        "ask a cluster admin to have that policy allow the service account {account} in this project", account=ACCOUNT
    )
