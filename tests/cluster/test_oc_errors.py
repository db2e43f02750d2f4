"""Every failing call of the recordings gets its class, by its text alone."""

from __future__ import annotations

import pytest

from tests.support.recorded import Recorded, all_calls
from threescale_migrate.cluster import oc_errors

# What a recorded failure means, by a part of its text; read off the recordings, not off the code.
MEANING: tuple[tuple[str, type[oc_errors.OcError]], ...] = (
    ("Missing or incomplete configuration", oc_errors.NoConfiguration),
    ("You must be logged in", oc_errors.Unauthorized),
    ("was refused - did you specify", oc_errors.ConnectionRefused),
    ("no such host", oc_errors.NoRoute),
    ("x509:", oc_errors.BadCertificate),
    ("Client.Timeout", oc_errors.RequestTimeout),
    ("Invalid timeout value", oc_errors.BadInput),
    ("(ServiceUnavailable)", oc_errors.ServerUnavailable),
    ("context was not found for specified context", oc_errors.NoConfiguration),
    ("unable to read certificate-authority", oc_errors.NoConfiguration),
    ("(Conflict)", oc_errors.Conflict),
    ("(AlreadyExists)", oc_errors.AlreadyExists),
    ('serviceaccounts "amp" already exists', oc_errors.AlreadyExists),
    ("(Forbidden)", oc_errors.Forbidden),
    ("you do not have rights to view project", oc_errors.Forbidden),
    ("You are not a member of project", oc_errors.Forbidden),
    ("the server could not find the requested resource", oc_errors.UnknownResourceType),
    ("doesn't have a resource type", oc_errors.UnknownResourceType),
    ("(NotFound)", oc_errors.NotFound),
    ("A project named", oc_errors.NotFound),
    ("No valid secrets found", oc_errors.NotFound),
    ("Unlinked deleted secrets", oc_errors.NotFound),
    ("unknown command", oc_errors.BadInput),
    ("unknown flag", oc_errors.BadInput),
    ("invalid argument", oc_errors.BadInput),
    ("The request is invalid", oc_errors.BadInput),
    ("error parsing", oc_errors.BadInput),
    ("does not exist", oc_errors.BadInput),
    ("unable to decode", oc_errors.BadInput),
    ("is invalid", oc_errors.BadInput),
    ("(BadRequest)", oc_errors.BadInput),
    ("timed out waiting for the condition", oc_errors.OcError),
    ("has failed progressing", oc_errors.OcError),
    ("no preferred addresses found", oc_errors.OcError),
    ("cannot deploy a paused deployment config", oc_errors.OcError),
    ("is already in progress", oc_errors.OcError),
)
FAILING = [call for call in all_calls() if call.exit_code != 0]


def meant(call: Recorded) -> type[oc_errors.OcError]:
    # `can-i` says no, and `diff` says that there is a difference, by their exit code alone.
    quiet = call.argv[1:3] == ("auth", "can-i") or call.argv[1] == "diff"
    # What a registry says, to the workstation or to the importer, is no word about the server that `oc` talks to (fact 35).
    if call.argv[1:3] == ("image", "info") or call.argv[1] == "import-image":
        return oc_errors.OcError
    return next(
        (kind for text, kind in MEANING if text in call.stderr), oc_errors.OcError if quiet else oc_errors.Unreachable
    )


@pytest.mark.parametrize("call", FAILING, ids=lambda call: f"{call.scenario}: {call.command[:60]}")
def test_a_recorded_failure_gets_its_class(call: Recorded) -> None:
    assert oc_errors.classify(call.exit_code, call.stderr) is meant(call)


def test_no_recorded_success_is_a_failure_whatever_it_warns_of() -> None:
    warned = [call for call in all_calls() if call.exit_code == 0 and call.stderr]
    assert len(warned) > 50
    assert all(oc_errors.classify(call.exit_code, call.stderr) is None for call in warned)


def test_a_warning_is_left_out_of_the_sentence() -> None:
    stderr = "Warning: apps.openshift.io/v1 DeploymentConfig is deprecated in v4.14+\nerror: it broke\n"
    assert oc_errors.error_sentence(stderr) == "error: it broke"
