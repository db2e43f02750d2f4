"""What decides between two waves: a command that has to succeed, and a person who says whether to continue.

It journals both and stops the run; it changes nothing in the cluster. How a person is asked is the session's.
"""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic

from ..cluster.oc_errors import OcMissing
from ..cluster.programs import Answered, Wait, ask_program
from ..cluster.state import ProjectState
from ..command_secrets import masked
from ..exit_codes import ExitCode
from ..guide.cause import then
from ..guide.costs import costs, longest_seconds
from ..guide.readiness import MIGRATED
from ..guide.selection import Wave
from ..values import GO_ON, PROGRAM, Command, Fix, Text, Usage
from .run import Run
from .wait_endings import LOG_LINES, how_far, stopped

GATE_SECONDS = 60.0
LONGEST_LINE = 200
# A first word that is a name; what a shell reads as something else is left to it.
NAME = re.compile(r"[\w./+-]+")
CHECK_SECONDS = 10.0
# Asks a person a question with yes or no, by means of a way to wait for what is typed.
AskPerson = Callable[[Text, Callable[[Sequence[int]], Sequence[int]]], bool]


@dataclass(frozen=True)
class Gates:
    """A command for `sh -c`, empty if there is none, with the seconds that it may take; and how a person is asked, None if
    nobody is."""

    command: str = ""
    seconds: float = GATE_SECONDS
    ask: AskPerson | None = None


@dataclass(frozen=True)
class Passed:
    """A wave, one that has succeeded or the next, with its number and the total."""

    wave: Wave
    number: int
    total: int

    @property
    def text(self) -> Text:
        """The wave, in the middle of a sentence."""
        wave = self.wave
        if wave.name == str(self.number):  # of an order of the user's own, whose waves have no other name
            return Text("wave {number} of {total}", number=self.number, total=self.total)
        return Text("wave {number} of {total}, {name}", number=self.number, total=self.total, name=Text(wave.name))

    @property
    def kept(self) -> dict[str, object]:
        """The wave, as the journal has it."""
        return {"name": self.wave.name, "number": self.number, "total": self.total, "configs": list(self.wave.configs)}


def check_command(command: str, wait: Wait) -> None:
    """Raises Usage for a command that a shell cannot read, or whose program is not there: a run that finds that out after its
    first wave stops in the middle of the night."""
    if shutil.which("sh") is None:
        raise Usage(Text("--gate: there is no sh on PATH to run it"))
    read = ask_program(("sh", "-n", "-c", command), {}, CHECK_SECONDS, wait)
    if read.exit_code:
        raise Usage(Text("--gate: sh cannot read the command; nothing was changed"))
    try:
        first = shlex.split(command)[0]
    except (ValueError, IndexError):
        return
    if (
        NAME.fullmatch(first)
        and ask_program(("sh", "-c", 'command -v "$1"', "sh", first), {}, CHECK_SECONDS, wait).exit_code
    ):
        raise Usage(Text("--gate: {program} cannot be run; nothing was changed", program=first))


def after(run: Run, gates: Gates, passed: Passed, state: ProjectState, coming: Passed | None) -> None:
    """Lets the run continue after a wave, if the command succeeds and the person says so; after the last wave nobody is asked.
    Raises Failed, Stopped, JournalError."""
    if gates.command:
        _ask_command(run, gates, passed, state)
    if gates.ask is not None and coming is not None:
        _ask_person(run, gates.ask, passed, state, coming)


def before(run: Run, gates: Gates, passed: Passed, state: ProjectState) -> None:
    """The command once more before a run continues after waves that an earlier run has redeployed: that one may have stopped at
    it. Raises as `after` does."""
    if gates.command:
        _ask_command(run, gates, passed, state)


