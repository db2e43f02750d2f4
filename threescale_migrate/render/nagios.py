"""One line for Nagios and its relatives, with performance data, and the exit codes of that world: 0 to 3."""

from __future__ import annotations

from collections.abc import Sequence

from ..engine.run_failure import Failure
from ..exit_codes import ExitCode
from ..guide.verdicts import Conclusion
from ..safe_text import visible
from ..values import NOTHING, Text, Verdict
from .project_outcome import Outcome, wrong
from .result import Result

OK, WARNING, CRITICAL, UNKNOWN = range(4)
WORDS = ("OK", "WARNING", "CRITICAL", "UNKNOWN")
# What the other formats' exit codes mean here; any other one is UNKNOWN.
LEVELS = {ExitCode.DONE: OK, ExitCode.FAILED: CRITICAL}
LONGEST = 3


def level(outcome: Outcome) -> int:
    """0 where all is well, 1 for warnings, 2 for failures, 3 where it could not be found out."""
    if not outcome.asked:
        return UNKNOWN
    found = LEVELS.get(outcome.code, UNKNOWN)
    well = outcome.overall.done or (outcome.overall.conclusion is Conclusion.PARTLY and not outcome.overall.missed)
    return WARNING if found == OK and (outcome.count(Verdict.WARNING) or not well) else found


def worst(outcomes: Sequence[Outcome]) -> int:
    """The level over several projects: a failure counts more than something that is not known."""
    return max(map(level, outcomes), key=(OK, WARNING, UNKNOWN, CRITICAL).index)


def line(outcomes: Sequence[Outcome]) -> str:
    """The line: the level, what is wrong with which project, and figures that can be drawn over time."""
    sentence = [_translated(outcome) for outcome in outcomes if len(outcomes) == 1 or level(outcome) != OK]
    if len(outcomes) > 1:
        well = sum(outcome.asked and outcome.overall.done for outcome in outcomes)
        sentence.insert(0, f"{well} of {len(outcomes)} projects are migrated")
    return f"3SCALE {WORDS[worst(outcomes)]} - {_one_line('; '.join(sentence))} | {_figures(outcomes)}"


def failure(text: Text) -> str:
    """The line for a command that came to no result."""
    return f"3SCALE {WORDS[UNKNOWN]} - {_one_line(str(text))}"


def level_of(result: Result) -> int:
    """The exit code of a result in that world."""
    outcomes = result.outcomes
    return worst(outcomes) if outcomes else UNKNOWN


def of(result: Result) -> str:
    outcomes = result.outcomes
    said = line(outcomes) if outcomes else failure(result.seen.text if isinstance(result.seen, Failure) else NOTHING)
    return said + "\n"


def _one_line(words: str) -> str:
    """Without what would begin the figures, or another line."""
    return visible(" ".join(words.split()), keep="").replace("|", "/")


def _translated(outcome: Outcome) -> str:
    if not outcome.asked:
        return f"{outcome.name}: {outcome.error}"
    bad = wrong(outcome.checks)
    shown = [f"{check.subject}: {check.seen} ({check.code.value})" for check in bad[:LONGEST]]
    more = [f"and {len(bad) - LONGEST} more"] if len(bad) > LONGEST else []
    place = f"server {outcome.invocation.server or 'unknown'}, user {outcome.invocation.user or 'unknown'}"
    return ", ".join([f"{outcome.name}: {outcome.overall.sentence}", *shown, *more, place])


def _figures(outcomes: Sequence[Outcome]) -> str:
    configs = [check for outcome in outcomes for check in outcome.configs]
    proved = sum(check.verdict is Verdict.PASSED for check in configs)
    count = {verdict: sum(outcome.count(verdict) for outcome in outcomes) for verdict in Verdict}
    unasked = sum(not outcome.asked for outcome in outcomes)
    seconds = max(outcome.seconds for outcome in outcomes)
    return (
        f"configs_migrated={proved};;;0;{len(configs)} failed={count[Verdict.FAILED]};;;0 unknown={count[Verdict.UNKNOWN]};;;0"
        f" warnings={count[Verdict.WARNING]};;;0 skipped={count[Verdict.SKIPPED]};;;0 not_asked={unasked};;;0;{len(outcomes)} time={seconds:.3f}s;;;0"
    )
