"""What the rest of the program passes around: texts, actions, checks, and what the user asked for.

Everything here is immutable, and nothing here knows how it is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from .check_codes import Code
from .safe_text import visible

PROGRAM = "threescale-migrate"
SECRET_NAME = "threescale-registry-auth"
ACCOUNT = "amp"
DEFAULT_ACCOUNT = "default"
REGISTRY = "registry.redhat.io"

# The images of the next step, of the templates of 3scale 2.6: its own, then databases and caches. The first represents all where
# one is enough.
NEXT_IMAGES = tuple(
    f"{REGISTRY}/{name}"
    for name in (
        "3scale-amp26/backend",
        "3scale-amp26/apicast-gateway",
        "3scale-amp26/system",
        "3scale-amp26/zync",
        "3scale-amp20/memcached",
        "rhscl/mysql-57-rhel7",
        "rhscl/postgresql-10-rhel7",
        "rhscl/redis-32-rhel7",
    )
)

# The fifteen of the guide, in its order.
GUIDE_CONFIGS = (
    "apicast-production",
    "apicast-staging",
    "apicast-wildcard-router",
    "backend-cron",
    "backend-listener",
    "backend-redis",
    "backend-worker",
    "system-app",
    "system-memcache",
    "system-mysql",
    "system-redis",
    "system-sidekiq",
    "system-sphinx",
    "zync",
    "zync-database",
)


class Translate(Protocol):
    """A language: gives its template for an English one. With `many`, the English plural, its form for `count` things."""

    def __call__(self, template: str, many: str = "", count: int = 1) -> str: ...


def english(template: str, many: str = "", count: int = 1) -> str:
    """English itself: the template as it is, or its plural."""
    return many if many and count != 1 else template


# What stands between two sentences on one line, and among the members of a list.
BETWEEN, AMONG = "; ", ", "


class Text:
    """A sentence to a person: a template and what stands in its braces, put together when it is shown.

    `str()` gives English, which JSON and the journal use; `translated()` puts it together from a translated template.
    """

    __slots__ = ("many", "params", "template")

    def __init__(self, template: str, **params: object) -> None:
        self.template = template
        self.many = ""
        self.params = params

    @staticmethod
    def plural(one: str, many: str, *, count: int, **params: object) -> Text:
        """A sentence about `count` things, with a template for one of them and another for every other number."""
        text = Text(one, count=count, **params)
        text.many = many
        return text

    @staticmethod
    def sentences(*texts: Text) -> Text:
        """Several sentences, each whole in itself; what is shown in one line is set apart as each language does it."""
        return Text(BETWEEN, parts=tuple(text for text in texts if text.template))

    @staticmethod
    def listed(*texts: Text) -> Text:
        """A list of names or numbers in one line."""
        return Text(AMONG, parts=texts)

    def translated(self, translate: Translate) -> str:
        """The sentence from the template that `translate` gives; texts among the parameters are too."""
        if self.template in (BETWEEN, AMONG):
            parts = self.params.get("parts")
            return translate(self.template).join(
                str(_translated(part, translate)) for part in (parts if isinstance(parts, tuple) else ())
            )
        count = self.params.get("count")
        number = count if isinstance(count, int) else 1
        return translate(self.template, self.many, number).format(
            **{key: _translated(value, translate) for key, value in self.params.items()}
        )

    def kept(self) -> dict[str, object]:
        """The text as JSON that can be read again and shown in another language; the journal keeps it like that."""
        kept: dict[str, object] = {"many": self.many} if self.many else {}
        return {"template": self.template, **kept, "params": {key: _kept(value) for key, value in self.params.items()}}

    @staticmethod
    def revived(value: object) -> Text:
        """The text that `kept` gave; anything else is taken for what somebody said."""
        if isinstance(value, Mapping) and isinstance(value.get("template"), str):
            params = value.get("params")
            text = Text(value["template"], **{str(k): _revived(v) for k, v in (params or {}).items()})
            text.many = str(value.get("many") or "")
            return text
        return Text("{said}", said="" if value is None else str(value))

    def __str__(self) -> str:
        return self.translated(english)

    def __repr__(self) -> str:
        return f"Text({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Text) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))


def _translated(value: object, translate: Translate) -> object:
    """A parameter as it is shown; several texts are lines."""
    if isinstance(value, Text):
        return value.translated(translate)
    if isinstance(value, tuple):
        return "\n".join(str(_translated(part, translate)) for part in value)
    # What stands in the braces comes from a cluster or a file: what cannot be seen in it is shown as what it is.
    return visible(value) if isinstance(value, str) else value


def _kept(value: object) -> object:
    if isinstance(value, Text):
        return value.kept()
    if isinstance(value, tuple):
        return [_kept(part) for part in value]
    return value if isinstance(value, (int, float)) else str(value)


def _revived(value: object) -> object:
    if isinstance(value, list):
        return tuple(_revived(part) for part in value)
    return Text.revived(value) if isinstance(value, Mapping) else value


NOTHING = Text("")
PANEL = Text(
    "download the OpenShift Secret of a registry service account from https://access.redhat.com/terms-based-registry"
)


class Step(str, Enum):
    """The six steps of the guide, by the names that `step` takes."""

    REGISTRY_SECRET = "registry-secret"
    SERVICE_ACCOUNT = "service-account"
    PERMISSIONS = "permissions"
    DEPLOYMENT_CONFIGS = "deployment-configs"
    READINESS = "readiness"
    VERIFICATION = "verification"


STEPS = tuple(Step)


class Group(str, Enum):
    """What is checked before the first change, beside the steps."""

    LOGIN = "login"
    PROJECT = "project"
    RIGHTS = "rights"
    CAPACITY = "quotas"


class Verdict(str, Enum):
    """What a check found. A warning fails with `--strict` only; what was left out is skipped, which says nothing about the project."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"
    WARNING = "warning"
    SKIPPED = "skipped"


