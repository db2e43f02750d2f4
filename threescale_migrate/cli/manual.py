"""The manual page, in troff, made from the parser: `threescale-migrate man | man -l -`."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from ..exit_codes import TABLE, numbers
from ..render.markdown import Block, Kind, block_lines, blocks, plain, quoted
from .environment import VARIABLES
from .topics import TOPICS, topic
from .usage import WIDTH, commands, invocation, of_cluster, sections, sentence, synopsis, value

ENVIRONMENT = (
    ("THREESCALE_DC_NAMES", "names of DeploymentConfigs, separated by spaces or commas; as --dc"),
    ("KUBECONFIG", "the kubeconfig that oc uses"),
    ("XDG_STATE_HOME", "where the journals are kept, below threescale-migrate; by default ~/.local/state"),
    ("NO_COLOR", "no colour, if it is set to anything"),
    ("LC_ALL, LC_MESSAGES, LANG", "the language of messages: English or Japanese; as --lang"),
)


def page(parser: argparse.ArgumentParser, version: str) -> str:
    """The whole page."""
    return "\n".join(_lines(parser, version)) + "\n"


def _lines(parser: argparse.ArgumentParser, version: str) -> Iterator[str]:
    name = parser.prog
    yield f'.TH {_text(name.upper())} 1 "" "{_text(f"{name} {version}")}" "User Commands"'
    yield from (".nh", ".ad l", ".SH NAME", _text(f"{name} - {_summary(parser)}"))
    yield from (".SH SYNOPSIS", f".B {_text(name)}", "COMMAND [OPTION...]")
    yield from (".SH DESCRIPTION", _text(str(parser.description)), ".SH COMMANDS")
    known = commands(parser)
    for command in known.values():
        yield from _command(command)
    yield ".SH COMMON OPTIONS"
    yield _text("Options for the cluster, accepted by each command that uses it; they are passed to oc unchanged.")
    common = next((actions for _, actions in sections(known["plan"]) if of_cluster(actions)), [])
    yield from _actions(common)
    yield ".SH EXIT STATUS"
    for row in TABLE:
        yield from (".TP", f".B {_text(numbers(row.codes))}", _text(str(row.meaning)))
    yield ".SH ENVIRONMENT"
    known_actions = {action.dest: action for command in known.values() for action in command._actions}
    from_options = [
        (name, f"as {invocation(known_actions[dest])}") for dest, name in VARIABLES.items() if dest in known_actions
    ]
    for variable, meaning in (*ENVIRONMENT, *from_options):
        yield from (".TP", f".B {_text(variable)}", _text(meaning))
    for each in TOPICS:
        for block in blocks(topic(each)):
            yield from _block(block)
    yield from (".SH SEE ALSO", ".BR oc (1)")


def _block(block: Block) -> Iterator[str]:
    """A piece of a topic; a table of two columns becomes terms with their explanations."""
    if block.kind is Kind.HEADING:
        name = plain(block.text)
        yield from (".SH", _text(name.upper())) if block.level == 1 else (".SS", _text(name))
    elif block.kind is Kind.TABLE and len(block.rows[0]) == 2:
        for term, meaning in block.rows[1:]:
            yield from (".TP", f".B {_text(plain(term))}", _text(plain(meaning)))
    elif block.kind is Kind.TABLE or block.kind is Kind.CODE:
        yield from (".P", ".RS", ".nf", *map(_text, block_lines(block, WIDTH - 8)), ".fi", ".RE")
    elif block.kind is Kind.ITEM:
        yield from (f'.IP "{_text(block.mark)}" 4', _text(plain(block.text, quoted)))
    else:
        yield from (".P", _text(plain(block.text, quoted)))


def _summary(parser: argparse.ArgumentParser) -> str:
    text = str(parser.description).rstrip(".")
    return text[:1].lower() + text[1:]


def _command(command: argparse.ArgumentParser) -> Iterator[str]:
    yield f".SS {_text(synopsis(command.prog, command._actions))}"
    yield _text(str(command.description))
    for title, actions in sections(command):
        if of_cluster(actions):
            continue
        yield from (".P", f".I {_text(title)}")
        yield from _actions(actions)
    if command.epilog:
        yield from (".P", "Examples:", ".P", ".RS", ".nf")
        yield from (_text(line.strip()) for line in command.epilog.splitlines()[1:])
        yield from (".fi", ".RE")


def _actions(actions: list[argparse.Action]) -> Iterator[str]:
    for action in actions:
        yield ".TP"
        yield f".B {_text(invocation(action) if action.option_strings else value(action))}"
        yield _text(sentence(action))


def _text(text: str) -> str:
    """A line that troff prints unchanged: no request, no escape, and hyphens that can be copied."""
    text = text.replace("%%", "%").replace("\\", "\\e").replace("-", "\\-").replace('"', "\\(dq").replace("…", "...")
    text = "".join(letter if ord(letter) < 128 else f"\\[u{ord(letter):04X}]" for letter in text)
    return "\\&" + text if text[:1] in ".'" else text