def _ask_command(run: Run, gates: Gates, passed: Passed, state: ProjectState) -> None:
    run.stop.check()
    run.check_time()
    shown = masked(gates.command)
    run.watcher.note(Text("gate after {wave}: {command}", wave=passed.text, command=shown))
    run.journal.write("gate", by="command", command=shown, **passed.kept)
    seconds = run.oc.clock.limit(gates.seconds)
    outcome = "unknown"
    answered = Answered(None, "", 0.0)
    why = Text("it was stopped")
    try:
        answered = ask_program(("sh", "-c", gates.command), _environment(run, passed), seconds, run.stop.wait)
        outcome = "done" if answered.exit_code == 0 else "failed"
        why = _why(answered, seconds)
    except OcMissing as error:
        outcome, why = "failed", error.text
    finally:
        said = _last_lines(run, answered)
        run.journal.write(
            "gated", outcome=outcome, exit_code=answered.exit_code, seconds=round(answered.seconds, 3), said=list(said)
        )
    if outcome == "done":
        run.watcher.note(Text("the gate passed after {seconds} s", seconds=f"{answered.seconds:.1f}"))
        return
    run.check_time()
    what = Text("the gate failed after {wave}: {why}", wave=passed.text, why=why)
    lines = (what, *(Text("    {line}", line=line) for line in said))
    fix = then(Text("check why the gate failed"))
    if passed.number == passed.total:
        sentence = Text("check why the gate failed; all waves are redeployed")
        fix = Fix(sentence, (Command((PROGRAM, "verify")),))
    others = how_far(run, state, run.planned, MIGRATED)
    raise stopped(run, lines, fix, ExitCode.ROLLOUT_FAILED, others)


def _environment(run: Run, passed: Passed) -> dict[str, str]:
    """What the command finds in its environment: the wave; and the place, as this program itself reads it."""
    place = {"NAMESPACE": run.oc.namespace, "CONTEXT": run.oc.context, "KUBECONFIG": run.oc.kubeconfig}
    wave = {
        "WAVE": passed.wave.name,
        "WAVE_NUMBER": str(passed.number),
        "WAVE_TOTAL": str(passed.total),
        "WAVE_CONFIGS": " ".join(passed.wave.configs),
    }
    return {f"THREESCALE_MIGRATE_{name}": value for name, value in {**place, **wave}.items() if value}


def _why(answered: Answered, seconds: float) -> Text:
    if answered.exit_code is None:
        return Text("it was still running after {seconds} s, and was stopped", seconds=f"{seconds:.3g}")
    return Text("exit code {code}", code=answered.exit_code)


def _last_lines(run: Run, answered: Answered) -> tuple[str, ...]:
    """What the command wrote last, masked."""
    lines = run.oc.redact.strictly(answered.said).split("\n")
    shown = ("".join(filter(str.isprintable, line)).rstrip()[:LONGEST_LINE] for line in lines)
    return tuple(line for line in shown if line)[-LOG_LINES:]


def _announce(run: Run, coming: Passed, state: ProjectState) -> None:
    """Which configs come next, and what that costs."""
    found = costs(state, coming.wave.configs, run.request)
    minutes = -(-longest_seconds((coming.wave,), found) // 60)
    names = ", ".join(coming.wave.configs)
    run.watcher.note(
        Text("next is {wave}: {names} (at most {minutes} min)", wave=coming.text, names=names, minutes=minutes)
    )
    for cost in found:
        for warning in cost.warnings:
            run.watcher.note(Text("{name}: {cost}", name=cost.config, cost=warning))


def _ask_person(run: Run, ask: AskPerson, passed: Passed, state: ProjectState, coming: Passed) -> None:
    run.stop.check()
    run.journal.write("gate", by="person", **passed.kept)
    began = monotonic()

    def wait(descriptors: Sequence[int]) -> Sequence[int]:
        return run.stop.wait(descriptors, None)

    outcome = "unknown"
    try:
        run.watcher.note(Text("{wave}: done; paused", wave=passed.text))
        _announce(run, coming, state)
        with run.oc.clock.held():
            outcome = "done" if ask(Text("Continue with the next wave? Type y or n: "), wait) else "failed"
    finally:
        run.journal.write("gated", outcome=outcome, seconds=round(monotonic() - began, 3))
    if outcome != "done":
        what = Text("stopped after {wave}, as answered", wave=passed.text)
        others = how_far(run, state, run.planned, MIGRATED)
        raise stopped(run, (what,), GO_ON, ExitCode.INTERRUPTED, others)
