"""Plans and checks as text for a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from .. import shell
from ..check_codes import Code
from ..guide.selection import Wave
from ..guide.verdicts import Meaning, judge
from ..values import NO_FIX, Check, Fix, Step, Text, Verdict
from .terminal import MARKS, Terminal

if TYPE_CHECKING:
    from ..guide.findings import Finding

# As the guide numbers them.
TITLES = {
    Step.REGISTRY_SECRET: "1 registry secret",
    Step.SERVICE_ACCOUNT: "2 service account",
    Step.PERMISSIONS: "3 permissions",
    Step.DEPLOYMENT_CONFIGS: "4 deployment configs",
    Step.READINESS: "5 readiness",
    Step.VERIFICATION: "6 verification",
}
# How a run ended, by the name of its exit code.
OUTCOMES = {
    "done": Text("done"),
    "failed": Text("failed"),
    "usage": Text("unusable input"),
    "refused": Text("refused"),
    "rollout_failed": Text("rollout failed"),
    "deadline": Text("deadline passed"),
    "unknown": Text("cluster could not be asked"),
    "locked": Text("locked"),
    "hung_up": Text("hung up"),
    "interrupted": Text("interrupted"),
    "terminated": Text("terminated"),
}
# How a change ended, by the word of the journal.
ENDINGS = {
    "done": (Verdict.PASSED, Text("done")),
    "present": (Verdict.PASSED, Text("already there")),
    "failed": (Verdict.FAILED, Text("failed")),
    "unknown": (Verdict.UNKNOWN, Text("not known")),
}
# Steps with a line for each config: what passed is shown in one line unless more is asked for.
FOLDED = frozenset({Step.DEPLOYMENT_CONFIGS, Step.READINESS})
# Subjects that are words and not names of the cluster's objects.
SUBJECTS = {"server": Text("server"), "release": Text("release")}


def outcome(name: str) -> Text:
    """How a run ended, in words; a name that a newer version wrote is shown as it is."""
    return OUTCOMES.get(name, Text("{said}", said=name.replace("_", " ")))


def command_line(argv: Sequence[str], secret: bool = False) -> str:
    """A command as a person could paste it; what a secret is fed from is named, not shown."""
    return shell.line(argv) + (" < SECRET" if secret else "")


def show_checks(terminal: Terminal, checks: Sequence[Check], verbose: bool = False, quiet: bool = False) -> None:
    """The checks in groups by step: a mark, a sentence, and what fixes a failure."""
    shown: tuple[str, ...] = ()
    for step in Step:
        group = [check for check in checks if check.step is step]
        if quiet:
            group = [check for check in group if not _is_usual(check)]
        if not group:
            continue
        if not quiet:
            terminal.line(terminal.paint(terminal.say(Text(TITLES[step])), "strong"))
        folded = step in FOLDED and not verbose
        if folded and not quiet:
            _show_folded(terminal, step, group)
            group = [check for check in group if check.verdict is not Verdict.PASSED]
        for check in group:
            shown = show_check(terminal, check, shown)


def _is_usual(check: Check) -> bool:
    """Whether someone who asked for problems only does not need it: it passed, or they left it out themselves."""
    return check.verdict is Verdict.PASSED or check.code == Code.CONFIGS_ALL_CHOSEN


def _show_folded(terminal: Terminal, step: Step, group: Sequence[Check]) -> None:
    passed = [check for check in group if check.verdict is Verdict.PASSED]
    left = [check for check in passed if check.code not in (Code.TEMPLATE_NAMES_AMP, Code.ROLLOUT_COMPLETE)]
    right = len(passed) - len(left)
    if right:
        seen = (
            Text.plural("{count} template uses amp", "{count} templates use amp", count=right)
            if step is Step.DEPLOYMENT_CONFIGS
            else Text.plural("{count} rollout is complete", "{count} rollouts are complete", count=right)
        )
        terminal.line(f"{terminal.mark(Verdict.PASSED)} {terminal.say(seen)}", 2, 4)
    for check in left:
        show_check(terminal, check)


def show_verdict(terminal: Terminal, verdict: Verdict, sentence: Text) -> None:
    """The last line of a command: what all of it means, with its mark, in its colour."""
    terminal.line(f"{terminal.mark(verdict)} {terminal.paint(terminal.say(sentence), MARKS[verdict][2])}", 0, 2)


def show_findings(terminal: Terminal, findings: Sequence[Finding], notable: bool = False) -> None:
    """The findings of a preflight by group: a mark, a sentence, and a hint for what is not right.

    The same finding about several objects is one line. Commands that somebody has to run before the migration come last, in a
    block to hand on, under what is to be done with them. `notable` leaves out what is right, but for what will be given away.
    """
    last = None
    printed: tuple[str, ...] = ()
    handed: dict[Text, list[str]] = {}
    fixes: dict[Fix, None] = {}
    for group in _alike(findings):
        finding = group[0]
        if notable and finding.verdict is Verdict.PASSED and not finding.commands:
            continue
        if finding.group is not last:
            last = finding.group
            terminal.line(terminal.paint(terminal.say(finding.title), "strong"))
        blocks = finding.verdict in (Verdict.FAILED, Verdict.UNKNOWN) and bool(finding.fixed.commands)
        if blocks and isinstance(finding.fix, Fix):
            fixes[finding.fix] = None
        elif blocks and isinstance(finding.fix, Text):
            handed.setdefault(finding.fix, []).extend(finding.commands)
        shown = replace(finding, fix=NO_FIX, commands=()) if blocks else finding
        printed = show_check(terminal, replace(shown, subject=", ".join(one.subject for one in group)), printed)
    for fix, commands in handed.items():
        terminal.line(f"{terminal.arrow} {terminal.say(fix)}:", 0, 2)
        for command in dict.fromkeys(commands):
            terminal.verbatim(terminal.invocation.placed(command), 2)
    for one in fixes:
        show_fix(terminal, one, 0)


def _alike(findings: Sequence[Finding]) -> list[list[Finding]]:
    """The findings, grouped where they say the same of several objects, in the order of the first of each."""
    groups: dict[object, list[Finding]] = {}
    for finding in findings:
        same = replace(finding, subject="")
        groups.setdefault((same.group, same.code, same.verdict, same.seen, same.fix, same.commands), []).append(finding)
    return list(groups.values())


def without_repetition(subject: str, seen: str) -> str:
    """A subject with what was seen of it; sentences about a config begin with its name, which is not said twice."""
    name = f"{subject.rpartition('/')[2]}: "
    words = seen[len(name) :] if seen.startswith(name) else seen
    return f"{subject}: {words}" if subject else words


def show_check(terminal: Terminal, check: Check | Finding, shown: Sequence[str] = ()) -> tuple[str, ...]:
    """One check: a line, a line for the fix, and the commands in it as they are pasted, but for those that are `shown` already.
    Gives what is shown by then."""
    words = without_repetition(terminal.say(SUBJECTS.get(check.subject, check.subject)), terminal.say(check.seen))
    terminal.line(f"{terminal.mark(check.verdict)} {words}", 2, 4)
    if isinstance(check.fix, Fix):
        return (*shown, *show_fix(terminal, check.fix, 4, shown))
    fix, commands = terminal.say(check.fix), check.commands
    if check.fix.template == "{command}":  # it is one, and nothing else
        fix, commands = "", (fix, *commands)
    if fix and not terminal.invocation.is_command(fix):
        terminal.line(terminal.paint(f"{terminal.arrow} {fix}", "quiet"), 4, 6)
    pasted = tuple(map(terminal.invocation.placed, commands))
    for command in pasted:
        terminal.verbatim(command, 6)
    return (*shown, *pasted, *terminal.suggest(fix, 6, (*shown, *pasted)))


def show_fix(
    terminal: Terminal, fix: Fix, indent: int = 0, shown: Sequence[str] = (), said: Text | None = None
) -> tuple[str, ...]:
    """What can be done: the sentence, and each command on a line of its own, as it is pasted, but for those that are `shown` already.
    Gives what it has shown. `said` stands for the sentence."""
    if fix.sentence.template:
        words = f"{terminal.arrow} {terminal.say(fix.sentence)}" if said is None else terminal.say(said)
        terminal.line(terminal.paint(words, "quiet" if said is None else "strong"), indent, indent + 2)
    lines = [line for line in map(terminal.invocation.pasted, fix.commands) if line not in shown]
    for line in lines:
        terminal.verbatim(line, indent + 2)
    return tuple(lines)


def repairs(fix: Fix) -> Fix:
    """The fix without the command with which the run goes on: that is shown once, after all others."""
    return replace(fix, commands=tuple(command for command in fix.commands if not command.resumes))


def wave_plan(waves: Sequence[Wave]) -> str:
    """The order as the file that `--wave-plan` reads, to be changed."""
    lines = [f"{' '.join(wave.configs)}  # {wave.name}\n" for wave in waves]
    return "# A line for each wave, in the order in which they are redeployed: --wave-plan FILE\n" + "".join(lines)


# The mark and the colour of each meaning.
_MEANT = {
    Meaning.DONE: Verdict.PASSED,
    Meaning.NOT_DONE: Verdict.FAILED,
    Meaning.UNKNOWN: Verdict.UNKNOWN,
    Meaning.PARTLY: Verdict.SKIPPED,
}


def meant(checks: Sequence[Check], command: str = "verify") -> Verdict:
    """What checks mean, as the one verdict that marks and colours a last line or a report; of an end with warnings that it has some."""
    verdict = _MEANT[judge(checks, command).meaning]
    warned = verdict is Verdict.PASSED and any(check.verdict is Verdict.WARNING for check in checks)
    return Verdict.WARNING if warned else verdict
