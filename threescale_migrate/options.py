"""The options of the command line: each is one field of `Options`.

From these fields come the parser, its help and completion, what contradicts what, the variables of the environment, an inventory's
options, and the command line that resumes a run. Whoever adds an option adds a field, and reads it where it has an effect.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from .language import LANGUAGES
from .values import STEPS, Step

PREFIX = "THREESCALE_MIGRATE_"
# The guide's own variable, for the option that says the same.
GUIDE_VARIABLES = {"dc": "THREESCALE_DC_NAMES"}
# What --wave-plan has where no file is named: plan prints the order. What --prove-pull has where no image is named, for all, and where
# nothing is tested.
STDOUT = "-"
ONE, ALL, NONE = "one", "all", "none"
# What --watch has where no time is given.
UNTIL_MIGRATED = "until-migrated"

# Commands by what they have in common.
PLANNING = "plan preflight script migrate"
CHANGING = "migrate step undo restore"
EXPECTING = f"{PLANNING} step undo restore backup export"
CLUSTER = f"{EXPECTING} verify manifest"
SELECTING = f"{PLANNING} verify step"
SHOWING = "plan preflight migrate verify undo history step restore backup export"
SPEAKING = f"{SHOWING} help rehearse"
MANY = "projects all_contexts inventory"
# What is about one project alone: standard input is read once.
ONE_PROJECT = "secret_file=- wave_plan=-"
DOCUMENTS = "output=json output=yaml output=nagios output=junit"


@dataclass(frozen=True)
class About:
    """What a field says of its option beside its type and its default; commands and options are named in words with spaces.

    `help` may differ by command, "" for all others. `value` is what help calls the value, and with `kind`, where that differs, how
    it is read. `bare` is the value of an option that is given without one. `place` is how many words an argument takes. `carried`
    are the commands that get the option when they are suggested, `again` whether the same command gets it once more, `own` whether
    an inventory sets it for one project, `ahead` whether it may stand before the command too, as with oc. `variable` are the commands for which the environment can set it, unless the line has one
    of `yields`. `step` is the one step to which it belongs. `excludes` are options, `name` or `name=value`, that cannot be combined
    with it, and it says nothing without one of `needs`.
    """

    help: str | Mapping[str, str]
    commands: str
    value: str = ""
    kind: str = ""
    short: str = ""
    spelled: str = ""
    choices: tuple[str, ...] | Mapping[str, tuple[str, ...]] = ()
    bare: str | None = None
    place: str = ""
    completes: str = ""
    carried: str = ""
    again: bool = True
    own: bool = False
    ahead: bool = False
    variable: str = ""
    yields: str = ""
    step: Step | None = None
    excludes: str = ""
    needs: str = ""


def option(default: Any, help: str | Mapping[str, str], commands: str, **about: Any) -> Any:
    """The field of an option."""
    return field(default=default, metadata={"about": About(help, commands, **about)})


@dataclass(frozen=True)
class Options:
    """What a command line asks for, completed by the environment; of a command that has no such option, its default."""

    # The arguments.
    run: str | None = option(
        None,
        {"undo": "default: the newest, with all earlier ones still in effect", "": "the run to show, or the beginning of its name"},
        "undo history", value="RUN", place="?", completes="runs",
    )  # fmt: skip
    step: Step = option(Step.REGISTRY_SECRET, "one of {choices}; or its number", "step", value="NAME", kind="STEP", place="1", choices=tuple(step.value for step in STEPS))  # noqa: RUF009  # fmt: skip
    directory: str = option("", "a new directory, or an empty one", "backup", value="DIR", place="1", again=False)
    file: str = option("", "a new file; rehearse --from reads it", "export", value="FILE", place="1", again=False)
    kind: str = option(
        "", "one of {choices}", "manifest", value="KIND", place="1", choices=("cronjob", "containerfile")
    )
    shell_name: str = option("", "bash or zsh", "completion", value="SHELL", place="1", choices=("bash", "zsh"))
    topic: str | None = option(None, "a topic, a command or a check's code; default: the list", "help", value="TOPIC", place="?", completes="topics")  # fmt: skip

    # Which oc, and where it works.
    namespace: str | None = option(
        None, {"": "the project; default: oc's current one", "history": "runs in this project only"}, f"{CLUSTER} history",
        value="PROJECT", short="-n", completes="projects", ahead=True, again=False, variable=f"{CLUSTER} history", yields=MANY,
        excludes="kind=containerfile",
    )  # fmt: skip
    context: str | None = option(None, "a context of the kubeconfig", CLUSTER, value="CONTEXT", completes="contexts", ahead=True, again=False, variable=CLUSTER)  # fmt: skip
    kubeconfig: str | None = option(None, "the kubeconfig to use", CLUSTER, value="FILE", ahead=True, again=False, own=True, variable=CLUSTER)  # fmt: skip
    request_timeout: str | None = option(None, "passed to oc unchanged", CLUSTER, value="TIME", kind="OC TIME", carried=CLUSTER, ahead=True, variable=CLUSTER)  # fmt: skip
    call_timeout: float | None = option(None, "end an oc call that takes longer (default 60s)", CLUSTER, value="TIME", carried=CLUSTER, ahead=True, variable=CLUSTER)  # fmt: skip
    oc: str | None = option(None, "the oc to run; default: the first on PATH", CLUSTER, value="PROGRAM", completes="programs", carried=CLUSTER, ahead=True, variable=CLUSTER)  # fmt: skip
    expect_project: str | None = option(None, "continue only in this project", EXPECTING, value="NAME", completes="projects", carried=EXPECTING, variable=EXPECTING)  # fmt: skip
    expect_server: str | None = option(None, "continue only on this server", EXPECTING, value="URL", carried=EXPECTING, own=True, variable=EXPECTING)  # fmt: skip

    # What is migrated.
    dc: tuple[str, ...] = option(
        (), {"": "these DeploymentConfigs only", "undo": "these DeploymentConfigs only, nothing else"}, f"{SELECTING} undo restore",
        value="NAMES", completes="configs", carried=SELECTING, own=True, variable=SELECTING,
    )  # fmt: skip
    skip: tuple[Step, ...] = option((), "skip a step; can be repeated", SELECTING, value="STEP", choices=tuple(step.value for step in STEPS), carried=SELECTING, own=True)  # fmt: skip
    service_discovery: bool = option(False, "system uses service discovery: require role view", SELECTING, carried=f"{PLANNING} verify", own=True, step=Step.PERMISSIONS)  # fmt: skip

    # The registry secret.
    secret_file: str | None = option(
        None, "the secret as downloaded from Red Hat; - for stdin", f"{SELECTING} undo",
        value="FILE", carried=PLANNING, own=True, variable=f"{SELECTING} undo", excludes="username from_secret",
    )  # fmt: skip
    username: str | None = option(None, "a registry service account; token from stdin", f"{SELECTING} undo", value="NAME", carried=PLANNING, excludes=f"from_secret {MANY}")  # fmt: skip
    from_secret: str | None = option(None, "copy another secret of the project", f"{SELECTING} undo", value="NAME", completes="secrets", carried=PLANNING, own=True)  # fmt: skip
    replace_secret: bool = option(False, "replace the project's registry secret if it differs", f"{PLANNING} step", carried=PLANNING, step=Step.REGISTRY_SECRET)  # fmt: skip
    prove_pull: str | None = option(
        None,
        {"": "require that the token works; IMAGE is optional, all, or none: no test", "verify": "check whether the token works; IMAGE is optional, or all"},
        "plan preflight migrate verify step", value="IMAGE", bare=ONE, carried="plan preflight migrate", step=Step.REGISTRY_SECRET,
    )  # fmt: skip

    # What a preflight's findings mean, and how much is done.
    force: bool = option(
        False, {"": "continue despite failing configs, full quotas or another release", "undo": "also undo what another user has changed since"},
        f"{PLANNING} step undo", own=True,
    )  # fmt: skip
    allow_unknown: bool = option(
        False, {"": "continue when something cannot be read", "verify": "report unreadable objects as warnings"},
        SELECTING, own=True,
    )  # fmt: skip
    strict: bool = option(False, "treat warnings as failures", "verify step", own=True)
    copy_privileged: bool = option(False, "also grant amp the privileged roles of default", f"{PLANNING} step", carried=PLANNING, own=True, step=Step.PERMISSIONS)  # fmt: skip
    no_link: tuple[str, ...] = option((), "leave default (hook pods) or builder without the pull secret", f"{PLANNING} step", value="ACCOUNT", choices=("default", "builder"), carried=PLANNING, own=True, step=Step.SERVICE_ACCOUNT)  # fmt: skip
    resume_paused: bool = option(False, "resume paused configs", f"{PLANNING} step", carried=PLANNING, own=True, step=Step.DEPLOYMENT_CONFIGS)  # fmt: skip

    # The order of the rollouts, and what happens between two waves.
    all_at_once: bool = option(False, "redeploy all configs together, as the guide does", PLANNING, carried=PLANNING, own=True, step=Step.DEPLOYMENT_CONFIGS)  # fmt: skip
    wave_plan: str | None = option(
        None, "the order from a file: a line of names for each wave; without FILE, plan prints one", PLANNING,
        value="FILE", bare=STDOUT, carried=PLANNING, step=Step.DEPLOYMENT_CONFIGS, excludes="all_at_once",
    )  # fmt: skip
    gate: str | None = option(None, "continue after a wave only if this command succeeds", "migrate", value="COMMAND", step=Step.DEPLOYMENT_CONFIGS)  # fmt: skip
    gate_timeout: float = option(60.0, "end the gate after this time (default 60s)", "migrate", value="TIME", needs="gate")  # fmt: skip
    pause: bool = option(False, "ask on the terminal after each wave", "migrate", step=Step.DEPLOYMENT_CONFIGS)

    # How the changes are made.
    yes: bool = option(False, "do not ask for the project's name", CHANGING, short="-y", again=False)
    on_failure: str = option("stop", "when a rollout or the gate fails: stop (default), or undo", "migrate", choices=("stop", "undo"))  # fmt: skip
    timeout: float | None = option(
        None, {"": "end the run so long after it was confirmed", "verify": "end within this time (default 5m)"}, f"{CHANGING} verify",
        value="TIME", variable=f"{CHANGING} verify",
    )  # fmt: skip
    grace: float = option(30.0, "wait this long for a failure to pass (default 30s)", CHANGING, value="TIME", variable=CHANGING)  # fmt: skip
    backup: str | None = option(None, "back up the project to DIR before the first change", "migrate", value="DIR", again=False, excludes=MANY)  # fmt: skip
    with_secrets: bool = option(False, "include secrets and the keys of routes", "migrate backup", again=False, needs="backup")  # fmt: skip
    lose_data: tuple[str, ...] = option((), "lose the data that redeploying these configs empties", f"{PLANNING} step undo", value="NAMES", completes="configs", carried=f"{PLANNING} undo", own=True, step=Step.DEPLOYMENT_CONFIGS)  # fmt: skip
    keep_data_in: str | None = option(None, "save data that a redeployment empties in DIR; default: beside the journal", "migrate step undo", value="DIR", excludes=MANY)  # fmt: skip

    # One step, and undo.
    check: bool = option(False, "check only, change nothing", "step", again=False, excludes="yes grace replace_secret copy_privileged resume_paused no_wait force")  # fmt: skip
    no_wait: bool = option(False, "the guide's loop: patch all at once, do not wait", "step", step=Step.DEPLOYMENT_CONFIGS)  # fmt: skip
    dry_run: bool = option(False, "show the plan, change nothing", "undo", again=False, excludes="grace timeout report ticket")  # fmt: skip
    to_default: bool = option(False, "without a journal: return configs to the account default", "undo", excludes="run secret_file username from_secret")  # fmt: skip

    # Looking again, and monitoring.
    watch: float | str | None = option(
        None, "check again until it is migrated, at most --timeout (default 2h); with TIME, every TIME without an end", "verify",
        value="TIME", kind="WATCH", bare=UNTIL_MIGRATED, excludes=f"{MANY} {DOCUMENTS} report metrics_file changed_since_last prove_pull",
    )  # fmt: skip
    metrics_file: str | None = option(None, "also write Prometheus text for node_exporter", "verify", value="FILE", again=False, variable="verify")  # fmt: skip
    changed_since_last: bool = option(False, "print only what differs from the last run", "verify", again=False, excludes=DOCUMENTS)  # fmt: skip

    # Many projects.
    projects: tuple[str, ...] = option((), "comma-separated list of projects", "plan migrate verify", value="NAMES", completes="projects_list", again=False, excludes=f"namespace expect_project all_contexts inventory {ONE_PROJECT}")  # fmt: skip
    all_contexts: bool = option(False, "the project of each context of the kubeconfig", "plan migrate verify", again=False, excludes=f"context inventory {ONE_PROJECT}")  # fmt: skip
    inventory: str | None = option(None, "the projects of a YAML file, each with its context", "plan migrate verify", value="FILE", again=False, variable="plan migrate verify", yields="namespace", excludes=ONE_PROJECT)  # fmt: skip
    jobs: int = option(4, "how many projects at a time (default 4)", "plan verify", value="N", kind="JOBS", again=False, variable="plan verify", needs=MANY)  # fmt: skip

    # The report, and the output.
    report: str | None = option(None, "write a report to FILE, as .html or .md", f"{CHANGING} verify history", value="FILE", kind="REPORT", again=False, variable=f"{CHANGING} verify", excludes=MANY)  # fmt: skip
    ticket: str | None = option(None, "a ticket or change number to show in the report", f"{CHANGING} verify history", value="TEXT", again=False, needs="report")  # fmt: skip
    output: str = option(
        "text", "one of {choices}", SHOWING, short="-o", value="FORMAT", again=False,
        choices={"": ("text", "json", "yaml"), "verify": ("text", "json", "yaml", "nagios", "junit"), "backup": ("text",), "export": ("text",)},
    )  # fmt: skip
    quiet: bool = option(
        False, "print only what failed", SHOWING, short="-q", ahead=True, again=False, excludes="verbose=1"
    )
    verbose: int = option(0, "print a line for each config; -vv: also each oc call", SHOWING, short="-v", ahead=True, again=False, variable=SHOWING)  # fmt: skip
    color: str = option("auto", "auto (on a terminal only), always or never", SPEAKING, choices=("auto", "always", "never"), ahead=True, again=False, variable=SPEAKING)  # fmt: skip
    plain: bool = option(False, "for screen readers: words, not marks; nothing redrawn", SPEAKING, ahead=True, again=False, variable=SPEAKING, excludes="color=always")  # fmt: skip
    lang: str | None = option(None, "en or ja; default: from the locale", SPEAKING, choices=LANGUAGES, ahead=True, again=False, variable=SPEAKING)  # fmt: skip

    # The manifest, and the rehearsal.
    image: str | None = option(None, "the image to run; for containerfile, a base image with oc and python3", "manifest", value="IMAGE", kind="ANY IMAGE")  # fmt: skip
    schedule: str = option("*/15 * * * *", "default: every 15 minutes", "manifest", value="CRON", excludes="kind=containerfile")  # fmt: skip
    permissions: bool = option(False, "also check step 3, which requires a ClusterRole", "manifest", excludes="kind=containerfile")  # fmt: skip
    dir: str | None = option(None, "keep the cluster in DIR, or continue with the one there", "rehearse", value="DIR", excludes="fault=list")  # fmt: skip
    from_file: str | None = option(None, "start from an export of your project", "rehearse", value="FILE", spelled="--from", excludes="fault=list")  # fmt: skip
    fault: tuple[str, ...] = option((), "switch on a fault; list shows them all", "rehearse", value="NAME[=VALUE]", completes="faults")  # fmt: skip
    speed: float | None = option(None, "cluster seconds per second (default 10 without a program, else 1)", "rehearse", value="N", kind="SPEED", excludes="fault=list")  # fmt: skip
    shell: bool = option(False, "open a shell with the cluster", "rehearse", excludes="fault=list")
    program: tuple[str, ...] = option(
        (), "default: the whole migration", "rehearse", value="-- PROGRAM ARG…", place="…"
    )

    @property
    def many(self) -> bool:
        """Whether the command is about many projects."""
        return bool(self.projects or self.all_contexts or self.inventory)


@dataclass(frozen=True)
class Option:
    """A field as an option of the command line."""

    name: str
    default: object
    type: str
    about: About

    @property
    def spelled(self) -> str:
        """As it is typed, with its dashes; of an argument, what help calls it."""
        return self.about.value if self.about.place else self.about.spelled or f"--{self.name.replace('_', '-')}"

    @property
    def flag(self) -> bool:
        """Whether it has no value."""
        return self.type in ("bool", "int") and not self.about.value

    @property
    def several(self) -> bool:
        """Whether it is given several times, each with one value; a list of names is one value."""
        return self.type.startswith("tuple") and self.about.value != "NAMES"

    @property
    def variable(self) -> str:
        """Its variable of the environment; empty where there is none."""
        return GUIDE_VARIABLES.get(self.name, PREFIX + self.name.upper()) if self.about.variable else ""

    def help(self, command: str) -> str:
        """What it does for a command."""
        said = self.about.help
        words = said if isinstance(said, str) else said.get(command, said.get("", ""))
        return words.replace("{choices}", ", ".join(self.choices(command)))

    def choices(self, command: str) -> tuple[str, ...]:
        """The words that it can have for a command; none where it takes any."""
        found = self.about.choices
        return found if isinstance(found, tuple) else found.get(command, found[""])

    def taken_by(self, command: str) -> bool:
        """Whether a command has it."""
        return command in self.about.commands.split()


OPTIONS: Mapping[str, Option] = {
    each.name: Option(each.name, each.default, str(each.type), each.metadata["about"]) for each in fields(Options)
}
_SPELLED: Mapping[str, Option] = {each.spelled: each for each in OPTIONS.values() if not each.about.place}


def of_command(command: str) -> tuple[Option, ...]:
    """The options of a command."""
    return tuple(each for each in OPTIONS.values() if each.taken_by(command))


def excluded(one: str) -> frozenset[str]:
    """The options, by name, that can never be combined with that one."""
    mine = {word for word in OPTIONS[one].about.excludes.split() if "=" not in word}
    return frozenset(mine | {name for name, each in OPTIONS.items() if one in each.about.excludes.split()})


def spelled_words(name: str, value: object) -> tuple[str, ...]:
    """An option with its value as words of a command line; none for a switch that is off."""
    option = OPTIONS[name]
    if option.flag:
        return (option.spelled,) if value else ()
    if option.about.bare is not None and value == option.about.bare:
        return (option.spelled,)
    values = value if isinstance(value, tuple) else (value,)
    words = [f"{part:g}" if isinstance(part, float) else str(getattr(part, "value", part)) for part in values]
    if not option.several:
        words = [",".join(words)] if words else []
    return tuple(f"{option.spelled}={word}" for word in words)


def repeated(command: str, options: Options) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The arguments, and the options that differ from their defaults, each as one word: for someone who is asked to run it again, in
    another directory perhaps. Left out are options that name a place, which is added later, or many; how a result is shown or kept;
    a directory that has to be new; and the consent to changes, which is asked for again."""
    arguments: list[str] = []
    given: list[str] = []
    for option in of_command(command):
        value = getattr(options, option.name)
        if not option.about.again or value in (None, ()):
            continue
        if option.about.place:
            arguments += [str(getattr(value, "value", value))] if isinstance(value, str) else []
        elif value != option.default:
            path = option.about.value in ("FILE", "DIR") and value != STDOUT
            given += spelled_words(option.name, os.path.abspath(str(value)) if path else value)
    return tuple(arguments), tuple(given)


def carried(given: Iterable[str], first: str, command: str, named: frozenset[str]) -> Iterator[str]:
    """The words of the command line of `first` that a suggested command gets too: one that plans the same gets all that it has,
    another what limits it. `named` are its own options as they are spelled, which exclude others."""
    planning = PLANNING.split()
    whole = command == first or (command == "migrate" and first in planning)
    against = {other for word in named if word in _SPELLED for other in excluded(_SPELLED[word].name)}
    for word in given:
        option = _SPELLED.get(word.partition("=")[0])
        if option is None or option.spelled in named or option.name in against:
            continue
        if option.taken_by(command) if whole else command in option.about.carried.split():
            yield word
