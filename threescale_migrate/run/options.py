"""What the command line asked for, as values: one class for each command, composed of shared parts.

It owns the options' names and defaults. It must not parse, check or read anything: `cli/options.py` makes these values, the
floors below `commands` do not see them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..values import Step


@dataclass(frozen=True)
class Connection:
    """Which `oc`, and which cluster and project; None if `oc` decides."""

    namespace: str | None = None
    context: str | None = None
    kubeconfig: str | None = None
    request_timeout: str | None = None
    call_timeout: float | None = None
    oc: str | None = None


@dataclass(frozen=True)
class Output:
    """How results are shown: `format` as `-o` names it, `lang` None if the locale decides; `debug` shows each call of `oc`.

    `color` is `auto`, `always` or `never`; `plain` asks for text that can be read aloud line by line.
    """

    format: str = "text"
    quiet: bool = False
    verbose: bool = False
    lang: str | None = None
    debug: bool = False
    color: str = "auto"
    plain: bool = False

    @property
    def is_document(self) -> bool:
        """Whether the result is one document, as JSON or as YAML."""
        return self.format in ("json", "yaml")


@dataclass(frozen=True)
class SecretSource:
    """Where the registry secret comes from: a file, standard input for a user name, or another secret of the project."""

    file: str | None = None
    username: str | None = None
    from_secret: str | None = None


@dataclass(frozen=True)
class RequestOptions:
    """What a request is made from: the names of configs, none for the guide's; the steps that are left out; what is done beside
    the guide's commands; and the order of the rollouts, which is printed where `--wave-plan` names no file (`print_order`)."""

    configs: tuple[str, ...] = ()
    skip: tuple[Step, ...] = ()
    secret: SecretSource = SecretSource()
    replace_secret: bool = False
    prove_pull: tuple[str, ...] = ()
    prove_by_default: bool = False
    service_discovery: bool = False
    copy_privileged: bool = False
    no_link_default: bool = False
    no_link_builder: bool = False
    resume_paused: bool = False
    all_at_once: bool = False
    wave_plan: str | None = None
    print_order: bool = False


@dataclass(frozen=True)
class Saving:
    """Where a backup goes, None if none is wanted, and whether secrets are in it; the config whose database's content is in it
    (`dump`), and the one whose content is restored (`restore`)."""

    directory: str | None = None
    with_secrets: bool = False
    dump: str | None = None
    restore: str | None = None


@dataclass(frozen=True)
class Expectations:
    """Where the user expects to be."""

    project: str | None = None
    server: str | None = None


@dataclass(frozen=True)
class Judgement:
    """How what was seen is judged: `force` continues against a preflight's findings, `strict` fails on warnings."""

    force: bool = False
    strict: bool = False
    allow_unknown: bool = False


@dataclass(frozen=True)
class Changing:
    """How changes are made; times in seconds."""

    yes: bool = False
    timeout: float | None = None
    grace: float = 30.0


@dataclass(frozen=True)
class Gating:
    """What decides between two waves: a command with the seconds that it may take, and whether a person is asked."""

    command: str | None = None
    seconds: float = 60.0
    pause: bool = False


@dataclass(frozen=True)
class Many:
    """Which projects, if there are many."""

    projects: tuple[str, ...] = ()
    all_contexts: bool = False
    inventory: str | None = None
    jobs: int = 4

    @property
    def given(self) -> bool:
        """Whether the command is about many projects."""
        return bool(self.projects or self.all_contexts or self.inventory)


@dataclass(frozen=True)
class Monitoring:
    """What cron and monitoring get beside the result."""

    metrics_file: str | None = None
    changed_since_last: bool = False


@dataclass(frozen=True)
class PreflightOptions:
    """`preflight`, and what the other commands that plan or check share with it."""

    request: RequestOptions = RequestOptions()
    expect: Expectations = Expectations()
    judgement: Judgement = Judgement()


@dataclass(frozen=True)
class OverMany(PreflightOptions):
    """What the commands share that work over many projects too: an inventory may set these for one of them."""

    many: Many = Many()


@dataclass(frozen=True)
class PlanOptions(OverMany):
    """`plan`."""


@dataclass(frozen=True)
class MigrateOptions(OverMany):
    """`migrate`; `undo_on_failure` undoes what a run that failed has changed."""

    changing: Changing = Changing()
    undo_on_failure: bool = False
    saving: Saving = Saving()
    gating: Gating = Gating()


@dataclass(frozen=True)
class VerifyOptions(OverMany):
    """`verify`; times in seconds. `watch` checks again until there is nothing left to wait for; with an `interval`, for ever."""

    monitoring: Monitoring = Monitoring()
    timeout: float | None = None
    watch: bool = False
    interval: float | None = None


@dataclass(frozen=True)
class ScriptOptions(PreflightOptions):
    """`script`."""

    gating: Gating = Gating()


@dataclass(frozen=True)
class StepOptions:
    """`step`; with `check` nothing is changed."""

    step: Step
    check: bool
    request: RequestOptions
    expect: Expectations
    judgement: Judgement
    changing: Changing


@dataclass(frozen=True)
class UndoOptions:
    """`undo`: a run by its name, what is in effect if there is none, the newest undo with `redo`, or `to_default` without a
    journal; `configs` limit it."""

    run: str | None
    dry_run: bool
    force: bool
    to_default: bool
    redo: bool
    configs: tuple[str, ...]
    secret: SecretSource
    expect: Expectations
    changing: Changing


@dataclass(frozen=True)
class HistoryOptions:
    """`history`: one run, or those of a project, or all."""

    run: str | None = None
    project: str | None = None


@dataclass(frozen=True)
class BackupOptions:
    """`backup`."""

    saving: Saving
    expect: Expectations


@dataclass(frozen=True)
class ExportOptions:
    """`export`: the file that it writes."""

    file: str
    expect: Expectations


@dataclass(frozen=True)
class ManifestOptions:
    """`manifest`: `cronjob` with its image, or `containerfile` with the image that it is built on."""

    kind: str
    image: str | None
    schedule: str
    permissions: bool


@dataclass(frozen=True)
class HelpPage:
    """What `help` shows: a command's help, a topic in Markdown, or both."""

    plain: str = ""
    markdown: str = ""


@dataclass(frozen=True)
class HelpOptions:
    """`help`: `made` gives the page, and raises Usage for an unknown name."""

    made: Callable[[], HelpPage]


@dataclass(frozen=True)
class RehearseOptions:
    """`rehearse`: the cluster's directory, what it starts from, its faults and speed, and the program with its arguments, or a shell."""

    directory: str | None = None
    from_file: str | None = None
    faults: tuple[str, ...] = ()
    speed: float | None = None
    program: tuple[str, ...] = ()
    shell: bool = False
