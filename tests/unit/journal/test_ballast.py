"""Ballast: on a full disk, what happened is written down all the same, in the same folder."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from console.journal import ballast as ballasts
from console.journal.ballast import Ballast
from console.journal.disk import Disk
from console.journal.journal import Journal
from console.journal.lane import Lane, open_lane
from console.journal.places import places
from console.journal.reading import read
from console.journal.stamp import HybridClock
from console.model.entry import Kind
from tests.unit.clocks import CountingIds, ManualClock
from tests.unit.journal.support import EIO, ENOSPC, BrokenDisk, note, texts, write

MB = 1 << 20


def lane_with(folder: Path, ballast: Ballast | None, disk: Disk | None = None, fallback: Path | None = None) -> Lane:
    clock = ManualClock()
    return open_lane(
        places(folder, fallback), "INC-0001", clock=clock, hybrid=HybridClock(clock), ids=CountingIds(), host="bastion",
        disk=disk or Disk(), ballast=ballast,
    )  # fmt: skip


def taken(path: Path) -> int:
    return path.stat().st_blocks * 512


def test_it_takes_its_space_once_for_its_owner_alone_and_gives_it_back(tmp_path: Path) -> None:
    ballast = Ballast(tmp_path, 1)
    assert ballast.lay()
    assert taken(ballast.path) >= MB
    assert ballast.path.stat().st_mode & 0o777 == 0o600
    before = ballast.path.stat()
    assert Ballast(tmp_path, 1).lay()
    assert ballast.path.stat().st_ino == before.st_ino
    assert ballast.trouble == ""
    assert ballast.release()
    assert not ballast.path.exists()
    assert "reserve of 1 MB is used up; free space in" in ballast.trouble
    assert not ballast.release(), "what is not there makes no room"
    assert ballast.lay()
    assert ballast.trouble == ""


def test_a_reserve_that_was_half_laid_is_completed(tmp_path: Path) -> None:
    ballast = Ballast(tmp_path, 1)
    ballast.path.write_bytes(b"x" * 100)
    assert ballast.lay()
    assert taken(ballast.path) >= MB


def test_without_plenty_it_is_not_laid_and_that_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ballast = Ballast(tmp_path, 1)
    monkeypatch.setattr(ballast, "_free", lambda: 3 * MB - 1)
    assert not ballast.lay()
    assert not ballast.path.exists()
    assert ballast.trouble.startswith("the disk is nearly full")
    monkeypatch.setattr(ballast, "_free", lambda: 3 * MB)
    assert ballast.lay()
    assert ballast.trouble == ""


def test_what_is_in_its_place_is_left_alone(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.write_text("precious")
    ballast = Ballast(tmp_path, 1)
    for plant in (lambda: ballast.path.symlink_to(real), lambda: os.link(real, ballast.path),
                  lambda: os.mkfifo(ballast.path)):  # fmt: skip
        plant()
        assert not ballast.lay()
        assert not ballast.release()
        assert ballast.trouble == ""
        ballast.path.unlink()
    assert real.read_text() == "precious"
    if os.geteuid() == 0:
        ballast.path.write_text("of another")
        os.chown(ballast.path, 12345, 12345)
        assert not ballast.release()
        assert ballast.path.read_text() == "of another"


def test_none_is_none(tmp_path: Path) -> None:
    ballast = Ballast(tmp_path, 0)
    assert not ballast.lay()
    assert list(tmp_path.iterdir()) == []
    assert ballast.trouble == ""


class Room(Ballast):
    """Ballast whose release heals a disk, once."""

    def __init__(self, root: Path, disk: BrokenDisk, heals: bool = True) -> None:
        super().__init__(root, 1)
        self.broken = disk
        self.heals = heals
        self.released = 0

    def release(self) -> bool:
        self.released += 1
        if self.heals:
            self.broken.heal()
            self.heals = False
            return True
        return False


@pytest.mark.parametrize("call", ["write", "sync"])
def test_a_full_disk_is_written_on_in_the_same_folder(tmp_path: Path, call: str) -> None:
    disk, folder = BrokenDisk(), tmp_path / "INC-0001"
    ballast = Room(tmp_path, disk)
    lane = lane_with(folder, ballast, disk, tmp_path / "spare")
    write(lane, note("a"))
    disk.fail(call, ENOSPC)
    write(lane, note("b"))
    write(lane, note("c"))
    assert ballast.released == 1
    assert not (tmp_path / "spare").exists()
    assert texts(list(read(folder))) == ["a", "b", "c"]
    assert [e.body["place"] for e in lane.storage.entries() if e.kind is Kind.SEGMENT_OPENED] == ["folder"]


def test_a_fresh_segment_for_which_there_is_no_room_gets_it(tmp_path: Path) -> None:
    disk, folder = BrokenDisk(), tmp_path / "INC-0001"
    ballast = Room(tmp_path, disk)
    lane = lane_with(folder, ballast, disk, tmp_path / "spare")
    write(lane, note("a"))
    base = str(folder / f"{lane.name}.lane")
    disk.fails["sync"] = lambda path: EIO if path == base else ENOSPC
    write(lane, note("b"))
    assert (ballast.released, lane.storage.roll.trouble) == (1, "")
    assert texts(list(read(folder))) == ["a", "b"]


def test_another_failure_leaves_the_ballast_where_it_is(tmp_path: Path) -> None:
    disk, folder = BrokenDisk(), tmp_path / "INC-0001"
    ballast = Room(tmp_path, disk)
    lane = lane_with(folder, ballast, disk)
    disk.fail("write", EIO)
    write(lane, note("b"))
    assert ballast.released == 0


def test_when_the_ballast_is_used_up_the_fallback_takes_over(tmp_path: Path) -> None:
    disk, folder = BrokenDisk(), tmp_path / "INC-0001"
    lane = lane_with(folder, Room(tmp_path, disk, heals=False), disk, tmp_path / "spare")
    disk.fail("write", ENOSPC, folder)
    write(lane, note("b"))
    assert "spare" in lane.storage.roll.trouble
    assert texts(list(read(folder, tmp_path / "spare"))) == ["b"]


def test_the_banner_is_red_until_there_is_ballast_again(tmp_path: Path) -> None:
    async def go() -> None:
        ballast = Ballast(tmp_path, 1)
        assert ballast.lay()
        journal = await Journal.open(
            tmp_path / "INC-0001", "INC-0001", clock=ManualClock(), ids=CountingIds(), ballast=ballast
        )
        assert journal.health().ok
        ballast.release()
        health = journal.health()
        assert not health.ok
        assert health.detail.startswith("the disk is full: the journal's reserve of 1 MB is used up")
        ballast.lay()
        assert journal.health().ok
        await journal.close()

    asyncio.run(go())


# A real small disk


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 4 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m,mode=0700", "none", str(place)], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {done.stderr.decode().strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(path: Path) -> None:
    """Write until nothing more goes onto the disk."""
    with path.open("wb", buffering=0) as file, suppress(OSError):
        for _ in range(100_000):
            file.write(bytes(4096))
    assert os.statvfs(path.parent).f_bavail == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts a small disk")
def test_on_a_real_full_disk_an_outcome_is_still_written(
    small_disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ballast = Ballast(small_disk, 1)
    assert ballast.lay()
    folder, spare = small_disk / "INC-0001", tmp_path / "spare"
    lane = lane_with(folder, ballast, fallback=spare)
    write(lane, note("before"))
    fill(small_disk / "filler")
    for number in range(300):
        write(lane, note(f"full {number} " + "x" * 500))
    assert not ballast.path.exists()
    assert ballast.trouble.startswith("the disk is full")
    assert not spare.exists(), "everything stands in the folder"
    assert lane.storage.roll.trouble == ""
    said = texts(list(read(folder)))
    assert len(said) == 301
    assert not ballast.lay(), "the disk is as full as it was"
    assert "full" in ballast.trouble
    (small_disk / "filler").unlink()
    monkeypatch.setattr(ballasts, "PLENTY", 1)
    assert ballast.lay()
    assert ballast.trouble == ""
    write(lane, note("after"))
    lane.close()
    assert texts(list(read(folder)))[-1] == "after"
