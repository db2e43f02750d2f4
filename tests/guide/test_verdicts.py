"""What a set of checks means: the word "migrated" is said of a whole verification alone, and the same in every format."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, combinations
from xml.etree import ElementTree

import pytest

from threescale_migrate.check_codes import Code
from threescale_migrate.exit_codes import ExitCode
from threescale_migrate.guide.verdicts import Conclusion, exit_code, summary
from threescale_migrate.render import document, junit, metrics, nagios
from threescale_migrate.render.project_outcome import Outcome
from threescale_migrate.shell import Invocation
from threescale_migrate.values import Check, Step, Text, Verdict

CODES = {
    Step.REGISTRY_SECRET: Code.REGISTRY_SECRET_USABLE,
    Step.SERVICE_ACCOUNT: Code.PULL_SECRET_LINKED,
    Step.PERMISSIONS: Code.PERMISSIONS_EQUAL,
    Step.DEPLOYMENT_CONFIGS: Code.TEMPLATE_NAMES_AMP,
    Step.READINESS: Code.ROLLOUT_COMPLETE,
    Step.VERIFICATION: Code.PODS_RUN_AS_AMP,
}
WELL = tuple(Check(step, code, "dc/zync", Verdict.PASSED, Text("seen")) for step, code in CODES.items())
SUBSETS = tuple(frozenset(some) for some in chain.from_iterable(combinations(Step, n) for n in range(7)))
MAY_BE_LEFT_OUT = frozenset({Step.PERMISSIONS})


def without(skipped: frozenset[Step]) -> tuple[Check, ...]:
    """A verification that all goes well in, but for the steps that were left out."""
    return tuple(
        replace(check, code=Code.STEP_CHECKED, verdict=Verdict.SKIPPED) if check.step in skipped else check
        for check in WELL
    )


def words(checks: tuple[Check, ...]) -> Iterator[bool]:
    """Whether each format says that the project is migrated."""
    code = exit_code(checks)
    outcome = Outcome("p", "p", code, checks)
    yield summary(checks).done
    yield str(summary(checks).sentence).startswith("migrated")
    yield document.verification("verify", "p", checks, int(code), Invocation())["migrated"] is True
    yield nagios.line((outcome,)).startswith("3SCALE OK")
    yield 'threescale_migrate_migrated{project="p"} 1\n' in metrics.text((outcome,), 1.0)
    suite = ElementTree.fromstring(junit.document((outcome,)))
    said = suite.find(".//property[@name='migrated']")
    yield said is not None and said.attrib["value"] == "true"
    yield code is ExitCode.DONE


@pytest.mark.parametrize("skipped", SUBSETS, ids=lambda some: "+".join(sorted(step.value for step in some)) or "none")
def test_whatever_is_left_out_every_format_says_the_same(skipped: frozenset[Step]) -> None:
    assert set(words(without(skipped))) == {skipped <= MAY_BE_LEFT_OUT}


def test_permissions_that_were_not_checked_are_said_with_the_word() -> None:
    assert str(summary(without(MAY_BE_LEFT_OUT)).sentence) == (
        "migrated, and the pods prove it; permissions were not checked"
    )


@pytest.mark.parametrize("verdict", [Verdict.FAILED, Verdict.UNKNOWN])
@pytest.mark.parametrize("number", range(len(WELL)))
def test_one_check_that_is_not_well_and_no_format_says_migrated(number: int, verdict: Verdict) -> None:
    checks = tuple(replace(check, verdict=verdict) if at == number else check for at, check in enumerate(WELL))
    assert set(words(checks)) == {False}
    # Who allows what is not known gets another exit code, and no other word.
    if verdict is Verdict.UNKNOWN:
        assert exit_code(checks, allow_unknown=True) is ExitCode.DONE
        assert summary(checks).conclusion is Conclusion.UNKNOWN
        allowed = Outcome("p", "p", ExitCode.DONE, checks)
        assert nagios.level(allowed) == nagios.WARNING


def test_six_steps_without_the_proof_of_a_single_config_are_no_migration() -> None:
    checks = tuple(replace(check, code=Code.CONFIG_FOREIGN) for check in WELL)
    assert summary(checks).conclusion is Conclusion.PARTLY
    assert not summary(()).done


def test_what_has_no_pods_proves_nothing_and_does_not_stand_in_the_way_of_what_has() -> None:
    at_zero = replace(WELL[-1], code=Code.NEXT_PODS_RUN_AS_AMP, subject="dc/backend-cron")
    assert summary((*WELL, at_zero)).done
    alone = summary((*WELL[:-1], at_zero))
    assert alone.conclusion is Conclusion.PARTLY
    assert str(alone.sentence) == "no pod proves anything, since no config that was checked has pods"


def test_configs_that_were_not_named_are_said_and_the_exit_code_is_about_the_others() -> None:
    left = Check(Step.DEPLOYMENT_CONFIGS, Code.CONFIGS_ALL_CHOSEN, "dc", Verdict.SKIPPED, Text("14 were left out"))
    overall = summary((*WELL, left))
    assert overall.conclusion is Conclusion.PARTLY
    assert str(overall.sentence) == "the pods of 1 config prove that it runs as amp; 14 were left out"
    assert exit_code((*WELL, left)) is ExitCode.DONE


def test_a_step_says_what_it_did_and_nothing_of_the_project() -> None:
    assert str(summary(WELL[4:5], "step").sentence) == "step readiness: done"
    failed = replace(WELL[4], verdict=Verdict.FAILED)
    assert str(summary((failed,), "step").sentence) == "step readiness: not done, 1 problem"
    assert "migrated" not in document.verification("step", "p", WELL[4:5], 0, Invocation())


def test_the_codes_are_one_closed_table_without_twins() -> None:
    assert len({code.value for code in Code}) == len(Code.__members__)
    for code in Code:
        assert code.value == code.value.lower().replace("_", "-")
        assert len(code.meaning.split()) > 3


def test_plurals_are_those_of_the_language() -> None:
    warned = (*WELL, replace(WELL[0], verdict=Verdict.WARNING))
    assert str(summary(warned).sentence).endswith("; 1 warning")
    assert str(summary((*warned, warned[-1])).sentence).endswith("; 2 warnings")
    kept = summary((*warned, warned[-1])).sentence
    assert str(Text.revived(kept.kept())) == str(kept)
