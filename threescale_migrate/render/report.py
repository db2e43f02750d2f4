"""Reports for the change record: what a run found, did and proved, from its journal alone.

Here a journal becomes a `Report`, a value that `render/page.py` shows as HTML or Markdown. Nothing in it is a secret: the journal
holds none.
"""

from __future__ import annotations

import os
import sys
import tempfile
from argparse import Namespace
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import __version__
from ..engine import journal as journals
from ..engine import records
from ..engine.records import Entry, Record
from ..exit_codes import ExitCode
from ..guide.readiness import MOVING, STALE, RolloutState
from ..language import system_error
from ..values import ACCOUNT, DEFAULT_ACCOUNT, NOTHING, SECRET_NAME, Check, Step, Text, Usage, Verdict
from . import text as texts
from .terminal import stderr

if TYPE_CHECKING:
    from ..cluster.oc import Oc
    from ..cluster.project import ProjectState

FORMATS = (".html", ".md")


class Phase(str, Enum):
    """What a config does at a moment of its rollout; the picture has a pattern for each."""

    WAITING = "waiting"
    HOOKS = "hooks"
    PODS = "pods"
    READY = "ready"
    FAILED = "failed"
    STANDING = "standing still"


PHASES = {
    RolloutState.NOT_STARTED: Phase.WAITING,
    RolloutState.WAITING_FOR_IMAGE: Phase.WAITING,
    RolloutState.WAITING_FOR_DEPLOYER: Phase.WAITING,
    RolloutState.HOOKS: Phase.HOOKS,
    RolloutState.UNDER_WAY: Phase.PODS,
    RolloutState.SETTLING: Phase.PODS,
    RolloutState.FAILED: Phase.FAILED,
    **dict.fromkeys(STALE, Phase.STANDING),
}


class Standing(str, Enum):
    """Where a config stands at the end of a run."""

    FAILED = "failed"
    STILL = "standing still"
    UNDER_WAY = "not finished"
    DONE = "done"
    UNTOUCHED = "not begun"


@dataclass(frozen=True)
class Span:
    """A part of a bar; `start` and `end` in seconds since the run began."""

    phase: Phase
    start: float
    end: float


@dataclass(frozen=True)
class Bar:
    """The rollout of one config in one wave."""

    config: str
    spans: tuple[Span, ...]

    def seconds(self, phase: Phase) -> str:
        """How long it was in a phase."""
        return figure(sum(span.end - span.start for span in self.spans if span.phase is phase))

    @property
    def sentence(self) -> Text:
        """How it ended, and after how long."""
        last, seconds = self.spans[-1], figure(self.spans[-1].start - self.spans[0].start)
        if last.phase is Phase.READY:
            return Text("ready after {seconds} s", seconds=seconds)
        if last.phase is Phase.FAILED:
            return Text("failed after {seconds} s", seconds=seconds)
        return Text(
            "{phase} after {seconds} s",
            phase=PHASE_WORDS[last.phase],
            seconds=figure(last.end - self.spans[0].start),
        )


@dataclass(frozen=True)
class Band:
    """A wave; `start` and `end` in seconds since the run began."""

    title: Text
    start: float
    end: float
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Pod:
    """A live pod at the end: what it shows, and whether that proves its config."""

    name: str
    account: str
    carries: bool
    ready: bool
    controller: str
    proves: bool


@dataclass(frozen=True)
class Config:
    """A config at the end of the run; `before` is the account that it began with."""

    name: str
    standing: Standing
    sentence: Text
    fix: Text
    account: str
    before: str
    revision: int
    ready: int
    wanted: int
    pods: tuple[Pod, ...]

    @property
    def waits(self) -> bool:
        """Whether it stands between before and after, so that its own words are worth a line."""
        return self.standing in (Standing.STILL, Standing.UNDER_WAY)


@dataclass(frozen=True)
class Failure:
    """A thing that failed: why, who serves meanwhile, and the fix; `subject` is empty where `why` names it."""

    subject: str
    why: Text
    serves: Text
    fix: Text
    log: tuple[str, ...] = ()


