"""Whoever waits for others' entries is woken by them, and by nothing else."""

from __future__ import annotations

import ctypes
import errno
import os
import select
from pathlib import Path

import pytest

from console.journal.notice import Notice
from tests.unit.journal.support import lane_in, note, write


def told(notice: Notice) -> bool:
    """Whether anything was told since; the kernel tells before the call that caused it returns."""
    ready, _, _ = select.select([notice.fd], [], [], 0)
    notice.clear()
    return bool(ready)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def test_entries_of_others_are_told_and_our_own_are_not(folder: Path) -> None:
    ours, theirs = lane_in(folder, host="ours"), lane_in(folder, host="theirs")
    notice = Notice.open((folder,), ours.name)
    assert notice is not None
    assert not told(notice)
    write(ours, note("a"))
    assert not told(notice)
    write(theirs, note("b"))
    assert told(notice)
    assert not told(notice)
    third = lane_in(folder, host="third")
    assert told(notice)
    write(third, note("c"))
    assert told(notice), "a file that came later is watched too"
    notice.close()
    notice.close()


def test_a_lane_of_our_name_with_more_digits_is_not_ours(folder: Path) -> None:
    lanes = [lane_in(folder, host="a") for _ in range(17)]
    notice = Notice.open((folder,), lanes[1].name)
    assert notice is not None
    assert (lanes[1].name, lanes[16].name) == ("a.0.1", "a.0.10")
    write(lanes[16], note("x"))
    assert told(notice)
    notice.close()


def test_a_file_that_could_not_be_read_when_it_came_is_watched_once_it_can_be(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under umask 077 a lane's file is for its owner alone until it gets the mode of the folder."""
    notice = Notice.open((folder,), "ours.0.0")
    assert notice is not None
    add = notice._add
    monkeypatch.setattr(notice, "_add", lambda path, mask: add(path, mask) if path.stat().st_mode & 0o040 else -1)
    path = folder / "theirs.1.0.lane"
    path.touch(0o600)
    assert told(notice)
    path.chmod(0o640)
    assert told(notice)
    with path.open("a") as file:
        file.write("x")
    assert told(notice)
    notice.close()


def test_links_and_other_files_are_not_watched(folder: Path) -> None:
    target = folder.parent / "elsewhere"
    target.write_text("x")
    (folder / "evil.0.0.lane").symlink_to(target)
    (folder / "readme").write_text("x")
    notice = Notice.open((folder,), "ours.0.0")
    assert notice is not None
    with target.open("a") as file:
        file.write("y")
    with (folder / "readme").open("a") as file:
        file.write("y")
    assert not told(notice)
    notice.close()


def test_a_folder_that_is_missing_gives_no_notice(folder: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    assert Notice.open((folder / "none",), "ours.0.0") is None
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_system_without_a_watch_left_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of one file nothing is told, of the others it is: whoever listens must look now and then."""
    notice = Notice.open((folder,), "ours.0.0")
    assert notice is not None
    assert not notice.deaf
    monkeypatch.setattr(notice, "_libc", Full())
    (folder / "theirs.1.0.lane").touch()
    assert told(notice)
    assert notice.deaf
    notice.close()


class Full:
    """A system whose watches are all in use."""

    def inotify_add_watch(self, fd: int, path: bytes, mask: int) -> int:
        ctypes.set_errno(errno.ENOSPC)
        return -1


def test_a_file_that_is_not_for_us_makes_nobody_deaf(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notice = Notice.open((folder,), "ours.0.0")
    assert notice is not None
    monkeypatch.setattr(Full, "inotify_add_watch", lambda self, fd, path, mask: (ctypes.set_errno(errno.EACCES), -1)[1])
    monkeypatch.setattr(notice, "_libc", Full())
    (folder / "theirs.1.0.lane").touch()
    assert told(notice)
    assert not notice.deaf
    notice.close()
