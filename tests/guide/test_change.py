"""Each kind of change: the journal gives back what it was given, and what a change's inverse does is undone."""

from __future__ import annotations

import json

import pytest

from threescale_migrate.guide.change import Change
from threescale_migrate.guide.config_changes import (
    ConfigPatched,
    ConfigPaused,
    ConfigResumed,
    RolloutCancelled,
    RolloutStarted,
)
from threescale_migrate.guide.dumps import Table
from threescale_migrate.guide.kept_data import DataKept, DataRestored
from threescale_migrate.guide.object_changes import (
    AccountCreated,
    AccountDeleted,
    SecretCopied,
    SecretCreated,
    SecretDeleted,
    SecretLinked,
    SecretReplaced,
    SecretUnlinked,
)
from threescale_migrate.guide.role_changes import RoleGranted, RoleRemoved
from threescale_migrate.guide.undo_plan import KINDS, revived
from threescale_migrate.values import Step, Text

WHY = Text("{name} needs it", name="zync")
ROLE = (WHY, "threescale", "amp", "", "ClusterRole", "view")
CHANGES: tuple[Change, ...] = (
    SecretCreated(WHY, "threescale-registry-auth", "f1", "/login.yaml", None, manifest="SECRET"),
    SecretCopied(WHY, "threescale-registry-auth-before-f1", "f1", None, None, manifest="SECRET"),
    SecretReplaced(WHY, "threescale-registry-auth", "f2", None, "login", manifest="SECRET", before="f1", backup="b"),
    SecretDeleted(WHY, "threescale-registry-auth", "f1"),
    AccountCreated(WHY),
    AccountDeleted(WHY, "amp"),
    SecretLinked(WHY, "default", "threescale-registry-auth", "pull"),
    SecretUnlinked(WHY, "default", "threescale-registry-auth", "mount", index=3),
    RoleGranted(*ROLE),
    RoleRemoved(WHY, "threescale", "amp", "threescale", "Role", "discover", "discover-amp"),
    ConfigPatched(WHY, "zync", None, None, "amp", "amp", written=("amp", "default")),
    ConfigResumed(WHY, "zync"),
    ConfigPaused(WHY, "zync"),
    RolloutStarted(WHY, "zync"),
    RolloutCancelled(WHY, "zync"),
    DataKept(WHY, "zync-database", "/f.sql", "zync-database-1-x", "u1", (Table("d", 'public."A b"', 3),)),
    DataRestored(WHY, "zync-database", "/f.sql", "zync-database-2-x", "u2", (Table("d", "public.a", 0),)),
)


def test_each_kind_is_here() -> None:
    assert {type(change) for change in CHANGES} == set(KINDS.values())


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.kind)
def test_a_journal_gives_back_what_it_was_given_but_for_secrets(change: Change) -> None:
    line = json.dumps(change.kept())
    read = revived(json.loads(line))
    assert (read, read.why, read.kept()) == (change, change.why, change.kept())
    assert read.args == change.args
    assert "SECRET" not in line
    assert "SECRET" not in repr(change)
    assert isinstance(change.step, Step)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.kind)
def test_what_is_odd_in_a_journal_is_no_change(change: Change) -> None:
    kept = change.kept()
    for name in kept:
        for odd in (5, True, [1], {"a": 1}, 1.5):
            if (name, odd) not in (("index", 5), ("generation", 5), ("revision", 5)):
                with pytest.raises(ValueError, match="is no"):
                    revived({**kept, name: odd})
    nothing: tuple[object, ...] = (None, [], "secret-created", {})
    for none in nothing:
        with pytest.raises(ValueError, match="no change"):
            revived(none)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.kind)
def test_an_inverse_is_about_the_same_object(change: Change) -> None:
    if change.inverse is not None:
        assert change.inverse.subject == change.subject
        assert change.inverse != change
        assert type(change.inverse) in KINDS.values()
