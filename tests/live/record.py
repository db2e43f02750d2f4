"""`python -m tests.live.record LIST DIRECTORY`: runs a list of `oc` commands and writes what came back as a scenario.

The list is typed as in a shell, a command a line: `oc get dc -o json`, `oc create -f - < amp-sa.yml`. A line that begins with
`#` becomes a note above what follows; `sleep 2` waits two seconds. The directory is in the format of the recordings, with
addresses, names and logins masked, so that it can be handed in and replayed: `python -m tests.conformance.table DIRECTORY`.
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.live.masking import Masks
from tests.support import recorded

# A call that waits for ever has to end as well.
LIMIT = 600.0


class Recorder:
    """Runs `oc`, and writes each call down, masked, in a new folder. `environment` is that of the calls; None for one's own."""

    def __init__(
        self, folder: Path, masks: Masks, header: Mapping[str, Any], environment: Mapping[str, str] | None = None
    ) -> None:
        self.folder = folder
        self.masks = masks
        self.environment = environment
        self.scenario = str(header["scenario"])
        self.began = time.monotonic()
        self.count = 0
        self.above = ""
        self.files: set[str] = set()
        self.read: dict[str, str] = {}
        recorded.write(folder, header)

    def note(self, text: str) -> None:
        """A heading above what follows."""
        self.above = text

    def file(self, path: Path) -> str:
        """Writes down the content of a file that the next command reads, once; gives the content."""
        content = path.read_text(encoding="utf-8")
        if path.name not in self.files:
            self.files.add(path.name)
            self.masks.made_up(content)
            self.read[path.name] = self.masks(content)
        return content

    def run(self, argv: Sequence[str], stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        """Runs a command to its end, and writes the call down. Raises subprocess.TimeoutExpired."""
        if stdin is not None:
            self.masks.made_up(stdin)
        at = time.monotonic()
        done = subprocess.run(
            list(argv),
            input=stdin or "",
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
            env=self.environment,
        )
        self.count += 1
        call = recorded.Recorded(
            self.scenario,
            self.above,
            tuple(self.masks(word) for word in argv),
            None if stdin is None else self.masks(stdin),
            done.returncode,
            self.masks(done.stdout),
            self.masks(done.stderr),
            round(at - self.began, 2),
            round(time.monotonic() - at, 3),
            self.read,
        )
        self.read = {}
        recorded.add(self.folder, self.count, call)
        return done


def asked(*args: str) -> str:
    """What `oc` says to a question about the login; empty where it does not say."""
    done = subprocess.run(["oc", *args], capture_output=True, text=True, timeout=LIMIT, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


BEGINNINGS = ("3scale", "empty", "nothing")


def header(name: str, about: str, begins: str = "3scale") -> dict[str, Any]:
    """The head of a scenario: what it is, what is there before its first call, and who talks to whom.

    `begins` is what a replay starts from: the project of the rehearsal at rest, an empty project, or no project yet.
    """
    try:
        versions = json.loads(asked("version", "-o", "json") or "{}")
    except ValueError:
        versions = {}
    sentence = {
        side: str((versions.get(f"{side}Version") or {}).get("gitVersion") or "unknown")
        for side in ("client", "server")
    }
    about_it = {"scenario": name, "about": about, "begins": begins, "user": asked("whoami") or "system:admin"}
    return {**about_it, **sentence, "openshift": versions.get("openshiftVersion") or "unknown"}


def own_masks() -> Masks:
    """The masks for whoever is logged in, in the project that is current."""
    return Masks(
        asked("whoami", "--show-server"), asked("whoami"), asked("project", "-q"), asked("config", "current-context")
    )


def record_list(lines: Sequence[str], folder: Path, recorder: Recorder) -> int:
    """Runs the commands of a list; gives how many. Raises ValueError for a line that is none, OSError for its files."""
    count = 0
    for number, line in enumerate(lines, 1):
        if line.lstrip().startswith("#"):
            recorder.note(line.strip().lstrip("#").strip())
            continue
        words = shlex.split(line, comments=False)
        if words[:1] == ["sleep"] and len(words) == 2:
            time.sleep(float(words[1]))
        elif words[:1] == ["oc"]:
            stdin = None
            if "<" in words:
                at = words.index("<")
                stdin = recorder.file(folder / words[at + 1])
                words = words[:at] + words[at + 2 :]
            for flag, value in zip(words, words[1:]):
                if flag in ("-f", "--filename") and value != "-":
                    recorder.file(folder / value)
            recorder.run(words, stdin)
            count += 1
        elif words:
            raise ValueError(f"line {number} is no oc command, no note and no sleep: {line.strip()[:60]}")
    return count


def main(argv: Sequence[str]) -> int:
    """Records the list that is named on the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.live.record", description=(__doc__ or "").partition("\n\n")[2]
    )
    parser.add_argument("list", type=Path, help="the commands, a line each")
    parser.add_argument("out", type=Path, help="the scenario to write; one that is there is not overwritten")
    parser.add_argument("--about", default="", help="a sentence that says what the scenario is about")
    parser.add_argument(
        "--begins",
        choices=BEGINNINGS,
        default="3scale",
        help="what is there before the first command: a 3scale 2.5 at rest, an empty project, or no project yet",
    )
    options = parser.parse_args(list(argv))
    try:
        lines = options.list.read_text(encoding="utf-8").splitlines()
        recorder = Recorder(options.out, own_masks(), header(options.out.name, options.about, options.begins))
        count = record_list(lines, options.list.parent, recorder)
    except (OSError, ValueError) as error:
        print(f"record: {error}", file=sys.stderr)
        return 2
    print(f"{count} calls are in {options.out}; read it through before you hand it in")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
