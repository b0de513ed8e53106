"""A journal without any disk tells the machine's log each entry, and salvage puts them back from there."""

from __future__ import annotations

import errno
import os
import select
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.journal import syslog
from console.journal.check import check
from console.journal.frame import Frame, parse
from console.journal.lane import Lane
from console.journal.logged import AGAIN_S, LIMIT_S, TEXT, read_back, written
from console.journal.reading import read
from console.journal.salvage import REPORT, salvage
from console.journal.syslog import MOST
from tests.unit.clocks import ManualClock
from tests.unit.journal.support import EIO, BrokenDisk, lane_in, note, texts, write

INC = "INC-0001"


class Daemon:
    """What listens at ``/dev/log``, and the file it writes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines: list[str] = []
        self.longest = 0
        self.deaf = False
        """Whether it reads only when its file is looked at."""
        self._turn = threading.Lock()
        self.open()

    def open(self) -> None:
        self.channel = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.channel.bind(str(self.path))
        self.channel.setblocking(False)
        self._thread = threading.Thread(target=self._listen, args=(self.channel,))
        self._listening = True
        self._thread.start()

    def away(self) -> None:
        if self._listening:
            self._listening = False
            self._thread.join()
            self.channel.close()
        self.path.unlink(missing_ok=True)

    def _listen(self, channel: socket.socket) -> None:
        while self._listening:
            ready, _, _ = select.select([] if self.deaf else [channel], [], [], 0.01)
            if ready:
                self._take()

    def _take(self) -> None:
        with self._turn, suppress(BlockingIOError):
            while True:
                data = self.channel.recv(1 << 16)
                self.longest = max(self.longest, len(data))
                text = data.decode("ascii")
                assert text.startswith("<11>"), "user.err"
                assert "\n" not in text
                self.lines.append(f"{text[4:19]} bastion {text[20:].rstrip()}")

    def file(self) -> Path:
        """All that was sent, as a log daemon writes it to its file."""
        self._take()
        path = self.path.with_name("messages")
        with self._turn:
            path.write_text("\n".join(["Nov 24 00:00:00 bastion kernel: unrelated", *self.lines, ""]))
        return path


@pytest.fixture
def daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Daemon]:
    monkeypatch.setattr(syslog, "DEV_LOG", tmp_path / "log")
    one = Daemon(tmp_path / "log")
    yield one
    one.away()


def without_disk(folder: Path, *before: str, clock: ManualClock | None = None) -> tuple[Lane, BrokenDisk]:
    """A lane that had said this when its folder and its fallback failed."""
    disk = BrokenDisk()
    lane = lane_in(folder, disk=disk, fallback=folder.parent / "spare", clock=clock)
    for text in before:
        write(lane, note(text))
    disk.fail("write", EIO)
    disk.fail("create", EIO)
    return lane, disk


def said(log: Path) -> list[object]:
    """What the log says in frames that hold."""
    found = read_back(log.read_text().splitlines(), INC)
    assert found.broken == []
    items = [parse(line, 0) for frames in found.frames.values() for line in frames]
    return [s.payload.decode() for item in items if isinstance(item, Frame) for s in item.entries]


def test_each_entry_goes_to_the_log_and_the_health_says_so(tmp_path: Path, daemon: Daemon) -> None:
    lane, _ = without_disk(tmp_path / INC, "on disk")
    write(lane, note("one"), note("two"))
    write(lane, note("three"))
    payloads = said(daemon.file())
    assert [any(f'"text":"{word}"' in str(p) for p in payloads) for word in ("one", "two", "three")] == [True] * 3
    assert not any("on disk" in str(p) for p in payloads), "what stands on a disk is not told again"
    assert any("segment" in str(p) for p in payloads), "and why it is kept in memory"
    assert "in memory and in the machine's log only" in lane.storage.roll.trouble
    lane.close()


def test_entries_of_any_length_go_in_parts_of_a_datagram(tmp_path: Path, daemon: Daemon) -> None:
    lane, _ = without_disk(tmp_path / INC)
    long = "".join(f"{n}  " for n in range(1500)) + "é\x07"
    write(lane, note(long))
    log = daemon.file()
    assert len(daemon.lines) > len(long) // TEXT
    assert daemon.longest <= MOST
    assert any("1499" in str(p) for p in said(log))
    lane.close()


def test_secrets_go_to_the_log_as_little_as_to_the_journal(tmp_path: Path, daemon: Daemon) -> None:
    disk = BrokenDisk()
    lane = lane_in(tmp_path / INC, disk=disk)
    lane.storage._redact = lambda body: {"text": "[secret]"}
    disk.fail("write", EIO)
    disk.fail("create", EIO)
    write(lane, note("hunter2"))
    log = daemon.file().read_text()
    assert "[secret]" in log
    assert "hunter2" not in log
    lane.close()


def test_without_a_log_it_is_told_and_what_it_missed_comes_when_it_is_back(tmp_path: Path, daemon: Daemon) -> None:
    clock = ManualClock()
    daemon.away()
    lane, _ = without_disk(tmp_path / INC, clock=clock)
    write(lane, note("one"))
    assert "in memory only" in lane.storage.roll.trouble
    assert f"no log daemon at {daemon.path}: {os.strerror(errno.ENOENT)}" in lane.storage.roll.trouble
    daemon.open()
    write(lane, note("two"))
    assert daemon.file().read_text().count("warroom") == 0, "a log that failed is left alone for a while"
    clock.move(AGAIN_S + 1)
    write(lane, note("three"))
    payloads = said(daemon.file())
    assert [any(word in str(p) for p in payloads) for word in ("one", "two", "three")] == [True] * 3
    assert "in memory and in the machine's log only" in lane.storage.roll.trouble
    lane.close()


def test_a_log_that_does_not_read_holds_no_append_up_for_long(tmp_path: Path, daemon: Daemon) -> None:
    clock, daemon.deaf = ManualClock(), True
    lane, _ = without_disk(tmp_path / INC, clock=clock)
    begin = time.monotonic()
    write(lane, note("x" * 700_000))
    assert time.monotonic() - begin < 10 * LIMIT_S
    assert "takes nothing in" in lane.storage.roll.trouble
    daemon.deaf = False
    daemon.file()
    clock.move(AGAIN_S + 1)
    write(lane, note("y"))
    payloads = said(daemon.file())
    assert any("x" * 700_000 in str(p) for p in payloads), "it goes on where it stopped"
    lane.close()


def test_what_came_home_is_not_told_again_when_the_disk_fails_once_more(tmp_path: Path, daemon: Daemon) -> None:
    clock = ManualClock()
    lane, disk = without_disk(tmp_path / INC, clock=clock)
    write(lane, note("one"))
    disk.heal()
    clock.move(60)
    write(lane, note("home"))
    assert lane.storage.roll.trouble == ""
    disk.fail("write", EIO)
    disk.fail("create", EIO)
    daemon.file()
    daemon.lines.clear()
    write(lane, note("two"))
    payloads = said(daemon.file())
    assert any("two" in str(p) for p in payloads)
    assert not any('"one"' in str(p) or "home" in str(p) for p in payloads)
    lane.close()


def killed(lane: Lane) -> None:
    """As kill -9 does: nothing of what is in memory is written out."""
    lane.storage.roll.close()


def test_salvage_puts_entries_of_the_log_back_into_their_chain(tmp_path: Path, daemon: Daemon) -> None:
    lane, _ = without_disk(tmp_path / INC, "a", "b")
    write(lane, note("c"), note("d"))
    write(lane, note("e" * 3000))
    killed(lane)
    log = daemon.file()
    assert texts(list(read(tmp_path / INC))) == ["a", "b"]
    done = salvage(tmp_path / INC, INC, tmp_path / "out", log=log)
    assert done.losses == ()
    assert texts(list(read(tmp_path / "out"))) == ["a", "b", "c", "d", "e" * 3000]
    assert check(tmp_path / "out", INC).sound, "every frame follows from the one before"
    assert done.lanes[0].from_log == 4, "with the announcement of the segment"
    assert "4 of them from the log" in (tmp_path / "out" / REPORT).read_text()


def test_a_lane_that_stood_in_memory_alone_comes_back_whole(tmp_path: Path, daemon: Daemon) -> None:
    folder = tmp_path / INC
    folder.write_text("in the way")
    lane = lane_in(folder)
    write(lane, note("a"))
    killed(lane)
    folder.unlink()
    folder.mkdir(0o700)
    done = salvage(folder, INC, tmp_path / "out", log=daemon.file())
    assert [(saved.lane, saved.files) for saved in done.lanes] == [(lane.name, 1)]
    assert texts(list(read(tmp_path / "out"))) == ["a"]
    assert check(tmp_path / "out", INC).sound


def test_what_the_lane_has_too_is_not_put_back_twice(tmp_path: Path, daemon: Daemon) -> None:
    lane, disk = without_disk(tmp_path / INC, "a")
    write(lane, note("b"))
    disk.heal()
    lane.close()
    log = daemon.file()
    done = salvage(tmp_path / INC, INC, tmp_path / "out", log=log)
    assert (done.losses, done.lanes[0].from_log) == ((), 0)
    assert texts(list(read(tmp_path / "out"))) == ["a", "b"]
    path = next((tmp_path / INC).glob("*.lane.?"))
    path.write_bytes(path.read_bytes().replace(b'"text":"b"', b'"text":"B"'))
    done = salvage(tmp_path / INC, INC, tmp_path / "mended", log=log)
    assert done.lanes[0].from_log == 1
    assert texts(list(read(tmp_path / "mended"))) == ["a", "b"], "what is damaged in the file is whole in the log"


def test_entries_whose_numbers_were_used_again_are_kept_beside_the_lane(tmp_path: Path, daemon: Daemon) -> None:
    """The next console could not know of what stood in a killed one's memory."""
    clock = ManualClock()
    lane, _ = without_disk(tmp_path / INC, "a", clock=clock)
    write(lane, note("lost"))
    killed(lane)
    clock.move(60)
    after = lane_in(tmp_path / INC, clock=clock)
    write(after, note("other"))
    write(after, note("more"))
    after.close()
    done = salvage(tmp_path / INC, INC, tmp_path / "out", log=daemon.file())
    assert texts(list(read(tmp_path / "out"))) == ["a", "other", "more"]
    assert "says something else" in str(done.losses[0])
    aside = tmp_path / "out" / f"{lane.name}.log"
    assert '"lost"' in aside.read_text()
    assert check(tmp_path / "out", INC).sound


