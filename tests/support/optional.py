"""What may be missing on a machine: its tests are left out, and the last line of a run says what to install."""

from __future__ import annotations

from typing import NoReturn

import pytest

REASON = "not installed: "


def left_out(package: str) -> NoReturn:
    """Leaves a test out for want of a package, by the name under which it is installed."""
    pytest.skip(REASON + package)


def last_line(reasons: list[str]) -> str:
    """What was left out, and what to install for it; empty where nothing was."""
    packages = [reason.partition(REASON)[2] for reason in reasons if REASON in reason]
    return f"left out: {len(packages)} tests; install {', '.join(sorted(set(packages)))}" if packages else ""
