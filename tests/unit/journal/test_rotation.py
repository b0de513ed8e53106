"""A segment that is full is sealed; the lane goes on in the next, whatever happens between the two."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.journal import roll
from console.journal.places import places
from console.journal.reading import read
from console.model.entry import Kind
from tests.unit.journal.support import EIO, BrokenDisk, follow, lane_in, note, texts, write


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roll, "FULL", 4096)


def test_a_full_segment_is_sealed_and_the_chain_goes_on_in_the_next(tmp_path: Path) -> None:
    lane = lane_in(tmp_path)
    said = [str(number) for number in range(40)]
    for text in said:
        write(lane, note(text))
    files = places(tmp_path).lanes()[lane.name]
    assert len(files) > 3
    assert all(path.stat().st_size < 4096 + 1600 for _, path in files)
    follower, entries = follow(tmp_path, lane.name)
    assert (follower.damages, texts(entries), texts(list(lane.storage.entries()))) == ([], said, said)
    sealed = [e for e in entries if e.kind == Kind.SEGMENT_SEALED]
    assert [e.body["segment"] for e in sealed] == [number for number, _ in files[:-1]]
    assert [follower.tails[number].sealed for number, _ in files] == [True] * len(sealed) + [False]
    lane.close()
    again = lane_in(tmp_path)
    write(again, note("later"))
    assert texts(list(read(tmp_path))) == [*said, "later"]


def test_a_console_that_died_behind_the_seal_goes_on_in_a_fresh_segment(tmp_path: Path) -> None:
    lane = lane_in(tmp_path)
    while not lane.storage.roll.full:
        write(lane, note("a" * 500))
    lane.storage.go_on = lambda: None  # type: ignore[method-assign]
    lane.storage._turn()
    lane.close()
    again = lane_in(tmp_path)
    assert again.storage.roll.number == 1
    write(again, note("b"))
    follower, entries = follow(tmp_path, lane.name)
    assert follower.damages == []
    assert texts(entries)[-1] == "b"


@pytest.mark.parametrize("rest", [bytes(1), bytes(4096), b"0000"], ids=["a zero", "zeros", "digits"])
def test_what_is_torn_behind_a_seal_is_set_aside_and_nothing_follows_the_seal(tmp_path: Path, rest: bytes) -> None:
    lane = lane_in(tmp_path)
    while not lane.storage.roll.full:
        write(lane, note("a" * 500))
    lane.storage.go_on = lambda: None  # type: ignore[method-assign]
    lane.storage._turn()
    lane.close()
    with (tmp_path / f"{lane.name}.lane").open("ab") as file:
        file.write(rest)
    write(lane_in(tmp_path), note("b"))
    follower, entries = follow(tmp_path, lane.name)
    assert follower.damages == []
    assert texts(entries)[-1] == "b"
    assert [e.body["bytes"] for e in entries if e.kind == Kind.LANE_RECOVERED] == [len(rest)]


@pytest.mark.parametrize("call", ["write", "sync", "create"])
def test_a_disk_that_fails_while_a_segment_is_sealed_loses_nothing(tmp_path: Path, call: str) -> None:
    disk = BrokenDisk()
    folder, spare = tmp_path / "INC-0001", tmp_path / "spare"
    lane = lane_in(folder, disk=disk, fallback=spare)
    said = []
    while not lane.storage.roll.full:
        said.append("a" * 500)
        write(lane, note(said[-1]))
    disk.fail(call, EIO, folder)
    write(lane, note("b"))
    assert texts(list(read(folder, spare))) == [*said, "b"] == texts(list(lane.storage.entries()))
    assert follow(folder, lane.name, spare)[0].damages == []


def test_what_stands_behind_a_seal_is_damage(tmp_path: Path) -> None:
    lane = lane_in(tmp_path)
    while not lane.storage.roll.full:
        write(lane, note("a" * 500))
    lane.storage.go_on = lambda: None  # type: ignore[method-assign]
    lane.storage._turn()
    roll.FULL = 1 << 20
    write(lane, note("b"))
    assert [d.why for d in follow(tmp_path, lane.name)[0].damages] == ["goes on behind its seal"]
