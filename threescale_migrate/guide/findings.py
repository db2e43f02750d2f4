"""A finding of the preflight as a value, and the groups in which findings are shown."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from ..check_codes import Code
from ..values import NO_FIX, Fix, Text, Verdict, as_fix


class Group(str, Enum):
    """What is checked, in this order."""

    LOGIN = "login"
    PROJECT = "project"
    RIGHTS = "rights"
    SECRET = "registry-secret"
    PERMISSIONS = "permissions"
    CONFIGS = "deployment-configs"
    CAPACITY = "quotas"


TITLES = {
    Group.LOGIN: "oc and the login",
    Group.PROJECT: "the project",
    Group.RIGHTS: "rights",
    Group.SECRET: "registry secret",
    Group.PERMISSIONS: "permissions",
    Group.CONFIGS: "deployment configs",
    Group.CAPACITY: "quotas and limits",
}


@dataclass(frozen=True)
class Finding:
    """One thing that was checked; FAILED and UNKNOWN block the migration.

    `usage` marks what another option fixes, `forceable` what may be wrong although the migration would succeed.
    """

    group: Group
    code: Code
    subject: str
    verdict: Verdict
    seen: Text
    fix: Fix | Text = NO_FIX
    commands: tuple[str, ...] = ()
    usage: bool = False
    forceable: bool = False

    @property
    def fixed(self) -> Fix:
        """The fix as a `Fix`."""
        return as_fix(self.fix, self.commands)

    @property
    def title(self) -> Text:
        """The heading of its group."""
        return Text(TITLES[self.group])
