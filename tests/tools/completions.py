"""The completion scripts that are shipped, made from the parser by shtab.

`python -m tests.tools.completions` says whether they are what the parser gives; `--write` makes them anew. The parser says which
options there are; the names of what is in the cluster come from `oc`, at the moment when the tabulator key asks for them. They are
data: no word of a kubeconfig or of a cluster is expanded by a shell or put on the line where it would be.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import shtab

import threescale_migrate
from threescale_migrate import package_files
from threescale_migrate.cli import parser as cli
from threescale_migrate.cli import usage
from threescale_migrate.cli.main import COMPLETIONS
from threescale_migrate.cli.topics import TOPICS
from threescale_migrate.options import OPTIONS
from threescale_migrate.rehearsal.faults import FAULTS

PACKAGE = Path(threescale_migrate.__file__).parent

# What completes a value, by what the help calls it, where its field names nothing else.
BY_VALUE: Mapping[str, Any] = {"FILE": shtab.FILE, "DIR": shtab.DIRECTORY}

# Both shells: how `oc` is asked, in the project and the context that the line names already.
ASKING = """\
_threescale_migrate_oc() { # KIND WORD...
  local -a login
  local word last='' kind=$1 limit=2
  shift
  login=(--request-timeout=2s)
  for word in "$@"; do
    case $last in -n) login+=("--namespace=$word") ;; --namespace | --context | --kubeconfig) login+=("$last=$word") ;; esac
    case $word in --namespace=* | --context=* | --kubeconfig=*) login+=("$word") ;; esac
    last=$word
  done
  case $kind in
    projects | projects_list) login=(oc projects -q "${login[@]}") ;;
    contexts) login=(oc config get-contexts -o name "${login[@]}") ;;
    configs) login=(oc get dc -o name "${login[@]}") ;;
    secrets) login=(oc get secrets -o name "${login[@]}") ;;
    runs) limit=9 login=(threescale-migrate history -o json) ;;
  esac
  # What hangs is not waited for, nor what holds its output open; where there is a program to end it, it is ended.
  if command -v timeout >/dev/null; then login=(timeout -k 1 "$limit" "${login[@]}"); fi
  last=$((SECONDS + limit))
  while ((SECONDS <= last)) && IFS= read -r -t "$limit" word; do
    case $kind in
      contexts) ;;
      runs)
        [[ $word == *'"run": "'* ]] || continue
        word=${word#*'"run": "'} word=${word%%'"'*}
        ;;
      *) word=${word##*/} ;;
    esac
    # A name that a shell would read as more than a word is not offered.
    case $word in '' | -* | *[!A-Za-z0-9@:/._+=-]*) ;; *) printf '%s\\n' "$word" ;; esac
  done < <("${login[@]}" 2>/dev/null </dev/null)
}
"""

BASH = """\
_threescale_migrate_names() { # KIND WHAT-IS-TYPED
  local before=''
  [[ $2 == *,* ]] && before=${2%,*},
  _threescale_migrate_those "$before" "${2##*,}" < <(_threescale_migrate_oc "$1" "${COMP_WORDS[@]}")
}
_threescale_migrate_those() { # BEFORE BEGINNING < WORDS
  local word
  while IFS= read -r word; do if [[ $word == "$2"* ]]; then printf '%s\\n' "$1$word"; fi; done
}
_threescale_migrate_projects() { _threescale_migrate_names projects "$1"; }
_threescale_migrate_projects_list() { compopt -o nospace; _threescale_migrate_names projects_list "$1"; }
_threescale_migrate_contexts() { _threescale_migrate_names contexts "$1"; }
_threescale_migrate_configs() { compopt -o nospace; _threescale_migrate_names configs "$1"; }
_threescale_migrate_secrets() { _threescale_migrate_names secrets "$1"; }
_threescale_migrate_runs() { _threescale_migrate_names runs "$1"; }
_threescale_migrate_topics() { compgen -W "TOPICS" -- "$1"; }
_threescale_migrate_programs() { compgen -c -- "$1"; }
_threescale_migrate_faults() {
  compopt -o nospace
  if [[ $1 == *=* ]]; then
    _threescale_migrate_those "${1%%=*}=" "${1#*=}" < <(echo all; _threescale_migrate_oc configs "${COMP_WORDS[@]}")
  else
    compgen -W "list FAULTS" -- "$1"
  fi
}

