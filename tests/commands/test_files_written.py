"""Every path that the commands write, as the topic `files` lists them: no other, each with its mode, and none that is never written."""

from __future__ import annotations

import re
import stat
import sys
from pathlib import Path

from tests.conftest import GRACE, TOKEN, World
from tests.support.markdown import Kind, blocks
from threescale_migrate.cli.topics import topic

# What a name of the table stands for. What is named on the command line is called here as the topic calls it.
NAMES = {
    "STATE": r"state/threescale-migrate",
    "SERVER": r"[\w.:-]+",
    "PROJECT": r"threescale",
    "RUN": r"\d{8}T\d{6}Z-\d+(-\d+)?",
    "NAME": r"[\w.-]+",
}
# Below the world's home, and not written by the tool: the cluster that stands in for a real one.
NOT_OURS = ("cluster/",)
# A command with a defect in it.
DEFECT = """
import sys
from threescale_migrate.cli.main import main
from threescale_migrate.commands import plan
def run(session, options): raise LookupError("nobody foresaw this")
plan.run = run
sys.exit(main(["plan"]))
"""


def listed() -> dict[str, re.Pattern[str]]:
    """Each path of the table, as a pattern of paths below the home; a directory stands for all in it."""
    (rows,) = (block.rows for block in blocks(topic("files")) if block.kind is Kind.TABLE)
    found = {}
    for path in (path for row in rows[1:] for path in re.findall(r"`([^`]+)`", row[0])):
        words = re.split(rf"\b({'|'.join(NAMES)})\b", path)
        pattern = "".join(NAMES.get(word, re.escape(word)) for word in words)
        found[path] = re.compile(pattern + (".+" if path.endswith("/") else "") + r"\Z")
    return found


def written(home: Path) -> list[str]:
    """The files below the home that are the tool's."""
    names = (str(path.relative_to(home)) for path in sorted(home.rglob("*")) if not path.is_dir())
    return [name for name in names if not name.startswith(NOT_OURS)]


def test_each_file_that_is_written_is_in_the_table_and_each_of_the_table_is_written(world: World) -> None:
    here = world.home
    for words in (
        "migrate --yes --grace {grace} --secret-file {secret} --report {home}/REPORT.html --backup {home}/BACKUP --all-at-once --keep-data-in {home}/DATA",
        "verify --changed-since-last",
        "verify --metrics-file {home}/METRICS",
        "verify --lang ja --help",
        "plan --secret-file {secret} --prove-pull",
        "export {home}/BUNDLE",
        "undo --yes --grace {grace}",
        "history",
        "rehearse --dir {home}/DIR -- true",
        "rehearse -- true",
    ):
        given = words.format(home=here, secret=world.secret, grace=GRACE).split()
        assert world.run(*given).code in (0, 3), words
    assert world.program([sys.executable, "-c", DEFECT]).code == 1
    table, files = listed(), written(here)
    # The report's name ends as its format.
    (here / "REPORT.html").rename(here / "REPORT")
    files = ["REPORT" if name == "REPORT.html" else name for name in files]
    assert [name for name in files if not any(pattern.match(name) for pattern in table.values())] == []
    assert [path for path, pattern in table.items() if not any(map(pattern.match, files))] == []
    for name in files:
        mode = stat.S_IMODE((here / name).stat().st_mode)
        assert mode & 0o077 == 0 or name == "METRICS" or name.startswith("DIR/"), (name, oct(mode))
        assert TOKEN not in (here / name).read_text(encoding="utf-8", errors="replace"), name
