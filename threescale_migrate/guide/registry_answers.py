"""What registries, nodes and the cluster's importer say of an image that is not to be had, and what that means: one table, for pulls, for
the test of the token and for the check of today's images.

The texts are those of containers/image, docker/distribution, the kubelet and its credential provider, openshift-apiserver's importer and
its admission, proxies and resolvers (fact 25, fact 34, fact 35, fact 37). Pure.
"""

from __future__ import annotations

import re
from enum import Enum


class RegistryAnswer(str, Enum):
    """What asking for an image came to."""

    PROVED = "proved"
    REFUSED = "refused"  # the login, or that there is none
    TERMS = "terms"
    ABSENT = "absent"
    UNFIT = "unfit"  # it is there, in a form that cannot be run
    UNPARSABLE = "unparsable"  # a pull secret, so that nobody was asked
    NOT_IMPORTED = "not imported"  # by a policy of the cluster
    BLOCKED = "blocked"  # by the configuration of nodes
    UNSIGNED = "unsigned"
    UNTRUSTED = "untrusted"  # the registry's certificate
    BUSY = "busy"
    UNREACHABLE = "unreachable"
    NODE = "node"  # it has no room
    ENGINE = "engine"  # the node's container engine does not answer, or may not pull more at once
    SERVER = "server"  # an error of the cluster's own, which says nothing of the image
    UNKNOWN = "unknown"


# The first that matches counts. What a policy, a pull secret or the server itself says comes first, then what is said on the way to a
# registry, whose texts can quote anything, and what the registry says last.
TEXTS: tuple[tuple[str, RegistryAnswer], ...] = (
    (
        r"unable to parse auth field|illegal base64 data at input byte"
        r"|cannot unmarshal .*(?:credentialprovider|DockerConfig)",
        RegistryAnswer.UNPARSABLE,
    ),
    (r"not allowed by (?:\w+ )?(?:white|allow)[ -]?list|ImportPolicyNotAllowed", RegistryAnswer.NOT_IMPORTED),
    (r"is blocked (?:in|by) |registry \S+ blocked\b", RegistryAnswer.BLOCKED),
    (
        r"Source image rejected|SignatureValidationFailed|signature validation failed|[Ss]ignature was required"
        r"|signatures? (?:were|was) accepted|rejected by policy|(?i:invalid signature|signature for .* not trusted)",
        RegistryAnswer.UNSIGNED,
    ),
    (r'images?\.config\.openshift\.io "?\S*"? ?(?:not found|is forbidden)|etcdserver: ', RegistryAnswer.SERVER),
    (
        r"(?i)no space left on device|disk quota exceeded|input/output error|read-only file system|thin pool has \d+ free",
        RegistryAnswer.NODE,
    ),
    (
        r"cri-?o.*unavailable|docker daemon|(?:dial unix|\.sock)\b.*(?:refused|no such file)|[Pp]ull QPS exceeded"
        r"|code = Unavailable desc = (?:error reading from server|connection (?:error|closed)|transport|closing transport)",
        RegistryAnswer.ENGINE,
    ),
    # A registry has taken the login when it names the layers: what refuses those is a proxy, or the store that it sends to.
    (r"(?:blob|configuration).*(?:status code|StatusCode).*\b40[13]\b", RegistryAnswer.UNREACHABLE),
    (
        r"x509|tls: (?:failed|unknown|bad)|certificate|server gave HTTP response|is HTTP only|oversized record",
        RegistryAnswer.UNTRUSTED,
    ),
    (r"(?i)too ?many ?requests|pull rate limit|\b429\b", RegistryAnswer.BUSY),
    (
        r"(?i)proxyconnect|Proxy Authentication Required|\b407\b|error parsing HTTP \d+ response body",
        RegistryAnswer.UNREACHABLE,
    ),
    (
        r"(?i)\b50[0234]\b|service unavailable|bad gateway|gateway time-?out|internal server error|RegistryUnavailable|registry is unavailable",
        RegistryAnswer.BUSY,
    ),
    (
        r"no such host|no route to host|network is unreachable|server misbehaving|[Tt]emporary failure in name resolution"
        r"|connection refused|connect: |(?i:timeout|timed out|deadline ?exceeded)|connection reset|reset by peer"
        r"|unexpected EOF|\bEOF\b|broken pipe|context cancell?ed|tls: |TLS handshake|unreachable",
        RegistryAnswer.UNREACHABLE,
    ),
    (r"(?i)requires terms acceptance|only available on registry\.redhat\.io", RegistryAnswer.TERMS),
    (
        r"(?i)unauthorized|not authorized|authentication required|incorrect username|invalid username|no basic auth credentials"
        r"|may not have access|no pull access|access denied|access to the resource is denied|access forbidden|\bdenied\b|\b40[13]\b|please login",
        RegistryAnswer.REFUSED,
    ),
    (
        r"(?i)no matching manifest|no image found .*(?:architecture|manifest list)|unsupported (?:image )?manifest|schema ?(?:version )?1\b"
        r"|image operating system|unsupported schema|unknown media type|exec format|no manifests? in manifest list|does not support the v2",
        RegistryAnswer.UNFIT,
    ),
    (
        r"(?i)manifest unknown|name unknown|no such (?:manifest|image)|manifest .*not found|not found|does ?n[o']t exist|\b404\b"
        r"|repository name not known|deleted or has expired|InvalidImageName|couldn't parse image reference|invalid reference format",
        RegistryAnswer.ABSENT,
    ),
)
# The reasons of a status in the answer to an ImageStreamImport decide, where they are known; the texts explain (fact 37).
REASONS = {"Unauthorized": RegistryAnswer.REFUSED, "NotFound": RegistryAnswer.ABSENT}


# What mirrors said before the registry that the image names was asked, whose word comes last (containers/image, newImageSource).
MIRRORS = re.compile(r"\(Mirrors also failed: .*\]\): ", re.DOTALL)
# Names of images and addresses, whose words mean nothing: a repository may be called `timeout`, and a tag `1.500`.
NAMES = re.compile(r"[\w-]+(?:(?:\.[\w-]+)+(?::\d+)?|:\d+)/[^\s\"',;]*|(?<=reading manifest )\S+(?= in )")


def answer_in(said: str) -> RegistryAnswer:
    """What a text means; UNKNOWN where it is in no words that are known."""
    words = NAMES.sub("", MIRRORS.sub("", said))
    return next((answer for pattern, answer in TEXTS if re.search(pattern, words)), RegistryAnswer.UNKNOWN)


def of_status(reason: str, message: str) -> RegistryAnswer:
    """What the status of one image of an import means, by its reason: an internal error is the server's own unless its text says
    that a registry, a pull secret or the way to one is meant (fact 37)."""
    if reason in REASONS:
        return RegistryAnswer.TERMS if answer_in(message) is RegistryAnswer.TERMS else REASONS[reason]
    found = answer_in(re.sub(r"^Internal error occurred: ", "", message))
    own = reason == "InternalError" and found in (RegistryAnswer.UNKNOWN, RegistryAnswer.ABSENT)
    return RegistryAnswer.SERVER if own else found
