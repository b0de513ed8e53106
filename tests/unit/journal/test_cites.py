"""A frame names the heads of the other lanes that its writer had read; entries that not all may read are encrypted."""

from __future__ import annotations

import asyncio
import json
from base64 import b64decode, b64encode
from pathlib import Path

import pytest

from console.journal import frame
from console.journal.disk import Disk
from console.journal.follow import Follower
from console.journal.frame import Frame
from console.journal.lane import open_lane
from console.journal.places import places
from console.journal.reading import read
from console.journal.record import Header, read_header
from console.journal.settled import SETTLED_S
from console.journal.stamp import HybridClock
from console.model.entry import Draft, Kind
from tests.unit.clocks import CountingIds, ManualClock
from tests.unit.journal.support import note, open_journal, texts, write


def headers(path: Path) -> list[Header]:
    data, at, found = path.read_bytes(), 0, []
    while isinstance(item := frame.parse(data, at), Frame):
        found += [read_header(sealed) for sealed in item.entries]
        at += item.size
    return found


def test_heads_of_other_lanes_are_cited_once_each_time_they_moved(tmp_path: Path) -> None:
    async def scene() -> None:
        clock = ManualClock()
        ours = await open_journal(tmp_path, host="ours", clock=clock)
        theirs = await open_journal(tmp_path, host="theirs")
        await theirs.append([note("a")])
        await ours.append([note("not read yet")])
        await ours.news()
        clock.move(SETTLED_S)
        await ours.append([note("b"), note("c")])
        await ours.append([note("d")])
        head = (await theirs.append([note("e")]))[-1]
        await ours.news()
        clock.move(SETTLED_S)
        await asyncio.gather(ours.append([note("f")]), ours.append([note("g")]))
        cites = [h.cites for h in headers(tmp_path / f"{ours.lane}.lane")]
        lane = theirs.lane
        assert [bool(c) for c in cites] == [False, False, True, False, False, True, False]
        assert cites[2][lane][0] == 2
        assert cites[5] == {lane: (3, head.hash)}
        await ours.close()
        await theirs.close()

    asyncio.run(scene())


def test_a_frame_names_a_bounded_number_of_lanes_and_the_next_one_the_rest(tmp_path: Path) -> None:
    clock = ManualClock()
    lane = open_lane(
        places(tmp_path), "INC-0001", clock=clock, hybrid=HybridClock(clock), ids=CountingIds(), host="a", disk=Disk()
    )
    heads = {f"h{number}.0.0": (1, f"{number:064x}") for number in range(40)}
    lane.storage.others = lambda: heads
    for text in "abcd":
        write(lane, note(text))
    said = [h.cites for h in headers(tmp_path / f"{lane.name}.lane")][1:]
    assert [len(c) for c in said] == [16, 16, 8, 0]
    assert said[0] | said[1] | said[2] == heads


class Rot13:
    """Stands for encryption: what is in the file is not what was said."""

    def __init__(self, *keys: str) -> None:
        self.keys = keys

    def seal(self, visibility: str, body: bytes) -> tuple[str, str] | None:
        return ("k1", b64encode(body[::-1]).decode()) if visibility != "normal" else None

    def open(self, key: str, text: str) -> bytes | None:
        return b64decode(text)[::-1] if key in self.keys else None


@pytest.mark.parametrize(("sealer", "body"), [(Rot13("k1"), {"text": "who leaked it"}), (Rot13(), {"sealed": True})])
def test_what_not_all_may_read_is_encrypted_and_the_chain_holds_for_all(
    tmp_path: Path, sealer: Rot13, body: dict[str, object]
) -> None:
    clock = ManualClock()
    lane = open_lane(
        places(tmp_path),
        "INC-0001",
        clock=clock,
        hybrid=HybridClock(clock),
        ids=CountingIds(),
        host="a",
        sealer=Rot13("k1"),
        disk=Disk(),
    )
    (entry,) = write(lane, Draft(Kind.NOTE_ADDED, {"text": "who leaked it"}, visibility="restricted"))
    assert entry.body == {"text": "who leaked it"}
    write(lane, note("for all"))
    path = tmp_path / f"{lane.name}.lane"
    assert b"leaked" not in path.read_bytes()
    assert [(h.visibility, h.key) for h in headers(path)] == [("normal", ""), ("restricted", "k1"), ("normal", "")]
    follower = Follower(lane.name, "INC-0001", Disk(), sealer)
    entries = list(follower.entries(places(tmp_path).lanes()[lane.name]))
    assert follower.damages == []
    assert entries[1].body == body
    assert entries[2].body == {"text": "for all"}
    assert list(read(tmp_path))[1].body == {"sealed": True}
    assert texts(list(lane.storage.entries())) == ["who leaked it", "for all"]


def test_an_encrypted_text_of_another_lane_is_cleaned_like_any_other(tmp_path: Path) -> None:
    clock = ManualClock()
    lane = open_lane(
        places(tmp_path), "INC-0001", clock=clock, hybrid=HybridClock(clock), ids=CountingIds(), host="a",
        sealer=Rot13("k1"), disk=Disk(),
    )  # fmt: skip
    write(lane, Draft(Kind.NOTE_ADDED, {"text": "\x1b[2Jgone \u202eback"}, visibility="restricted"))
    entries = list(Follower(lane.name, "INC-0001", Disk(), Rot13("k1")).entries(places(tmp_path).lanes()[lane.name]))
    assert entries[-1].body == {"text": "␛[2Jgone <202E>back"}


def test_a_header_without_cites_and_key_stays_as_short_as_it_was(tmp_path: Path) -> None:
    clock = ManualClock()
    lane = open_lane(
        places(tmp_path), "INC-0001", clock=clock, hybrid=HybridClock(clock), ids=CountingIds(), host="a", disk=Disk()
    )
    write(lane, note("a"))
    data = (tmp_path / f"{lane.name}.lane").read_bytes()
    parsed = frame.parse(data, data.rindex(b"\n", 0, -1) + 1)
    assert isinstance(parsed, Frame)
    assert set(json.loads(parsed.entries[0].header)) == {"lane", "seq", "wall", "logical", "kind"}
