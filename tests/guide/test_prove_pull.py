"""What the answers of a registry mean, by way of which client ever, and the file that asking takes."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

import pytest

from threescale_migrate.cluster.call_files import readable_once_or_more
from threescale_migrate.cluster.oc import Oc
from threescale_migrate.engine import registry_questions
from threescale_migrate.guide import pull_proof, secret_file
from threescale_migrate.guide.pull_proof import Requester
from threescale_migrate.guide.registry_answers import RegistryAnswer
from threescale_migrate.redaction import Redactor
from threescale_migrate.values import REGISTRY, Verdict

SECRET = "a-token-of-this-test-0815"
# As the clients, resolvers and proxies word it.
SAID = {
    "unauthorized: Please login to the Red Hat Registry using your Customer Portal credentials.": RegistryAnswer.REFUSED,
    "unable to retrieve auth token: invalid username/password": RegistryAnswer.REFUSED,
    "denied: requested access to the resource is denied": RegistryAnswer.REFUSED,
    "received unexpected HTTP status: 401 Unauthorized": RegistryAnswer.REFUSED,
    'Get "https://registry.redhat.io/v2/": dial tcp: lookup registry.redhat.io: no such host': RegistryAnswer.UNREACHABLE,
    'Get "https://registry.redhat.io/v2/": dial tcp 192.0.2.44:443: i/o timeout': RegistryAnswer.UNREACHABLE,
    'Get "https://registry.redhat.io/v2/": dial tcp 192.0.2.44:443: connect: connection refused': RegistryAnswer.UNREACHABLE,
    'Get "https://registry.redhat.io/v2/": context deadline exceeded': RegistryAnswer.UNREACHABLE,
    "x509: certificate signed by unknown authority": RegistryAnswer.UNTRUSTED,
    "proxyconnect tcp: dial tcp: lookup proxy: no such host; unauthorized": RegistryAnswer.UNREACHABLE,
    "received unexpected HTTP status: 503 Service Unavailable": RegistryAnswer.BUSY,
    "toomanyrequests: too many requests": RegistryAnswer.BUSY,
    'dockerimage.image.openshift.io "registry.redhat.io/x/y:latest" not found': RegistryAnswer.ABSENT,
    "manifest unknown: manifest unknown": RegistryAnswer.ABSENT,
    "unsupported: This repo requires terms acceptance and is only available on registry.redhat.io": RegistryAnswer.TERMS,
    "unauthorized: access to the requested resource is not authorized": RegistryAnswer.REFUSED,
    'error: unknown command "info" for "oc image"': RegistryAnswer.UNKNOWN,
    "Error from server (Forbidden): imagestreamimports is forbidden": RegistryAnswer.UNKNOWN,
    "": RegistryAnswer.UNKNOWN,
}


@pytest.mark.parametrize("said", SAID)
def test_a_refused_token_differs_from_a_registry_that_is_away(said: str) -> None:
    assert pull_proof.answer_of(1, "", said) is SAID[said]
    assert pull_proof.answer_of(1, said, "") is SAID[said]


@pytest.mark.parametrize("asker", Requester)
@pytest.mark.parametrize("answer", RegistryAnswer)
def test_every_answer_has_its_words(asker: Requester, answer: RegistryAnswer) -> None:
    found = pull_proof.check("registry.redhat.io/x/y", asker, answer, "what it said")
    certain = (
        RegistryAnswer.REFUSED,
        RegistryAnswer.TERMS,
        RegistryAnswer.UNPARSABLE,
        RegistryAnswer.NOT_IMPORTED,
        RegistryAnswer.BLOCKED,
    )
    failed = dict.fromkeys(certain, Verdict.FAILED)
    wanted = {RegistryAnswer.PROVED: Verdict.PASSED, **failed}.get(answer, Verdict.UNKNOWN)
    assert found.verdict is wanted
    assert "{" not in str(found.seen)


def test_what_one_asker_knows_outweighs_what_the_other_does_not() -> None:
    def answers(**given: RegistryAnswer) -> list[Verdict]:
        checks = {Requester(name): pull_proof.check("i", Requester(name), answer, "") for name, answer in given.items()}
        return [found.verdict for found in pull_proof.shown(checks)]

    assert answers(workstation=RegistryAnswer.UNREACHABLE, cluster=RegistryAnswer.PROVED) == [Verdict.PASSED]
    assert answers(workstation=RegistryAnswer.PROVED, cluster=RegistryAnswer.REFUSED) == [
        Verdict.PASSED,
        Verdict.FAILED,
    ]
    assert answers(workstation=RegistryAnswer.UNREACHABLE, cluster=RegistryAnswer.UNREACHABLE) == [
        Verdict.UNKNOWN,
        Verdict.UNKNOWN,
    ]
    # The cluster is asked later: a workstation is often not let out.
    assert answers(workstation=RegistryAnswer.UNREACHABLE) == [Verdict.WARNING]
    assert answers(workstation=RegistryAnswer.REFUSED) == [Verdict.FAILED]


@pytest.mark.parametrize(
    ("text", "right"),
    [
        (pull_proof.IMAGE, True),
        (f"{REGISTRY}/rhscl/mysql-57-rhel7:5.7", True),
        (f"{REGISTRY}/a/b@sha256:{'0' * 64}", True),
        ("quay.io/a/b", False),
        (f"{REGISTRY}.example.test/a", False),
        (REGISTRY, False),
        (f"{REGISTRY}/a b", False),
        (f"{REGISTRY}/a --x", False),
        ("registry-secret", False),
    ],
)
def test_an_image_is_one_that_the_login_is_for(text: str, right: bool) -> None:
    assert pull_proof.is_image(text) is right


@pytest.mark.parametrize(
    ("image", "asked"),
    [
        (pull_proof.IMAGE, f"{pull_proof.IMAGE}:latest"),
        (f"{REGISTRY}/a/b:1", f"{REGISTRY}/a/b:1"),
        (f"{REGISTRY}:443/a/b", f"{REGISTRY}:443/a/b:latest"),
        (f"{REGISTRY}/a/b@sha256:{'0' * 64}", f"{REGISTRY}/a/b@sha256:{'0' * 64}"),
    ],
)
def test_an_image_is_asked_for_with_a_tag_which_an_oc_of_2019_wants(image: str, asked: str) -> None:
    assert pull_proof.on_workstation(image, "f")[2] == asked


@pytest.fixture(params=["in memory", "through a pipe"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """The two ways in which a login reaches `oc`; a system that has no files in memory takes the second."""
    if request.param == "through a pipe":
        monkeypatch.delattr(os, "memfd_create")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return str(request.param)


@pytest.mark.parametrize("times", [1, 2, 5])
def test_a_login_can_be_read_as_often_as_the_client_likes_and_stands_on_no_disk(
    tmp_path: Path, way: str, times: int
) -> None:
    program = tmp_path / "oc"
    program.write_text(
        "#!/bin/sh\nfor word; do case $word in --registry-config=*) path=${word#*=};; esac; done\n"
        f"for _ in $(seq {times}); do cat $path | grep -c auths; done\n"
    )
    program.chmod(0o755)
    with readable_once_or_more('{"auths": {}}') as (path, stream):
        call = Oc(str(program)).answer(("image", "info", pull_proof.IMAGE, f"--registry-config={path}"), stream=stream)
    assert call.stdout == "1\n" * times, call
    assert [found.name for found in tmp_path.iterdir()] == ["oc"]
    with pytest.raises(KeyboardInterrupt), readable_once_or_more("x"):
        raise KeyboardInterrupt
    assert [found.name for found in tmp_path.iterdir()] == ["oc"]


def test_the_registry_is_asked_with_the_one_login(way: str) -> None:
    config = pull_proof.registry_config(secret_file.from_login("robot", SECRET, "here").manifest)
    with readable_once_or_more(config) as (path, _):
        assert list(json.loads(Path(path).read_text(encoding="utf-8"))["auths"]) == [REGISTRY]


def test_an_oc_that_repeats_the_login_is_masked_and_one_that_hangs_says_nothing_of_the_token(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    program = tmp_path_factory.mktemp("bin") / "oc"
    made = secret_file.from_login("robot", SECRET, "here")
    redact = Redactor()
    redact.learn(*made.secrets)
    program.write_text(
        "#!/bin/sh\nfor word; do case $word in --registry-config=*) cat ${word#*=} >&2;; esac; done\nexit 1\n"
    )
    program.chmod(0o755)
    found = registry_questions.from_here(Oc(str(program), redact=redact), pull_proof.IMAGE, made.manifest)
    assert found.verdict is Verdict.UNKNOWN
    assert "***" in str(found.seen)
    assert made.secrets[0][:12] not in str(found.seen)
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    found = registry_questions.from_here(
        Oc(str(program), redact=redact, call_timeout=0.2), pull_proof.IMAGE, made.manifest
    )
    assert found.verdict is Verdict.UNKNOWN
