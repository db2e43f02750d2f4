"""An `oc` in front of the rehearsal's that keeps a list of its calls and answers late, as over a long line or from a large cluster."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import World


@dataclass(frozen=True)
class Far:
    """The list of the calls that were made, each with its words."""

    log: Path

    @property
    def calls(self) -> list[str]:
        return self.log.read_text(encoding="utf-8").splitlines()

    def of(self, words: str) -> list[str]:
        """The calls that have these words in them."""
        return [call for call in self.calls if words in call]

    def forget(self) -> None:
        self.log.write_text("", encoding="utf-8")


def far(world: World, milliseconds: int = 0, slow: str = "", seconds: float = 0.0) -> Far:
    """Puts it first on the world's PATH.

    Each call takes `milliseconds` more for itself and once more for each type, since `oc` asks for one after the other
    (fact 29); `oc config` asks no server. Calls that have the words `slow` take `seconds` more.
    """
    home = world.home / f"far-{milliseconds}-{seconds}"
    home.mkdir()
    real = shlex.quote(str(world.directory / "bin" / "oc"))
    script = home / "oc"
    script.write_text(
        f"""#!/bin/sh
echo "$*" >> {shlex.quote(str(home / "calls"))}
types=1
if [ "$1" = get ]; then
  case $2 in
    */*) types=0; for word; do case $word in */*=*|-*) ;; */*) types=$((types + 1)) ;; esac; done ;;
    *) commas=$(echo "$2" | tr -cd ,); types=$((${{#commas}} + 1)) ;;
  esac
fi
wait=$(((types + 1) * {milliseconds}))
[ "$1" = config ] || [ $wait = 0 ] || sleep $((wait / 1000)).$(printf %03d $((wait % 1000)))
case "$*" in *{shlex.quote(slow or "nothing is slow")}*) sleep {seconds} ;; esac
exec {real} "$@"
""",
        encoding="utf-8",
    )
    script.chmod(0o755)
    (home / "calls").touch()
    world.environment["PATH"] = f"{home}{os.pathsep}{world.environment['PATH']}"
    return Far(home / "calls")


def lacking(world: World, kind: str, said: str) -> None:
    """Puts an `oc` first on the world's PATH that answers each list with that type in it as a server does that has no such type."""
    home = world.home / f"lacking-{kind}"
    home.mkdir()
    script = home / "oc"
    script.write_text(
        f"""#!/bin/sh
case ",$2," in *,{kind},*) echo {shlex.quote(said)} >&2; exit 1 ;; esac
exec {shlex.quote(str(world.directory / "bin" / "oc"))} "$@"
""",
        encoding="utf-8",
    )
    script.chmod(0o755)
    world.environment["PATH"] = f"{home}{os.pathsep}{world.environment['PATH']}"


def without_reviews(world: World) -> None:
    """Puts an `oc` first on the world's PATH whose server knows no reviews of rights."""
    home = world.home / "without-reviews"
    home.mkdir()
    first = world.environment["PATH"].partition(os.pathsep)[0]
    said = 'error: unable to recognize "STDIN": no matches for kind "SelfSubjectRulesReview" in version "authorization.k8s.io/v1"'
    script = home / "oc"
    script.write_text(
        f"""#!/bin/sh
case "$*" in "create -f - -o json --as="*) echo {shlex.quote(said)} >&2; exit 1 ;; esac
exec {shlex.quote(first)}/oc "$@"
""",
        encoding="utf-8",
    )
    script.chmod(0o755)
    world.environment["PATH"] = f"{home}{os.pathsep}{world.environment['PATH']}"
