"""Why a call of `oc` failed: one class for each cause, recognised by the text alone, since every error exits 1.

It owns the table of texts. It starts nothing and knows nothing of 3scale.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ..exit_codes import ExitCode
from ..values import NO_FIX, PROGRAM, Command, Fix, Text
from .dialects import ANSWER, CONTINUED, NOISE


class OcError(Exception):
    """A call of `oc` that failed, or could not be made; its text is safe to show."""

    exit_code = ExitCode.FAILED
    passing = False
    fix: Fix = NO_FIX

    def __init__(self, message: str | Text, call: Call | None = None) -> None:
        super().__init__(str(message))
        self.text = message if isinstance(message, Text) else Text("{said}", said=message)
        self.call = call


class NotFound(OcError):
    """The object is not there."""


class AlreadyExists(OcError):
    """The object is there already."""


class Forbidden(OcError):
    """The user has no permission to do this."""


class Denied(OcError):
    """Admission refuses it: a webhook or policy of the cluster, a quota. No permission is missing."""


class Conflict(OcError):
    """Somebody else changed the object in between."""

    passing = True


class BadInput(OcError):
    """`oc` or the server refuses what it was given."""


class UnknownResourceType(OcError):
    """The server has no such type."""


class Unreachable(OcError):
    """The cluster cannot be reached."""

    exit_code = ExitCode.UNKNOWN


class Ended(Unreachable):
    """This program was asked to stop: no further call is made."""


class OcMissing(Unreachable):
    """There is no `oc` to run."""


class Unauthorized(Unreachable):
    """The login is missing, expired or revoked."""


class NoConfiguration(Unreachable):
    """`oc` has no configuration of a cluster."""


class ConnectionRefused(Unreachable):
    """Nothing listens at the server's address."""

    passing = True


class NoRoute(Unreachable):
    """The server's name or address leads nowhere."""


class BadCertificate(Unreachable):
    """The server's certificate is not trusted."""


class RequestTimeout(Unreachable):
    """The server, or `oc` itself, did not answer in time."""

    passing = True


class TimeOver(Unreachable):
    """The time for all of the work is over, which says nothing of the cluster: nothing was sent, or a call that looks was ended."""

    exit_code = ExitCode.DEADLINE


class ServerUnavailable(Unreachable):
    """The server answers that it cannot answer now."""

    passing = True


class UnreadableAnswer(Unreachable):
    """`oc` succeeded, but what it printed is not what was requested."""

    passing = True


class Killed(OcError):
    """`oc` was ended by a signal, such as from the system when memory runs out."""

    passing = True


def missing(wanted: str | None) -> OcMissing:
    """The error where there is no `oc`, or not the `wanted` one."""
    error = OcMissing(Text("{program} cannot be run" if wanted else "there is no oc on PATH", program=wanted))
    sentence = (
        "install the OpenShift client or name it with --oc; without a cluster the tool can be tried by a rehearsal"
    )
    error.fix = Fix(Text(sentence), (Command((PROGRAM, "rehearse")),))
    return error


def remedy(error: OcError, server: str, tries: int, seconds: float) -> Fix:
    """What can be done about a server that could not be asked, and what was tried; `server` is empty where it is not known."""
    if isinstance(error, Unauthorized):
        return Fix(Text("log in again"), (Command(("oc", "login", *((server,) if server else ()))),))
    if isinstance(error, (ConnectionRefused, NoRoute, BadCertificate, RequestTimeout, ServerUnavailable)) and server:
        sentence = Text.plural(
            "check the way from this workstation to {server}: network, VPN, proxy, certificate; it was asked once",
            "check the way from this workstation to {server}: network, VPN, proxy, certificate; it was asked {count} times in {seconds} s",
            count=tries,
            server=server,
            seconds=f"{seconds:.0f}",
        )
        return Fix(sentence)
    return NO_FIX


# With these no call was made.
NOT_SENT = (OcMissing, TimeOver, Ended)
# With these the call certainly had no effect; after any other failure it may have had one, or may still have one.
WITHOUT_EFFECT = (
    NotFound,
    AlreadyExists,
    Forbidden,
    Denied,
    Conflict,
    BadInput,
    UnknownResourceType,
    OcMissing,
    Unauthorized,
    NoConfiguration,
    ConnectionRefused,
    NoRoute,
    BadCertificate,
    TimeOver,
)