@dataclass(frozen=True)
class Report:
    """All that a report shows. `verdict` colours it; `seconds` is how long the run took."""

    title: Text
    verdict: Verdict
    outcome: Text
    said: Text
    when: Text
    failures: tuple[Failure, ...]
    next_steps: tuple[Text, ...]
    facts: tuple[tuple[Text, Text], ...]
    found: tuple[Text, ...]
    bands: tuple[Band, ...]
    seconds: float
    entries: tuple[Entry, ...]
    checks: tuple[tuple[Text, tuple[Check, ...]], ...]
    configs: tuple[Config, ...]


PHASE_WORDS = {
    Phase.WAITING: Text("waiting"),
    Phase.HOOKS: Text("hooks"),
    Phase.PODS: Text("pods"),
    Phase.READY: Text("ready"),
    Phase.FAILED: Text("failed"),
    Phase.STANDING: Text("standing still"),
}
STANDING_WORDS = {
    Standing.FAILED: Text("failed"),
    Standing.STILL: Text("standing still, not redeployed"),
    Standing.UNDER_WAY: Text("not finished"),
    Standing.DONE: Text("done, proved by the pods"),
    Standing.UNTOUCHED: Text("not begun"),
}


def figure(seconds: float) -> str:
    """Seconds as a person reads them: tenths only where they say something."""
    return f"{seconds:.1f}" if seconds < 10 else f"{seconds:.0f}"


def usable(path: str) -> str:
    """The path, whole, where a report can be written to it. Raises Usage."""
    target = Path(os.path.abspath(path))
    if target.suffix.lower() not in FORMATS:
        raise Usage(Text("{path} tells no format: give a name that ends in .html or .md", path=path))
    if target.is_dir():
        raise Usage(Text("{path} is a directory: give the name of a file", path=path))
    try:
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}."):
            pass
    except OSError as error:
        raise Usage(Text("{path} cannot be written ({why})", path=path, why=system_error(error))) from None
    return str(target)


def of_run(options: Namespace, journal: Path) -> ExitCode:
    """Writes the report of a run that has ended, however it ended; a run that never began has none."""
    try:
        record = records.read(journal)
    except journals.JournalError as error:
        if journal.exists():
            _say(options, error.text)
        return ExitCode.FAILED
    return _write(options, record)


def of_checks(
    options: Namespace, command: str, oc: Oc, state: ProjectState, checks: Sequence[Check], code: ExitCode
) -> ExitCode:
    """Writes the report of what was looked at and needed no change: a run without actions."""
    from ..commands.common import place
    from ..engine.evidence import checked, proof
    from ..guide.readiness import Goal

    where = place(oc)
    names = [
        check.subject[3:] for check in checks if check.step is Step.VERIFICATION and check.subject[3:] in state.configs
    ]
    goals = {name: Goal(state.configs[name].effective_account, None) for name in names} if command == "undo" else {}
    record = records.record_of(
        [
            {
                "event": "start",
                "at": journals.now(),
                "run": "",
                "command": command,
                "server": where.server,
                "project": where.project,
                "user": where.user,
                "tool": __version__,
                "workstation": journals.workstation(),
                "command_line": ["threescale-migrate", *sys.argv[1:]],
                "state": journals.snapshot(state),
            },
            {"event": "verified", "at": journals.now(), "checks": [checked(check) for check in checks]},
            {"event": "proof", "at": journals.now(), "configs": proof(state, names, goals)},
            {"event": "finish", "at": journals.now(), "outcome": code.name.lower(), "exit_code": int(code)},
        ],
        Path(),
    )
    return _write(options, record)


