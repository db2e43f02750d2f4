"""Completion for bash and zsh, made from the parser; the names of what is in the cluster come from `oc`, when asked for."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterable, Iterator, Mapping

from .usage import sentence, value

# What an option's value is, by the name of its destination, else by what the help calls it.
BY_DEST: Mapping[str, str] = {
    "dc": "configs",
    "projects": "projects_list",
    "namespace": "projects",
    "expect_project": "projects",
    "context": "contexts",
    "from_secret": "secrets",
    "run": "runs",
    "fault": "faults",
    "oc": "programs",
}
BY_VALUE: Mapping[str, str] = {"FILE": "files", "DIR": "directories"}
LISTS = ("configs", "projects_list")


def kind_of(action: argparse.Action) -> str:
    """What completes a value: a kind of the tables above, `words …`, or `nothing`."""
    if action.choices is not None:
        return "words " + " ".join(map(str, action.choices))
    return BY_DEST.get(action.dest) or BY_VALUE.get(value(action)) or "nothing"


def commands(parser: argparse.ArgumentParser) -> Mapping[str, argparse.ArgumentParser]:
    """The commands of the whole command line."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            found: Mapping[str, argparse.ArgumentParser] = action.choices
            return found
    return {}


def options(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """The options of a command that are told of."""
    return [action for action in parser._actions if action.option_strings and action.help != argparse.SUPPRESS]


def words(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """What a command takes beside its options."""
    return [action for action in parser._actions if not action.option_strings]


def script(parser: argparse.ArgumentParser, shell: str, faults: Iterable[str]) -> str:
    """The completion for `bash` or `zsh`. `faults` are those of the rehearsal, as `NAME` or `NAME=WHAT`."""
    listed = " ".join(
        fault if fault == name else f"{name}=" for fault, name in ((f, f.partition("=")[0]) for f in faults)
    )
    return (_bash if shell == "bash" else _zsh)(parser, listed)


# Both shells: how `oc` is asked, in the project and the context that the line names already.
ASKING = """\
_threescale_migrate_oc() {
  local -a login
  local word last=''
  login=(--request-timeout=3s)
  for word in "$@"; do
    case $last in -n) login+=("--namespace=$word") ;; --namespace | --context | --kubeconfig) login+=("$last=$word") ;; esac
    case $word in --namespace=* | --context=* | --kubeconfig=*) login+=("$word") ;; esac
    last=$word
  done
  case $kind in
    projects | projects_list) oc projects -q "${login[@]}" ;;
    contexts) oc config get-contexts -o name "${login[@]}" ;;
    configs) oc get dc -o name "${login[@]}" ;;
    secrets) oc get secrets -o name "${login[@]}" ;;
    runs) threescale-migrate history | while read -r _ word _; do printf '%s\\n' "$word"; done ;;
  esac 2>/dev/null | while IFS= read -r word; do
    if [[ $kind == contexts ]]; then printf '%s\\n' "$word"; else printf '%s\\n' "${word##*/}"; fi
  done
}
"""

BASH = """\
# bash completion for threescale-migrate: source <(threescale-migrate completion bash)
{asking}
# The kind of value that an option, or the words of a command, take: in $kind.
_threescale_migrate_kind() {{ # COMMAND OPTION
  kind=''
  case "$1 $2" in
{kinds}
  esac
}}

_threescale_migrate() {{
  local line=${{COMP_LINE:0:COMP_POINT}} command='' current last kind='' given='' before='' candidate
  local -a words=() found=()
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=('')
  current=${{words[${{#words[@]}} - 1]}}
  last=${{words[${{#words[@]}} - 2]}}
  COMPREPLY=()
  ((${{#words[@]}} > 2)) && command=${{words[1]}}
  for candidate in "${{words[@]:1:${{#words[@]}}-2}}"; do
    # After -- another program's words come.
    [[ $candidate == -- ]] && compopt -o default 2>/dev/null && return
  done
  given=$current
  if [[ -z $command ]]; then
    kind='words {commands}'
    [[ $current == -* ]] && kind='words --help --version'
  elif [[ $current == --*=* ]]; then
    given=${{current#*=}}
    _threescale_migrate_kind "$command" "${{current%%=*}}"
  elif [[ $last == -* ]]; then
    _threescale_migrate_kind "$command" "$last"
  fi
  if [[ -z $kind && $current == -* ]]; then
    case $command in
{options}
    esac
  elif [[ -z $kind ]]; then
    _threescale_migrate_kind "$command" ''
  fi
  case $kind in
    words*) mapfile -t found < <(compgen -W "${{kind#words}}" -- "$given") ;;
    files) compopt -o filenames 2>/dev/null; mapfile -t found < <(compgen -f -- "$given") ;;
    directories) compopt -o filenames 2>/dev/null; mapfile -t found < <(compgen -d -- "$given") ;;
    programs) mapfile -t found < <(compgen -c -- "$given") ;;
    faults)
      compopt -o nospace 2>/dev/null
      mapfile -t found < <(compgen -W "$(_threescale_migrate_faults "$given")" -- "$given")
      ;;
    {lists})
      compopt -o nospace 2>/dev/null
      [[ $given == *,* ]] && before=${{given%,*}},
      mapfile -t found < <(compgen -P "$before" -W "$(_threescale_migrate_oc "${{words[@]}}")" -- "${{given##*,}}")
      ;;
    ?*) mapfile -t found < <(compgen -W "$(_threescale_migrate_oc "${{words[@]}}")" -- "$given") ;;
  esac
  # Readline has cut the word at these letters, and takes what follows them.
  before=
  [[ $COMP_WORDBREAKS == *:* && $given == *:* ]] && before=${{given%:*}}:
  [[ $COMP_WORDBREAKS == *=* && $given == *=* ]] && before=${{given%=*}}=
  for candidate in ${{found[@]+"${{found[@]}}"}}; do COMPREPLY+=("${{candidate#"$before"}}"); done
}}

_threescale_migrate_faults() {{ # WHAT IS GIVEN
  local name kind=configs
  if [[ $1 == *=* ]]; then
    for name in all $(_threescale_migrate_oc "${{words[@]}}"); do printf '%s\\n' "${{1%%=*}}=$name"; done
  else
    printf '%s\\n' list {faults}
  fi
}}

complete -F _threescale_migrate threescale-migrate
"""


def _bash(parser: argparse.ArgumentParser, faults: str) -> str:
    kinds: dict[str, list[str]] = {}
    listed = []
    for name, command in commands(parser).items():
        spelled = [spelling for action in options(command) for spelling in action.option_strings]
        listed.append(f"      {name}) kind={shlex.quote('words ' + ' '.join(s for s in spelled if s[:2] == '--'))} ;;")
        for pattern, kind in _kinds(name, command):
            kinds.setdefault(kind, []).append(shlex.quote(pattern))
    lines = [f"    {' | '.join(patterns)}) kind={shlex.quote(kind)} ;;" for kind, patterns in kinds.items()]
    return BASH.format(
        asking=ASKING,
        kinds="\n".join(lines),
        options="\n".join(listed),
        commands=" ".join(commands(parser)),
        lists=" | ".join(LISTS),
        faults=faults,
    )


def _kinds(name: str, command: argparse.ArgumentParser) -> Iterator[tuple[str, str]]:
    """Pairs of `COMMAND OPTION` and the kind of its value; the words of a command have no option."""
    for action in options(command):
        if action.nargs != 0:
            yield from ((f"{name} {spelling}", kind_of(action)) for spelling in action.option_strings)
    for action in words(command):
        if action.nargs != argparse.REMAINDER:
            yield f"{name} ", kind_of(action)


ZSH = """\
#compdef threescale-migrate
# zsh completion for threescale-migrate: put it as _threescale-migrate into a directory of $fpath
{asking}
_threescale_migrate_names() {{ # KIND
  local kind=$1
  local -a found
  case $kind in
    {lists}) compset -P '*,' ;;
    faults)
      if compset -P '*='; then kind=configs; else compadd -S '' -- list {faults}; return; fi
      ;;
  esac
  found=(${{(f)"$(_threescale_migrate_oc "${{words[@]}}")"}})
  compadd -a found
}}

_threescale_migrate() {{
  local curcontext=$curcontext state line
  typeset -A opt_args
  _arguments -C '--version[show the version]' '--help[show help]' {commands} '*::word:->rest' && return
  case $words[1] in
{specs}
  esac
}}

if [[ ${{funcstack[1]}} == _threescale-migrate ]]; then _threescale_migrate "$@"; else compdef _threescale_migrate threescale-migrate; fi
"""


def _zsh(parser: argparse.ArgumentParser, faults: str) -> str:
    known = commands(parser)
    specs = []
    for name, command in known.items():
        lines = [_spec(action) for action in options(command)]
        lines += [_word(action) for action in words(command)]
        specs.append(f"    {name})\n      _arguments -s " + " \\\n        ".join(lines) + "\n      ;;")
    described = " ".join(
        f"{name}\\:{shlex.quote(_escaped(str(command.description)))}" for name, command in known.items()
    )
    return ZSH.format(
        asking=ASKING,
        commands=shlex.quote(f"1:command:(({described}))"),
        specs="\n".join(specs),
        lists=" | ".join(LISTS),
        faults=faults,
    )


def _escaped(text: str) -> str:
    for letter in "\\[]:":
        text = text.replace(letter, "\\" + letter)
    return text


def _completer(action: argparse.Action) -> str:
    kind = kind_of(action)
    known = {"files": "_files", "directories": "_files -/", "programs": "_command_names -e", "nothing": " "}
    if kind.startswith("words "):
        return f"({kind[6:]})"
    return known.get(kind) or f" _threescale_migrate_names {kind}"  # the space: with these words only


def _spec(action: argparse.Action) -> str:
    described = f"[{_escaped(sentence(action))}]"
    taken = "" if action.nargs == 0 else f":{_escaped(value(action))}:{_completer(action)}"
    several = "*" if isinstance(action, argparse._AppendAction) else ""
    excluded = "" if several else f"({' '.join(action.option_strings)})"
    specs = []
    for spelling in action.option_strings:
        equals = "=" if action.nargs != 0 and spelling.startswith("--") else ""
        specs.append(shlex.quote(f"{several or excluded}{spelling}{equals}{described}{taken}"))
    return " ".join(specs)


def _word(action: argparse.Action) -> str:
    if action.nargs == argparse.REMAINDER:
        return shlex.quote("*::program:_normal")
    optional = ":" if action.nargs == "?" else ""
    return shlex.quote(f"1:{optional}{_escaped(value(action))}:{_completer(action)}")
