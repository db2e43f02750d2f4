"""The topics: the long texts of the package, by name, in the order in which they are listed. It renders nothing."""

from __future__ import annotations

from .. import package_files

TOPICS = (
    "registry-secret",
    "preflight",
    "permissions",
    "backup",
    "order",
    "readiness",
    "reports",
    "undo",
    "interruptions",
    "projects",
    "monitoring",
    "recipes",
    "scripts",
    "rehearsal",
    "secrets",
    "shell",
    "variables",
    "exit-codes",
    "troubleshooting",
    "next",
)


def topic(name: str) -> str:
    """The Markdown of a topic. Raises FileNotFoundError for a name that is none."""
    return package_files.text(f"topics/{name}.md")


def title(name: str) -> str:
    """The title of a topic, as its first line has it."""
    return topic(name).partition("\n")[0].lstrip("# ").replace("`", "")
