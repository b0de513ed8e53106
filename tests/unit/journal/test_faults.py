"""A disk that fails: the append still succeeds, nothing is lost or said twice, and the header knows."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from console.journal.disk import Disk
from console.journal.follow import Follower
from console.journal.places import places
from console.journal.reading import read
from console.journal.roll import RETRY_S
from console.journal.segment import FileSegment
from console.model.entry import Kind
from tests.unit.clocks import ManualClock
from tests.unit.journal.support import EIO, ENOSPC, BrokenDisk, follow, lane_in, note, texts, write


def same_to_all(folder: Path, fallback: Path | None = None) -> list[object]:
    """What a reader sees, after checking that no id stands twice and no damage is claimed."""
    entries = list(read(folder, fallback))
    assert len({e.id for e in entries}) == len(entries)
    assert [e.stamp for e in entries] == sorted(e.stamp for e in entries)
    for lane in places(folder, fallback).lanes():
        assert follow(folder, lane, fallback)[0].damages == []
    return texts(entries)


@pytest.mark.parametrize("call", ["write", "sync"])
@pytest.mark.parametrize("short", [None, 10, 200])
def test_one_failure_opens_a_fresh_segment_in_the_same_folder(tmp_path: Path, call: str, short: int | None) -> None:
    disk = BrokenDisk()
    lane = lane_in(tmp_path, disk=disk)
    write(lane, note("a"))
    base = tmp_path / f"{lane.name}.lane"
    disk.short = short
    disk.fails[call] = lambda path: EIO if path == str(base) else 0
    assert [e.body["text"] for e in write(lane, note("b"), note("c"))] == ["b", "c"]
    write(lane, note("d"))
    assert lane.storage.roll.trouble == ""
    assert same_to_all(tmp_path) == ["a", "b", "c", "d"]
    opened = [e for e in lane.storage.entries() if e.kind == Kind.SEGMENT_OPENED]
    assert [e.body["reason"] for e in opened] == ["Input/output error"]
    assert texts(list(lane.storage.entries())) == ["a", "b", "c", "d"]
    lane.close()
    disk.heal()
    again = lane_in(tmp_path, disk=disk)
    write(again, note("e"))
    assert same_to_all(tmp_path) == ["a", "b", "c", "d", "e"]


def test_a_failed_sync_is_not_tried_again_on_the_same_file(tmp_path: Path) -> None:
    disk = BrokenDisk()
    lane = lane_in(tmp_path, disk=disk)
    base = tmp_path / f"{lane.name}.lane"
    tried: list[str] = []
    disk.fails["sync"] = lambda path: (tried.append(path), EIO if path == str(base) else 0)[1]
    for number in range(3):
        write(lane, note(str(number)))
    assert tried.count(str(base)) == 1


def test_what_a_reader_saw_before_the_sync_failed_is_not_told_twice(tmp_path: Path) -> None:
    disk = BrokenDisk()
    lane = lane_in(tmp_path, disk=disk)
    follower, _ = follow(tmp_path, lane.name)
    disk.fails["sync"] = lambda path: EIO if path.endswith(".lane") else 0
    seen: list[object] = []
    plain = disk.create

    def create(path: Path, mode: int) -> int:
        seen.extend(texts(list(follower.entries(places(tmp_path).lanes()[lane.name]))))
        return plain(path, mode)

    disk.create = create  # type: ignore[method-assign]
    write(lane, note("a"))
    assert seen == ["a"]
    write(lane, note("b"))
    assert texts(list(follower.entries(places(tmp_path).lanes()[lane.name]))) == ["b"]
    assert not follower.damages


def test_a_full_disk_goes_to_the_fallback_and_comes_back(tmp_path: Path) -> None:
    clock, disk = ManualClock(), BrokenDisk()
    folder, spare = tmp_path / "INC-0001", tmp_path / "spare"
    lane = lane_in(folder, clock=clock, disk=disk, fallback=spare)
    write(lane, note("a"))
    for call in ("write", "create"):
        disk.fail(call, ENOSPC, folder)
    write(lane, note("b"))
    write(lane, note("c"))
    assert "No space left" in lane.storage.roll.trouble
    assert str(spare) in lane.storage.roll.trouble
    assert same_to_all(folder) == ["a"]
    assert same_to_all(folder, spare) == ["a", "b", "c"]

    clock.move(RETRY_S - 1)
    disk.heal()
    write(lane, note("d"))
    assert lane.storage.roll.trouble, "the folder is not tried at every append"
    clock.move(2)
    write(lane, note("e"))
    assert lane.storage.roll.trouble == ""
    assert same_to_all(folder) == ["a", "b", "c", "d", "e"] == same_to_all(folder, spare)


def test_without_any_disk_the_entries_are_in_memory_and_come_back(tmp_path: Path) -> None:
    clock, disk = ManualClock(), BrokenDisk()
    lane = lane_in(tmp_path, clock=clock, disk=disk)
    write(lane, note("a"))
    disk.fail("write", ENOSPC)
    write(lane, note("b"))
    for _ in range(3):
        clock.move(RETRY_S)
        write(lane, note("x"))
    assert "in memory only" in lane.storage.roll.trouble
    assert texts(list(lane.storage.entries())) == ["a", "b", "x", "x", "x"]
    assert len(list(tmp_path.iterdir())) == 1, "failed attempts leave no files behind"
    disk.heal()
    lane.close()
    assert same_to_all(tmp_path) == ["a", "b", "x", "x", "x"]


def test_a_restart_carries_the_fallback_home(tmp_path: Path) -> None:
    disk, folder, spare = BrokenDisk(), tmp_path / "INC-0001", tmp_path / "spare"
    lane = lane_in(folder, disk=disk, fallback=spare)
    write(lane, note("a"))
    disk.fail("write", EIO, folder)
    write(lane, note("b"))
    lane.storage.roll.close()  # as a kill would: nothing is written out
    disk.heal()
    again = lane_in(folder, fallback=spare)
    write(again, note("c"))
    assert again.name == lane.name
    assert same_to_all(folder) == ["a", "b", "c"] == same_to_all(folder, spare)
    assert again.storage.roll.trouble == ""


def test_a_folder_that_cannot_be_used_from_the_start(tmp_path: Path) -> None:
    blocked, spare = tmp_path / "INC-0001", tmp_path / "spare"
    blocked.write_text("a file where the folder should be")
    lane = lane_in(blocked, fallback=spare)
    assert lane.name.endswith(".f0")
    write(lane, note("a"))
    assert "not a folder" in lane.storage.roll.trouble
    lane.close()
    blocked.unlink()
    blocked.mkdir(0o700)
    assert same_to_all(blocked, spare) == ["a"]
    other = lane_in(blocked, fallback=spare)
    assert other.name.endswith(".0")


def test_no_folder_at_all_and_then_one(tmp_path: Path) -> None:
    clock, blocked = ManualClock(), tmp_path / "INC-0001"
    blocked.write_text("")
    lane = lane_in(blocked, clock=clock)
    write(lane, note("a"))
    assert "in memory only" in lane.storage.roll.trouble
    blocked.unlink()
    blocked.mkdir(0o700)
    clock.move(RETRY_S)
    write(lane, note("b"))
    assert lane.storage.roll.trouble == ""
    assert same_to_all(blocked) == ["a", "b"]
    assert texts(list(lane.storage.entries())) == ["a", "b"]


def test_a_file_that_shrinks_or_vanishes_under_the_writer(tmp_path: Path) -> None:
    lane = lane_in(tmp_path)
    write(lane, note("a"))
    base = tmp_path / f"{lane.name}.lane"
    whole = base.read_bytes()
    base.write_bytes(whole[:-10])
    write(lane, note("b"))
    assert (tmp_path / f"{lane.name}.lane.1").exists()
    (tmp_path / f"{lane.name}.lane.1").unlink()
    write(lane, note("c"))
    entries = list(lane.storage.entries())
    assert texts(entries) == ["b", "c"]
    assert "bastion" in lane.storage.spoiled[0], "the cut entry is named, the others are read"
    opened = [str(e.body["reason"]) for e in entries if e.kind == Kind.SEGMENT_OPENED]
    assert "should have" in opened[0]
    assert opened[1] == "the file was removed"
    assert (tmp_path / f"{lane.name}.lane.2").exists()


def test_a_reader_notices_a_file_that_shrank_or_was_replaced(tmp_path: Path) -> None:
    lane = lane_in(tmp_path)
    write(lane, note("a"))
    lane.close()
    base = tmp_path / f"{lane.name}.lane"
    follower, _ = follow(tmp_path, lane.name)
    base.write_bytes(base.read_bytes()[:-10])
    assert not list(follower.entries([(0, base)]))
    assert "cut or replaced" in str(follower.damages[0])


def test_a_bad_draft_does_not_hurt_its_neighbours(tmp_path: Path) -> None:
    lane = lane_in(tmp_path)
    bad = note()
    bad.body["text"] = object()
    results = lane.append([[note("a")], [note("lost"), bad], [note("b")], []])
    assert "cannot be recorded" in str(results[1])
    assert results[3] == ()
    assert same_to_all(tmp_path) == ["a", "b"]
    assert [e.stamp.seq for e in lane.storage.entries()] == [1, 2, 3]


def test_the_disk_may_fail_again_after_it_came_back(tmp_path: Path) -> None:
    clock, disk = ManualClock(), BrokenDisk()
    lane = lane_in(tmp_path, clock=clock, disk=disk)
    for number in range(3):
        disk.fail("write", ENOSPC)
        write(lane, note(f"full {number}"))
        disk.heal()
        clock.move(RETRY_S)
        write(lane, note(f"free {number}"))
    assert same_to_all(tmp_path) == [f"{word} {number}" for number in range(3) for word in ("full", "free")]


def test_fresh_segments_have_the_mode_of_the_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o3770)
    old, disk = os.umask(0o077), BrokenDisk()
    try:
        lane = lane_in(tmp_path, disk=disk)
        disk.fails["sync"] = lambda path: EIO if path.endswith(".lane") else 0
        write(lane, note("a"))
    finally:
        os.umask(old)
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert modes == {f"{lane.name}.lane": 0o640, f"{lane.name}.lane.1": 0o640}


def test_a_segment_that_failed_once_takes_no_more(tmp_path: Path) -> None:
    disk = BrokenDisk()
    path = tmp_path / "x.lane"
    segment = FileSegment(0, "folder", path, disk.create(path, 0o600), disk)
    segment.append(b"one")
    disk.fail("sync", EIO)
    with pytest.raises(OSError, match="Input/output"):
        segment.append(b"two")
    disk.heal()
    path.write_bytes(b"one")  # even if the file looks as it did before
    with pytest.raises(OSError, match="failed before"):
        segment.append(b"three")
    assert path.read_bytes() == b"one"
    segment.close()


class Unopened(BrokenDisk):
    """Segments behind the first cannot be opened: too many files are open."""

    def __init__(self, reading: bool) -> None:
        super().__init__()
        self.reading = reading

    def open(self, path: Path, flags: int, mode: int = 0o600) -> int:
        writing = flags & (os.O_WRONLY | os.O_RDWR)
        if path.suffix != ".lane" and not flags & os.O_EXCL and (writing or not self.reading):
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE), str(path))
        return super().open(path, flags, mode)


@pytest.mark.parametrize("reading", [True, False])
def test_numbers_in_a_segment_that_cannot_be_opened_are_not_used_again(tmp_path: Path, reading: bool) -> None:
    disk = BrokenDisk()
    lane = lane_in(tmp_path, disk=disk)
    write(lane, note("a"))
    disk.fails["sync"] = lambda path: EIO if path.endswith(".lane") else 0
    said = [f"{number} " + "x" * 300 for number in range(5)]
    for text in said:
        write(lane, note(text))
    lane.close()
    clock = ManualClock()
    clock.move(60)
    again = lane_in(tmp_path, disk=Unopened(reading), clock=clock)
    write(again, note("later"))
    again.close()
    assert same_to_all(tmp_path) == ["a", *said, "later"]
    if reading:
        seqs = [entry.stamp.seq for entry in read(tmp_path)]
        assert seqs == list(range(1, len(seqs) + 1)), "nothing looks as if it had been taken out"


class Mute(BrokenDisk):
    """Nothing can be read, nor said of a file, behind the first segment; ``deaf``: nothing is written to the first."""

    deaf = False

    def read(self, fd: int, size: int, offset: int) -> bytes:
        self._try("read", os.readlink(f"/proc/self/fd/{fd}"))
        return super().read(fd, size, offset)

    def status(self, fd: int) -> os.stat_result:
        self._try("status", os.readlink(f"/proc/self/fd/{fd}"))
        return super().status(fd)

    def write(self, fd: int, data: bytes) -> int:
        if self.deaf and os.readlink(f"/proc/self/fd/{fd}").endswith(".lane"):
            return 0
        return super().write(fd, data)


def test_a_disk_that_tells_nothing_of_the_newest_segment_does_not_keep_the_console_from_opening(tmp_path: Path) -> None:
    disk = Mute()
    lane = lane_in(tmp_path, disk=disk)
    disk.fails["sync"] = lambda path: EIO if path.endswith(".lane") else 0
    write(lane, note("a"))
    lane.close()
    disk.heal()
    disk.fails["read"] = lambda path: EIO if path.endswith(".lane.1") else 0
    disk.fails["status"] = lambda path: EIO if path.endswith(".lane.1") else 0
    clock = ManualClock()
    clock.move(60)
    again = lane_in(tmp_path, disk=disk, clock=clock)
    write(again, note("b"))
    again.close()
    assert same_to_all(tmp_path) == ["a", "b"]


def test_a_disk_that_takes_nothing_and_says_nothing_does_not_hang_the_journal(tmp_path: Path) -> None:
    disk = Mute()
    lane = lane_in(tmp_path, disk=disk)
    disk.deaf = True
    write(lane, note("a"))
    assert same_to_all(tmp_path) == ["a"]
    opened = [e for e in lane.storage.entries() if e.kind == Kind.SEGMENT_OPENED]
    assert [e.body["reason"] for e in opened] == ["the disk takes nothing"]


def test_numbers_in_segments_that_cannot_be_read_are_not_used_again(tmp_path: Path) -> None:
    disk, clock = Mute(), ManualClock()
    lane = lane_in(tmp_path, disk=disk)
    base = f"{lane.name}.lane"
    disk.fails["sync"] = lambda path: EIO if path.endswith(base) else 0
    said = [f"{number}" for number in range(20)]
    for text in said:
        write(lane, note(text))
    disk.fails["sync"] = lambda path: EIO if path.endswith(f"{base}.1") else 0
    write(lane, note("in the third"))
    lane.close()
    disk.heal()
    disk.fails["read"] = lambda path: 0 if path.endswith(base) else EIO
    clock.move(60)
    again = lane_in(tmp_path, disk=disk, clock=clock)
    write(again, note("later"))
    again.close()
    assert same_to_all(tmp_path) == [*said, "in the third", "later"]


def test_a_fallback_that_cannot_be_read_does_not_keep_the_console_from_opening(tmp_path: Path) -> None:
    disk, folder, spare = Mute(), tmp_path / "INC-0001", tmp_path / "spare"
    lane = lane_in(folder, disk=disk, fallback=spare)
    disk.fail("write", EIO, folder)
    write(lane, note("a"))
    lane.storage.roll.close()  # as a kill would: nothing is written out
    disk.heal()
    disk.fail("read", EIO, spare)
    clock = ManualClock()
    clock.move(60)
    again = lane_in(folder, disk=disk, fallback=spare, clock=clock)
    write(again, note("b"))
    again.close()
    assert same_to_all(folder, spare) == ["a", "b"]


def test_a_file_that_is_just_being_made_by_another_user_is_no_damage(tmp_path: Path) -> None:
    """Under umask 077 it is for its owner alone until it gets the folder's mode; it is empty as long."""

    class Theirs(Disk):
        def open(self, path: Path, flags: int, mode: int = 0o600) -> int:
            if not path.stat().st_mode & 0o040:
                raise PermissionError(errno.EACCES, "Permission denied", str(path))
            return super().open(path, flags, mode)

    lane = lane_in(tmp_path)
    write(lane, note("a"))
    base = tmp_path / f"{lane.name}.lane"
    base.chmod(0o640)
    follower = Follower(lane.name, "INC-0001", Theirs())
    path = tmp_path / f"{lane.name}.lane.1"
    path.touch(0o600)
    files = [(0, base), (1, path)]
    assert texts(list(follower.entries(files))) == ["a"]
    assert follower.damages == []
    path.write_bytes(b"x")
    assert not list(follower.entries(files))
    assert "Permission denied" in str(follower.damages[0]), "what holds something is another matter"
