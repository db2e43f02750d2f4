"""Every failing call of the recordings gets its class, by its text alone."""

from __future__ import annotations

import pytest

from tests.support.recorded import Recorded, all_calls
from threescale_migrate.cluster import failures

# What a recorded failure means, by a part of its text; read off the recordings, not off the code.
MEANING: tuple[tuple[str, type[failures.OcError]], ...] = (
    ("Missing or incomplete configuration", failures.NoConfiguration),
    ("You must be logged in", failures.Unauthorized),
    ("was refused - did you specify", failures.ConnectionRefused),
    ("no such host", failures.NoRoute),
    ("x509:", failures.BadCertificate),
    ("Client.Timeout", failures.RequestTimeout),
    ("Invalid timeout value", failures.BadInput),
    ("(ServiceUnavailable)", failures.ServerUnavailable),
    ("context was not found for specified context", failures.NoConfiguration),
    ("unable to read certificate-authority", failures.NoConfiguration),
    ("(Conflict)", failures.Conflict),
    ("(AlreadyExists)", failures.AlreadyExists),
    ('serviceaccounts "amp" already exists', failures.AlreadyExists),
    ("(Forbidden)", failures.Forbidden),
    ("you do not have rights to view project", failures.Forbidden),
    ("You are not a member of project", failures.Forbidden),
    ("the server could not find the requested resource", failures.UnknownResourceType),
    ("doesn't have a resource type", failures.UnknownResourceType),
    ("(NotFound)", failures.NotFound),
    ("A project named", failures.NotFound),
    ("No valid secrets found", failures.NotFound),
    ("Unlinked deleted secrets", failures.NotFound),
    ("unknown command", failures.BadInput),
    ("unknown flag", failures.BadInput),
    ("invalid argument", failures.BadInput),
    ("The request is invalid", failures.BadInput),
    ("error parsing", failures.BadInput),
    ("does not exist", failures.BadInput),
    ("unable to decode", failures.BadInput),
    ("is invalid", failures.BadInput),
    ("(BadRequest)", failures.BadInput),
    ("timed out waiting for the condition", failures.OcError),
    ("has failed progressing", failures.OcError),
    ("no preferred addresses found", failures.OcError),
    ("cannot deploy a paused deployment config", failures.OcError),
    ("is already in progress", failures.OcError),
)
FAILING = [call for call in all_calls() if call.exit_code != 0]


def meant(call: Recorded) -> type[failures.OcError]:
    # `can-i` says no, and `diff` says that there is a difference, by their exit code alone.
    quiet = call.argv[1:3] == ("auth", "can-i") or call.argv[1] == "diff"
    # What a registry says, to the workstation or to the importer, is no word about the server that `oc` talks to (fact 35).
    if call.argv[1:3] == ("image", "info") or call.argv[1] == "import-image":
        return failures.OcError
    return next(
        (kind for text, kind in MEANING if text in call.stderr), failures.OcError if quiet else failures.Unreachable
    )


@pytest.mark.parametrize("call", FAILING, ids=lambda call: f"{call.scenario}: {call.command[:60]}")
def test_a_recorded_failure_gets_its_class(call: Recorded) -> None:
    assert failures.classify(call.exit_code, call.stderr) is meant(call)


def test_no_recorded_success_is_a_failure_whatever_it_warns_of() -> None:
    warned = [call for call in all_calls() if call.exit_code == 0 and call.stderr]
    assert len(warned) > 50
    assert all(failures.classify(call.exit_code, call.stderr) is None for call in warned)


def test_a_warning_is_left_out_of_the_sentence() -> None:
    stderr = "Warning: apps.openshift.io/v1 DeploymentConfig is deprecated in v4.14+\nerror: it broke\n"
    assert failures.error_sentence(stderr) == "error: it broke"
