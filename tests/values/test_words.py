"""One word for each thing: what is said to a person, in messages, help, topics and the README, uses the terms of this table.

Each message is a sentence of its own: none is made in code of pieces with punctuation between them, since each language has its own.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.tools import messages
from threescale_migrate.cli.topics import TOPICS, topic

# What is not said, as a pattern, and what is said instead.
TERMS = {
    r"(?<!oc )(?<!`x` )(?<!oc and its )\blogins?\b": "credentials; pull secret for the object; a login is that of `oc`, as in `oc login`",
    r"\brights\b|\b(a|the|no) right to\b": "permission",
    r"\b(somebody|someone|anybody)\b": "another user",
    r"\bleft alone\b": "unchanged, of an object; skipped, of a step",
    r"\bleft out (with|by) `?--": "skipped",
    r"\btime limit\b": "deadline of a config, timeout of a run",
    r"\b(this machine|from here)\b": "this workstation",
    r"\b(gives?|gave|given) (it to )?`?amp`?\b": "grant",
    r"\bcould not be asked\b": "cannot be reached, or cannot be read",
    r"\b(taken?|takes?|put|puts|set|sets) back\b": "undo; restore, of data",
    r"\b(goe?s? on|going on|went on) with\b": "continue",
    r"\bformer\b": "previous",
    r"\bremarks?\b": "warning",
    r"\b(mends?|mended)\b": "fix",
    r"\b(tells?|told) (you|us|them|from)\b": "show, report",
    r"\bmay not be (read|looked)\b": "cannot be read",
    r"\blook(s|ed|ing)? at\b": "check, read",
    r"\b(stands?|stood) against\b": "blocks",
    r"\b(hangs?|hung) on\b": "waits for",
    r"\bnot about everything\b": "part of it cannot be read",
    r"\bcolour": "color",
}  # fmt: skip


@cache
def said() -> tuple[tuple[str, str], ...]:
    """All that is said in English: where, and the words without parameters."""
    return tuple(_said())


def _said() -> Iterator[tuple[str, str]]:
    for message in messages.all_messages():
        for words in (message.template, message.plural):
            yield message.where, re.sub(r"\{\w*\}|%\(\w+\)[sr]", "…", words or "")
    for name, text in (
        ("README", (ROOT / "README.md").read_text(encoding="utf-8")),
        *((name, topic(name)) for name in TOPICS),
    ):
        # Not what is typed, nor what a registry says.
        prose = re.sub(
            r"^#+ [a-z-]+$|^```.*?^```$|`[^`]*`", "`x`", text.partition("## 日本語")[0], flags=re.MULTILINE | re.DOTALL
        )
        yield f"topic {name}", " ".join(prose.split())


@pytest.mark.parametrize(("pattern", "instead"), TERMS.items())
def test_one_word_is_said_for_one_thing(pattern: str, instead: str) -> None:
    found = [
        f"{where}: …{words[max(0, m.start() - 30) : m.end() + 30]}…"
        for where, words in said()
        for m in re.finditer(pattern, words, re.I)
    ]
    assert found == [], f"say: {instead}"


# What is still joined: a line of Nagios, which is English and one line; and rules of a role, which are data.
JOINED = {
    "nagios.py: '; '.join(sentence)",
    "rules.py: '; '.join(map(_described, found[:SHOWN_RULES]))",
}


def joined_in(template: str) -> bool:
    """Whether a template puts a parameter where a whole sentence stands: alone between two marks that end one."""
    parts = [part.strip(" .") for part in re.split(r"; |\. ", template)]
    return len(parts) > 1 and any(re.fullmatch(r"\{\w+\}", part) for part in parts)


def joins_in(path: Path) -> Iterator[str]:
    """The places of a module that put a semicolon or a full stop between sentences."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "join":
            mark = node.func.value
            if isinstance(mark, ast.Constant) and re.fullmatch(r"[;.。] ?", str(mark.value)):
                yield f"{path.name}: {ast.unparse(node)}"
        elif isinstance(node, ast.JoinedStr):
            marks = [part.value for part in node.values[1:-1] if isinstance(part, ast.Constant)]
            if any(re.fullmatch(r"[;.。] ", str(mark)) for mark in marks):
                yield f"{path.name}: {ast.unparse(node)}"


def test_no_sentence_is_made_of_sentences() -> None:
    templates = {
        str(message.template) for message in messages.all_messages() if message.template and joined_in(message.template)
    }
    places = {place for path in sorted(messages.PACKAGE.rglob("*.py")) for place in joins_in(path)}
    assert templates | places == JOINED


def test_a_joined_sentence_is_found(tmp_path: Path) -> None:
    assert joined_in("{why}; {serves}")
    assert joined_in("it cannot be written ({why}). {again}")
    assert not joined_in("{name} is paused; nothing was changed")
    assert not joined_in("{names}: {why}")
    module = tmp_path / "module.py"
    module.write_text("x = '; '.join(a)\ny = ', '.join(a)\nz = f'{a}; {b}'\nw = f'{a}, {b}'\n", encoding="utf-8")
    assert list(joins_in(module)) == ["module.py: '; '.join(a)", "module.py: f'{a}; {b}'"]
