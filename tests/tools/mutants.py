"""Breaks the package on purpose, one line at a time in a copy, and sees a quick test fail: `python -m tests.tools.mutants [NAME…]`.

A mutant is data: a file, a text that stands in it once, what takes its place, and the tests that should notice. One that no test
notices, or whose text is no longer there, is named, and the exit code is 1.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("setup.cfg", "README.md", "fixtures", "tests", "threescale_migrate")
# So many copies are worked on at once.
AT_ONCE = max(1, (os.cpu_count() or 2) // 2)


@dataclass(frozen=True)
class Mutant:
    """`file` below the package; `tests` as pytest takes them, below `tests`."""

    name: str
    file: str
    text: str
    instead: str
    tests: tuple[str, ...]


DOORS = "cluster/test_allowed_calls.py"
READINESS = "guide/test_readiness.py"
PROMISES = "commands/test_promises.py"
OTHERS = "commands/test_others.py"
MATRIX = "matrix/test_matrix.py"
VERDICTS = "guide/test_verdicts.py"
REDACTION = "values/test_redaction.py"
LOCATION = "cluster/test_location.py"
SCRIPT = "commands/test_script.py"
GATES = "commands/test_gates.py"

MUTANTS = (
    # The doors.
    Mutant("a link is removed by looking", "cluster/allowed_calls.py", '    (("logs",), _anything),', '    (("logs",), _anything),\n    (("secrets", "unlink"), _anything),', (DOORS,)),
    Mutant("deleting is looking", "cluster/allowed_calls.py", '(("delete", "--help"), _one_of(()))', '(("delete",), _anything)', (DOORS,)),
    Mutant("config view shows secrets", "cluster/allowed_calls.py", '_without("--raw", "--flatten")', "_anything", (DOORS,)),
    Mutant("any object is a review", "cluster/allowed_calls.py", "return in_a_name and bool(spaces) and stdin == reviews(spaces)", "return in_a_name and bool(spaces)", (DOORS,)),
    Mutant("a change without a journal", "cluster/oc.py", "if not record.is_open:", "if False:", (DOORS,)),
    # The order of the journal.
    Mutant("a change that is not announced", "engine/apply.py", "number = run.journal.begin(change, argv)", "number = run.journal.number = run.journal.number + 1", ("commands/test_preconditions.py::test_a_patch_carries_the_version_that_was_seen_and_the_journal_has_what_was_sent",)),
    Mutant("no answer is a failure", "engine/apply.py", 'outcome = "failed" if isinstance(error, oc_errors.WITHOUT_EFFECT) else "unknown"', 'outcome = "failed"', (PROMISES + "::test_a_change_that_got_no_answer_is_unknown_in_the_journal",)),
    Mutant("a call that failed has taken effect", "engine/apply.py", "    if change in left:\n", "    if False:\n", (PROMISES + "::test_a_change_that_got_no_answer_is_unknown_in_the_journal",)),
    Mutant("an undo that was killed is complete", "engine/undo_sequence.py", 'if record.finished == "done" and not record.only', "if not record.only", (PROMISES + "::test_an_undo_that_was_killed_has_undone_nothing_that_counts_and_is_continued",)),
    # The judge of rollouts.
    Mutant("no pod at all proves", "guide/readiness.py", "if len(proved) < len(pods) or len(proved) < config.replicas:", "if len(proved) < len(pods):", (READINESS,)),
    Mutant("pods that are not ready prove", "guide/readiness.py", "return pod.live and pod.ready and", "return pod.live and", (READINESS,)),
    Mutant("a revision of another account counts", "guide/readiness.py", "    if newest.account != config.effective_account:\n", "    if False:\n", (PROMISES + "::test_a_paused_config_at_zero_is_not_migrated_by_its_template_alone",)),
    Mutant("one pod is enough", "guide/readiness.py", "if len(proved) < len(pods) or len(proved) < config.replicas:", "if not proved:", (READINESS,)),
    Mutant("a pod of another account beside it does not count", "guide/readiness.py", "if len(proved) < len(pods) or len(proved) < config.replicas:", "if len(proved) < config.replicas:", (READINESS,)),
    # Undo.
    Mutant("journals of another project count", "engine/undo_sequence.py", 'if not uid or record.uid in ("", uid))', ")", ("engine/test_journal.py",)),
    Mutant("another's login is deleted", "guide/object_changes.py", "        if found.fingerprint != self.fingerprint and not undo.force:\n", "        if False:\n", (PROMISES + "::test_undo_keeps_a_secret_with_another_login_and_says_so",)),
    Mutant("another's login is replaced", "guide/object_changes.py", "if undo.force or state.secret is None or state.secret.fingerprint in (self.fingerprint, self.before):", "if True:", (PROMISES + "::test_undo_does_not_put_the_former_login_over_one_that_came_since",)),
    Mutant("an account with others' links goes", "guide/object_changes.py", "return Kept(Text(why, secrets=\", \".join(linked))) if linked else None", "return None", (PROMISES + "::test_undo_keeps_an_account_to_which_others_have_linked_a_secret",)),
    Mutant("undo --dc takes accounts too", "guide/undo_plan.py", "if isinstance(change, ConfigChange) and change.config in wanted)", "if not isinstance(change, ConfigChange) or change.config in wanted)", (PROMISES + "::test_undo_of_some_configs_leaves_secret_and_account_to_the_others",)),
    Mutant("an undo is undone", "engine/undo_sequence.py", "        if run is not None:\n            why = Text(\"run", "        if False:\n            why = Text(\"run", ("engine/test_journal.py",)),
    # Masking.
    Mutant("nothing looks like a login", "redaction.py", "        for pattern, replacement in PATTERNS:\n", "        for pattern, replacement in ():\n", (REDACTION,)),
    Mutant("the screen is not masked", "output.py", "masked = REDACTOR(text)", "masked = text", (REDACTION + "::test_whatever_is_written_to_a_stream_of_the_program_is_masked",)),
    Mutant("the journal is not masked", "engine/journal.py", '_redacted({"event": event, "at": now(), **values}, self.redact)', '{"event": event, "at": now(), **values}', ("engine/test_journal.py", "commands/test_gates.py::test_a_key_in_the_command_itself_is_shown_nowhere")),
    Mutant("the journal keeps a secret", "engine/journal.py", '"stdin": "a secret, not shown" if change.secret else stdin', '"stdin": stdin', (PROMISES + "::test_the_content_of_a_secret_is_in_the_journal_not_even_masked",)),
    # Verdicts.
    Mutant("a failed check is none", "guide/verdicts.py", "    if failed:\n", "    if False:\n", (VERDICTS,)),
    Mutant("what is not known is well", "guide/verdicts.py", "    if unknown:\n", "    if False:\n", (VERDICTS,)),
    Mutant("a step that was left out was checked", "guide/verdicts.py", "    if missed:\n", "    if False:\n", (VERDICTS,)),
    Mutant("migrated without a proof", "guide/verdicts.py", "if others is not None or not proved:", "if others is not None:", (VERDICTS,)),
    # The lock.
    Mutant("two runs hold the lock", "engine/lock.py", "fcntl.LOCK_EX | fcntl.LOCK_NB", "fcntl.LOCK_SH | fcntl.LOCK_NB", ("commands/test_lock.py",)),
    Mutant("the last call of a dead run is not waited for", "engine/lock.py", "        if time.monotonic() >= given_up:\n", "        if True:\n", ("commands/test_lock.py",)),
    # The location.
    Mutant("another user goes on", "cluster/location.py", "    if user != location.user:\n", "    if False:\n", (OTHERS + "::test_a_login_as_another_user_stops_a_migration_before_the_next_wave",)),
    Mutant("another server goes on", "cluster/location.py", "    if normal(server) != location.server:\n", "    if False:\n", (LOCATION,)),
    Mutant("another project of the name goes on", "cluster/location.py", "if uid is not None and uid != location.uid:", "if False:", (LOCATION,)),
    # Waiting.
    Mutant("a failed rollout is waited for", "engine/rollout_wait.py", "    if assessment.state is RolloutState.FAILED:\n        return True\n", "", (PROMISES + "::test_a_rollout_that_has_failed_ends_the_wait_at_once",)),
    Mutant("a config has no deadline", "engine/rollout_wait.py", "late = [name for name in names if moment >= waiting.deadlines.get(name, moment + 1)]", "late: list[str] = []", (PROMISES + "::test_the_deadline_of_a_config_ends_a_wait_in_which_nothing_fails_by_itself",)),
    Mutant("the login of a new account is not waited for", "engine/rollout_wait.py", "if run.without_login or not service_account.awaits_login(state):", "if True:", (OTHERS + "::test_no_pod_is_made_before_the_cluster_has_given_amp_its_own_login",)),
    Mutant("another's rollout is patched over", "engine/migration.py", "    state = settle(run, state, names)\n    dead", "    dead", (PROMISES + "::test_a_rollout_of_somebody_else_is_waited_for_before_the_patch",)),
    Mutant("what others had made is made again", "engine/migration.py", "    if foreign:\n", "    if False:\n", (OTHERS + "::test_what_was_there_before_and_somebody_deletes_stops_the_run_before_the_next_wave",)),
    Mutant("a right that is lost is not noticed", "engine/migration.py", "    missing = unseen(found)\n", "    missing = ()\n", (PROMISES + "::test_no_wave_is_begun_whose_end_could_not_be_seen",)),
    # Confirmation and gates.
    Mutant("any name confirms", "run/confirmation.py", "if sys.stdin.readline().strip() != where.project:", "if not sys.stdin.readline().strip():", (PROMISES + "::test_another_name_at_the_prompt_changes_nothing",)),
    Mutant("nobody has to confirm", "run/confirmation.py", "    if not session.options.yes:\n", "    if False:\n", ("commands/test_migration.py::test_nobody_to_confirm_is_wrong_usage",)),
    Mutant("a gate that fails lets go on", "engine/gates.py", 'outcome = "done" if answered.exit_code == 0 else "failed"', 'outcome = "done"', (GATES + "::test_a_gate_that_fails_in_wave_3_stops_the_run_and_what_stopped_it_is_asked_again",)),
    Mutant("a gate has no time limit", "engine/gates.py", "seconds = run.oc.clock.limit(gates.seconds)", "seconds = 20.0", (PROMISES + "::test_a_gate_that_takes_too_long_has_failed",)),
    Mutant("a secret is replaced unasked", "guide/registry_secret.py", "    if not request.replace_secret:\n", "    if False:\n", (PROMISES + "::test_a_secret_that_differs_is_replaced_only_where_that_was_asked_and_undo_puts_it_back",)),
    # The content of a database.
    Mutant("rows that were stored since are replaced", "engine/data_keeping.py", "    if less:\n", "    if True:\n", ("commands/test_data.py::test_what_was_stored_since_is_not_replaced_unasked",)),
    Mutant("an empty dump takes the place of a full one", "engine/data_keeping.py", "if earlier and (made.locked or not dumps.holds_rows(tables)):", "if False:", ("commands/test_data.py::test_an_empty_database_never_takes_the_place_of_what_was_saved",)),
    Mutant("a dump of a new pod takes the place of the former", "guide/kept_data.py", "if each.data.pod_uid != data.pod_uid or each.data.config != data.config)", "if each.data.config != data.config)", ("guide/test_kept_data.py",)),
    Mutant("a dump is not journaled before the patch", "engine/data_keeping.py", "    record(run, TAKEN, data)\n", "    run.owed = kept_data.after(run.owed, TAKEN, data, run.journal.run, now())\n", ("commands/test_data.py::test_a_run_that_is_killed_loses_no_row",)),
    Mutant("what is owed is not said", "guide/kept_data.py", "return any(pod.uid == self.pod_uid and pod.live for pod in state.pods_of(self.config))", "return True", ("commands/test_data.py::test_a_run_that_is_killed_loses_no_row",)),
    Mutant("a row less is no difference", "guide/dumps.py", "        if counts.get(number) != table.rows:\n", "        if number not in counts:\n", ("commands/test_data.py::test_a_restore_with_a_row_less_is_no_success",)),
    # The printed script.
    Mutant("the script works elsewhere", "render/script.sh", '[[ $(same_form "$answer") == "$(same_form "$server")" ]] ||', "true ||", (SCRIPT + "::test_it_refuses_before_the_first_change",)),
    Mutant("the script works on another project of the name", "render/script.sh", '[[ $answer == "$uid" ]] ||', "true ||", (SCRIPT + "::test_another_project_of_that_name_is_refused_before_the_first_change_and_before_each_wave",)),
    Mutant("the script takes any name", "render/script.sh", "[[ $word == \"$project\" ]] ||", "[[ -n $word ]] ||", (SCRIPT + "::test_it_asks_once_before_its_first_change",)),
    Mutant("the script asks for no permission", "render/script.sh", "[[ $answer == yes ]] ||", "true ||", (SCRIPT + "::test_it_refuses_before_the_first_change",)),
)  # fmt: skip


def copy_to(home: Path) -> None:
    """A copy of what the tests need."""
    leave = shutil.ignore_patterns("__pycache__")
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, home / name, ignore=leave)
        else:
            shutil.copy(ROOT / name, home / name)


def tried(home: Path, mutant: Mutant) -> str:
    """What became of a mutant: `caught`, or what is wrong with it."""
    path = home / "threescale_migrate" / mutant.file
    before = path.read_text(encoding="utf-8")
    if not mutant.text or before.count(mutant.text) != 1:
        return f"its text stands {before.count(mutant.text) if mutant.text else 'no'} times in {mutant.file}"
    path.write_text(before.replace(mutant.text, mutant.instead), encoding="utf-8")
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", "-o", "addopts=", "-m", "not long"]
            + [f"tests/{test}" for test in mutant.tests],
            cwd=home, env={**os.environ, "PYTHONPATH": str(home), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    finally:
        path.write_text(before, encoding="utf-8")
    if done.returncode == 1 and "failed" in done.stdout:
        return "caught"
    return f"NOT CAUGHT (exit code {done.returncode}): {done.stdout[-300:]}"


def each(mutants: list[Mutant]) -> Iterator[tuple[Mutant, str]]:
    """Every mutant with what became of it; `AT_ONCE` copies are worked on."""

    def several(mine: list[Mutant]) -> list[tuple[Mutant, str]]:
        with tempfile.TemporaryDirectory(prefix="mutants-") as home:
            copy_to(Path(home))
            found = []
            for mutant in mine:
                found.append((mutant, tried(Path(home), mutant)))
                print(f"{found[-1][1]}: {mutant.name}", flush=True)
            return found

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for part in pool.map(several, [mutants[at::AT_ONCE] for at in range(AT_ONCE)]):
            yield from part


def main(wanted: list[str]) -> int:
    """Tries all, or those that are named."""
    found = list(each([mutant for mutant in MUTANTS if not wanted or mutant.name in wanted]))
    missed = [mutant.name for mutant, outcome in found if outcome != "caught"]
    print(f"{len(found) - len(missed)} of {len(found)} mutants were caught")
    return int(bool(missed) or not found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
