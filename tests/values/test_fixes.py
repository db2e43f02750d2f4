"""A fix as a value: the line that is pasted of each of its commands, for whom it is, and how the journal keeps it."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threescale_migrate import check_json
from threescale_migrate.check_codes import Code
from threescale_migrate.shell import PROGRAM, Invocation, resumption
from threescale_migrate.values import NO_FIX, RESUME, Check, Command, Fix, Step, Text, Verdict, Who, resume

PLACE = Invocation(
    "amp-prod", "prod/api:6443/jo", "/home/jo/config", "migrate", ("--secret-file=my secret.yml", "--dc=zync")
)
HERE = "--namespace=amp-prod --context=prod/api:6443/jo --kubeconfig=/home/jo/config"


@pytest.mark.parametrize(
    ("command", "line"),
    [
        (Command(("oc", "logs", "zync-2-x", "--previous")), f"oc logs zync-2-x --previous {HERE}"),
        (
            Command(("oc", "process", "-f", "a b"), piped=(("oc", "create", "-f", "-"),)),
            f"oc process -f 'a b' {HERE} | oc create -f - {HERE}",
        ),
        (
            Command(("oc", "get", "scc"), Who.CLUSTER_ADMIN, (("grep", "-E", "[ ,:]x|y"),)),
            "oc get scc | grep -E '[ ,:]x|y'",
        ),
        (
            Command(("oc", "adm", "policy", "add-scc-to-user", "anyuid", "u"), Who.CLUSTER_ADMIN),
            "oc adm policy add-scc-to-user anyuid u --namespace=amp-prod",
        ),
        (
            Command(("oc", "adm", "policy", "add-cluster-role-to-user", "view", "u"), Who.CLUSTER_ADMIN),
            "oc adm policy add-cluster-role-to-user view u",
        ),
        (
            Command(("oc", "get", "rolebindings", "--all-namespaces"), Who.CLUSTER_ADMIN),
            "oc get rolebindings --all-namespaces",
        ),
        (RESUME, f"{PROGRAM} migrate '--secret-file=my secret.yml' --dc=zync {HERE}"),
        (resume("--secret-file", "FILE"), f"{PROGRAM} migrate --secret-file FILE --dc=zync {HERE}"),
    ],
)
def test_a_command_is_one_line_that_names_its_place_and_that_of_an_admin_nothing_of_the_user(
    command: Command, line: str
) -> None:
    assert PLACE.pasted(command) == line


@pytest.mark.parametrize(
    ("place", "line"),
    [
        (("verify", ("--dc=zync",)), "migrate --resume-paused --dc=zync"),
        (("plan", ("--dc=zync", "--secret-file=/s")), "migrate --resume-paused --dc=zync --secret-file=/s"),
        (("undo", ("--dc=zync",), ("RUN",)), "undo RUN --dc=zync"),
        (("step", ("--dc=zync",), ("deployment-configs",)), "step deployment-configs --resume-paused --dc=zync"),
        (("step", ("--dc=zync",), ("readiness",)), "migrate --resume-paused --dc=zync"),
    ],
)
def test_a_run_goes_on_with_the_command_that_it_is(place: Any, line: str) -> None:
    assert Invocation("p", "", "", *place).pasted(resume("--resume-paused")) == f"{PROGRAM} {line} --namespace=p"


def test_what_several_fixes_need_to_go_on_is_one_command_with_the_options_of_all() -> None:
    found = resumption(
        (
            RESUME,
            Command(("oc", "logs", "x")),
            resume("--secret-file", "FILE", "--replace-secret"),
            resume("--resume-paused", "--replace-secret"),
        )
    )
    assert found == resume("--secret-file", "FILE", "--replace-secret", "--resume-paused")
    assert resumption((Command(("oc", "logs", "x")),)) is None


WORDS = st.text(min_size=1).filter(lambda word: "\0" not in word)
COMMANDS = st.builds(
    Command,
    st.lists(WORDS, min_size=1).map(lambda words: ("oc", *words)),
    st.sampled_from(Who),
    st.lists(st.lists(WORDS, min_size=1).map(tuple), max_size=2).map(tuple),
    st.booleans(),
)


@given(st.lists(COMMANDS).map(tuple), st.text())
def test_a_check_is_read_from_a_journal_as_it_was_written(commands: tuple[Command, ...], said: str) -> None:
    fix = Fix(Text("{said}", said=said), commands)
    for one in (fix, NO_FIX):
        check = Check(Step.READINESS, Code.ROLLOUT_COMPLETE, "dc/zync", Verdict.FAILED, Text("{said}", said=said), one)
        assert check_json.check_of(check_json.of_check(check)) == check


@given(st.lists(st.text(st.characters(blacklist_categories=["Cs"]), min_size=1), min_size=1))
def test_a_shell_reads_the_words_that_were_meant(words: list[str]) -> None:
    line = Invocation().pasted(Command(("oc", *words)))
    assert "\n" not in line
    if all(word.isprintable() for word in words):
        assert shlex.split(line) == ["oc", *words]