def _write(options: Namespace, record: Record) -> ExitCode:
    """Puts the report into its place in one move, for its owner alone, as the journal is."""
    from ..redaction import REDACTOR
    from .page import page

    target = Path(options.report)
    words = REDACTOR(page(of_record(record), target.suffix.lower(), options.lang))
    try:
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with open(descriptor, "w", encoding="utf-8") as file:
                file.write(words)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, target)
        except OSError:
            with suppress(OSError):
                os.unlink(name)
            raise
    except OSError as error:
        again = Text("threescale-migrate history {run} --report FILE", run=record.run) if record.run else NOTHING
        _say(
            options,
            Text(
                "the report {path} cannot be written ({why}); nothing else is changed by that. {again}",
                path=str(target),
                why=system_error(error),
                again=again,
            ),
        )
        return ExitCode.FAILED
    if not options.quiet and options.output == "text":
        _say(options, Text("report: {path}", path=str(target)))
    return ExitCode.DONE


def _say(options: Namespace, text: Text) -> None:
    terminal = stderr(options.lang)
    terminal.line(terminal.say(text))


def of_record(record: Record) -> Report:
    """The report of a run, from what its journal says; a journal that is cut off tells what it knows."""
    first = record.lines[0]
    checks = tuple(_checks(record))
    configs = tuple(_configs(record))
    failures = tuple(_failures(record, checks))
    return Report(
        title=_title(record),
        verdict=_verdict(record, checks),
        outcome=_outcome(record, checks),
        said=_said(record),
        when=Text(
            "{began}, {seconds} s, by {user} on {server}" if record.entries else "{began}, by {user} on {server}",
            began=told_time(record.began),
            seconds=figure(_seconds(record.began, record.ended)),
            user=record.user,
            server=record.server,
        ),
        failures=failures,
        next_steps=tuple(_next_steps(record, failures)),
        facts=tuple(_facts(record, first)),
        found=tuple(_found(record.state)),
        bands=tuple(_bands(record)),
        seconds=max(1.0, _seconds(record.began, record.ended)),
        entries=record.entries,
        checks=tuple(
            (Text(texts.TITLES[step]), tuple(check for check in checks if check.step is step))
            for step in Step
            if any(check.step is step for check in checks)
        ),
        configs=configs,
    )


def _lines(record: Record, event: str) -> list[Mapping[str, Any]]:
    return [line for line in record.lines if line.get("event") == event]


def _last(record: Record, event: str) -> Mapping[str, Any]:
    found = _lines(record, event)
    return found[-1] if found else {}


def _title(record: Record) -> Text:
    if record.command == "migrate":
        return Text("Migration of project {project}", project=record.project)
    if record.command == "undo":
        return Text("Undo in project {project}", project=record.project)
    if record.command == "verify":
        return Text("Verification of project {project}", project=record.project)
    step = record.lines[0].get("step") or "?"
    return Text("Step {step} in project {project}", step=step, project=record.project)


def _checks(record: Record) -> Iterator[Check]:
    for line in _last(record, "verified").get("checks") or ():
        if isinstance(line, Mapping):
            yield Check(
                Step(line["step"]),
                str(line["subject"]),
                Verdict(line["verdict"]),
                Text.revived(line.get("seen")),
                Text.revived(line.get("fix")),
            )
        else:  # as an earlier version wrote them
            step, subject, verdict, seen = line
            yield Check(Step(step), str(subject), Verdict(verdict), Text.revived(seen))


def _verdict(record: Record, checks: Sequence[Check]) -> Verdict:
    if record.finished == "done":
        return Verdict.PASSED
    return Verdict.UNKNOWN if record.finished in (None, "unknown") else Verdict.FAILED


def _outcome(record: Record, checks: Sequence[Check]) -> Text:
    """The first sentence of all: how it ended."""
    if record.finished is None:
        return Text("the run died before its end: nothing is known of what came after its last line")
    if checks and record.finished in ("done", "failed", "unknown"):
        return texts.summary(checks, "undo" if record.command == "undo" else "verify")
    outcome, code = texts.outcome(record.finished), record.exit_code
    if record.command == "undo":
        return Text("not all is as before: {outcome} (exit code {code})", outcome=outcome, code=code)
    return Text("not migrated: {outcome} (exit code {code})", outcome=outcome, code=code)