# The kind of an error is only in its text (fact 10). The first pattern that matches counts, so the
# texts about the connection, which can quote anything, come before those about objects.
ERROR_TEXTS: tuple[tuple[str, type[OcError]], ...] = (
    (
        r"Missing or incomplete configuration info|no configuration has been provided|invalid configuration",
        NoConfiguration,
    ),
    (
        r"context \S+ does not exist|context was not found for specified context|current-context must exist|unable to read (certificate-authority|client-cert|client-key)|error loading config file|stat \S+: no such file",
        NoConfiguration,
    ),
    (r"You must be logged in to the server|\(Unauthorized\)|error: Unauthorized|provide credentials", Unauthorized),
    (r"x509:|certificate (has expired|signed by unknown)|tls: failed to verify", BadCertificate),
    (r"no such host|no route to host|network is unreachable|server misbehaving", NoRoute),
    (
        r"Client\.Timeout|i/o timeout|TLS handshake timeout|context deadline exceeded|\(Timeout\)|\(GatewayTimeout\)",
        RequestTimeout,
    ),
    # An API that stumbles (fact 26): all of it passes by itself.
    (
        r"etcdserver: |rpc error: code = Unavailable|\((ServerTimeout|Expired)\)|continue parameter is too old"
        r"|server was unable to return a response in the time allotted",
        ServerUnavailable,
    ),
    (r"connection refused|was refused - did you specify", ConnectionRefused),
    (r"connection reset|unexpected EOF|: EOF$|http2: |broken pipe", ServerUnavailable),
    (
        r"\((ServiceUnavailable|InternalError|TooManyRequests)\)|currently unable to handle the request",
        ServerUnavailable,
    ),
    (
        r"the server doesn't have a resource type|no matches for kind|could not find the requested resource",
        UnknownResourceType,
    ),
    # What RBAC refuses names the user; what admission refuses does not.
    (
        r"admission webhook \"[^\"]*\" denied|ValidatingAdmissionPolicy .*denied request"
        r"|is forbidden: (?![Uu]ser[ s]|.*cannot impersonate)",
        Denied,
    ),
    (r"\(Forbidden\)|is forbidden: |do not have rights to view project|You are not a member of project", Forbidden),
    (r"\(AlreadyExists\)|failed to create \w+: .* already exists", AlreadyExists),
    (r"\(Conflict\)|the object has been modified", Conflict),
    (r"\(NotFound\)|A project named \S+ does not exist|No valid secrets found|Unlinked deleted secrets", NotFound),
    (
        r"is invalid|\(BadRequest\)|\(Invalid\)|error parsing|unable to decode|the path \S+ does not exist|unknown flag"
        r"|invalid argument|unknown command|unknown shorthand|Invalid timeout value|The request is invalid|error when creating",
        BadInput,
    ),
    # A registry's word, in the words for a server (fact 35).
    (r"no basic auth credentials", OcError),
    (r"Unable to connect to the server", Unreachable),
)


_NO_SUCH_TYPE = next(pattern for pattern, kind in ERROR_TEXTS if kind is UnknownResourceType)


@dataclass(frozen=True)
class Call:
    """One call of `oc`: what was run and what came back. `seconds` is wall time; stdin is never kept."""

    argv: tuple[str, ...]
    exit_code: int
    stdout: str = field(repr=False)
    stderr: str = field(repr=False)
    seconds: float


def answers(stderr: str) -> tuple[str, ...]:
    """The lines of stderr that are an answer of the server or of `oc` itself, with those that continue one.

    Logs of the client, warnings, and what a wrapper or a login script prints are no answers (fact 11): nothing is
    concluded from them. The forms are those of kubectl's error printer (openshift/oc, vendored kubectl/pkg/cmd/util/helpers.go) and
    of the recordings.
    """
    found: list[str] = []
    continued = False
    for line in stderr.splitlines():
        if ANSWER.match(line):
            found.append(line)
            continued = True
        elif continued and CONTINUED.match(line):
            found.append(line)
        else:
            continued = False
    return tuple(found)


def set_aside(stderr: str) -> tuple[str, ...]:
    """The lines of stderr that are no answer."""
    told = set(answers(stderr))
    return tuple(line for line in stderr.splitlines() if line.strip() and line not in told)


def classify(exit_code: int, stderr: str) -> type[OcError] | None:
    """Gives the class of a failure by what the server or `oc` answered, None if the call succeeded.

    Rests on fixtures/errors, fixtures/mixed-rights and the 4.6 scenario.
    """
    if exit_code == 0:
        return None
    told = "\n".join(answers(stderr))
    for pattern, kind in ERROR_TEXTS:  # compiled where they are needed, which is after a failure
        if re.search(pattern, told, re.MULTILINE):
            return kind
    return Killed if exit_code < 0 or exit_code > 128 else OcError


def lacks_type(why: str) -> bool:
    """Whether a type is unread because the server does not have it, and not for want of a permission."""
    return re.search(_NO_SUCH_TYPE, why) is not None


def error_sentence(stderr: str) -> str:
    """The part of stderr that says what went wrong: the answer; without one, whatever is not known to be no answer."""
    told = [line.strip() for line in answers(stderr) if line.strip()]
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    return " ".join(told or [line for line in lines if not NOISE.match(line)] or lines)


def error_lines(stderr: str) -> tuple[str, ...]:
    """The answers on stderr: a partial answer has one for each type that was refused (fact 16)."""
    return tuple(line for line in answers(stderr) if line.strip())
