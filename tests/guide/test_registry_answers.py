"""What registries, nodes and importers say: the real words of the recordings, and others of the same kinds."""

from __future__ import annotations

import pytest

from threescale_migrate.guide import pull_proof, todays_images
from threescale_migrate.guide.registry_answers import Answer, meaning, of_status
from threescale_migrate.guide.todays_images import Asked
from threescale_migrate.values import Verdict

IMAGE = "registry.redhat.io/3scale-amp26/backend:latest"
# The reason and the message of an image's status in an ImageStreamImport (imports-asked, and importer.go of openshift-apiserver).
STATUSES = (
    ("Unauthorized", f'you may not have access to the container image "{IMAGE}"', Answer.REFUSED),
    ("Unauthorized", f'incorrect username or password for image "{IMAGE}"', Answer.REFUSED),
    ("NotFound", f'dockerimage.image.openshift.io "{IMAGE}" not found', Answer.ABSENT),
    ("InternalError", f"Internal error occurred: {IMAGE}: unable to parse auth field, must be formatted as base64(username:password)", Answer.UNPARSABLE),
    ("InternalError", f"Internal error occurred: {IMAGE}: illegal base64 data at input byte 0", Answer.UNPARSABLE),
    ("InternalError", f'Internal error occurred: {IMAGE}: Get "https://x/v2/": dial tcp: lookup x on 10.0.0.1:53: no such host', Answer.UNREACHABLE),
    ("InternalError", f"Internal error occurred: {IMAGE}: toomanyrequests: rate limit", Answer.BUSY),
    ("InternalError", f'Internal error occurred: {IMAGE}: Get "https://x/v2/": tls: failed to verify certificate: x509: signed by unknown authority', Answer.UNTRUSTED),
    ("InternalError", 'Internal error occurred: images.config.openshift.io "cluster" not found', Answer.SERVER),
    ("InternalError", 'Internal error occurred: secrets "x" not found', Answer.SERVER),
    ("InternalError", "Internal error occurred: etcdserver: request timed out", Answer.SERVER),
    ("InternalError", "Internal error occurred: something that nobody has seen yet", Answer.SERVER),
    ("Forbidden", ' "" is forbidden: registry registry.redhat.io blocked', Answer.BLOCKED),
    ("Invalid", 'spec.images[0].from.name: Forbidden: registry "registry.redhat.io" not allowed by whitelist: "quay.io:443"', Answer.NOT_IMPORTED),
    ("Invalid", 'registry "registry.redhat.io" not allowed by empty whitelist', Answer.NOT_IMPORTED),
)  # fmt: skip


@pytest.mark.parametrize(("reason", "message", "answer"), STATUSES)
def test_a_status_is_taken_by_its_reason_and_its_text_explains(reason: str, message: str, answer: Answer) -> None:
    assert of_status(reason, message) is answer
    # The same, as import-image prints it, with its exit code of today and with that of 4.6.
    said = f"error: tag latest failed: {message}\nerror: imported completed with errors\n"
    assert pull_proof.judged(1, "", said) is answer
    assert pull_proof.judged(0, "imagestream.image.openshift.io/x imported with errors (dry run)\n", said) is answer


def test_what_the_api_says_is_no_answer_of_a_registry() -> None:
    assert pull_proof.judged(1, "", 'Error from server (NotFound): namespaces "x" not found') is Answer.UNKNOWN
    assert pull_proof.judged(1, "", 'Error from server: admission webhook "x" denied the request: no') is Answer.UNKNOWN
    refused = 'error: ImageStream "x" is invalid: spec.tags[latest].from.name: Forbidden: registry "registry.redhat.io" not allowed by whitelist: "quay.io:443"'
    assert pull_proof.judged(1, "", refused) is Answer.NOT_IMPORTED


def test_a_log_beside_the_answer_changes_nothing() -> None:
    noise = "E1130 10:00:01.123456    4242 memcache.go:287] x509: unauthorized\n*** error: tag latest failed: be careful ***\n"
    assert pull_proof.judged(0, "imagestream.image.openshift.io/x imported (dry run)\n", noise) is Answer.PROVED
    assert pull_proof.judged(1, "", f"{noise}error: manifest unknown: manifest unknown\n") is Answer.ABSENT


def asked(answer: Answer, said: str, count: int = 3) -> list[Asked]:
    return [
        Asked(f"quay.io/x/{n}:1", ("zync",), answer, said.replace("IMAGE", f"quay.io/x/{n}:1")) for n in range(count)
    ]


def test_an_error_of_the_server_is_said_once_and_blocks_nothing() -> None:
    said = 'error: tag latest failed: Internal error occurred: images.config.openshift.io "cluster" not found'
    found = todays_images.findings(asked(Answer.SERVER, said, 9), has_login=False)
    assert [finding.verdict for finding in found] == [Verdict.WARNING]
    assert "9 images" in str(found[0].seen)
    assert "an error of the cluster itself" in str(found[0].seen)


def test_each_cause_is_said_once() -> None:
    both = [
        *asked(Answer.SERVER, "own"),
        *asked(Answer.UNREACHABLE, "IMAGE: no such host"),
        *asked(Answer.UNKNOWN, "IMAGE: odd"),
    ]
    assert len(todays_images.findings(both, has_login=False)) == 3
    assert meaning("odd") is Answer.UNKNOWN
