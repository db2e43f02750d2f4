"""Plans and checks as text for a person."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import replace

from .. import shell
from ..check_codes import Code
from ..guide.change import Change
from ..guide.selection import Wave
from ..guide.verdicts import Conclusion, against, alike, heading, overrides, summary, telling
from ..shell import resumption
from ..values import BETWEEN, RESUME, Check, Command, Fix, Group, Step, Text, Verdict, Who, resume
from .terminal import MARKS, TO_DO, Terminal

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
    "unknown": Text("cluster cannot be reached"),
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
FOLDED = frozenset({Step.DEPLOYMENT_CONFIGS, Step.READINESS, Step.VERIFICATION})
PROVED: Mapping[Code, Callable[[int], Text]] = {
    Code.TEMPLATE_NAMES_AMP: lambda count: Text.plural(
        "{count} template uses amp", "{count} templates use amp", count=count
    ),
    Code.ROLLOUT_COMPLETE: lambda count: Text.plural(
        "{count} rollout is complete", "{count} rollouts are complete", count=count
    ),
    Code.PODS_RUN_AS_AMP: lambda count: Text.plural(
        "the pods of {count} config run as amp", "the pods of {count} configs run as amp", count=count
    ),
}
# So many configs alike are counted, not named.
MANY = 4
# Subjects that are words and not names of the cluster's objects.
SUBJECTS = {"server": Text("server"), "release": Text("release")}


def place(invocation: shell.Invocation) -> Text | None:
    """Where a command works, and as whom as far as that is known; None where nothing is."""
    if not (invocation.namespace and invocation.server):
        return None
    where = Text("project {project} on {server}", project=invocation.namespace, server=invocation.server)
    if invocation.user:
        where = Text("{where}, as {user}", where=where, user=invocation.user)
    return Text("{where} (a rehearsal, no real cluster)", where=where) if invocation.is_rehearsal else where


def outcome(name: str) -> Text:
    """How a run ended, in words; a name that a newer version wrote is shown as it is."""
    return OUTCOMES.get(name, Text("{said}", said=name.replace("_", " ")))


def command_line(argv: Sequence[str], secret: bool = False, stdin: str | None = None) -> str:
    """A command as a person could paste it, with what it reads (a here-string of bash, zsh and ksh); what a secret is fed from is
    named, not shown."""
    return fed(shell.line(argv), secret, stdin)


def fed(line: str, secret: bool, stdin: str | None) -> str:
    """A command line with what it reads."""
    return f"{line} < SECRET" if secret else f"{line} <<< {shell.quoted(stdin)}" if stdin else line


def change_line(place: shell.Invocation, change: Change) -> str:
    """The command of a change, as a person could paste it."""
    return fed(place.pasted(Command(("oc", *change.args))), change.secret, change.stdin)


def show_checks(terminal: Terminal, checks: Sequence[Check], verbose: bool = False, quiet: bool = False) -> None:
    """The checks in groups by step: a mark, a sentence, and what fixes a failure; then, once, how to go on. Unless more is asked for,
    what is said of a config by one step is not said again by another, the same of several configs is one line, and where something
    is wrong so is all that passed."""
    told = checks if verbose else [*telling(checks), *(check for check in checks if check.verdict not in WRONG)]
    groups = {step: [check for check in checks if check.step is step and check in told] for step in Step}
    screen = _Fixes(terminal)
    wrong = {check.step for check in checks if check.verdict is not Verdict.PASSED}
    brief = not verbose and any(check.verdict in WRONG for check in checks)
    if brief and not quiet:
        _show_passed(terminal, groups, wrong)
    left = [same for step in Step for same in alike(groups[step]) if same[0].verdict in WRONG]
    if brief and len(left) > 1 and all(is_left_to_do(same[0]) for same in left):
        screen.show_left(left)
        groups = {step: [check for check in group if check.verdict not in WRONG] for step, group in groups.items()}
    for step, group in groups.items():
        folded = step in FOLDED and not verbose
        proved = [check for check in group if folded and _is_counted(check)]
        shown = [check for check in group if check not in proved]
        if quiet or brief:
            proved, shown = [], [check for check in shown if not _is_usual(check)]
        if not (proved or shown):
            continue
        if not quiet:
            terminal.line(terminal.paint(terminal.say(Text(TITLES[step])), "strong"))
        _show_folded(terminal, proved)
        for same in alike(shown) if not verbose else ((check,) for check in shown):
            screen.show(same)
    screen.go_on()


WRONG = (Verdict.FAILED, Verdict.UNKNOWN)


def is_left_to_do(check: Check) -> bool:
    """Whether nothing has to be repaired: the migration has only to be carried out, or to go on."""
    return check.verdict is Verdict.FAILED and bool(check.fix.commands) and not repairs(check.fix)


def _show_passed(terminal: Terminal, groups: Mapping[Step, Sequence[Check]], wrong: Container[Step | Group]) -> None:
    """All that passed, in one line: the steps of which nothing else is said, and how many configs of the others."""
    whole = [Text(TITLES[step]) for step, group in groups.items() if group and step not in wrong]
    rest = [count for step, group in groups.items() if step in wrong for count in _counts(group)]
    if whole or rest:
        sentence = Text("passed: {names}", names=Text.listed(*whole, *rest))
        terminal.line(f"{terminal.mark(Verdict.PASSED)} {terminal.say(sentence)}", 0, 2)


def _is_usual(check: Check) -> bool:
    """Whether someone who asked for problems only does not need it: it passed, or they left it out themselves."""
    return check.verdict is Verdict.PASSED or check.code == Code.CONFIGS_ALL_CHOSEN


def _show_folded(terminal: Terminal, group: Sequence[Check]) -> None:
    """What passed of the configs, a line for all that is alike."""
    for seen in _counts(group):
        terminal.line(f"{terminal.mark(Verdict.PASSED)} {terminal.say(seen)}", 2, 4)


def _is_counted(check: Check) -> bool:
    """Whether a config passed as all others do, so that it is counted and not named: nothing more is said of it."""
    return check.code in PROVED and check.verdict is Verdict.PASSED and check.seen.template != BETWEEN


def _counts(group: Sequence[Check]) -> Iterator[Text]:
    """How many configs passed, by what was checked of them."""
    for code, sentence in PROVED.items():
        count = sum(check.code == code and _is_counted(check) for check in group)
        if count:
            yield sentence(count)


def show_verdict(terminal: Terminal, verdict: Verdict | None, sentence: Text) -> None:
    """The last line of a command: what all of it means, with its mark, in its colour. None is for what is left to do."""
    mark, meaning = terminal.pending(TO_DO), "strong"
    if verdict is not None:
        mark, meaning = terminal.mark(verdict), MARKS[verdict][2]
    terminal.line(f"{mark} {terminal.paint(terminal.say(sentence), meaning)}", 0, 2)


def show_findings(terminal: Terminal, findings: Sequence[Check], notable: bool = False) -> None:
    """The checks of a preflight by group: a mark, a sentence, and what fixes it; then, once, how to go on.

    The same check of several objects is one line. `notable` leaves out what is right, but for what will be given away.
    """
    last = None
    screen = _Fixes(terminal)
    for same in alike(findings):
        check = same[0]
        if notable and check.verdict is Verdict.PASSED and not check.fix.commands:
            continue
        if check.step is not last:
            last = check.step
            terminal.line(terminal.paint(terminal.say(heading(check)), "strong"))
        screen.show(same)
    if against(findings):
        screen.resumed.append(RESUME)
        screen.go_on(overrides(findings))


class _Fixes:
    """What is shown of the fixes of many checks: each command once, what a cluster admin has to run in one block, and last the one
    command with which to go on."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self.shown: tuple[str, ...] = ()
        self.asked: list[Fix] = []
        self.resumed: list[Command] = []

    def show(self, same: Sequence[Check]) -> None:
        """What was seen of several objects alike, and what their user can do about it."""
        check, fix = same[0], same[0].fix
        if check.verdict in (Verdict.FAILED, Verdict.UNKNOWN):
            self.resumed += [command for command in fix.commands if command.resumes]
            if any(command.by is Who.CLUSTER_ADMIN for command in fix.commands):
                self.asked.append(fix)
                fix = Fix(commands=tuple(command for command in fix.commands if command.by is Who.USER))
            fix = repairs(fix)
        if len(same) > 1:
            check = replace(check, subject=", ".join(one.subject for one in same))
        names = [one.config for one in same if one.config]
        if len(names) == len(same) > 1:
            seen = Text("each of {count} configs: {seen}", count=len(names), seen=check.seen)
            check = replace(check, subject="", seen=Text("{seen} ({names})", seen=seen, names=", ".join(names)))
        self.shown = show_check(self.terminal, replace(check, fix=fix), self.shown)

    def show_left(self, groups: Sequence[Sequence[Check]]) -> None:
        """What is left to do and needs no repair, in one line; the names of many configs say nothing."""
        names: list[Text] = []
        for same in groups:
            count = Text.plural("{count} config", "{count} configs", count=len(same))
            names += [Text("{name}", name=one.subject) for one in same] if len(same) < MANY else [count]
            self.resumed += [command for one in same for command in one.fix.commands]
        left = self.terminal.say(Text("left to do: {names}", names=Text.listed(*names)))
        self.terminal.line(f"{self.terminal.mark(Verdict.FAILED)} {left}", 0, 2)

    def go_on(self, options: Sequence[str] = ()) -> None:
        """The block for a cluster admin, ready to be sent; the command that goes on once all is fixed, or by `options` in spite of it."""
        terminal = self.terminal
        for sentence in dict.fromkeys(fix.sentence for fix in self.asked):
            terminal.line(f"{terminal.arrow} {terminal.say(sentence)}:", 0, 2)
        commands = [command for fix in self.asked for command in fix.commands if command.by is Who.CLUSTER_ADMIN]
        if commands and terminal.invocation.server:
            terminal.verbatim(f"# {terminal.invocation.server}", 4)
        for line in dict.fromkeys(map(terminal.invocation.pasted, commands)):
            terminal.verbatim(line, 4)
        offer(terminal, Text("Once that is done:" if commands else "Next:"), resumption(self.resumed))
        offer(terminal, Text("Or continue in spite of this:"), resume(*options) if options else None)


