"""Every failing call of the recordings gets its class, by its text alone."""

from __future__ import annotations

import pytest

from tests.support.recorded import Recorded, all_calls
from threescale_migrate.cluster import oc

# What a recorded failure means, by a part of its text; read off the recordings, not off the code.
MEANING: tuple[tuple[str, type[oc.OcError]], ...] = (
    ("Missing or incomplete configuration", oc.NoConfiguration),
    ("You must be logged in", oc.Unauthorized),
    ("was refused - did you specify", oc.ConnectionRefused),
    ("no such host", oc.NoRoute),
    ("x509:", oc.BadCertificate),
    ("Client.Timeout", oc.RequestTimeout),
    ("Invalid timeout value", oc.BadInput),
    ("(ServiceUnavailable)", oc.ServerUnavailable),
    ("(Conflict)", oc.Conflict),
    ("(AlreadyExists)", oc.AlreadyExists),
    ('serviceaccounts "amp" already exists', oc.AlreadyExists),
    ("(Forbidden)", oc.Forbidden),
    ("you do not have rights to view project", oc.Forbidden),
    ("You are not a member of project", oc.Forbidden),
    ("the server could not find the requested resource", oc.UnknownResourceType),
    ("doesn't have a resource type", oc.UnknownResourceType),
    ("(NotFound)", oc.NotFound),
    ("A project named", oc.NotFound),
    ("No valid secrets found", oc.NotFound),
    ("Unlinked deleted secrets", oc.NotFound),
    ("unknown command", oc.BadInput),
    ("unknown flag", oc.BadInput),
    ("error parsing", oc.BadInput),
    ("does not exist", oc.BadInput),
    ("unable to decode", oc.BadInput),
    ("is invalid", oc.BadInput),
    ("(BadRequest)", oc.BadInput),
    ("timed out waiting for the condition", oc.OcError),
    ("has failed progressing", oc.OcError),
    ("no preferred addresses found", oc.OcError),
    ("cannot deploy a paused deployment config", oc.OcError),
    ("is already in progress", oc.OcError),
)
FAILING = [call for call in all_calls() if call.exit_code != 0]


def meant(call: Recorded) -> type[oc.OcError]:
    # `can-i` says no, and `diff` says that there is a difference, by their exit code alone.
    quiet = call.argv[1:3] == ("auth", "can-i") or call.argv[1] == "diff"
    return next((kind for text, kind in MEANING if text in call.stderr), oc.OcError if quiet else oc.Unreachable)


@pytest.mark.parametrize("call", FAILING, ids=lambda call: f"{call.scenario}: {call.command[:60]}")
def test_a_recorded_failure_gets_its_class(call: Recorded) -> None:
    assert oc.classify(call.exit_code, call.stderr) is meant(call)


def test_no_recorded_success_is_a_failure_whatever_it_warns_of() -> None:
    warned = [call for call in all_calls() if call.exit_code == 0 and call.stderr]
    assert len(warned) > 50
    assert all(oc.classify(call.exit_code, call.stderr) is None for call in warned)


def test_a_warning_is_left_out_of_the_sentence() -> None:
    stderr = "Warning: apps.openshift.io/v1 DeploymentConfig is deprecated in v4.14+\nerror: it broke\n"
    assert oc.error_sentence(stderr) == "error: it broke"
