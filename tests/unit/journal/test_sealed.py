"""A segment that was sealed has another behind it: an export takes both, a verifier misses the one that is gone."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.journal import roll
from console.journal.bundle import export
from console.journal.copies import Copies, _take, copy_lanes
from console.journal.disk import Disk
from console.journal.lane import Lane
from console.journal.places import Places, places
from console.journal.signing import own_key
from console.model.entry import Kind
from tests.unit.clocks import CountingIds
from tests.unit.journal.bundles import INCOMPLETE, UNANCHORED, code, needs_ssh, told
from tests.unit.journal.support import lane_in, note, write


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roll, "FULL", 4096)


def turned(folder: Path, *, times: int = 1) -> Lane:
    """A lane that is in its second segment, or further."""
    lane = lane_in(folder)
    while lane.storage.roll.number < times:
        write(lane, note("a" * 500))
    return lane


@needs_ssh
def test_a_last_segment_that_is_gone_is_missed(tmp_path: Path) -> None:
    lane = turned(tmp_path / "INC-0001", times=2)
    lane.close()
    key = own_key(tmp_path, CountingIds())
    export(tmp_path / "INC-0001", "INC-0001", tmp_path / "b.tar", key, ids=CountingIds())
    assert code(tmp_path / "b.tar") == UNANCHORED
    (tmp_path / "INC-0001" / f"{lane.name}.lane.2").unlink()
    export(tmp_path / "INC-0001", "INC-0001", tmp_path / "cut.tar", key, ids=CountingIds())
    assert code(tmp_path / "cut.tar") == INCOMPLETE
    assert "was sealed, and the segment behind it is not here" in told(tmp_path / "cut.tar")


class Turning(Places, frozen=True):
    """What a listing has that was made an instant before a segment was turned."""

    late: list[bool] = []

    def lanes(self) -> dict[str, list[tuple[int, Path]]]:
        found = super().lanes()
        if not self.late:
            self.late.append(True)
            return {lane: files[:-1] for lane, files in found.items()}
        return found


def test_an_export_takes_the_segment_that_was_just_opened(tmp_path: Path) -> None:
    lane = turned(tmp_path / "case")
    (tmp_path / "copies").mkdir()
    copies = Copies(tmp_path / "copies")
    copy_lanes(Turning(tmp_path / "case"), "INC-0001", copies, Disk())
    assert [file["segment"] for file in copies.lanes[lane.name]["files"]] == [0, 1]
    lane.close()


def test_a_copy_that_goes_no_further_than_others_saw_does_not_end_with_the_seal(tmp_path: Path) -> None:
    lane = turned(tmp_path / "case")
    (tmp_path / "copies").mkdir()
    where, copies = places(tmp_path / "case"), Copies(tmp_path / "copies")
    seal = next(entry.stamp.seq for entry in lane.storage.entries() if entry.kind == Kind.SEGMENT_SEALED)
    one = _take(where, lane.name, where.lanes()[lane.name], "INC-0001", copies, Disk(), seal)
    assert [number for number, tail in one.follower.tails.items() if tail.offset] == [0, 1]
    assert one.follower.seq == seal + 1
    lane.close()