def _said(record: Record) -> Text:
    """The sentence that the run ended with; where configs failed they say it themselves."""
    finish = _last(record, "finish")
    taken_back = len({tuple(line.get("configs") or ()) for line in _lines(record, "wave")}) != len(
        _lines(record, "wave")
    )
    if _lines(record, "failed") and not taken_back:
        return NOTHING
    return Text.revived(finish.get("sentence") or finish["said"]) if finish.get("said") else NOTHING


def _failures(record: Record, checks: Iterable[Check]) -> Iterator[Failure]:
    for line in _lines(record, "failed"):
        for failed in line.get("configs") or ():
            yield Failure(
                "",
                Text.revived(failed.get("why")),
                Text.revived(failed.get("serves")),
                Text.revived(failed.get("fix")),
                tuple(str(line) for line in failed.get("log") or ()),
            )
    wrong = [check for check in checks if check.verdict in (Verdict.FAILED, Verdict.UNKNOWN)]
    last = {check.subject: check for check in wrong}  # of several steps the last says most: who serves meanwhile
    deeds = {check.subject: check.fix for check in wrong if check.fix.template}
    for subject, check in last.items():
        yield Failure(subject, check.seen, NOTHING, deeds.get(subject, NOTHING))


def _next_steps(record: Record, failures: Sequence[Failure]) -> Iterator[Text]:
    """What to do after all: the ways on and back."""
    if record.finished == "done":
        return
    if record.command == "verify":
        yield Text("when that is fixed, look again: threescale-migrate verify")
        return
    if failures:
        yield Text("fix what failed, as it says above")
    if record.command == "undo":
        yield Text("go on with taking it back: threescale-migrate undo")
        return
    yield Text("go on: threescale-migrate migrate does what is left, and nothing twice")
    if record.changes:
        yield Text("or take it back: threescale-migrate undo {run}", run=record.run)


def _facts(record: Record, first: Mapping[str, Any]) -> Iterator[tuple[Text, Text]]:
    """Who did what, where and when."""
    sentence = {
        Text("project"): record.project,
        Text("server"): record.server,
        Text("user"): record.user,
        Text("workstation"): first.get("workstation"),
        Text("began"): told_time(record.began),
        Text("ended"): told_time(record.ended),
        Text("command"): texts.command_line(first.get("command_line") or ()),
        Text("takes back"): ", ".join(record.undoes),
        Text("run"): record.run,
        Text("tool"): f"threescale-migrate {first['tool']}" if first.get("tool") else "",
    }
    yield from ((name, Text("{said}", said=value)) for name, value in sentence.items() if value)


def _found(state: Mapping[str, Any]) -> Iterator[Text]:
    """What was there before, as far as a run can change it."""
    secret = state.get("secret")
    if secret:
        yield Text("secret {name} of type {type}", name=SECRET_NAME, type=secret.get("type"))
    else:
        yield Text("no secret {name}", name=SECRET_NAME)
    for name in (ACCOUNT, DEFAULT_ACCOUNT):
        account = (state.get("accounts") or {}).get(name)
        if account is None:
            yield Text("no service account {name}", name=name)
            continue
        carried = ", ".join(account.get("pull_secrets") or ())
        yield (
            Text("service account {name} with the pull secrets {secrets}", name=name, secrets=carried)
            if carried
            else Text("service account {name} without a pull secret", name=name)
        )
    for binding in state.get("bindings") or ():
        yield Text(
            "{account} has {kind} {role}",
            account=str(binding.get("account")).rpartition(":")[2],
            kind=binding.get("role_kind"),
            role=binding.get("role"),
        )
    configs = state.get("configs") or {}
    yield Text("{count} DeploymentConfigs in the project", count=len(configs))
    paused = [name for name, config in configs.items() if config.get("paused")]
    if paused:
        yield Text("paused: {names}", names=", ".join(paused))
    for kind in state.get("unread") or ():
        yield Text("{kind} may not be read", kind=kind)


