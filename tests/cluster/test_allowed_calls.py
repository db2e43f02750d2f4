"""Through which door a call of `oc` may go: what only looks is a closed list, and what changes needs an open journal."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from threescale_migrate.cluster.allowed_calls import (
    ASK,
    LOOKING,
    TRY_ON_SERVER,
    WrongDoor,
    images,
    only_looks,
    reviews,
    try_patch,
)
from threescale_migrate.cluster.oc import Oc
from threescale_migrate.cluster.workloads import parse_config
from threescale_migrate.guide.config_changes import patch

LOOK = (
    "get dc,rc -o json",
    "logs zync-1-abcde --tail=5",
    "whoami",
    "whoami --show-server",
    "whoami --show-context",
    "project -q",
    "version --client",
    "version -o json",
    "auth can-i patch dc",
    "config current-context",
    "config get-contexts -o name",
    "config view --minify -o json",
    "image info registry.redhat.io/a/b",
    "exec zync-database-1-abcde -- bash -c DUMP",
    " ".join(TRY_ON_SERVER),
    f"{' '.join(TRY_ON_SERVER)} --namespace=a",
)
# What changes something, or could with some client; what prints a token; what is nobody's business.
DO_NOT = (
    "adm policy add-role-to-user view alice --dry-run=server",
    "adm policy add-role-to-user view alice --dry-run=client",
    "adm policy add-scc-to-user anyuid -z amp --dry-run=client -o yaml",
    "policy add-role-to-user view alice --dry-run=client",
    "create -f -",
    "create -f - --dry-run=client",
    "create -f - --dry-run",
    "create -f - --dry-run=server -o name --dry-run=none",
    "create -f - -o name --dry-run=server",
    "create rolebinding a --role=b --dry-run=server",
    "patch dc zync --patch {} --dry-run=server",
    "import-image s:latest --from=registry.redhat.io/a/b --confirm",
    "import-image s:latest --from=registry.redhat.io/a/b --confirm --dry-run",
    "import-image s:latest --from=registry.redhat.io/a/b --confirm --dry-run=false",
    "import-image s:latest --from=registry.redhat.io/a/b --confirm --dry-run --dry-run=false",
    "auth reconcile -f -",
    "config use-context other",
    "config set-context --current --namespace=other",
    "config view --raw",
    "config view --minify --flatten -o json",
    "config view --raw=true",
    "project other",
    "project",
    "whoami -t",
    "whoami --show-token",
    "delete pod zync-1-abcde",
    "rollout latest dc/zync",
    "exec zync-database-1-abcde -- bash -c pg_dumpall",
    "exec zync-database-1-abcde -- bash -c DUMP more",
    "exec zync-database-1-abcde -- sh -c DUMP",
    "exec -i zync-database-1-abcde -- bash -c DUMP",
    "exec -it -- bash -c DUMP",
    "exec zync-database-1-abcde bash -c DUMP",
    "rsh zync-database-1-abcde bash -c DUMP",
    "secrets link default a",
    "secrets unlink default a",
    "secrets",
    "",
)


def words(call: str) -> list[str]:
    """A call as a list; DUMP is the one command that may be run in a pod."""
    return ["pg_dumpall -c --if-exists" if word == "DUMP" else word for word in call.split()]


def test_the_list_of_what_looks_is_this_one() -> None:
    """Whoever adds to it says here too that no client changes anything by it."""
    assert [" ".join(words) for words, _ in LOOKING] == [
        "get", "logs", "auth can-i", "image info", "whoami", "project", "delete --help", "version", "config current-context",
        "config get-contexts", "config view", "exec", "patch dc", "create -f - --dry-run=server -o name",
    ]  # fmt: skip


@pytest.mark.parametrize("call", LOOK)
def test_what_only_looks_goes_through_the_door_for_looking(call: str) -> None:
    assert only_looks(words(call))


@dataclass
class Record:
    """A journal, as far as the door knows one."""

    is_open: bool


def counting(home: Path) -> tuple[Oc, Path]:
    calls = home / "calls"
    program = home / "oc"
    program.write_text(f'#!/bin/sh\necho "$*" >> "{calls}"\n', encoding="utf-8")
    program.chmod(0o755)
    return Oc(str(program)), calls


@pytest.mark.parametrize("call", DO_NOT)
def test_what_may_change_something_is_refused_before_it_is_run(call: str, tmp_path: Path) -> None:
    oc, calls = counting(tmp_path)
    args = words(call)
    for door in (oc.answer, oc.read, oc.read_line, oc.ask):
        with pytest.raises(WrongDoor):
            door(args)
    for parse in (oc.read_item, oc.read_items):
        with pytest.raises(WrongDoor):
            parse(args, lambda item: item)
    assert not calls.exists()


def test_a_change_needs_a_journal_that_is_open(tmp_path: Path) -> None:
    oc, calls = counting(tmp_path)
    with pytest.raises(WrongDoor):
        oc.change(("patch", "dc", "zync"), None, Record(False))
    assert not calls.exists()
    oc.change(("patch", "dc", "zync"), None, Record(True))
    assert calls.read_text(encoding="utf-8") == "patch dc zync\n"


def test_there_is_no_third_door() -> None:
    """Whatever else of it is public starts no process of its own choice."""
    public = {name for name in vars(Oc) if not name.startswith("_") and callable(getattr(Oc, name))} - {"pause"}
    assert public == {
        "answer",
        "argv",
        "ask",
        "change",
        "read",
        "read_item",
        "read_items",
        "read_names",
        "read_line",
        "retry",
    }


ASKED = reviews(("threescale", "any:where"))
AS = "--as=system:serviceaccount:threescale:default"


IMAGES = images(("registry.redhat.io/a/b", "c/d:1"))


def test_images_are_asked_for_without_an_import() -> None:
    assert only_looks(ASK, IMAGES)
    assert not only_looks(ASK, images(()))
    assert not only_looks((*ASK, AS), IMAGES)
    for before, after in (
        ('"import": false', '"import": true'),
        ("DockerImage", "ImageStreamTag"),
        ('"spec"', '"Spec"'),
    ):
        assert not only_looks(ASK, IMAGES.replace(before, after)), after


@pytest.mark.parametrize("more", [(), (AS,)])
def test_a_review_stores_nothing_and_looks(more: tuple[str, ...]) -> None:
    assert only_looks((*ASK, *more), ASKED)


@pytest.mark.parametrize(
    ("args", "stdin"),
    [
        (ASK, None),
        (ASK, ""),
        (ASK, "[]"),
        (ASK, reviews(())),
        (ASK, '{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}}'),
        (ASK, ASKED + '{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}}'),
        (ASK, ASKED.replace('"items"', '"Items": [], "items"')),
        (ASK, ASKED.replace("SelfSubjectRulesReview", "TokenRequest")),
        (ASK, ASKED.replace("authorization.k8s.io/v1", "authorization.openshift.io/v1", 1)),
        (ASK, ASKED.replace('"spec"', '"kind": "Pod", "spec"', 1)),
        ((*ASK, "--as=alice"), ASKED),
        ((*ASK, AS, "--as=alice"), ASKED),
        ((*ASK, AS, "--as-group=system:masters"), ASKED),
        ((*ASK, f"{AS} --as=alice"), ASKED),
        ((*ASK, AS), '{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}}'),
        (("create", "-f", "pod.json", "-o", "json"), ASKED),
        (("apply", "-f", "-", "-o", "json"), ASKED),
        ((*ASK, "--dry-run=client"), ASKED),
    ],
)
def test_nothing_but_a_review_goes_that_way(args: tuple[str, ...], stdin: str | None) -> None:
    assert not only_looks(args, stdin)
    oc = Oc("/bin/true")
    with pytest.raises(WrongDoor):
        oc.answer(args, stdin)


def test_the_only_patch_that_is_tried_is_the_guides_as_a_dry_run_of_the_server() -> None:
    tried = try_patch("zync")
    assert only_looks(tried)
    assert tried[4] == patch(parse_config({"metadata": {"name": "zync"}}), "amp").args[4]
    for other in (
        tried[:-3],  # without --dry-run
        (*tried[:5], "--dry-run=client", *tried[6:]),
        (*tried[:5], "--dry-run", *tried[6:]),
        (*tried, "--namespace=other"),
        (*tried[:4], '{"spec":{"replicas":0}}', *tried[5:]),
        ("patch", "sa", *tried[2:]),
        ("patch", "dc", "--local", *tried[3:]),
    ):
        assert not only_looks(other), other