def offer(terminal: Terminal, label: Text, command: Command | None) -> None:
    """A command on a line of its own, under what it is for; nothing where there is none."""
    if command is not None:
        terminal.line(terminal.say(label))
        terminal.verbatim(terminal.invocation.pasted(command), 4)


def without_repetition(subject: str, seen: str) -> str:
    """A subject with what was seen of it; sentences about a config begin with its name, which is not said twice."""
    name = f"{subject.rpartition('/')[2]}: "
    words = seen[len(name) :] if seen.startswith(name) else seen
    return f"{subject}: {words}" if subject else words


def show_check(terminal: Terminal, check: Check, shown: Sequence[str] = ()) -> tuple[str, ...]:
    """One check: a line, a line for the fix, and the commands in it as they are pasted, but for those that are `shown` already.
    Gives what is shown by then."""
    words = without_repetition(terminal.say(SUBJECTS.get(check.subject, check.subject)), terminal.say(check.seen))
    terminal.line(f"{terminal.mark(check.verdict)} {words}", 2, 4)
    return (*shown, *show_fix(terminal, check.fix, 4, shown))


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
        terminal.verbatim(line, max(4, indent + 2))
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
    Conclusion.DONE: Verdict.PASSED,
    Conclusion.NOT_DONE: Verdict.FAILED,
    Conclusion.UNKNOWN: Verdict.UNKNOWN,
    Conclusion.PARTLY: Verdict.SKIPPED,
}


def meant(checks: Sequence[Check], command: str = "verify") -> Verdict:
    """What checks mean, as the one verdict that marks and colours a last line or a report; of an end with warnings that it has some."""
    verdict = _MEANT[summary(checks, command).conclusion]
    warned = verdict is Verdict.PASSED and any(check.verdict is Verdict.WARNING for check in checks)
    return Verdict.WARNING if warned else verdict