# Readline cuts words at = and at :, which shtab does not expect: it is given the words of the line, an option and its value
# as two, and readline gets what follows the letter at which it has cut.
_threescale_migrate() {
  local line=${COMP_LINE:0:COMP_POINT} word candidate before='' typed
  local -a COMP_WORDS=() given=() found=()
  local COMP_CWORD
  read -ra given <<<"$line"
  [[ $line == *[[:space:]] ]] && given+=('')
  for word in "${given[@]}"; do
    if [[ $word == --*=* ]]; then COMP_WORDS+=("${word%%=*}" "${word#*=}"); else COMP_WORDS+=("$word"); fi
  done
  COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
  typed=${COMP_WORDS[COMP_CWORD]}
  _shtab_threescale_migrate
  [[ $COMP_WORDBREAKS == *:* && $typed == *:* ]] && before=${typed%:*}:
  [[ $COMP_WORDBREAKS == *=* && $typed == *=* ]] && before=${typed%=*}=
  for candidate in ${COMPREPLY[@]+"${COMPREPLY[@]}"}; do found+=("${candidate#"$before"}"); done
  COMPREPLY=(${found[@]+"${found[@]}"})
}

complete -o bashdefault -F _threescale_migrate threescale-migrate oc-threescale_migrate
"""

ZSH = """\
_threescale_migrate_names() { # KIND
  local kind=$1
  local -a found
  case $kind in
    topics) compadd -- TOPICS; return ;;
    configs | projects_list) compset -P '*,' ;;
    faults)
      if compset -P '*='; then kind=configs; else compadd -S '' -- list FAULTS; return; fi
      ;;
  esac
  found=(${(f)"$(_threescale_migrate_oc $kind "${words[@]}")"})
  compadd -a found
}
"""


def script(shell: str) -> str:
    """The completion for `bash` or `zsh`, as the parser is now."""
    parser = cli.build()
    # Commands share the options of their parents.
    commands = (parser, *usage.commands(parser).values())
    for action in {id(action): action for command in commands for action in command._actions}.values():
        _prepare(action, shell)
    own = (BASH if shell == "bash" else ZSH).replace("FAULTS", " ".join(_faults()))
    own = own.replace("TOPICS", " ".join(dict.fromkeys([*usage.commands(parser), *TOPICS])))
    # What bash is told at the end takes the place of shtab's own `complete`; zsh defines functions before it uses them.
    made = str(shtab.complete(parser, shell, preamble=ASKING if shell == "bash" else ASKING + own))
    made = re.sub(r"^complete .*\n?\Z", "", made, flags=re.MULTILINE) + (own if shell == "bash" else "")
    # A change of the file is a change of the parser or of shtab; lines that end in spaces are neither.
    return re.sub(r"[ \t]+$", "", made, flags=re.MULTILINE)


def _prepare(action: argparse.Action, shell: str) -> None:
    """Tells shtab what completes a value; zsh takes `--option=VALUE` where the option's name ends in `=`."""
    option = OPTIONS.get(action.dest)
    kind = (option.about.completes if option else "") or BY_VALUE.get(usage.value(action))
    if action.nargs == argparse.REMAINDER:
        kind = {"zsh": "_normal"}
    elif isinstance(kind, str):
        called = "_command_names -e" if kind == "programs" else f" _threescale_migrate_names {kind}"
        kind = {"bash": f"_threescale_migrate_{kind}", "zsh": called}
    if kind is not None and action.nargs != 0 and action.choices is None:
        action.complete = kind  # type: ignore[attr-defined]
    if shell == "zsh" and action.nargs != 0:
        action.option_strings = [name + "=" if name[:2] == "--" else name for name in action.option_strings]


def _faults() -> Iterator[str]:
    """The faults as they are typed: a name, or `name=` where it is about something."""
    for fault in FAULTS:
        name, equals, _ = fault.partition("=")
        yield name + equals


def stale() -> list[str]:
    """The shells whose shipped script is not what the parser gives."""
    return [shell for shell, name in COMPLETIONS.items() if package_files.text(name) != script(shell)]


def main(argv: Iterable[str]) -> int:
    """Says which scripts are stale, or writes them; exit code 1 where one is stale."""
    parser = argparse.ArgumentParser(prog="python -m tests.tools.completions", description=__doc__)
    parser.add_argument("--write", action="store_true", help="make the scripts anew")
    if parser.parse_args(list(argv)).write:
        for shell, name in COMPLETIONS.items():
            (PACKAGE / name).write_text(script(shell), encoding="utf-8")
    found = stale()
    print(
        "\n".join(f"{COMPLETIONS[shell]} is not what the parser gives" for shell in found)
        or "all is as the parser gives it"
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
