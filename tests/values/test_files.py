"""Files are written in one move, and no link that somebody has planted is followed."""

from __future__ import annotations

import io
import os
import secrets
from pathlib import Path

import pytest

from threescale_migrate import files
from threescale_migrate.engine import journal_directory
from threescale_migrate.values import Refused


def test_a_new_file_is_its_owners_alone_and_one_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    files.write(path, "日本 \udcff")
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text(encoding="utf-8") == "日本 \\udcff"
    path.chmod(0o640)
    files.write(path, "two")
    assert (path.stat().st_mode & 0o777, path.read_text(encoding="utf-8")) == (0o640, "two")
    assert os.listdir(tmp_path) == ["report.html"]


def test_a_link_in_a_files_place_is_replaced_and_what_it_leads_to_is_left_alone(tmp_path: Path) -> None:
    victim, path = tmp_path / "victim", tmp_path / "all.prom"
    victim.write_text("mine", encoding="utf-8")
    path.symlink_to(victim)
    files.write(path, "new")
    assert victim.read_text(encoding="utf-8") == "mine"
    assert not path.is_symlink()


def test_a_link_in_the_place_of_the_temporary_file_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    victim, path = tmp_path / "victim", tmp_path / "all.prom"
    victim.write_text("mine", encoding="utf-8")
    monkeypatch.setattr(secrets, "token_hex", lambda size: "guessed")
    (tmp_path / ".all.prom.guessed").symlink_to(victim)
    with pytest.raises(FileExistsError):
        files.write(path, "new")
    assert victim.read_text(encoding="utf-8") == "mine"
    assert not path.exists()


def test_what_is_no_file_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with pytest.raises(OSError, match="Invalid argument"):
        files.write(path, "new")
    with pytest.raises(OSError, match=r"."):
        os.close(files.open_lock(path))
    assert path.is_fifo()


def test_a_lock_is_not_opened_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("mine", encoding="utf-8")
    (tmp_path / "lock").symlink_to(tmp_path / "victim")
    with pytest.raises(OSError, match=r"."):
        files.open_lock(tmp_path / "lock")


@pytest.mark.parametrize(
    "place", ["", "threescale-migrate", "threescale-migrate/host", "threescale-migrate/host/project"]
)
def test_a_state_directory_that_others_may_write_is_refused(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    directory = journal_directory.directory_of("https://host", "project")
    journal_directory.make(directory)
    (tmp_path / "state" / place).chmod(0o777)
    with pytest.raises(Refused, match="other users can write"):
        journal_directory.make(directory)
    if not place:  # as /tmp is: others may write, and not rename what is ours
        (tmp_path / "state").chmod(0o1777)
        journal_directory.make(directory)


def test_a_file_that_has_nothing_to_read_yet_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A regular file by its mode that answers so, as /proc/kmsg does; only root can open that one."""

    class Waiting(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return None  # type: ignore[return-value]

    monkeypatch.setattr(files, "opened", lambda path: Waiting())
    with pytest.raises(OSError, match="temporarily unavailable"):
        files.read(tmp_path, 10)
