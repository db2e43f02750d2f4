"""What clients and servers of 3.11, 4.6 and today print differently for the calls that we make, all of it.

Nothing here is looked up by a version: `oc version` may print `unknown` (fixtures/FACTS.md, "Not covered"), so each form is recognised by itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

# How a line begins that is an answer of the server or of the client: kubectl's error printer has no other forms, and `oc` a few of
# its own (errors, places, secrets-and-accounts).
ANSWER = re.compile(
    r"(?:error|Error): |Error from server\b|Error in configuration: |Unable to connect to the server: |The connection to the server "
    r"|The request is invalid|The \S+ \".*\" is invalid|Server returned an unexpected response|You must be logged in to the server"
    r"|You are not a member of |(?:the server doesn't have a resource type|unable to read|A project named|secret) "
    r"|No resources found"
)
# A line that belongs to the answer above it: a cause of an invalid object, a list, a message of several lines.
CONTINUED = re.compile(r"\* |\s+\S")
# Lines on stderr that are no errors: `Warning: …` today, with a time and a place in 4.6 (documented-procedure-oc-4.6); the logs of
# klog, of Go's own logger and of logrus; and the notes of older clients about flags and commands that they are to lose.
NOISE = re.compile(
    r"\s*(?:Warning: |[IWEF]\d{4} |time=\"|level=|\d{4}[/-]\d\d[/-]\d\d[ T]\d\d:\d\d|DEPRECATED:|Flag --|[*#=_~+-]{2,})"
)

# A patch that changes nothing: `patched (no change)` with exit code 0 today and in 4.6 (fact 9), `not patched`
# with exit code 1 from older clients (fact 20).
UNCHANGED = re.compile(r"\(no change\)|\bnot patched\b")

# A client whose `oc delete` can send the API's own options, in what its help lists: from 4.3 on (openshift/oc, release-4.2 and
# release-4.3: delete.go).
BINDS_DELETIONS = re.compile(r"^\s*--raw=", re.MULTILINE)


def user_of(context: str) -> str:
    """The user in the name of a context as `oc login` makes it, `project/server/user`; `?` if it is named otherwise.

    For servers without the users API, which cannot say who is logged in (documented-procedure-oc-4.6).
    """
    parts = context.strip().split("/")
    return parts[2] if len(parts) == 3 and parts[2] else "?"


def role_kind(reference: Mapping[str, Any]) -> str:
    """The kind of role that a binding names: 3.11's own bindings say none, and a role without a namespace is the cluster's."""
    return str(reference.get("kind") or ("Role" if reference.get("namespace") else "ClusterRole"))


def subject_namespace(namespace: str, binding_namespace: str) -> str:
    """Where a binding's service account lives: 3.11 leaves the namespace out if it is the binding's own."""
    return namespace or binding_namespace
