"""What registries, nodes and importers say: the real words of the recordings, and others of the same kinds."""

from __future__ import annotations

import pytest

from threescale_migrate.guide import pull_proof, todays_images
from threescale_migrate.guide.registry_answers import RegistryAnswer, answer_in, of_status
from threescale_migrate.guide.todays_images import TodaysImage
from threescale_migrate.values import Verdict

IMAGE = "registry.redhat.io/3scale-amp26/backend:latest"
# The reason and the message of an image's status in an ImageStreamImport (imports-asked, and importer.go of openshift-apiserver).
STATUSES = (
    ("Unauthorized", f'you may not have access to the container image "{IMAGE}"', RegistryAnswer.REFUSED),
    ("Unauthorized", f'incorrect username or password for image "{IMAGE}"', RegistryAnswer.REFUSED),
    ("NotFound", f'dockerimage.image.openshift.io "{IMAGE}" not found', RegistryAnswer.ABSENT),
    ("InternalError", f"Internal error occurred: {IMAGE}: unable to parse auth field, must be formatted as base64(username:password)", RegistryAnswer.UNPARSABLE),
    ("InternalError", f"Internal error occurred: {IMAGE}: illegal base64 data at input byte 0", RegistryAnswer.UNPARSABLE),
    ("InternalError", f'Internal error occurred: {IMAGE}: Get "https://x/v2/": dial tcp: lookup x on 10.0.0.1:53: no such host', RegistryAnswer.UNREACHABLE),
    ("InternalError", f"Internal error occurred: {IMAGE}: toomanyrequests: rate limit", RegistryAnswer.BUSY),
    ("InternalError", f'Internal error occurred: {IMAGE}: Get "https://x/v2/": tls: failed to verify certificate: x509: signed by unknown authority', RegistryAnswer.UNTRUSTED),
    ("InternalError", 'Internal error occurred: images.config.openshift.io "cluster" not found', RegistryAnswer.SERVER),
    ("InternalError", 'Internal error occurred: secrets "x" not found', RegistryAnswer.SERVER),
    ("InternalError", "Internal error occurred: etcdserver: request timed out", RegistryAnswer.SERVER),
    ("InternalError", "Internal error occurred: something that nobody has seen yet", RegistryAnswer.SERVER),
    ("Forbidden", ' "" is forbidden: registry registry.redhat.io blocked', RegistryAnswer.BLOCKED),
    ("Invalid", 'spec.images[0].from.name: Forbidden: registry "registry.redhat.io" not allowed by whitelist: "quay.io:443"', RegistryAnswer.NOT_IMPORTED),
    ("Invalid", 'registry "registry.redhat.io" not allowed by empty whitelist', RegistryAnswer.NOT_IMPORTED),
)  # fmt: skip


@pytest.mark.parametrize(("reason", "message", "answer"), STATUSES)
def test_a_status_is_taken_by_its_reason_and_its_text_explains(
    reason: str, message: str, answer: RegistryAnswer
) -> None:
    assert of_status(reason, message) is answer


def test_a_log_beside_the_answer_changes_nothing() -> None:
    noise = (
        "E1130 10:00:01.123456    4242 memcache.go:287] x509: unauthorized\n*** error: no such host: be careful ***\n"
    )
    assert pull_proof.answer_of(0, "{}\n", noise) is RegistryAnswer.PROVED
    assert pull_proof.answer_of(1, "", f"{noise}error: manifest unknown: manifest unknown\n") is RegistryAnswer.ABSENT


def asked(answer: RegistryAnswer, said: str, count: int = 3) -> list[TodaysImage]:
    return [
        TodaysImage(f"quay.io/x/{n}:1", ("zync",), answer, said.replace("IMAGE", f"quay.io/x/{n}:1"))
        for n in range(count)
    ]


def test_an_error_of_the_server_is_said_once_and_blocks_nothing() -> None:
    said = 'error: tag latest failed: Internal error occurred: images.config.openshift.io "cluster" not found'
    found = todays_images.checks(asked(RegistryAnswer.SERVER, said, 9), has_login=False)
    assert [finding.verdict for finding in found] == [Verdict.WARNING]
    assert "9 images" in str(found[0].seen)
    assert "an error of the cluster itself" in str(found[0].seen)


def test_each_cause_is_said_once() -> None:
    both = [
        *asked(RegistryAnswer.SERVER, "own"),
        *asked(RegistryAnswer.UNREACHABLE, "IMAGE: no such host"),
        *asked(RegistryAnswer.UNKNOWN, "IMAGE: odd"),
    ]
    assert len(todays_images.checks(both, has_login=False)) == 3
    assert answer_in("odd") is RegistryAnswer.UNKNOWN


PULLING = 'Failed to pull image "registry.redhat.io/3scale-amp26/system:latest": rpc error: code = Unknown desc = '
MIRROR = "(Mirrors also failed: [mirror.corp:5000/x:latest: "
OTHER_WORDS = (
    # What an image or a host is called means nothing.
    ("reading manifest latest in quay.io/corp/timeout-service: manifest unknown", RegistryAnswer.ABSENT),
    ("reading manifest v1.500 in quay.io/corp/x: manifest unknown", RegistryAnswer.ABSENT),
    ("reading manifest latest in quay.io/certificate/x: unauthorized: access denied", RegistryAnswer.REFUSED),
    ("manifest for registry:5000/unreachable:latest not found", RegistryAnswer.ABSENT),
    # The mirrors were asked first; the registry that the image names, last.
    (f"{MIRROR}x509: unknown authority]): registry.redhat.io/x:1: unauthorized: Please login", RegistryAnswer.REFUSED),
    (f"{MIRROR}unauthorized: no]): registry.redhat.io/x:1: dial tcp 10.0.0.1:443: i/o timeout", RegistryAnswer.UNREACHABLE),
    # A layer or a configuration comes from a store behind the registry, which has taken the login by then.
    ("reading blob sha256:0a: fetching blob: invalid status code from registry 403 (Forbidden)", RegistryAnswer.UNREACHABLE),
    ("parsing image configuration: fetching blob: StatusCode: 403, <Code>AccessDenied</Code>", RegistryAnswer.UNREACHABLE),
    ("repository 3scale/x not found: does not exist or no pull access", RegistryAnswer.REFUSED),
    ('image operating system "windows" cannot be used on this platform', RegistryAnswer.UNFIT),
    ("devmapper: Thin Pool has 3023 free data blocks which is less than minimum required 163840", RegistryAnswer.NODE),
    ("rpc error: code = Unavailable desc = error reading from server: EOF", RegistryAnswer.ENGINE),
    ("rpc error: code = Unavailable desc = transport is closing", RegistryAnswer.ENGINE),
    ("pull QPS exceeded", RegistryAnswer.ENGINE),
    ("Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?", RegistryAnswer.ENGINE),
)  # fmt: skip


@pytest.mark.parametrize(("said", "answer"), OTHER_WORDS)
def test_a_node_is_understood_by_what_it_says_and_not_by_the_names_in_it(said: str, answer: RegistryAnswer) -> None:
    assert answer_in(said) is answer
    assert answer_in(PULLING + said) is answer
