"""The lane: one writer a slot, safe files, and recovery that loses nothing it acknowledged."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from console.errors import JournalError
from console.journal.places import check_folder, lane_name, make_folder, places
from console.journal.reading import lane_alive, read
from console.journal.stamp import AHEAD_MS
from console.model.entry import Kind
from tests.unit.clocks import ManualClock
from tests.unit.journal.support import EIO, NOON, BrokenDisk, follow, lane_in, note, texts, write

NAME = f"bastion.{os.geteuid()}.0"


def filled(folder: Path, count: int = 5) -> Path:
    """A lane with lane.opened and some notes, closed; its file."""
    lane = lane_in(folder)
    for number in range(count):
        write(lane, note(f"n{number}"))
    lane.close()
    return folder / f"{lane.name}.lane"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_first_entry_says_who_opened_it(tmp_path: Path) -> None:
    lane = lane_in(tmp_path)
    first = next(lane.storage.entries())
    assert first.kind == Kind.LANE_OPENED
    assert set(first.body) == {"host", "uid", "user", "pid", "version"}
    assert first.body["pid"] == os.getpid()
    assert first.id == f"{NAME}:1"


def test_append_gives_what_a_reader_gets(tmp_path: Path) -> None:
    lane = lane_in(tmp_path)
    made = write(lane, note("ünïcode \u2028 \ud800 \x1b[31m"), note("two"))
    lane.close()
    again = lane_in(tmp_path)
    assert list(again.storage.entries())[1:] == list(made)
    assert [e.stamp.seq for e in made] == [2, 3]
    assert made[1].prev == made[0].hash


def test_a_second_process_takes_the_next_slot(tmp_path: Path) -> None:
    first, second = lane_in(tmp_path), lane_in(tmp_path)
    assert [first.name, second.name] == [NAME, lane_name("bastion", os.geteuid(), "1")]
    first.close()
    assert lane_in(tmp_path).name == NAME


def test_a_stopped_process_keeps_its_slot(tmp_path: Path) -> None:
    filled(tmp_path, 1)
    code = (
        "import fcntl, os, sys; fd = os.open(sys.argv[1], os.O_RDWR); fcntl.flock(fd, fcntl.LOCK_EX);"
        "print('locked', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / f"{NAME}.lane")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        holder.send_signal(signal.SIGSTOP)
        assert lane_alive(tmp_path, NAME)
        second = lane_in(tmp_path)
        assert second.name == lane_name("bastion", os.geteuid(), "1")
        write(second, note("meanwhile"))
        holder.kill()
    assert not lane_alive(tmp_path, NAME)
    assert lane_alive(tmp_path, second.name)
    assert texts(list(read(tmp_path))) == ["n0", "meanwhile"]


def test_a_lane_without_a_file_is_dead(tmp_path: Path) -> None:
    assert not lane_alive(tmp_path, "nobody.0.0")


def test_modes_alone_and_shared(tmp_path: Path) -> None:
    old = os.umask(0o077)
    try:
        alone = filled(tmp_path / "alone")
        make_folder(tmp_path / "group", BrokenDisk(), group=True)
        shared = filled(tmp_path / "group")
    finally:
        os.umask(old)
    assert (mode(alone), mode(alone.parent)) == (0o600, 0o700)
    assert (mode(shared), mode(shared.parent)) == (0o640, 0o3770)


@pytest.mark.parametrize("plant", ["symlink", "fifo", "folder", "hard link"])
def test_what_is_planted_in_a_slot_is_refused_and_named(tmp_path: Path, plant: str) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    folder = tmp_path / "INC-0001"
    folder.mkdir(0o700)
    place = folder / f"{NAME}.lane"
    match plant:
        case "symlink":
            place.symlink_to(victim)
        case "fifo":
            os.mkfifo(place)
        case "folder":
            place.mkdir()
        case _:
            place.hardlink_to(victim)
    lane = lane_in(folder)
    assert lane.name == lane_name("bastion", os.geteuid(), "1")
    assert place.name in lane.refused[0]
    assert victim.read_text() == "precious"
    assert not texts(follow(folder, NAME)[1])


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to give a file away")
def test_a_file_of_another_user_is_neither_written_nor_believed(tmp_path: Path) -> None:
    path = filled(tmp_path)
    os.chown(path, 12345, -1)
    lane = lane_in(tmp_path)
    assert lane.name != NAME
    assert "12345" in lane.refused[0]
    follower, entries = follow(tmp_path, NAME)
    assert len(entries) == 6
    assert follower.owner == 12345
    assert "belongs to uid 12345" in str(follower.damages[0])


@pytest.mark.parametrize(("bits", "words"), [(0o777, "everybody"), (0o770, "remove each other")])
def test_an_unsafe_folder_is_refused(tmp_path: Path, bits: int, words: str) -> None:
    tmp_path.chmod(bits)
    with pytest.raises(JournalError, match=words):
        check_folder(tmp_path)


def test_a_file_is_not_a_folder(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("")
    with pytest.raises(JournalError, match="not a folder"):
        check_folder(tmp_path / "x")


def test_every_cut_of_the_last_frames_is_recovered(tmp_path: Path) -> None:
    whole = filled(tmp_path / "whole", 3).read_bytes()
    lines = whole.splitlines(keepends=True)
    assert len(lines) == 5
    keep = len(b"".join(lines[:3]))
    for size in range(keep, len(whole)):
        folder = tmp_path / f"cut{size}"
        folder.mkdir(0o700)
        path = folder / f"{NAME}.lane"
        path.write_bytes(whole[:size])
        complete = whole[:size].count(b"\n") - 2
        lane = lane_in(folder)
        after = write(lane, note("after"))
        lane.close()
        entries = list(read(folder))
        assert texts(entries) == [f"n{n}" for n in range(complete)] + ["after"]
        assert not follow(folder, NAME)[0].damages
        torn = whole[whole[:size].rfind(b"\n") + 1 : size]
        aside = list(folder.glob("*.torn-*"))
        assert [p.read_bytes() for p in aside] == ([torn] if torn else [])
        recovered = [e for e in entries if e.kind == Kind.LANE_RECOVERED]
        assert [e.body["bytes"] for e in recovered] == ([len(torn)] if torn else [])
        assert after[0].stamp.seq == complete + 2 + len(recovered)


@pytest.mark.parametrize("part", [0, 1, 60, 90, 300])
@pytest.mark.parametrize("zeros", [1, 4096])
def test_a_zero_filled_tail_is_torn(tmp_path: Path, part: int, zeros: int) -> None:
    path = filled(tmp_path, 2)
    whole = path.read_bytes()
    last = whole.splitlines(keepends=True)[-1]
    path.write_bytes(whole + last[:part] + bytes(zeros))
    lane = lane_in(tmp_path)
    write(lane, note("after"))
    assert texts(list(read(tmp_path))) == ["n0", "n1", "after"]
    assert not follow(tmp_path, NAME)[0].damages
    assert next(tmp_path.glob("*.torn-*")).read_bytes() == last[:part] + bytes(zeros)


def test_a_torn_prologue_is_written_again(tmp_path: Path) -> None:
    path = filled(tmp_path, 1)
    path.write_bytes(path.read_bytes()[:40])
    lane = lane_in(tmp_path)
    write(lane, note("after"))
    follower, entries = follow(tmp_path, NAME)
    assert [e.kind for e in entries] == [Kind.LANE_RECOVERED, Kind.LANE_OPENED, Kind.NOTE_ADDED]
    assert not follower.damages


def test_torn_bytes_that_cannot_be_set_aside_stay_where_they_are(tmp_path: Path) -> None:
    path = filled(tmp_path, 2)
    torn = path.read_bytes() + b"0000"
    path.write_bytes(torn)
    disk = BrokenDisk()
    disk.fail("truncate", EIO)
    lane = lane_in(tmp_path, disk=disk)
    write(lane, note("after"))
    assert path.read_bytes() == torn
    follower, entries = follow(tmp_path, NAME)
    assert texts(entries) == ["n0", "n1", "after"]
    assert entries[3].kind == Kind.SEGMENT_OPENED
    assert not follower.damages


def flips(size: int, step: int) -> list[tuple[int, int]]:
    return [(position, position % 8) for position in range(0, size, step)]


def test_sampled_bit_flips_are_caught_and_cost_only_their_own_frame(tmp_path: Path) -> None:
    whole = filled(tmp_path / "whole", 4).read_bytes()
    for position, bit in flips(len(whole), 7):
        folder = tmp_path / f"flip{position}"
        folder.mkdir(0o700)
        path = folder / f"{NAME}.lane"
        flipped = bytearray(whole)
        flipped[position] ^= 1 << bit
        path.write_bytes(flipped)
        line = whole[:position].count(b"\n")
        expected = [f"n{n}" for n in range(4) if n + 2 != line]
        follower, entries = follow(folder, NAME)
        lost_feed = whole[position] == 10
        assert follower.damages, position
        assert set(texts(entries)) <= set(expected)
        assert lost_feed or texts(entries) == expected, position

        lane = lane_in(folder)
        write(lane, note("after"))
        lane.close()
        assert path.read_bytes() == flipped, "a damaged segment takes no more writes"
        follower, entries = follow(folder, NAME)
        opened = [e for e in entries if e.kind == Kind.SEGMENT_OPENED]
        assert len(opened) == 1
        assert "damage" in str(opened[0].body["reason"])
        assert lost_feed or texts(entries) == [*expected, "after"]
        assert len({e.id for e in entries}) == len(entries)
        assert opened[0].stamp.seq > 6, "no number that damage may hide is used twice"
        again = lane_in(folder)
        write(again, note("later"))
        assert len(list(folder.iterdir())) == 2, "the fresh segment is used on"
        again.close()


def test_a_removed_frame_is_noticed(tmp_path: Path) -> None:
    path = filled(tmp_path, 4)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:3] + lines[4:]))
    follower, entries = follow(tmp_path, NAME)
    assert "does not follow" in str(follower.damages[0])
    assert texts(entries) == ["n0", "n2", "n3"]


def test_a_lane_under_another_name_or_incident_is_noticed(tmp_path: Path) -> None:
    path = filled(tmp_path, 1)
    other = lane_name("other", os.geteuid(), "0")
    (tmp_path / f"{other}.lane").write_bytes(path.read_bytes())
    follower, entries = follow(tmp_path, other)
    assert follower.damages
    assert not entries
    (tmp_path / "INC-0002").mkdir()
    lane = lane_in(tmp_path / "INC-0002", host="third")
    lane.close()
    moved = tmp_path / f"{lane.name}.lane"
    (tmp_path / "INC-0002" / moved.name).rename(moved)
    assert not follow(tmp_path, lane.name)[0].damages
    fresh = moved.read_bytes().replace(b"INC-0001", b"INC-0009")
    moved.write_bytes(fresh)
    assert follow(tmp_path, lane.name)[0].damages


def test_a_redacted_payload_reads_as_such(tmp_path: Path) -> None:
    path = filled(tmp_path, 3)
    data = path.read_bytes()
    start = data.index(b'{"occurred_at"', data.index(b"n0") - 300) - 32
    end = data.index(b"\n", start)
    path.write_bytes(data[:start] + b"-" * (end - start) + data[end:])
    lane = lane_in(tmp_path)
    write(lane, note("after"))
    follower, entries = follow(tmp_path, NAME)
    assert not follower.damages
    assert [e.body.get("redacted", False) for e in entries] == [False, True, False, False, False]
    assert entries[1].kind == Kind.NOTE_ADDED
    assert entries[1].tlp == "RED"


def test_own_order_survives_a_clock_that_steps_back(tmp_path: Path) -> None:
    clock = ManualClock()
    lane = lane_in(tmp_path, clock=clock)
    write(lane, note("a"))
    clock.wall -= 3_600_000
    back = write(lane, note("b"))[0]
    lane.close()
    again = lane_in(tmp_path, clock=clock)
    write(again, note("c"))
    entries = list(read(tmp_path))
    assert texts(entries) == ["a", "b", "c"]
    assert back.recorded_at == NOON
    assert [e.recorded_at for e in entries] == [NOON] * 4
    assert not follow(tmp_path, NAME)[0].damages


def test_a_lane_goes_on_behind_its_own_future(tmp_path: Path) -> None:
    clock = ManualClock(NOON + 100 * AHEAD_MS)
    lane = lane_in(tmp_path, clock=clock)
    write(lane, note("a"))
    lane.close()
    again = lane_in(tmp_path)
    write(again, note("b"))
    assert texts(list(read(tmp_path))) == ["a", "b"]


def test_the_folder_of_a_fallback_is_the_incidents_own(tmp_path: Path) -> None:
    one = places(tmp_path / "a" / "INC-0001", tmp_path / "spare")
    two = places(tmp_path / "b" / "INC-0001", tmp_path / "spare")
    assert one.spare != two.spare
