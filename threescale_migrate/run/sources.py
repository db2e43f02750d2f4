"""Where the registry secret comes from: the panel's file, a name with its token on standard input, another secret of the project.

A token is never an argument, since every user of the workstation can see those. What is read is bounded in size and in time.
"""

from __future__ import annotations

import json
import os
import select
import stat
import sys
from time import monotonic

from ..cluster.named_objects import read_secret as read_project_secret
from ..cluster.oc import Oc
from ..cluster.oc_errors import Forbidden, NotFound
from ..guide import secret_file
from ..language import system_error
from ..values import SECRET_NAME, Command, Fix, PullSecret, Refused, Text, Usage
from .session import Session

STDIN = "standard input"
# How long a pipe may keep us waiting for the whole of its secret, in seconds.
PATIENCE = 60.0


def read_secret(session: Session, oc: Oc) -> PullSecret | None:
    """The registry secret that the options name, and None if they name none. Raises Usage, Refused, OcError."""
    options = session.options
    with oc.clock.held():  # a person may be asked for it, and what comes through a pipe has a patience of its own
        given = _given(session)
    found = of_project(options.from_secret, oc) if given is None and options.from_secret is not None else given
    if found is not None:
        oc.redact.learn(*found.secrets)
    return found


def _given(session: Session) -> PullSecret | None:
    given = session.options
    if given.secret_file is not None:
        return of_file(given.secret_file)
    if given.username is not None:
        source = Text("--username: {stdin}", stdin=STDIN)
        password = secret_file.password_of(_password(session, given.username), str(source))
        return secret_file.from_login(given.username, password, str(source))
    return None


def of_file(path: str) -> PullSecret:
    """The secret in a file, `-` for standard input. Raises Usage."""
    if path == "-":
        return secret_file.read_secret(_stdin("--secret-file -"), STDIN)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except (OSError, ValueError) as error:  # a ValueError: the name holds a NUL
        raise _unreadable(path, error) from None
    try:
        raw = _read(descriptor, f"--secret-file {path}")
        regular = stat.S_ISREG(os.fstat(descriptor).st_mode)
    except OSError as error:
        raise _unreadable(path, error) from None
    finally:
        os.close(descriptor)
    # A pipe, such as bash's <(…), cannot be read a second time.
    return secret_file.read_secret(raw, path, path=os.path.abspath(path) if regular else None)


def of_project(name: str, oc: Oc) -> PullSecret:
    """A secret that the project has under another name. Raises Usage, Refused, OcError."""
    if name == SECRET_NAME:
        raise Usage(
            Text("--from-secret: {name} is the secret that is to be created: name the one to copy", name=SECRET_NAME)
        )
    if not name or not all(letter.isalnum() or letter in "-." for letter in name) or name[0] in "-.":
        raise Usage(Text("--from-secret: {name} is not a valid secret name", name=ascii(name)))
    try:
        there = read_project_secret(oc, name)
    except NotFound:
        listed = Fix(commands=(Command(("oc", "get", "secrets")),))
        raise Usage(Text("--from-secret: the project has no secret {name}", name=name), listed) from None
    except Forbidden as error:
        raise Refused(Text("--from-secret: secret {name} cannot be read: {why}", name=name, why=error.text)) from None
    return secret_file.from_item(json.loads(there.manifest), f"secret {name}", kept=name)


def _unreadable(path: str, error: Exception) -> Usage:
    why = system_error(error) if isinstance(error, OSError) else Text("?")
    return Usage(Text("--secret-file: {path} cannot be read ({why})", path=path, why=why))


def _password(session: Session, username: str) -> bytes:
    """The token: asked for without an echo on a terminal, else the one line of standard input."""
    if not _is_terminal():
        return _stdin("--username")
    import getpass

    terminal = session.talk
    try:
        return getpass.getpass(terminal.say(Text("Token of {username}: ", username=username))).encode(
            "utf-8", "surrogateescape"
        )
    except EOFError:
        raise Usage(Text("--username: no token was given")) from None


def _is_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _stdin(option: str) -> bytes:
    if _is_terminal():
        raise Usage(
            Text(
                "{option}: standard input is a terminal, which would show the secret: redirect a file, or give --username",
                option=option,
            )
        )
    if sys.stdin is None:  # its descriptor may be another file by now
        raise Usage(Text("{option}: standard input is closed", option=option))
    try:
        return _read(sys.stdin.fileno(), option)
    except OSError as error:
        why = system_error(error)
        raise Usage(Text("{option}: standard input cannot be read ({why})", option=option, why=why)) from None


def _read(descriptor: int, sentence: str) -> bytes:
    """All that comes, but no more than a secret can have, nor for longer than a person's patience. Raises Usage, OSError."""
    if os.isatty(descriptor):
        raise Usage(Text("{sentence}: that is a terminal, which would show the secret: name a file", sentence=sentence))
    ends = monotonic() + PATIENCE
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    raw = b""
    while len(raw) <= secret_file.LARGEST:
        if not poll.poll(max(0.0, ends - monotonic()) * 1000):
            raise Usage(
                Text(
                    "{sentence}: nothing more arrived for {seconds} s: is it complete?",
                    sentence=sentence,
                    seconds=int(PATIENCE),
                )
            )
        try:
            part = os.read(descriptor, secret_file.LARGEST + 1 - len(raw))
        except BlockingIOError:
            continue
        if not part:
            break
        raw += part
    return raw