def test_parts_that_are_missing_or_altered_are_losses(tmp_path: Path, daemon: Daemon) -> None:
    lane, _ = without_disk(tmp_path / INC, "a")
    write(lane, note("b"))
    write(lane, note("c" * 3000))
    write(lane, note("d"))
    killed(lane)
    log = daemon.file()
    lines = [line for line in log.read_text().splitlines() if " 2/" not in line]
    log.write_text("\n".join(line.replace('"text":"b"', '"text":"B"') for line in lines))
    done = salvage(tmp_path / INC, INC, tmp_path / "out", log=log)
    assert sorted(loss.why.partition(": ")[2] for loss in done.losses) == [
        "does not hold what was written", "part 2 of 5 is not in the log",
    ]  # fmt: skip
    assert texts(list(read(tmp_path / "out"))) == ["a", "d"]


def test_lines_of_other_incidents_and_hostile_ones_are_left_alone(tmp_path: Path, daemon: Daemon) -> None:
    lane, _ = without_disk(tmp_path / INC, "a")
    write(lane, note("b"))
    killed(lane)
    log = daemon.file()
    assert read_back(log.read_text().splitlines(), "INC-0002").frames == {}
    evil = ["../../etc/passwd 1 00000000 1/1 x|", "e.0.0 9 00000000 1/999999 x|"]
    log.write_text(log.read_text() + "".join(f"warroom-entry INC-0001 {text}\n" for text in evil))
    done = salvage(tmp_path / INC, INC, tmp_path / "out", log=log)
    assert texts(list(read(tmp_path / "out"))) == ["a", "b"]
    assert len(done.losses) == 1


@given(st.lists(st.text(max_size=2000), min_size=1, max_size=4), st.text(max_size=20))
def test_what_is_written_to_a_log_is_read_back_byte_for_byte(
    tmp_path_factory: pytest.TempPathFactory, said: list[str], before: str
) -> None:
    root = tmp_path_factory.mktemp("l")
    lane = lane_in(root)
    for text in said:
        write(lane, note(text))
    lane.close()
    frames = (root / f"{lane.name}.lane").read_bytes().splitlines(keepends=True)[1:]
    lines = [f"{before} {line}" for data in frames for line in written(INC, lane.name, data)]
    assert read_back(reversed(lines), INC).frames == {lane.name: frames}
