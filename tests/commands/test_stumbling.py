"""An API that stumbles, and an `oc` that cannot look: what passes is tried again, what does not is unknown, and neither is wrong."""

from __future__ import annotations
