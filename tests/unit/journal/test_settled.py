"""A head of another lane is named when no power failure can take it back, and not before."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from console.journal.settled import SETTLED_S, Settled
from tests.unit.clocks import ManualClock
from tests.unit.journal.support import EIO, BrokenDisk, note, open_journal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "theirs.0.0.lane"
    found.write_bytes(b"frames")
    return found


def test_what_was_just_seen_is_not_named_and_the_newest_that_stood_long_enough_is(path: Path) -> None:
    clock = ManualClock()
    settled = Settled(clock, BrokenDisk())
    named = []
    for number in range(1, 9):  # a lane that never stands still
        settled.see("theirs", (number, "aa"), path)
        named.append(settled.heads().get("theirs", (0, ""))[0])
        clock.move(SETTLED_S / 2)
    assert named == [0, 0, 1, 1, 3, 3, 5, 5]
    clock.move(SETTLED_S)
    assert settled.heads() == {"theirs": (7, "aa")}
    clock.move(SETTLED_S)
    assert settled.heads() == {"theirs": (8, "aa")}


def test_a_head_whose_file_cannot_be_synced_is_named_once_it_can(path: Path) -> None:
    clock, disk = ManualClock(), BrokenDisk()
    settled = Settled(clock, disk)
    settled.see("theirs", (1, "aa"), path)
    disk.fail("sync", EIO)
    clock.move(SETTLED_S)
    assert settled.heads() == {}
    disk.heal()
    assert settled.heads() == {}
    clock.move(SETTLED_S)
    assert settled.heads() == {"theirs": (1, "aa")}


def test_a_file_that_is_gone_is_not_named(path: Path) -> None:
    clock = ManualClock()
    settled = Settled(clock, BrokenDisk())
    settled.see("theirs", (1, "aa"), path)
    path.unlink()
    clock.move(SETTLED_S)
    assert settled.heads() == {}


def test_the_heads_that_anchors_take_leave_out_what_may_not_last(tmp_path: Path) -> None:
    async def scene() -> None:
        clock = ManualClock()
        ours = await open_journal(tmp_path, host="ours", clock=clock)
        theirs = await open_journal(tmp_path, host="theirs", clock=clock)
        last = (await theirs.append([note("a")]))[-1]
        await ours.news()
        assert set(await ours.heads()) == {ours.lane}
        clock.move(SETTLED_S)
        assert (await ours.heads())[theirs.lane] == (last.stamp.seq, last.hash)
        await ours.close()
        await theirs.close()

    asyncio.run(scene())
