"""The topics: the long texts of the package, by name, in the order in which they are listed, and how a terminal shows them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .. import package_files

TOPICS = (
    "rehearsal",
    "registry-secret",
    "preflight",
    "permissions",
    "backup",
    "data",
    "waves",
    "failures",
    "interruptions",
    "readiness",
    "undo",
    "reports",
    "monitoring",
    "projects",
    "recipes",
    "scripts",
    "next",
    "limits",
    "files",
    "secrets",
    "shell",
    "variables",
    "exit-codes",
    "troubleshooting",
    "glossary",
)


# The topics that a language has; of the others it has the title alone.
TRANSLATED: Mapping[str, tuple[str, ...]] = {"ja": ("undo", "exit-codes", "troubleshooting")}


def topic(name: str, language: str = "en") -> str:
    """The Markdown of a topic, English where the language has none. Raises FileNotFoundError for a name that is none."""
    if name in TRANSLATED.get(language, ()):
        return package_files.text(f"locale/{language}/topics/{name}.md")
    return package_files.text(f"topics/{name}.md")


def title(name: str) -> str:
    """The English title of a topic, as its first line has it."""
    return topic(name).partition("\n")[0].lstrip("# ").replace("`", "")


def section(markdown: str, anchor: str) -> str | None:
    """The part of a topic below the heading that is that name, with its heading; None where there is none."""
    found: list[str] = []
    level, fenced = 0, False
    for line in markdown.splitlines():
        fenced ^= line.startswith("```")
        marks, _, words = line.partition(" ")
        if marks.strip("#") == "" and marks and not fenced:
            if found and len(marks) <= level:
                break
            if not found and words.strip("` ") == anchor:
                level = len(marks)
        if level:
            found.append(line)
    return "\n".join(found) + "\n" if found else None


def emphasised(markdown: str, strong: Callable[[str], str]) -> list[str]:
    """The lines of a topic as they stand, headings and code `strong`."""
    shown: list[str] = []
    fenced = False
    for line in markdown.splitlines():
        fence = line.startswith("```")
        fenced ^= fence
        shown.append(strong(line) if line and not fence and (fenced or line.startswith("#")) else line)
    return shown
