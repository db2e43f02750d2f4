"""No word that was not seen: on a fresh project, in one without 3scale, and with each subset of `--skip`."""

from __future__ import annotations

from itertools import chain, combinations
from pathlib import Path

import pytest

from tests.conftest import World, make_world
from threescale_migrate.check_codes import Code
from threescale_migrate.values import STEPS, Step

SUBSETS = tuple(chain.from_iterable(combinations(STEPS, n) for n in range(7)))
FORMATS = ("text", "json", "junit", "nagios")


def skips(steps: tuple[Step, ...]) -> list[str]:
    return [word for step in steps for word in ("--skip", step.value)]


@pytest.fixture(scope="module", name="fresh")
def _fresh(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("fresh"))


@pytest.fixture(scope="module", name="migrated")
def _migrated(tmp_path_factory: pytest.TempPathFactory) -> World:
    world = make_world(tmp_path_factory.mktemp("migrated"))
    assert world.migrate().code == 0
    world.settle()
    return world


@pytest.fixture(scope="module", name="empty")
def _empty(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A project in which there is nothing of 3scale."""
    world = make_world(tmp_path_factory.mktemp("empty"))
    names = [name.partition("/")[2] for name in world.objects()["deploymentconfigs"]]
    assert world.oc("delete", "dc", *names).code == 0
    return world


def says_migrated(format_: str, out: str) -> bool:
    """Whether a result says that the project is migrated."""
    mark = {
        "text": "\n✓ migrated",
        "json": '"migrated": true',
        "junit": 'name="migrated" value="true"',
        "nagios": ": migrated",
    }
    return mark[format_] in f"\n{out}"


@pytest.mark.long
def test_on_a_fresh_project_nothing_that_is_left_out_makes_it_migrated(fresh: World) -> None:
    for left_out in SUBSETS:
        seen = fresh.run("verify", "-o", "json", *skips(left_out))
        assert seen.code in (1, 7), (left_out, seen.all)
        assert seen.json()["migrated"] is False
        assert seen.json()["skipped"] == [step.value for step in left_out]


@pytest.mark.long
def test_on_a_migrated_project_the_word_is_said_where_all_that_it_rests_on_was_seen(migrated: World) -> None:
    for left_out in ((), *((step,) for step in STEPS), STEPS):
        well = set(left_out) <= {Step.PERMISSIONS}
        for format_ in FORMATS:
            seen = migrated.run("verify", "-o", format_, *skips(left_out))
            assert says_migrated(format_, seen.out) is well, (left_out, seen.all)
            assert seen.code == (0 if well else 3 if format_ == "nagios" else 7), (left_out, format_)
    allowed = migrated.run("verify", "--allow-unknown", "--skip", "verification")
    assert allowed.code == 0
    assert allowed.out.splitlines()[-1] == "– no overall verdict; not checked: verification"


@pytest.mark.long
def test_a_migration_that_leaves_steps_out_says_what_it_did_not_see(migrated: World) -> None:
    for left_out in combinations(STEPS, 2):
        done = migrated.run("migrate", "--yes", *skips(left_out))
        assert done.code == 7, (left_out, done.all)
        assert not says_migrated("text", done.out)
    done = migrated.run("migrate", "--yes", "--skip", "permissions")
    assert done.code == 0
    assert done.out.splitlines()[-1].startswith(
        (
            "✓ migrated, and the pods prove it; permissions were not checked",
            "! migrated, and the pods prove it; permissions",
        )
    )


def test_a_single_step_says_what_it_did_and_not_that_the_project_is_migrated(fresh: World) -> None:
    done = fresh.run("step", "readiness", "--yes")
    assert done.code == 0, done.all
    assert done.out.splitlines()[-1] == "✓ step readiness: done"
    shown = fresh.run("step", "readiness", "--check", "-o", "json")
    assert "migrated" not in shown.json()
    assert shown.json()["done"] is True
    assert fresh.run("step", "readiness", "--skip", "readiness").code == 2


@pytest.mark.long
def test_where_there_is_no_3scale_each_step_is_refused_and_makes_nothing(empty: World) -> None:
    before = empty.objects()
    for name in STEPS:
        for options in (("--yes", "--secret-file", empty.secret), ("--check",)):
            refused = empty.run("step", name.value, *options)
            assert refused.code == 4, (name, refused.all)
            assert "there is no DeploymentConfig of 3scale in project threescale" in refused.err
    assert empty.objects() == before
    for left_out in ((), *((step,) for step in STEPS), STEPS):
        for format_ in FORMATS:
            seen = empty.run("verify", "-o", format_, *skips(left_out))
            assert not says_migrated(format_, seen.out)
            assert seen.code != 0, (left_out, format_)
    assert empty.migrate().code == 4


def test_each_check_has_its_code_in_every_machine_format(migrated: World, tmp_path: Path) -> None:
    prom = tmp_path / "3scale.prom"
    document = migrated.run("verify", "-o", "json", "--metrics-file", str(prom)).json()
    codes = {check["code"] for check in document["checks"]}
    assert {"pods-run-as-amp", "pull-secret-linked", "template-names-amp", "rollout-complete"} <= codes
    assert codes <= {code.value for code in Code}
    cases = migrated.run("verify", "-o", "junit").out
    for code in codes:
        assert f".{code}" in cases
        assert f'code="{code}"' in prom.read_text(encoding="utf-8")
    few = migrated.run("verify", "-o", "nagios", "--dc", "zync").out
    assert few.startswith(
        "3SCALE OK - threescale: the pods of 1 config prove that it runs as amp; 14 configs of 3scale"
    )


def test_what_passed_is_one_line_where_something_failed_and_no_step_whose_rollout_failed_is_among_it(
    tmp_path: Path,
) -> None:
    world = make_world(tmp_path, "image-pull=zync")
    assert world.migrate("--dc", "zync,backend-cron").code == 5
    shown = world.run("verify", "--dc", "zync,backend-cron")
    assert shown.code == 1
    lines = shown.out.splitlines()
    assert [line for line in lines if "✓" in line] == [
        "✓ passed: 1 registry secret, 2 service account, 3 permissions, 2 templates use amp, 1 rollout is complete,"
        " the pods of 1 config run as amp"
    ]
    assert len([line for line in lines if "zync: the image" in line]) == 1
    assert not [line for line in lines if "backend-cron: " in line], "of one that passed only its number is said"
