"""A lane that somebody made to hurt us: whole frames, hostile contents."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pytest

from console.journal import frame
from console.model.entry import Entry
from tests.unit.journal.support import NOON, follow, lane_in, note, open_journal, write

LANE = f"evil.{os.geteuid()}.0"
SALT = b"ab" * 16
GOOD = {
    "occurred_at": NOON,
    "recorded_at": NOON,
    "actor": {"id": "eve"},
    "origin": "console",
    "precision": "exact",
    "inference": False,
    "confidence": 100,
    "tlp": "AMBER",
    "refs": [],
    "body": {"text": "x"},
}


def header(number: int, **changes: object) -> bytes:
    fields = {"lane": LANE, "seq": number, "wall": NOON + number, "logical": 0, "kind": "note.added"}
    return json.dumps({**fields, **changes}).encode()


def payload(**changes: object) -> bytes:
    return SALT + json.dumps({**GOOD, **changes}).encode()


def written(folder: Path, *parts: tuple[bytes, bytes], start: bytes | None = None) -> tuple[list[str], list[Entry]]:
    """Damage and entries that a reader finds in a lane of these entries, a frame each."""
    head = frame.genesis("INC-0001", LANE) if start is None else start
    data = frame.prologue(head, json.dumps({"incident": "INC-0001", "lane": LANE, "segment": 0}).encode())
    for part in parts:
        line, heads = frame.seal(head, [part])
        data, head = data + line, heads[-1]
    (folder / f"{LANE}.lane").write_bytes(data)
    follower, entries = follow(folder, LANE)
    return [damage.why for damage in follower.damages], entries


def test_a_sound_lane_has_no_damage(tmp_path: Path) -> None:
    why, entries = written(tmp_path, (header(1), payload()), (header(2), payload()))
    assert not why
    assert [e.stamp.seq for e in entries] == [1, 2]


@pytest.mark.parametrize(
    "bad",
    [
        payload(body=[1]),
        payload(occurred_at=10**18),
        payload(occurred_at=-1),
        payload(actor={"id": "x", "type": "god"}),
        SALT + b'{"body":' + b"[" * 100_000,
        SALT + b'{"body":"\xff"}',
        SALT + b"",
        SALT + b"null",
        b"",
    ],
)
def test_a_payload_that_is_no_envelope_is_stepped_over(tmp_path: Path, bad: bytes) -> None:
    why, entries = written(tmp_path, (header(1), payload()), (header(2), bad), (header(3), payload()))
    assert [e.stamp.seq for e in entries] == [1, 3]
    assert why


def test_a_frame_without_entries_is_stepped_over(tmp_path: Path) -> None:
    head = frame.genesis("INC-0001", LANE)
    start = frame.prologue(head, json.dumps({"incident": "INC-0001", "lane": LANE, "segment": 0}).encode())
    line, _ = frame.seal(head, [(header(1), payload())])
    (tmp_path / f"{LANE}.lane").write_bytes(start + frame.seal(head, [])[0] + line)
    follower, entries = follow(tmp_path, LANE)
    assert [damage.why for damage in follower.damages] == ["holds no entry"]
    assert [entry.stamp.seq for entry in entries] == [1]


def test_what_cannot_be_shown_is_in_the_health(tmp_path: Path) -> None:
    written(tmp_path, (header(1), payload()), (header(2), payload(body=[1])), (header(3), payload()))

    async def scene() -> None:
        journal = await open_journal(tmp_path)
        shown = [entry.id for entry in journal.entries() if entry.stamp.lane == LANE]
        assert shown == [f"{LANE}:1", f"{LANE}:3"]
        assert not journal.health().verified
        await journal.close()

    asyncio.run(scene())


@pytest.mark.parametrize(
    "bad",
    [
        header(2, seq=0),
        header(2, seq=-5),
        header(2, wall=10**20),
        header(2, wall=-1),
        header(2, wall="now"),
        header(2, logical=-1),
        header(2, lane="other.0.0"),
        b"[" * 100_000,
        b"",
        b"{}",
    ],
)
def test_a_header_that_is_none_is_stepped_over(tmp_path: Path, bad: bytes) -> None:
    why, entries = written(tmp_path, (header(1), payload()), (bad, payload()), (header(3), payload()))
    assert [e.stamp.seq for e in entries] == [1, 3]
    assert why


def test_a_number_used_twice_is_told_once_and_flagged(tmp_path: Path) -> None:
    why, entries = written(tmp_path, (header(1), payload()), (header(1), payload(body={"text": "other"})))
    assert [e.body["text"] for e in entries] == ["x"]
    assert "something else" in why[0]


def test_a_stamp_that_goes_backwards_is_flagged_and_not_lost(tmp_path: Path) -> None:
    why, entries = written(tmp_path, (header(1), payload()), (header(2, wall=5), payload()))
    assert len(entries) == 2
    assert "backwards" in why[0]


def test_a_lane_that_starts_nowhere_is_flagged(tmp_path: Path) -> None:
    why, _ = written(tmp_path, (header(1), payload()), start=bytes(32))
    assert "does not go on" in why[0]


@pytest.mark.parametrize("raw", ["\u202e", "\x7f", "\x9b31m", "\u200b"])
@pytest.mark.parametrize("escaped", [True, False])
def test_characters_are_cleaned_however_they_are_written(tmp_path: Path, raw: str, escaped: bool) -> None:
    text = SALT + json.dumps({**GOOD, "body": {"a" + raw: [raw]}, "tlp": raw}, ensure_ascii=escaped).encode()
    why, entries = written(tmp_path, (header(1, kind="x" + raw, visibility=raw), text))
    assert not why
    assert raw not in str(entries[0])
    assert raw not in entries[0].tlp + entries[0].visibility + entries[0].kind + "".join(entries[0].body)


def test_megabytes_without_a_line_end_are_one_damage(tmp_path: Path) -> None:
    path = tmp_path / f"{LANE}.lane"
    path.write_bytes(b"x" * (frame.MAX_BODY + (3 << 20)))
    follower, entries = follow(tmp_path, LANE)
    assert not entries
    assert len(follower.damages) <= 2


def test_files_that_are_no_lanes_are_not_read(tmp_path: Path) -> None:
    for name in ("x.lane", "a.b.c.lane", "..0.0.lane", "h.0.0.lane.torn-1", "h.0.0.lane.x", "h.0.0.lanes"):
        (tmp_path / name).write_text("junk")
    (tmp_path / "link.0.0.lane").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "pipe.0.0.lane")
    for lane in ("link.0.0", "pipe.0.0"):
        follower, entries = follow(tmp_path, lane)
        assert not entries
        assert "cannot be read" in str(follower.damages[0])


def lines_of(folder: Path, count: int = 5) -> list[bytes]:
    written(folder, *((header(number), payload()) for number in range(1, count + 1)))
    return (folder / f"{LANE}.lane").read_bytes().splitlines(keepends=True)


def seen(folder: Path, data: bytes) -> list[str]:
    (folder / f"{LANE}.lane").write_bytes(data)
    return [damage.why for damage in follow(folder, LANE)[0].damages]


@pytest.mark.parametrize("gone", [1, 2, 4])
def test_a_lane_without_its_beginning_is_damage(tmp_path: Path, gone: int) -> None:
    """Behind a prologue that was cut off a chain could begin anywhere."""
    lines = lines_of(tmp_path)
    why = seen(tmp_path, b"".join(lines[gone:]))
    assert why[0] == "does not begin with a prologue"


def test_a_lane_whose_first_segment_is_gone_is_damage(tmp_path: Path) -> None:
    lane = lane_in(tmp_path)
    write(lane, note("a"))
    lane.storage.bridge("a test")
    write(lane, note("b"))
    lane.close()
    (tmp_path / f"{lane.name}.lane").unlink()
    follower, _ = follow(tmp_path, lane.name)
    assert "does not go on from where its lane had come to" in follower.damages[0].why


@pytest.mark.parametrize(("seqs", "said"), [((3, 4), "entries 1 to 2"), ((1, 2, 4), "entries 3 to 3")])
def test_entries_taken_out_of_a_chain_made_anew_are_missed(tmp_path: Path, seqs: tuple[int, ...], said: str) -> None:
    why, entries = written(tmp_path, *((header(seq), payload()) for seq in seqs))
    assert why == [f"{said} are not here"]
    assert [entry.stamp.seq for entry in entries] == list(seqs)


def test_numbers_behind_damage_are_no_second_damage(tmp_path: Path) -> None:
    lines = lines_of(tmp_path)
    assert seen(tmp_path, b"".join([*lines[:2], b"rubbish\n", *lines[4:]])) == ["is not a frame"]
    why, _ = written(
        tmp_path,
        (header(1), payload()),
        (header(9, kind="segment.opened"), payload(body={"reason": "damage: x"})),
        (header(10), payload()),
    )
    assert why == [], "a lane says itself that numbers were left free behind damage"
