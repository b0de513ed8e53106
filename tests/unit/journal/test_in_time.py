"""A broken segment is replaced within 2 s on a disk each of whose calls takes its time, and by few of them."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from console.journal.lane import Lane
from tests.unit.clocks import ManualClock
from tests.unit.journal.support import EIO, ENOSPC, BrokenDisk, lane_in, note, texts, write

WITHIN_S = 2.0
CALL_S = 0.1
"""A call of a disk that is about to die, failing ones too: a hundred times a slow one."""


class SlowDisk(BrokenDisk):
    """Every call moves the clock and is counted."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__()
        self.clock = clock
        self.calls: list[str] = []

    def _took(self, call: str) -> None:
        self.calls.append(call)
        self.clock.move(CALL_S)

    def open(self, path: Path, flags: int, mode: int = 0o600) -> int:
        self._took(f"open {path.name}")
        return super().open(path, flags, mode)

    def write(self, fd: int, data: bytes) -> int:
        self._took(f"write {Path(os.readlink(f'/proc/self/fd/{fd}')).name}")
        return super().write(fd, data)

    def sync(self, fd: int) -> None:
        self._took(f"sync {Path(os.readlink(f'/proc/self/fd/{fd}')).name}")
        super().sync(fd)

    def sync_folder(self, folder: Path) -> None:
        self._took("sync folder")
        super().sync_folder(folder)

    def status(self, fd: int) -> os.stat_result:
        self._took("status")
        return super().status(fd)

    def lock(self, fd: int, *, shared: bool = False) -> bool:
        self._took("lock")
        return super().lock(fd, shared=shared)


def syncs_fail(disk: SlowDisk, path: Path) -> None:
    disk.fails["sync"] = lambda name: EIO if name == str(path) else 0


def writes_fail(disk: SlowDisk, path: Path) -> None:
    disk.fails["write"] = lambda name: EIO if name == str(path) else 0


def is_cut(disk: SlowDisk, path: Path) -> None:
    os.truncate(path, 10)


def is_removed(disk: SlowDisk, path: Path) -> None:
    path.unlink()


def folder_is_full(disk: SlowDisk, path: Path) -> None:
    disk.fail("write", ENOSPC, path.parent)


def folder_takes_no_files(disk: SlowDisk, path: Path) -> None:
    disk.fail("sync", EIO, path.parent)
    disk.fail("create", errno.EROFS, path.parent)


def every_disk_fails(disk: SlowDisk, path: Path) -> None:
    disk.fail("write", EIO)
    disk.fail("create", EIO)


FAULTS: dict[Callable[[SlowDisk, Path], None], str] = {
    syncs_fail: "folder", writes_fail: "folder", is_cut: "folder", is_removed: "folder",
    folder_is_full: "fallback", folder_takes_no_files: "fallback", every_disk_fails: "memory",
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_broken_segment_is_replaced_within_2_s(tmp_path: Path, fault: Callable[[SlowDisk, Path], None]) -> None:
    clock = ManualClock()
    disk = SlowDisk(clock)
    folder = tmp_path / "INC-0001"
    lane = lane_in(folder, disk=disk, clock=clock, fallback=tmp_path / "spare")
    write(lane, note("before"))
    broken = folder / f"{lane.name}.lane"
    fault(disk, broken)
    disk.calls.clear()
    began, number = clock.monotonic(), lane.storage.roll.number
    write(lane, note("acknowledged"))
    took = clock.monotonic() - began
    assert took <= WITHIN_S, disk.calls
    assert lane.storage.roll.number > number
    assert lane.storage.roll.tail.place == FAULTS[fault]
    assert sum(call.endswith(f" {broken.name}") for call in disk.calls) <= 2, "a segment that failed is not tried again"
    assert texts(list(lane.storage.entries()))[-1] == "acknowledged"
    assert settled(lane, clock) <= 4 * CALL_S, "and later appends cost what they always did"
    lane.close()


def settled(lane: Lane, clock: ManualClock) -> float:
    """What an append costs behind the fault, on the clock of the disk."""
    began = clock.monotonic()
    write(lane, note("later"))
    return clock.monotonic() - began
