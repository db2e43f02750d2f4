"""The cause that stops a rollout, as a value: one sentence, and the fix."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from ..safe_text import cut
from ..values import RESUME, Command, Fix, Text


class CauseKind(str, Enum):
    """What stops a rollout."""

    ACCOUNT_MISSING = "account missing"
    IMAGE_PULL = "image pull"
    IMAGE_IMPORT = "image import"
    SCC = "scc"
    QUOTA = "quota"
    ADMISSION = "admission"
    WEBHOOK = "webhook"
    CRASH_LOOP = "crash loop"
    NOT_READY = "not ready"
    NO_NODE = "no node"
    VOLUME = "volume"
    HOOK = "hook"
    DEPLOYER = "deployer"
    CONFIGURATION = "configuration"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Cause:
    """`sentence` says what is wrong, `fix` what to do. A `lasting` cause does not pass by itself and ends a wait after a grace
    period; any other is slow, not failed, and is waited for until the config's own deadline.

    `log_of` is a pod whose last log lines say more, with its container.
    """

    kind: CauseKind
    sentence: Text
    fix: Fix
    lasting: bool = True
    log_of: tuple[str, str] | None = None


def then(sentence: Text, *words: tuple[str, ...]) -> Fix:
    """What to do, with the calls of `oc` that it takes, and then the run goes on."""
    return Fix(sentence, (*(Command(("oc", *call)) for call in words), RESUME))


def short(message: str, width: int = 160) -> str:
    """A server's message on one line, without the words that all of its kind begin with."""
    line = " ".join(message.split())
    line = re.sub(r'^(Error creating( deployer pod)?: )?pods "[^"]*" is forbidden: ', "", line)
    return cut(line, width)
