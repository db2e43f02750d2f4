"""Pictures of the reports: `python -m tests.tools.screens DIRECTORY`, with a chromium on PATH.

A good run, a failed one, an undo and a look, on the rehearsal cluster; each in both languages, as wide as a desk and as a phone, light
and dark, and as it is printed.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.conftest import make_world
from threescale_migrate.language import LANGUAGES

PHONE = '<body style="margin:0"><iframe src="{page}" style="width:390px;height:2400px;border:0"></iframe></body>'
CHROMIUM = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--allow-file-access-from-files",
)  # fmt: skip


def reports(target: Path) -> list[Path]:
    """Makes the reports, and gives their files."""
    with tempfile.TemporaryDirectory() as scratch:
        for name, faults in (("good", ()), ("failed", ("image-pull=zync", "paused=system-redis"))):
            world = make_world(Path(scratch) / name, *faults, speed=10)
            world.migrate("--report", str(target / f"{name}-en.html"))
            world.run("verify", "--report", str(target / f"{name}-verify-en.html"))
            world.run("history", world.journals[-1].stem, "--lang", "ja", "--report", str(target / f"{name}-ja.html"))
            if name == "failed":
                world.run("undo", "--yes", "--report", str(target / "undo-en.html"))
                world.run("history", world.journals[-1].stem, "--lang", "ja", "--report", str(target / "undo-ja.html"))
    return sorted(target.glob("*.html"))


def shoot(browser: str, page: Path, target: Path) -> None:
    """Takes all pictures of one report."""
    dark, phone = target / "dark.htm", target / "phone.htm"
    dark.write_text(
        page.read_text(encoding="utf-8").replace("@media (prefers-color-scheme: dark)", "@media all"), encoding="utf-8"
    )
    phone.write_text(PHONE.format(page=page.name), encoding="utf-8")
    for source, kind, size in ((page, "desk", "1280,1400"), (dark, "dark", "1280,1400"), (phone, "phone", "500,2400")):
        _run(browser, source, f"--screenshot={target / f'{page.stem}-{kind}.png'}", f"--window-size={size}")
    _run(browser, page, f"--print-to-pdf={target / f'{page.stem}.pdf'}")
    dark.unlink()
    phone.unlink()


def _run(browser: str, page: Path, *options: str) -> None:
    with tempfile.TemporaryDirectory() as profile:
        argv = [browser, *CHROMIUM, f"--user-data-dir={profile}", *options, page.as_uri()]
        subprocess.run(argv, check=True, capture_output=True, timeout=120)


def main(argv: list[str]) -> int:
    """Makes reports and pictures in a directory."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if len(argv) != 1 or browser is None:
        print(
            f"usage: python -m tests.tools.screens DIRECTORY (chromium: {browser}; languages: {', '.join(LANGUAGES)})"
        )
        return 2
    target = Path(argv[0]).resolve()
    target.mkdir(parents=True, exist_ok=True)
    for page in reports(target):
        shoot(browser, page, target)
        print(page)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
