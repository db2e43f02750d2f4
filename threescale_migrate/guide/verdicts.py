"""What a set of checks means, decided once: every format shows this, and the exit code follows from it.

Pure. Only a whole verification is "migrated": all six steps checked, the pods of at least one config as proof, and nothing
failed, unknown or left out; permissions that were left out are named with it. A single step reports what it did.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from ..check_codes import Code
from ..exit_codes import ExitCode
from ..values import ACCOUNT, NOTHING, PROGRAM, SECRET_NAME, Check, Command, Fix, Group, Step, Text, Verdict

# What comes after "migrated", as far as this migration has to do with it (fact 30): in a line, with where the
# rest is; and all of it.
BRIEF = Fix(
    Text(
        'next: the upgrade to 2.6; its oc new-app says serviceaccounts "{account}" already exists, which is expected',
        account=ACCOUNT,
    ),
    (Command((PROGRAM, "help", "next")),),
)
NEXT = (
    Text(
        'the guide continues with the upgrade to 2.6; its oc new-app says serviceaccounts "{account}" already exists, which is expected',
        account=ACCOUNT,
    ),
    Text(
        "zync-que, which comes with 2.6, runs as zync-que-sa: the 2.6 template gives that account the pull secret {secret}, which it needs",
        secret=SECRET_NAME,
    ),
    Text("after the upgrade a verification still says migrated, and checks the credentials of zync-que too"),
)


class Conclusion(str, Enum):
    """What is known of the whole."""

    DONE = "done"  # migrated; as before, of an undo; done, of a step
    NOT_DONE = "not_done"
    UNKNOWN = "unknown"
    PARTLY = "partly"  # nothing seen to be wrong, and not all was checked


@dataclass(frozen=True)
class Summary:
    """The conclusion, with its sentence. `skipped` are the steps that were left out, those without which there is no verdict
    on the project in `missed`."""

    conclusion: Conclusion
    sentence: Text
    skipped: tuple[Step, ...] = ()
    missed: tuple[Step, ...] = ()

    @property
    def done(self) -> bool:
        """Whether it is "migrated" (or "as before", or "done")."""
        return self.conclusion is Conclusion.DONE


def counted(checks: Iterable[Check], verdict: Verdict) -> int:
    """How many checks have a verdict."""
    return sum(check.verdict is verdict for check in checks)


def telling(checks: Iterable[Check]) -> tuple[Check, ...]:
    """Of the checks that are not right those that say what no other says. Of a config that is not migrated it follows that its pods do
    not prove it; of one that is, the proof says all that its rollout does."""
    wrong = tuple(check for check in checks if check.verdict in (Verdict.FAILED, Verdict.UNKNOWN))
    untouched = {check.subject for check in wrong if check.code == Code.TEMPLATE_NAMES_AMP}
    unproved = {check.subject for check in wrong if check.code == Code.PODS_RUN_AS_AMP} - untouched
    repeated = {Code.PODS_RUN_AS_AMP: untouched, Code.ROLLOUT_COMPLETE: unproved}
    return tuple(check for check in wrong if check.subject not in repeated.get(check.code, ()))


def alike(checks: Iterable[Check]) -> tuple[tuple[Check, ...], ...]:
    """The checks, grouped where they say the same of several objects, in the order of the first of each."""
    groups: dict[object, list[Check]] = {}
    for check in checks:
        groups.setdefault((check.step, check.code, check.verdict, check.seen, check.fix), []).append(check)
    return tuple(map(tuple, groups.values()))


def summary(checks: Sequence[Check], command: str = "verify") -> Summary:
    """The summary of the checks of `verify`, `migrate`, `step` or `undo`."""
    left_out = {check.step for check in checks if check.code == Code.STEP_CHECKED}
    skipped = tuple(step for step in Step if step in left_out)
    failed, unknown = counted(checks, Verdict.FAILED), counted(checks, Verdict.UNKNOWN)
    if failed:
        causes = len(alike(check for check in telling(checks) if check.verdict is Verdict.FAILED))
        return Summary(Conclusion.NOT_DONE, _failed(command, checks, causes), skipped)
    if unknown:
        sentence = Text.plural(
            "unknown: {count} thing could not be checked, nothing failed",
            "unknown: {count} things could not be checked, nothing failed",
            count=unknown,
        )
        return Summary(Conclusion.UNKNOWN, sentence, skipped)
    if command == "undo":
        return Summary(Conclusion.DONE, _with_warnings(_undone(checks), checks))
    if command == "restore":
        return Summary(Conclusion.DONE, Text("restored: each table has as many rows as before"))
    if command == "step":
        return _of_step(checks, skipped)
    return _of_project(checks, skipped)


def _undone(checks: Sequence[Check]) -> Text:
    """What an undo that came to its end has reached: "as before" is said of what is."""
    kept = [c.subject for c in checks if c.code == Code.OBJECT_AS_BEFORE and c.verdict is Verdict.WARNING]
    if kept:
        return Text("undone, but not as before: {subjects}", subjects=", ".join(kept))
    others = [check.seen for check in checks if check.code == Code.RUNS_UNDONE]
    if others:
        return Text.sentences(Text("as before this run, and the pods prove it"), others[0])
    return Text("as before, and the pods prove it")


def _failed(command: str, checks: Sequence[Check], count: int) -> Text:
    if command == "undo":
        return Text.plural(
            "not everything is as before: {count} problem",
            "not everything is as before: {count} problems",
            count=count,
        )
    if command == "restore":
        return Text.plural("not restored: {count} problem", "not restored: {count} problems", count=count)
    if command == "step":
        return Text.plural(
            "step {step}: not done, {count} problem",
            "step {step}: not done, {count} problems",
            count=count,
            step=_step_name(checks),
        )
    return Text.plural("not migrated: {count} problem", "not migrated: {count} problems", count=count)


def _step_name(checks: Sequence[Check]) -> str:
    return checks[0].step.value if checks else "?"


def _of_step(checks: Sequence[Check], skipped: tuple[Step, ...]) -> Summary:
    if skipped or not checks:
        return Summary(Conclusion.PARTLY, Text("step {step}: skipped", step=_step_name(checks)), skipped, skipped)
    return Summary(Conclusion.DONE, _with_warnings(Text("step {step}: done", step=_step_name(checks)), checks))


def _of_project(checks: Sequence[Check], skipped: tuple[Step, ...]) -> Summary:
    seen = {check.step for check in checks} - set(skipped)
    missed = tuple(step for step in Step if step not in seen and not (step is Step.PERMISSIONS and step in skipped))
    if missed:
        names = ", ".join(step.value for step in missed)
        sentence = Text.sentences(Text("no overall verdict"), Text("not checked: {names}", names=names))
        return Summary(Conclusion.PARTLY, _with_warnings(sentence, checks), skipped, missed)
    proved = sum(check.code == Code.PODS_RUN_AS_AMP and check.verdict is Verdict.PASSED for check in checks)
    others = next((check for check in checks if check.verdict is Verdict.SKIPPED and check.step not in skipped), None)
    if others is not None or not proved:
        sentence = Text("no pod proves anything, since no config that was checked has pods")
        if proved:
            sentence = Text.plural(
                "the pods of {count} config prove that it runs as amp",
                "the pods of {count} configs prove that they run as amp",
                count=proved,
            )
        sentence = sentence if others is None else Text.sentences(sentence, others.seen)
        return Summary(Conclusion.PARTLY, _with_warnings(sentence, checks), skipped)
    sentence = Text("migrated, and the pods prove it")
    if Step.PERMISSIONS in skipped:
        sentence = Text.sentences(sentence, Text("permissions were not checked"))
    return Summary(Conclusion.DONE, _with_warnings(sentence, checks), skipped)


def _with_warnings(sentence: Text, checks: Iterable[Check]) -> Text:
    return Text.sentences(sentence, warnings(counted(checks, Verdict.WARNING)))


def warnings(count: int) -> Text:
    """How many warnings there are; nothing where there are none."""
    return Text.plural("{count} warning", "{count} warnings", count=count) if count else NOTHING


def exit_code(
    checks: Sequence[Check], command: str = "verify", strict: bool = False, allow_unknown: bool = False
) -> ExitCode:
    """The exit code that the checks mean.

    `strict` fails on warnings. `allow_unknown` ends with 0 where something is not known or was left out, and changes nothing
    else. Configs that were left out with `--dc` surprise nobody: the exit code is about those that were named.
    """
    overall = summary(checks, command)
    if overall.conclusion is Conclusion.NOT_DONE or (strict and counted(checks, Verdict.WARNING)):
        return ExitCode.FAILED
    if (overall.conclusion is Conclusion.UNKNOWN or overall.missed) and not allow_unknown:
        return ExitCode.UNKNOWN
    return ExitCode.DONE


def against(findings: Iterable[Check]) -> tuple[Check, ...]:
    """Those that block the migration."""
    return tuple(finding for finding in findings if finding.verdict in (Verdict.FAILED, Verdict.UNKNOWN))


TITLES: Mapping[Step | Group, str] = {
    Group.LOGIN: "oc and its login",
    Group.PROJECT: "the project",
    Group.RIGHTS: "permissions of the user",
    Step.REGISTRY_SECRET: "registry secret",
    Step.PERMISSIONS: "permissions",
    Step.DEPLOYMENT_CONFIGS: "deployment configs",
    Group.CAPACITY: "quotas and limits",
}


def heading(check: Check) -> Text:
    """What a check before the first change is about."""
    return Text(TITLES[check.step])


def overrides(findings: Iterable[Check]) -> tuple[str, ...]:
    """The options with which a migration goes on in spite of what blocks it; none where something cannot be overridden."""
    blocking = against(findings)
    if not all(check.forceable or check.verdict is Verdict.UNKNOWN for check in blocking):
        return ()
    options = {"--allow-unknown" if check.verdict is Verdict.UNKNOWN else "--force": None for check in blocking}
    return tuple(sorted(options))


def blocked_by(found: Sequence[Check]) -> Text:
    """What blocks the migration: how many problems, and where."""
    counted = Counter(heading(finding) for finding in found)
    where = Text.listed(*(Text("{title}: {number}", title=title, number=number) for title, number in counted.items()))
    blocked = Text.plural(
        "not ready, blocked by {count} problem ({where})",
        "not ready, blocked by {count} problems ({where})",
        count=len(found),
        where=where,
    )
    return Text.sentences(blocked, Text("nothing was changed"))
