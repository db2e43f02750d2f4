"""The assessment, over every recorded moment: it never says ready wrongly, where other rules do."""

from __future__ import annotations

from tests import moments
from tests.conftest import ROOT
from threescale_migrate.guide.readiness import RolloutState, assess


def test_ours_is_never_wrong_and_the_others_are() -> None:
    counted = moments.counts()
    assert counted["`threescale-migrate`"][1:] == (0, 0)
    assert counted["the guide's check"][1] > 0
    assert counted["Argo CD"][1] > 0
    assert counted["`oc rollout status`"][1] > 0


def test_the_table_of_the_readme_is_the_one_that_is_counted() -> None:
    assert moments.table() in (ROOT / "README.md").read_text(encoding="utf-8")


def test_each_recorded_state_of_rollouts_is_classified_as_its_note_says() -> None:
    expected = {
        (35.44, "zync"): RolloutState.UNDER_WAY,
        (60.95, "zync"): RolloutState.FAILED,
        (81.19, "backend-worker"): RolloutState.UNDER_WAY,
        (87.58, "apicast-staging"): RolloutState.UNDER_WAY,
        (109.91, "backend-worker"): RolloutState.FAILED,
        (109.91, "apicast-staging"): RolloutState.FAILED,
        (119.67, "system-sphinx"): RolloutState.STALE_PAUSED,
        (132.27, "system-memcache"): RolloutState.STALE_NO_TRIGGER,
    }
    seen = {
        (moment.at, moment.name): assess(moments.observed(moment), moment.name).state
        for moment in moments.moments()
        if moment.scenario == "rollouts"
    }
    assert {key: seen[key] for key in expected} == expected
