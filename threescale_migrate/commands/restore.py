"""`restore`: puts back the data that a run has saved before a redeployment emptied it, where that run did not come to it."""

from __future__ import annotations

from ..check_codes import Code
from ..cluster.reading import observe
from ..cluster.state import ProjectState
from ..engine import data_keeping
from ..guide import kept_data
from ..guide.kept_data import Owed
from ..options import Options
from ..render.result import Checked, Result
from ..run import owed_data
from ..run.confirmation import confirm
from ..run.connection import LOOKING_TIMEOUT, located, locked
from ..run.results import checked, exit_code
from ..run.run_journal import Start, journaled
from ..run.session import Session
from ..values import Check, Refused, Request, Step, Text, Verdict


def run(session: Session, options: Options) -> Result:
    """Restores what is owed, of the configs that are named, or of all. What was stored since is saved in a file and replaced. Raises
    what asking and changing the cluster raise, Refused where a database has no ready pod."""
    oc = session.connect(LOOKING_TIMEOUT)
    where = located(oc, options)
    with locked(oc, where) as directory:
        state = observe(oc, cluster=False, secret=False)
        known = owed_data.left(owed_data.of_place(where), state)
        owed = [each for each in known if not options.dc or each.data.config in options.dc]
        if not owed:
            sentence = Text("nothing to restore: no run on this workstation has saved data that is not restored")
            check = Check(Step.DEPLOYMENT_CONFIGS, Code.DATA_RESTORED, "project", Verdict.PASSED, sentence)
            return session.result(0, Checked(where.project, (check,), said=sentence))
        owed_data.say(session, map(kept_data.of_owed, owed))
        _check_pods(state, owed)
        confirm(session, oc, where)
        with journaled(session, Start(oc, where, directory, state, (), Request())) as under_way:
            names = tuple(dict.fromkeys(each.data.config for each in owed))
            data_keeping.restore(under_way, state, names, force=True)
            state = observe(oc, cluster=False, secret=False)
            checks = data_keeping.checks(under_way, state)
            under_way.finish(exit_code(options, checks, session.command), checks)
    return checked(session, state, checks)


def _check_pods(state: ProjectState, owed: list[Owed]) -> None:
    for each in owed:
        name = each.data.config
        if kept_data.target(state, name) is None:
            seen = "{name} has no ready pod into which its data could be restored: wait for its rollout, and run this again"
            raise Refused(Text(seen, name=name))
