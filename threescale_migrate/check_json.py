"""Checks and fixes as JSON: in documents, in the journal, and as they are read from a journal again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .check_codes import Code
from .shell import Invocation
from .values import NO_FIX, Check, Command, Fix, Step, Text, Verdict, Who

Words = Callable[[Text], object]


def of_check(check: Check, words: Words = Text.kept, place: Invocation | None = None) -> dict[str, Any]:
    """A check as JSON: its texts by `words`, which keeps them so that they can be shown in another language; with `place`, its
    commands as lines to paste there as well."""
    return {
        "step": check.step.value,
        "code": check.code.value,
        "subject": check.subject,
        "verdict": check.verdict.value,
        "seen": words(check.seen),
        "fix": of_fix(check.fix, words, place),
    }


def of_fix(fix: Fix, words: Words = Text.kept, place: Invocation | None = None) -> dict[str, Any] | None:
    """A fix as JSON, None where there is none."""
    if not fix:
        return None
    return {"sentence": words(fix.sentence), "commands": [_of_command(command, place) for command in fix.commands]}


def _of_command(command: Command, place: Invocation | None) -> dict[str, Any]:
    if place is not None:
        return {"line": place.pasted(command), "by": command.by.value}
    return {
        "argv": list(command.argv),
        "by": command.by.value,
        "reads": command.reads,
        "piped": [list(words) for words in command.piped],
        "resumes": command.resumes,
    }


def check_of(kept: Mapping[str, Any]) -> Check:
    """The check that `of_check` has kept. Raises KeyError, ValueError, StopIteration for anything else."""
    return Check(
        Step(kept["step"]),
        next(code for code in Code if code.value == kept["code"]),
        str(kept["subject"]),
        Verdict(kept["verdict"]),
        Text.revived(kept.get("seen")),
        fix_of(kept.get("fix")),
    )


def fix_of(kept: Mapping[str, Any] | None) -> Fix:
    """The fix that `of_fix` has kept."""
    if not kept:
        return NO_FIX
    return Fix(Text.revived(kept.get("sentence")), tuple(map(_command_of, kept.get("commands") or ())))


def _command_of(kept: Mapping[str, Any]) -> Command:
    piped = tuple(tuple(map(str, words)) for words in kept["piped"])
    return Command(tuple(map(str, kept["argv"])), Who(kept["by"]), piped, bool(kept["resumes"]), str(kept["reads"]))
