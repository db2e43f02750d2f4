"""The command line of the rehearsal's `oc`: finds the verb, reads its flags, runs it."""

from __future__ import annotations

import os
import sys

from ..ages import has
from ..refusing import ApiError
from ..typed import Callable, Directory, TextIO
from .errors import CommandError, error_text, failure
from .flags import CHANGE, DRY_RUN, FILES, OUTPUT, SELECT, Parser, table
from .session import Session

# Each verb: the module and function that run it, and its flags beyond the global ones.
VERBS: dict[str, tuple[str, str, str]] = {
    "get": ("reading", "get", OUTPUT + SELECT + FILES + """
        no-headers bool, raw text, sort-by text, watch w bool, show-labels bool, chunk-size text, label-columns L list
    """),
    "describe": ("reading", "describe", SELECT),
    "logs": ("reading", "logs", "previous p bool, tail text, container c text, follow f bool"),
    "whoami": ("asking", "whoami", "show-server bool, show-context bool, show-token t bool"),
    "project": ("projects", "project", "short q bool"),
    "login": ("projects", "login", "username u text, password p text"),
    "projects": ("projects", "projects", "short q bool"),
    "new-project": ("projects", "new_project", "display-name text, description text, skip-config-write bool"),
    "version": ("asking", "version", "output o text, client bool, short bool"),
    "config": ("asking", "config", OUTPUT + "minify bool, raw bool, flatten bool, no-headers bool"),
    "auth": ("asking", "auth", SELECT + "list bool, quiet q bool, no-headers bool, subresource text"),
    "create": ("changing", "create", FILES + DRY_RUN + OUTPUT + CHANGE + """
        role text, clusterrole text, serviceaccount list, user list, group list, verb list, resource list
        resource-name list, from-literal list, from-file list, type text
    """),
    "apply": ("applying", "apply", FILES + DRY_RUN + OUTPUT + CHANGE + "server-side bool, force-conflicts bool"),
    "replace": ("changing", "replace", FILES + DRY_RUN + OUTPUT + CHANGE + "force bool"),
    "patch": ("changing", "patch", FILES + DRY_RUN + OUTPUT + CHANGE + "patch p text, patch-file text, type text, local bool"),
    "delete": ("changing", "delete", FILES + SELECT + DRY_RUN + OUTPUT + """
        raw text, wait bool, now bool, force bool, grace-period text, timeout text, cascade text=background
    """),
    "secrets": ("changing", "secrets", DRY_RUN + OUTPUT + "for list"),
    "secret": ("changing", "secrets", DRY_RUN + OUTPUT + "for list"),
    "run": ("generating", "run_pod", DRY_RUN + OUTPUT + CHANGE + """
        image text, restart text, command bool, overrides text, env list, labels l text, image-pull-policy text, quiet q bool
    """),
    "exec": ("running", "exec_", "container c text, stdin i bool, tty t bool, quiet q bool"),
    "rsh": ("running", "rsh", "container c text, no-tty T bool, tty t bool, shell text"),
    "import-image": ("imaging", "import_image", OUTPUT + DRY_RUN + "from text, confirm bool, all bool, insecure bool, scheduled bool"),
    "image": ("imaging", "image", OUTPUT + "registry-config a text, filter-by-os text, insecure bool"),
    "wait": ("waiting", "wait", SELECT + "for text, timeout text"),
    "adm": ("policy", "adm", DRY_RUN + OUTPUT + "serviceaccount z list"),
    "policy": ("policy", "policy", DRY_RUN + OUTPUT + "serviceaccount z list"),
    "rollout": ("rolling", "rollout", OUTPUT + DRY_RUN + """
        timeout text, watch w bool, again bool, to-revision int
    """),
    "scale": ("rolling", "scale", SELECT + OUTPUT + "replicas int, current-replicas int, timeout text"),
    "set": ("rolling", "set_", SELECT + OUTPUT + "from-config bool, remove bool, remove-all bool, auto bool, manual bool"),
}  # fmt: skip


RUNNERS = ("exec", "rsh")


def run(argv: list[str], directory: Directory, out: TextIO | None = None, err: TextIO | None = None) -> int:
    """Runs one command line (without the program's name); returns its exit code."""
    out, err = out or sys.stdout, err or sys.stderr
    try:
        session, verb = _understand(argv, directory, out, err)
        verb(session)
    except ApiError as error:
        err.write(error_text(error) + "\n")
        return 1
    except CommandError as error:
        if error.text:
            err.write(error.text + "\n")
        return error.exit_code
    return 1 if session.failed else 0


def run_plugin(argv: list[str]) -> None:
    """Becomes the plugin that the words before the first flag name, the longest name first; returns if there is none.

    As openshift/oc's pkg/cli/cli.go does, by kubectl's vendored cmd/plugin.go (HandlePluginCommand).
    """
    flags = [at for at, word in enumerate(argv) if word.startswith("-")]
    words = [word.replace("-", "_") for word in argv[: min(flags, default=len(argv))]]
    for count in range(len(words), 0, -1):
        for beginning in ("oc", "kubectl"):
            name = "-".join([beginning, *words[:count]])
            for directory in os.environ.get("PATH", "").split(os.pathsep):
                path = os.path.join(directory, name)
                if os.access(path, os.X_OK):
                    os.execv(path, [path, *argv[count:]])


def _understand(
    argv: list[str], directory: Directory, out: TextIO, err: TextIO
) -> tuple[Session, Callable[[Session], None]]:
    at = Parser((), "oc").first_word(argv)
    if at is None:
        raise failure("the rehearsal oc needs a command, such as get or patch")
    name = argv[at]
    if name not in VERBS:
        if at == 0:
            run_plugin(argv)
        raise failure(f'unknown command "{name}" for "oc"')
    module, function, flags = VERBS[name]
    if has("dry-run is a switch"):
        flags = flags.replace(DRY_RUN, "dry-run bool, ")
    if has("delete knows no raw"):
        flags = flags.replace("raw text, wait bool", "wait bool")
    rest = [*argv[:at], *argv[at + 1 :]]
    if name in RUNNERS and "--" not in rest:  # what follows the pod is the command to run in it
        pod = Parser(table(flags), f"oc {name}").first_word(rest)
        rest.insert(len(rest) if pod is None else pod + 1, "--")
    values, words = Parser(table(flags), f"oc {name}").parse(rest)
    if values.get("help"):
        if name == "delete":
            return Session(directory, {"flags": table(flags)}, [], out, err), print_flags
        raise failure(f"the rehearsal oc has no help; see oc {name} --help on a real client")
    verb: Callable[[Session], None] = getattr(__import__(f"{__package__}.{module}", fromlist=[function]), function)
    session = Session(directory, values, words, out, err)
    session.line = " ".join(argv)
    session.learns = module not in ("asking", "projects")
    return session, verb


def print_flags(session: Session) -> None:
    """The options of a command, as far as they are known here, in the form in which `--help` lists them."""
    session.print("Options:")
    for flag in session.values["flags"]:
        session.print(f"      --{flag.name}=")
