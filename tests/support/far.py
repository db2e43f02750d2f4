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