class Who(str, Enum):
    """Who is to run a command: the user of this program, or somebody who may do more."""

    USER = "user"
    CLUSTER_ADMIN = "cluster-admin"


@dataclass(frozen=True)
class Command:
    """A command that somebody is asked to run.

    `argv` begins with `oc` or with this program's name, and names neither project nor cluster: `shell.Invocation` makes the line to
    paste of it. It reads the file `reads`, and each of `piped` reads what the one before it prints. With one that `resumes`, a run goes on: where an undo is being
    carried out, that is undo.
    """

    argv: tuple[str, ...]
    by: Who = Who.USER
    piped: tuple[tuple[str, ...], ...] = ()
    resumes: bool = False
    reads: str = ""


def resume(*options: str) -> Command:
    """The command with which a run goes on, with the options that it needs for that; `FILE` is for the reader to fill in."""
    return Command((PROGRAM, "migrate", *options), resumes=True)


@dataclass(frozen=True)
class Fix:
    """What somebody can do about something: a sentence, and the commands that it takes, in order. The sentence names no command."""

    sentence: Text = NOTHING
    commands: tuple[Command, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.sentence.template or self.commands)


NO_FIX = Fix()
RESUME = resume()
# Nothing has to be repaired: the run goes on when it is called again.
GO_ON = Fix(commands=(RESUME,))


@dataclass(frozen=True)
class Check:
    """One thing that was checked: its step or group, the stable code of what was asked, its subject, what was seen, and the fix.

    Before the first change FAILED and UNKNOWN block the migration; `usage` marks what another option fixes, `forceable` what may be
    wrong although the migration would succeed.
    """

    step: Step | Group
    code: Code
    subject: str
    verdict: Verdict
    seen: Text
    fix: Fix = NO_FIX
    usage: bool = False
    forceable: bool = False

    @property
    def config(self) -> str:
        """The config that it is about; empty where it is about something else."""
        kind, _, name = self.subject.partition("/")
        return name if kind == "dc" else ""


class Problem(Exception):
    """What ends a command, in one sentence, and what can be done."""

    def __init__(self, text: Text, fix: Fix = NO_FIX) -> None:
        super().__init__(str(text))
        self.text = text
        self.fix = fix


class Usage(Problem):
    """Wrong usage or unusable input: exit code 2."""


class Refused(Problem):
    """Not begun, because it would break something: exit code 4."""


@dataclass(frozen=True)
class PullSecret:
    """A usable registry secret: its canonical JSON to feed to `oc`, and what may be said about it.

    `fingerprint` is a hash of the login data; `warnings` are sentences such as a token that ends soon; `path` is the
    user's file, and `kept` the secret of the project, where it came from one.
    """

    manifest: str = field(repr=False)
    type: str
    registries: tuple[str, ...]
    fingerprint: str
    source: str
    secrets: tuple[str, ...] = field(repr=False)
    warnings: tuple[Text, ...] = ()
    path: str | None = None
    kept: str | None = None


@dataclass(frozen=True)
class Request:
    """What the user asked for, as far as planning and verifying need it. `steps` are those of the guide that are carried out."""

    steps: tuple[Step, ...] = STEPS
    configs: tuple[str, ...] = ()
    pull_secret: PullSecret | None = None
    replace_secret: bool = False
    service_discovery: bool = False
    copy_privileged: bool = False
    link_default: bool = True
    link_builder: bool = True
    resume_paused: bool = False
    skip: frozenset[Step] = frozenset()
    waves: tuple[tuple[str, ...], ...] = ()
    all_at_once: bool = False
    prove_pull: tuple[str, ...] = ()
    prove_by_default: bool = False
    lose_data: tuple[str, ...] = ()

    @property
    def permissions(self) -> bool:
        """Whether the step of permissions is part of it."""
        return Step.PERMISSIONS not in self.skip