def _configs(record: Record) -> Iterator[Config]:
    """Each config at the end; where the journal has no look at the end, none."""
    failed = {found["config"] for line in _lines(record, "failed") for found in line.get("configs") or ()}
    before = record.state.get("configs") or {}
    for name, found in (_last(record, "proof").get("configs") or {}).items():
        yield Config(
            name,
            _standing(found, name in failed),
            Text.revived(found.get("why")),
            Text.revived(found.get("fix")),
            str(found.get("account")),
            str((before.get(name) or {}).get("account") or DEFAULT_ACCOUNT),
            int(found.get("revision") or 0),
            int(found.get("ready") or 0),
            int(found.get("wanted") or 0),
            tuple(_pods(found.get("pods") or ())),
        )


def _standing(found: Mapping[str, Any], failed: bool) -> Standing:
    if found.get("reached"):
        return Standing.DONE
    if found.get("account") != found.get("goal"):  # its template is as it was
        return Standing.UNTOUCHED
    if failed or found.get("lasting"):
        return Standing.FAILED
    state = RolloutState(found["state"])
    return Standing.UNDER_WAY if state in MOVING else Standing.STILL if state in STALE else Standing.FAILED


def _pods(pods: Iterable[Mapping[str, Any]]) -> Iterator[Pod]:
    for pod in pods:
        yield Pod(
            str(pod.get("name")),
            str(pod.get("account")),
            SECRET_NAME in (pod.get("pull_secrets") or ()),
            bool(pod.get("ready")),
            str(pod.get("controller")),
            bool(pod.get("proves")),
        )


def _bands(record: Record) -> Iterator[Band]:
    """The waves in time, each with its rollouts."""
    starts = [number for number, line in enumerate(record.lines) if line.get("event") == "wave"]
    for start, end in zip(starts, [*starts[1:], len(record.lines)]):
        wave, lines = record.lines[start], record.lines[start:end]
        ended = [line for line in lines if line.get("event") in ("rollouts", "failed", "end", "wave")]
        last = str(ended[-1].get("at"))
        bars = [
            Bar(name, spans)
            for name in wave.get("configs") or ()
            for spans in [_spans(record, lines, name, last)]
            if spans
        ]
        yield Band(
            Text(
                "wave {number} of {total}, {name}",
                number=wave.get("number"),
                total=wave.get("total"),
                name=Text(str(wave.get("name"))),
            ),
            _seconds(record.began, str(wave.get("at"))),
            _seconds(record.began, last),
            tuple(bars),
        )


def _spans(record: Record, lines: Sequence[Mapping[str, Any]], name: str, last: str) -> tuple[Span, ...]:
    """The phases of one config: waiting from its first action on, then what each look showed."""
    moments: list[tuple[float, Phase]] = []
    for line in lines:
        at = _seconds(record.began, str(line.get("at")))
        if line.get("event") == "begin" and line.get("subject") == f"dc/{name}" and not moments:
            moments.append((at, Phase.WAITING))
        seen = (line.get("configs") or {}).get(name) if line.get("event") == "rollouts" else None
        if seen:
            phase = _phase(seen)
            if not moments or moments[-1][1] is not phase:
                moments.append((at, phase))
        if line.get("event") == "failed" and any(found["config"] == name for found in line.get("configs") or ()):
            moments.append((at, Phase.FAILED))
    ends = [at for at, _ in moments[1:]] + [_seconds(record.began, last)]
    return tuple(Span(phase, at, max(at, end)) for (at, phase), end in zip(moments, ends))


def _phase(seen: Mapping[str, Any]) -> Phase:
    return Phase.READY if seen.get("reached") else PHASES.get(RolloutState(seen["state"]), Phase.WAITING)


def _seconds(began: str, at: str) -> float:
    return max(0.0, (_moment(at) - _moment(began)).total_seconds())


def _moment(at: str) -> datetime:
    return datetime.strptime(at, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)


def told_time(at: str) -> str:
    """A moment of the journal as a person reads it, in UTC."""
    return f"{_moment(at):%Y-%m-%d %H:%M:%S} UTC"
