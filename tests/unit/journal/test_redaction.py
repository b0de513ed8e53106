"""Redaction in the files: nothing of the text is left, everything else is as it was, and a crash leaves no half."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.errors import JournalError, Refused
from console.journal import redaction
from console.journal.blanking import blank, copies
from console.journal.disk import Disk
from console.journal.lane import Lane
from console.journal.places import places
from console.journal.reading import read
from console.journal.scrub import lines_of, scrub
from console.model.bodies import body_from
from console.model.entry import Draft, Entry, Kind
from console.model.fold import Fold
from console.model.redacted import redaction as body_of
from tests.unit.journal.redacting import STEPS
from tests.unit.journal.support import EIO, BrokenDisk, follow, lane_in, note, texts, write

SECRET = "hunter2-the-password-of-production"
ROOT = Path(__file__).parents[3]


def tell(lane: Lane, folder: Path, name: str) -> redaction.Mark:
    """Mark and tell, as far as a console has come before it overwrites."""
    where, disk = places(folder), Disk()
    target = redaction.find(where, "INC-0001", name, disk)
    mark = redaction.mark(where, target, disk)
    body = body_of(target.entry, basis="", approver="ana", reason="leaked")
    write(lane, Draft(Kind.ENTRY_REDACTED, body_from(body)))
    return mark


def bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file())


def sound(folder: Path) -> list[Entry]:
    for lane in places(folder).lanes():
        assert follow(folder, lane)[0].damages == []
    return list(read(folder))


def test_the_text_goes_and_every_other_byte_stays(tmp_path: Path) -> None:
    lane = lane_in(tmp_path)
    write(lane, note("a"), note(SECRET), note("c"))
    before = bytes_of(tmp_path)
    mark = tell(lane, tmp_path, f"{lane.name}:3")
    path = tmp_path / f"{lane.name}.lane"
    told = path.read_bytes()
    assert redaction.overwrite(places(tmp_path), mark, Disk()) == [SECRET]
    redaction.finish(mark, Disk())
    after = path.read_bytes()
    assert SECRET.encode() not in after
    assert len(after) == len(told)
    changed = [n for n, (old, new) in enumerate(zip(told, after, strict=True)) if old != new]
    assert bytes(after[n] for n in range(changed[0], changed[-1] + 1)).strip(b"-") == b""
    assert after.startswith(before[: changed[0]])
    entries = sound(tmp_path)
    assert [e.body.get("redacted") for e in entries if e.kind is Kind.NOTE_ADDED] == [None, True, None]
    assert [p.name for p in tmp_path.iterdir()] == [path.name], "the mark is gone"
    write(lane, note("d"))
    lane.close()
    write(lane_in(tmp_path), note("e"))
    assert len(sound(tmp_path)) == 7


def test_the_writer_goes_on_as_if_nothing_had_been(tmp_path: Path) -> None:
    lane = lane_in(tmp_path)
    write(lane, note(SECRET))
    mark = tell(lane, tmp_path, f"{lane.name}:2")
    redaction.overwrite(places(tmp_path), mark, Disk())
    write(lane, note("b"))
    assert [e.body for e in lane.storage.entries()][1] == {"redacted": True}
    assert lane.storage.spoiled == []
    assert len(list(tmp_path.glob("*.lane.*"))) == 0, "no segment was given up"


def test_every_copy_goes(tmp_path: Path) -> None:
    """A frame that may or may not have reached a broken segment stands in two; a torn one in a file beside."""
    disk = BrokenDisk()
    lane = lane_in(tmp_path, disk=disk)
    write(lane, note("a"))
    base = str(tmp_path / f"{lane.name}.lane")
    disk.fails["sync"] = lambda path: EIO if path == base else 0
    write(lane, note(SECRET))
    aside = tmp_path / f"{lane.name}.lane.torn-1"
    whole = Path(base).read_bytes()
    aside.write_bytes(whole[: whole.rindex(b"production") + 4])
    disk.heal()
    assert bytes_of(tmp_path).count(SECRET[:20].encode()) == 3
    mark = tell(lane, tmp_path, f"{lane.name}:3")
    redaction.overwrite(places(tmp_path), mark, Disk())
    assert b"hunter2" not in bytes_of(tmp_path)
    sound(tmp_path)


def test_what_stands_in_the_fallback_or_in_memory_is_carried_home_without_it(tmp_path: Path) -> None:
    disk, folder, spare = BrokenDisk(), tmp_path / "INC-0001", tmp_path / "spare"
    for fallback in (spare, None):
        lane = lane_in(folder, disk=disk, fallback=fallback)
        write(lane, note("a"))
        disk.fail("write", EIO, folder)
        (entry,) = write(lane, note(SECRET))
        spot = lane.storage.index[lane.storage.index.position(entry.stamp.seq)]
        sealed = spot.segment.read(spot.offset, spot.size)
        digest = bytes.fromhex(sealed[16:80].decode())
        mark = redaction.Mark(folder / "x", lane.name, entry.stamp.seq, digest)
        redaction.overwrite(places(folder, fallback), mark, Disk())
        lane.storage.roll.blank(digest)
        disk.heal()
        lane.close()
        assert SECRET.encode() not in bytes_of(folder)
        assert texts([e for e in read(folder) if not e.body.get("redacted")])[-1] == "a"
        assert any(e.body.get("redacted") for e in sound(folder))


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("step", STEPS)
def test_a_crash_at_any_step_leaves_nothing_or_is_finished_at_the_next_start(
    tmp_path: Path, step: str, big: bool
) -> None:
    secret = SECRET * (5000 if big else 1)
    lane = lane_in(tmp_path)
    write(lane, note("a"), note(secret), note("c"))
    name = f"{lane.name}:3"
    lane.close()
    done = subprocess.run(
        [sys.executable, "-m", "tests.unit.journal.redacting", str(tmp_path), name, step],
        cwd=ROOT, capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    for mark in tmp_path.glob("*.redact-*"):
        os.utime(mark, (time.time() - 120, time.time() - 120))
    happened = step in STEPS[3:]
    fold = Fold("INC-0001")
    fold.apply(list(read(tmp_path)))
    assert (SECRET in repr(list(fold.state.timeline))) is not happened, "hidden from the moment it is told"
    again = lane_in(tmp_path)
    write(again, note("d"))
    entries = sound(tmp_path)
    assert (SECRET.encode() in bytes_of(tmp_path)) is not happened
    assert [e.kind for e in entries].count(Kind.ENTRY_REDACTED) == happened
    assert [e.body.get("text") for e in entries if e.kind is Kind.NOTE_ADDED] == [
        "a", None if happened else secret, "c", "d",
    ]  # fmt: skip
    assert list(tmp_path.glob("*.redact-*")) == []
    assert not [e for e in entries if e.kind is Kind.SEGMENT_OPENED], "half a payload was no damage to the next writer"


def test_a_fresh_mark_of_what_was_not_told_is_left_to_who_is_about_to_tell_it(tmp_path: Path) -> None:
    lane = lane_in(tmp_path)
    write(lane, note(SECRET))
    name = f"{lane.name}:2"
    redaction.mark(places(tmp_path), redaction.find(places(tmp_path), "INC-0001", name, Disk()), Disk())
    lane.close()
    lane_in(tmp_path)
    assert len(list(tmp_path.glob("*.redact-*"))) == 1
    assert SECRET.encode() in bytes_of(tmp_path)


def test_a_lane_that_is_written_is_left_to_its_writer(tmp_path: Path) -> None:
    writer = lane_in(tmp_path)
    write(writer, note(SECRET))
    other = lane_in(tmp_path)
    assert other.name != writer.name
    tell(other, tmp_path, f"{writer.name}:2")
    other.close()
    third = lane_in(tmp_path)
    assert SECRET.encode() in bytes_of(tmp_path)
    third.close()
    writer.close()
    first, second = lane_in(tmp_path), lane_in(tmp_path)
    assert SECRET.encode() not in bytes_of(tmp_path)
    assert (first.name, second.name) == (writer.name, other.name)


def test_a_lane_that_nobody_writes_is_finished_by_whoever_comes(tmp_path: Path) -> None:
    """The second slot's console died; the next one takes the first slot and finishes it all the same."""
    keeper, dead = lane_in(tmp_path), lane_in(tmp_path)
    write(dead, note(SECRET))
    tell(dead, tmp_path, f"{dead.name}:2")
    keeper.close()
    dead.storage.roll.close()
    lane_in(tmp_path)
    assert SECRET.encode() not in bytes_of(tmp_path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_marks_and_words_of_others_move_nothing(tmp_path: Path) -> None:
    lane = lane_in(tmp_path)
    write(lane, note(SECRET))
    mark = tell(lane, tmp_path, f"{lane.name}:2")
    os.chown(mark.path, 12345, 12345)
    assert redaction.marks(places(tmp_path)) == []
    assert redaction.find(places(tmp_path), "INC-0001", f"{lane.name}:2", Disk()).owner == 0
    os.chown(tmp_path / f"{lane.name}.lane", 12345, 12345)
    assert redaction.find(places(tmp_path), "INC-0001", f"{lane.name}:2", Disk()).owner == 12345
    with pytest.raises(PermissionError):
        redaction.overwrite(places(tmp_path), mark, Disk())
    assert not redaction.told(places(tmp_path), f"{lane.name}:2", Disk())
    assert SECRET.encode() in bytes_of(tmp_path)


def test_links_and_rubbish_in_the_place_of_a_mark_are_no_marks(tmp_path: Path) -> None:
    lane = lane_in(tmp_path)
    write(lane, note(SECRET))
    (tmp_path / f"{lane.name}.redact-2").symlink_to("/etc/passwd")
    (tmp_path / f"{lane.name}.redact-x").write_text("{}")
    assert redaction.marks(places(tmp_path)) == []
    (tmp_path / f"{lane.name}.redact-3").write_text("no json")
    assert [m.digest for m in redaction.marks(places(tmp_path))] == [b""]
    lane.close()
    lane_in(tmp_path)
    assert SECRET.encode() in bytes_of(tmp_path)


def test_what_cannot_be_found_or_marked_is_told_and_nothing_is_done(tmp_path: Path) -> None:
    lane = lane_in(tmp_path)
    write(lane, note(SECRET))
    for name in ("", "x", f"{lane.name}:99", f"{lane.name}:", "../../x:1", f"{lane.name}:-2"):
        with pytest.raises(Refused, match="there is no entry"):
            redaction.find(places(tmp_path), "INC-0001", name, Disk())
    target = redaction.find(places(tmp_path), "INC-0001", f"{lane.name}:2", Disk())
    disk = BrokenDisk()
    disk.fail("write", EIO)
    with pytest.raises(JournalError, match="nothing was redacted"):
        redaction.mark(places(tmp_path), target, disk)
    mark = redaction.mark(places(tmp_path), target, Disk())
    redaction.overwrite(places(tmp_path), mark, Disk())
    with pytest.raises(Refused, match="redacted already"):
        redaction.find(places(tmp_path), "INC-0001", f"{lane.name}:2", Disk())


@settings(deadline=None, max_examples=60)
@given(st.lists(st.text(min_size=1, max_size=40), min_size=1, max_size=6), st.integers(0, 5), st.binary(max_size=60))
def test_only_the_bytes_of_that_entry_are_found(said: list[str], which: int, noise: bytes) -> None:
    from console.journal import frame

    which %= len(said)
    parts = [(b'{"seq":%d}' % n, b"s" * frame.SALT + text.encode()) for n, text in enumerate(said)]
    data, _ = frame.seal(bytes(32), parts)
    sealed = frame.parse(data, 0)
    assert isinstance(sealed, frame.Frame)
    wanted = sealed.entries[which]
    buffer = bytearray(noise.replace(b"\n", b"") + b"\n" + data)
    found = list(copies(buffer, wanted.digest))
    same = [e for e in sealed.entries if e.digest == wanted.digest]
    assert [bytes(buffer[at : at + size]) for at, size in found] == [e.salted for e in same]
    blank(buffer, wanted.digest)
    again = frame.parse(bytes(buffer), len(buffer) - len(data))
    assert isinstance(again, frame.Frame)
    assert [e.redacted for e in again.entries] == [e.digest == wanted.digest for e in sealed.entries]


def test_our_own_log_loses_the_lines_that_hold_it(tmp_path: Path) -> None:
    log, older, other = tmp_path / "warroom.log", tmp_path / "warroom.log.1", tmp_path / "other.txt"
    long = "a sentence that goes on and on, " * 8
    body = {"text": f'{SECRET}\nshort\nümläut "quoted" text', "more": [long], "n": 5}
    lines = [
        f"2026 WARNING x: {SECRET} failed", "2026 INFO y: all is well", f"cut: {long[:130]}…",
        'json: "ümläut \\"quoted\\" text"', "2026 short", repr({"a": "ümläut \"quoted\" text"}),
    ]  # fmt: skip
    for path in (log, older, other):
        path.write_text("\n".join(lines))
    scrub(list(lines_of(body)), tmp_path)
    for path in (log, older):
        kept = path.read_text().split("\n")
        assert [not line.strip("-") for line in kept] == [True, False, True, True, False, True]
        assert [len(line) for line in kept] == [len(line.encode()) for line in lines]
    assert SECRET in other.read_text()
    scrub([], tmp_path)
    scrub([SECRET], tmp_path / "missing")
