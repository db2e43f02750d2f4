"""The command line of the rehearsal's `oc`: finds the verb, reads its flags, runs it."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from ..server import ApiError
from .errors import CommandError, failure
from .flags import CHANGE, DRY_RUN, FILES, OUTPUT, SELECT, Flag, Parser, table
from .session import Session, told

Verb = Callable[[Session], None]

# Each verb: the module and function that run it, and its flags beyond the global ones.
VERBS: dict[str, tuple[str, str, tuple[Flag, ...]]] = {
    "get": ("reading", "get", (*OUTPUT, *SELECT, *FILES, *table("""
        no-headers bool
        sort-by text
        watch w bool
        show-labels bool
        chunk-size text
        label-columns L list
    """))),
    "describe": ("reading", "describe", SELECT),
    "logs": ("reading", "logs", table("previous p bool\ntail text\ncontainer c text\nfollow f bool")),
    "whoami": ("asking", "whoami", table("show-server bool\nshow-context bool\nshow-token t bool")),
    "project": ("asking", "project", table("short q bool")),
    "projects": ("asking", "projects", table("short q bool")),
    "version": ("asking", "version", table("output o text\nclient bool\nshort bool")),
    "config": ("asking", "config", (*OUTPUT, *table("minify bool\nraw bool\nflatten bool"))),
    "auth": ("asking", "auth", (*SELECT, *table("list bool\nquiet q bool\nno-headers bool\nsubresource text"))),
    "create": ("changing", "create", (*FILES, *DRY_RUN, *OUTPUT, *CHANGE, *table("""
        role text
        clusterrole text
        serviceaccount list
        user list
        group list
        verb list
        resource list
        resource-name list
        from-literal list
        from-file list
        type text
    """))),
    "apply": ("changing", "apply", (*FILES, *DRY_RUN, *OUTPUT, *CHANGE, *table("server-side bool\nforce-conflicts bool"))),
    "replace": ("changing", "replace", (*FILES, *DRY_RUN, *OUTPUT, *CHANGE, *table("force bool"))),
    "diff": ("changing", "diff", FILES),
    "patch": ("changing", "patch", (*FILES, *DRY_RUN, *OUTPUT, *CHANGE, *table("patch p text\npatch-file text\ntype text\nlocal bool"))),
    "delete": ("changing", "delete", (*FILES, *SELECT, *DRY_RUN, *OUTPUT, *table("""
        wait bool
        now bool
        force bool
        grace-period text
        timeout text
        cascade text=background
    """))),
    "secrets": ("changing", "secrets", (*DRY_RUN, *OUTPUT, *table("for list"))),
    "secret": ("changing", "secrets", (*DRY_RUN, *OUTPUT, *table("for list"))),
    "tag": ("changing", "tag", table("source text\nscheduled bool\nreference bool")),
    "adm": ("policy", "adm", (*DRY_RUN, *OUTPUT, *table("serviceaccount z list\nrolebinding-name text\nrole-namespace text"))),
    "policy": ("policy", "policy", (*DRY_RUN, *OUTPUT, *table("serviceaccount z list\nrolebinding-name text\nrole-namespace text"))),
    "rollout": ("rolling", "rollout", (*OUTPUT, *DRY_RUN, *table("""
        timeout text
        watch w bool
        again bool
        to-revision int
        revision int
    """))),
    "scale": ("rolling", "scale", (*SELECT, *OUTPUT, *table("replicas int\ncurrent-replicas int\ntimeout text"))),
    "set": ("rolling", "set_", (*SELECT, *OUTPUT, *table("""
        from-config bool
        from-image text
        remove bool
        remove-all bool
        auto bool
        manual bool
        containers c text
    """))),
}  # fmt: skip


def run(argv: list[str], directory: Path, out: TextIO | None = None, err: TextIO | None = None) -> int:
    """Runs one command line (without the program's name); gives its exit code."""
    out, err = out or sys.stdout, err or sys.stderr
    try:
        session, verb = _understand(argv, directory, out, err)
        verb(session)
    except ApiError as error:
        err.write(told(error) + "\n")
        return 1
    except CommandError as error:
        if error.text:
            err.write(error.text + "\n")
        return error.exit_code
    return 1 if session.failed else 0


def _understand(argv: list[str], directory: Path, out: TextIO, err: TextIO) -> tuple[Session, Verb]:
    at = Parser((), "oc").first_word(argv)
    if at is None:
        raise failure("the rehearsal oc needs a command, such as get or patch")
    name = argv[at]
    if name not in VERBS:
        raise failure(f'unknown command "{name}" for "oc"')
    module, function, flags = VERBS[name]
    values, words = Parser(flags, f"oc {name}").parse([*argv[:at], *argv[at + 1 :]])
    if values.get("help"):
        raise failure(f"the rehearsal oc has no help; see oc {name} --help of a real one")
    verb: Verb = getattr(importlib.import_module(f".{module}", __package__), function)
    session = Session(directory, values, words, out, err)
    session.learns = module != "asking"
    return session, verb
