"""Asks the server whether the user may do what a plan does, with calls that look and no others.

What is to be asked, and what the answers mean, is decided in `guide/user_rights.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..cluster.allowed_calls import TRY_ON_SERVER
from ..cluster.oc import Oc
from ..cluster.oc_errors import AlreadyExists, BadInput, Forbidden, OcError, Unreachable
from ..cluster.reviews import EACH_PROJECT, review
from ..cluster.state import ProjectState
from ..cluster.versions import versions
from ..guide.change import Change
from ..guide.grants import SCC
from ..guide.role_changes import RoleGranted
from ..guide.user_rights import (
    ReviewAnswers,
    Right,
    answered,
    binding_in_question,
    binding_right,
    gives,
    knows_dry_run,
    needed,
)
from ..values import Text

CLIENT_CANNOT = Text("this oc is too old to ask the server about a binding without creating it")
SERVER_CANNOT = Text("this server is too old to be asked about a binding without creating it")
NOT_KNOWN = Text("it is not known whether the server can be asked about a binding without creating it")


def ask(oc: Oc, state: ProjectState, actions: Iterable[Change]) -> ReviewAnswers:
    """The server's answers about a plan. Changes nothing. Raises Unreachable."""
    wanted = tuple(actions)
    trial = Trial(oc, state.namespace)
    refused: dict[tuple[str, ...], str] = {}
    undecided: dict[tuple[str, ...], Text] = {}
    for action in wanted:
        if not isinstance(action, RoleGranted):
            continue
        said = trial.of(action)
        if isinstance(said, Text):
            undecided[action.args] = said
        elif said:
            refused[action.args] = said
    # Only a client that is too old to try gives SCCs in the old way, which needs no right to bind.
    binds_scc = trial.cannot is not CLIENT_CANNOT
    if not binds_scc:
        old = {action.args for action in wanted if isinstance(action, RoleGranted) and action.role_kind == SCC}
        undecided = {args: why for args, why in undecided.items() if args not in old}
    rights = tuple(needed(wanted, state, binds_scc))
    shown = _shown(oc, [right for right in rights if not answered(state, right)])
    return ReviewAnswers(
        {right: answered(state, right) or right in shown or may(oc, right) for right in rights},
        refused,
        undecided,
        binds_scc,
    )


def _shown(oc: Oc, rights: Sequence[Right]) -> frozenset[Right]:
    """Those of the rights that the user has by one review for all projects that they are about. Raises Unreachable."""
    places = tuple(dict.fromkeys(right.namespace or EACH_PROJECT for right in rights))
    if not places:
        return frozenset()
    try:
        rules = dict(zip(places, (found for found, _ in review(oc, places))))
    except Unreachable:
        raise
    except OcError:
        return frozenset()
    return frozenset(right for right in rights if gives(rules[right.namespace or EACH_PROJECT], right))


def may(oc: Oc, right: Right) -> bool | None:
    """The server's answer to `auth can-i`, None if it gives none. Raises Unreachable."""
    try:
        return oc.ask(right.question)
    except Unreachable:
        raise
    except OcError:
        return None


class Trial:
    """Finds out about one grant after the other. `cannot` is why no binding can be tried, once that is known."""

    def __init__(self, oc: Oc, project: str) -> None:
        self.oc = oc
        self.project = project
        self.cannot: Text | None = None
        self._looked = False

    def of(self, change: RoleGranted) -> str | Text:
        """Nothing if the server allows it, its sentence if it does not, a Text if that cannot be found out.

        A user who can bind the role can grant it; anyone else can still grant what they have themselves, which only the server
        knows: it is asked to try the binding. Raises Unreachable.
        """
        # For an SCC the client has to be known in any case: an old one does something else.
        if change.role_kind != SCC and may(self.oc, binding_right(change.grant, self.project)):
            return ""
        self._check_server()
        if self.cannot is not None:
            return self.cannot
        manifest, where = binding_in_question(change.grant, change.account, self.project)
        try:
            self.oc.read((*TRY_ON_SERVER, *((f"--namespace={where}",) if where else ())), manifest)
        except AlreadyExists:
            return ""  # the server checks the rights first
        except Forbidden as error:
            return str(error)
        except Unreachable:
            raise
        except BadInput as error:
            if "--dry-run" not in str(error):
                return Text("{why}", why=str(error))
            self.cannot = CLIENT_CANNOT
            return self.cannot
        except OcError as error:
            return Text("{why}", why=str(error))
        return ""

    def _check_server(self) -> None:
        """A server that does not know what a dry run is would make the binding: it is asked for its version first."""
        if self._looked:
            return
        self._looked = True
        try:
            known = knows_dry_run(versions(self.oc))
        except BadInput:
            self.cannot = CLIENT_CANNOT  # that of 3.11 knows no such option
            return
        except OcError:
            known = None
        if not known:
            self.cannot = NOT_KNOWN if known is None else SERVER_CANNOT
