"""How a journal becomes a `Report`: each part of it is drawn from the record's lines alone, whole or cut off."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..check_codes import Code
from ..check_json import check_of, fix_of
from ..engine.records import Record
from ..engine.records import owed as owed_by
from ..guide.costs import DOWN
from ..guide.kept_data import RESTORE, TO_RESTORE
from ..guide.object_changes import AccountCreated, SecretCreated
from ..guide.readiness import MOVING, STALE, RolloutState
from ..guide.verdicts import NEXT, alike, summary, telling
from ..shell import Invocation, quoted, resumption
from ..values import (
    ACCOUNT,
    DEFAULT_ACCOUNT,
    NOTHING,
    SECRET_NAME,
    Check,
    Step,
    Text,
    Verdict,
)
from . import text as texts
from .project_outcome import wrong
from .report import Config, Failure, NextStep, Phase, Pod, Report, Standing, figure, shown_time
from .rollout_timeline import bands, seconds

TITLES = {
    "migrate": "Migration of project {project}",
    "undo": "Undo in project {project}",
    "verify": "Verification of project {project}",
    "restore": "Restoring data in project {project}",
    "step": "Step {step} in project {project}",
}


def of_record(record: Record) -> Report:
    """The report of a run, from what its journal says; of a journal that is cut off, what it has."""
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
            began=shown_time(record.began),
            seconds=figure(seconds(record.began, record.ended)),
            user=record.user,
            server=record.server,
        ),
        failures=failures,
        next_steps=tuple(_next_steps(record, checks)),
        facts=tuple(_facts(record, first)),
        found=tuple(_found(record.state)),
        bands=tuple(bands(record)),
        seconds=max(1.0, seconds(record.began, record.ended)),
        entries=record.entries,
        checks=tuple(
            (Text(texts.TITLES[step]), tuple(check for check in checks if check.step is step))
            for step in Step
            if any(check.step is step for check in checks)
        ),
        configs=configs,
        undo=record.command == "undo",
        rehearsal=bool(first.get("rehearsal")) or Invocation(server=record.server).is_rehearsal,
        warnings=tuple(Text.revived(kept) for kept in first.get("warnings") or ()),
        costs=tuple(_costs(record)),
        created=tuple(
            str(entry.change.subject)
            for entry in record.changes
            if isinstance(entry.change, (SecretCreated, AccountCreated))
        ),
    )


def _costs(record: Record) -> Iterator[Text]:
    """What the redeployment of each config has cost, of those where it is felt: what the plan said, and how long it took."""
    took = {
        bar.config: bar.spans[-1].start - bar.spans[0].start
        for band in bands(record)
        for bar in band.bars
        if bar.spans[-1].phase is Phase.READY and not bar.gate
    }
    for kept in _last(record, "plan").get("costs") or ():
        name, sentences = str(kept["config"]), tuple(Text.revived(cost) for cost in kept.get("costs") or ())
        for cost in sentences:
            if cost == DOWN and name in took:
                continue  # how long it was is what follows
            yield Text("{name}: {cost}", name=name, cost=cost)
        if kept.get("down") and name in took:
            yield Text("{name}: down for at most {seconds} s", name=name, seconds=figure(took[name]))


def why_it_failed(record: Record) -> Text:
    """Why a run did not end well, in one sentence; nothing of one that did, or of which nothing is known."""
    if record.finished in (None, "done"):
        return NOTHING
    for failed in _failed(record):
        return Text.revived(failed.get("why"))
    said = _last(record, "finish").get("sentence")
    if said is not None:
        return _first_line(Text.revived(said))
    for check in wrong(_checks(record)):
        return Text("{subject}: {seen}", subject=check.subject, seen=check.seen)
    return NOTHING


def _first_line(text: Text) -> Text:
    """Of a text that is lines, the first."""
    parts = text.params.get("lines")
    first = parts[0] if isinstance(parts, tuple) and parts else text
    return first if isinstance(first, Text) else Text("{line}", line=str(first))


def _lines(record: Record, event: str) -> list[Mapping[str, Any]]:
    return [line for line in record.lines if line.get("event") == event]


def _last(record: Record, event: str) -> Mapping[str, Any]:
    found = _lines(record, event)
    return found[-1] if found else {}


def _failed(record: Record) -> list[Mapping[str, Any]]:
    """The configs that ended a run, with why they did."""
    return [failed for line in _lines(record, "failed") for failed in line.get("configs") or ()]


def _title(record: Record) -> Text:
    command = record.command if record.command in TITLES else "step"
    return Text(TITLES[command], project=record.project, step=record.lines[0].get("step") or "?")


def _checks(record: Record) -> Iterator[Check]:
    yield from map(check_of, _last(record, "verified").get("checks") or ())


def _verdict(record: Record, checks: Sequence[Check]) -> Verdict:
    if checks and record.finished in ("done", "failed", "unknown"):
        return texts.meant(checks, record.command)
    if record.finished == "done":
        return Verdict.PASSED
    return Verdict.UNKNOWN if record.finished in (None, "unknown") else Verdict.FAILED


def _outcome(record: Record, checks: Sequence[Check]) -> Text:
    """The first sentence of all: how it ended."""
    if record.finished is None:
        return Text(
            "the run died before it finished: nothing is known about what happened after the last line of its journal"
        )
    if checks and record.finished in ("done", "failed", "unknown"):
        return summary(checks, record.command).sentence
    outcome, code = outcome_of(record), record.exit_code
    if record.command == "undo":
        return Text("not everything is as before: {outcome} (exit code {code})", outcome=outcome, code=code)
    return Text("not migrated: {outcome} (exit code {code})", outcome=outcome, code=code)


def outcome_of(record: Record) -> Text:
    """How a run ended, in words; a rollout and the gate have one exit code."""
    if record.finished == "rollout_failed" and any(line.get("outcome") == "failed" for line in _lines(record, "gated")):
        return Text("the gate failed")
    return texts.outcome(record.finished or "unknown")


def _said(record: Record) -> Text:
    """The sentence that the run ended with; where configs failed they say it themselves."""
    finish = _last(record, "finish")
    repeated = len({tuple(line.get("configs") or ()) for line in _lines(record, "wave")}) != len(_lines(record, "wave"))
    if _lines(record, "failed") and not repeated:
        return NOTHING
    return Text.revived(finish.get("sentence") or finish["said"]) if finish.get("said") else NOTHING


def _failures(record: Record, checks: Sequence[Check]) -> Iterator[Failure]:
    """The configs that ended the run, and what was found to be wrong, each thing once, with the commands of its fix as they are pasted."""
    pasted = record.place.pasted
    for owed in owed_by((record,)):  # what is lost without it comes first
        data = owed.data
        said = "its data was not restored by the end of this run: {rows} rows of {tables} tables, saved at {time} in {path}"
        seen = Text(said, rows=data.rows, tables=len(data.tables), time=shown_time(owed.at), path=data.path)
        yield Failure(str(data.subject), seen, NOTHING, TO_RESTORE.sentence, commands=(pasted(RESTORE),))
    for failed in _failed(record):
        why, serves = (Text.revived(failed.get(key)) for key in ("why", "serves"))
        fix = texts.repairs(fix_of(failed.get("fix")))
        log = tuple(map(str, failed.get("log") or ()))
        yield Failure("", why, serves, fix.sentence, log, tuple(map(pasted, fix.commands)))
    for same in alike(
        check for check in telling(checks) if record.command == "verify" or check.code != Code.DATA_RESTORED
    ):
        fix = texts.repairs(same[0].fix)
        subject = ", ".join(check.subject for check in same)
        yield Failure(subject, same[0].seen, NOTHING, fix.sentence, commands=tuple(map(pasted, fix.commands)))


def _next_steps(record: Record, checks: Sequence[Check]) -> Iterator[NextStep]:
    """What to do after all: the ways on and back."""
    if record.finished == "done":
        if record.command == "migrate" and summary(checks, record.command).done:
            yield from map(NextStep, NEXT)
        return
    if record.command == "verify":
        again = resumption(command for check in telling(checks) for command in check.fix.commands)
        if again is not None:
            yield NextStep(Text("to migrate what is left:"), record.place.pasted(again))
        yield NextStep(Text("then check again:") if again else Text("when that is fixed, check again:"), record.again)
        return
    if record.command == "undo":
        yield NextStep(Text("to resume it:"), record.again)
        return
    yield NextStep(Text("to resume it, which does only what is left:"), record.again)
    if record.changes:
        yield NextStep(Text("or to undo it:"), record.undoing)


def _facts(record: Record, first: Mapping[str, Any]) -> Iterator[tuple[Text, Text]]:
    """Who did what, where and when."""
    versions = first.get("versions") or {}
    sentence = {
        Text("project"): record.project,
        Text("server"): record.server,
        Text("user"): record.user,
        Text("workstation"): first.get("workstation"),
        Text("began"): shown_time(record.began),
        Text("ended"): shown_time(record.ended),
        Text("command"): texts.command_line(first.get("command_line") or ()),
        Text("undoes"): ", ".join(record.undoes),
        Text("run"): record.run,
        Text("oc"): versions.get("oc"),
        Text("OpenShift"): versions.get("openshift"),
        Text("Kubernetes"): versions.get("kubernetes"),
        Text("3scale"): Text.revived(versions["3scale"]) if versions.get("3scale") else "",
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
            role=quoted(str(binding.get("role"))),
        )
    configs = state.get("configs") or {}
    yield Text("{count} DeploymentConfigs in the project", count=len(configs))
    paused = [name for name, config in configs.items() if config.get("paused")]
    if paused:
        yield Text("paused: {names}", names=", ".join(paused))
    for kind in state.get("unread") or ():
        yield Text("{kind} cannot be read", kind=kind)


def _configs(record: Record) -> Iterator[Config]:
    """Each config at the end; where the journal has no last observation, none."""
    failed = {found["config"] for found in _failed(record)}
    for name, found in (_last(record, "proof").get("configs") or {}).items():
        yield Config(
            name,
            _standing(found, name in failed),
            Text.revived(found.get("why")),
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
        )
