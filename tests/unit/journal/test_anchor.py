"""Anchors outside: what a line says, and sinks that are there, are not, refuse, are full or hang."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.config import AnchorConfig
from console.errors import BackendError, TimedOut, Unreachable
from console.journal.anchor import Anchor, FileSink, SyslogSink, read_line, sink_of
from console.journal.disk import Disk
from console.ports import AnchorReceipt, AnchorSink
from tests.unit.clocks import ManualClock
from tests.unit.journal.support import ENOSPC, NOON, BrokenDisk

HEAD = "ab" * 32
LINE = f"warroom-anchor INC-0001 bastion.1000.0 7 {HEAD} 2026-11-18T12:26:40Z"


def put(sink: AnchorSink, lines: Sequence[str] = (LINE,)) -> AnchorReceipt:
    return asyncio.run(sink.put(lines))


def test_a_line_says_incident_lane_number_head_and_time() -> None:
    anchor = Anchor("INC-0001", "bastion.1000.0", 7, HEAD, NOON)
    assert str(anchor) == f"warroom-anchor INC-0001 bastion.1000.0 7 {HEAD} 2026-11-18T11:06:40Z"
    assert str(Anchor("", "a.1.0", 1, HEAD, NOON)).startswith("warroom-anchor watch a.1.0 1 ")


@given(
    st.sampled_from(["", "INC-0042"]),
    st.from_regex(r"[A-Za-z0-9-]{1,60}\.[0-9]{1,9}\.[fm]?[0-9a-f]{1,16}", fullmatch=True),
    st.integers(1, 10**12),
    st.binary(min_size=32, max_size=32),
    st.integers(0, 4_000_000_000),
    st.text(max_size=30),
)
def test_a_line_is_read_back_whatever_a_log_puts_before_it(
    incident: str, lane: str, seq: int, head: bytes, at: int, before: str
) -> None:
    if lane.startswith("-"):
        lane = "h" + lane
    anchor = Anchor(incident, lane, seq, head.hex(), at * 1000)
    assert read_line(f"{before} {anchor}") == anchor


@pytest.mark.parametrize(
    "text", ["", "warroom-anchor", LINE.replace("7", "-7", 1), LINE + "x", LINE.replace("-18T", "-38T"), LINE[:-30]]
)
def test_what_is_no_anchor_is_not_read_as_one(text: str) -> None:
    assert read_line(text) is None


# syslog


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "log"))
        listening.settimeout(5)
        yield listening


@pytest.mark.parametrize(("facility", "priority"), [("auth", 37), ("user", 13), ("authpriv", 85), ("local3", 157)])
def test_each_line_is_one_datagram(tmp_path: Path, daemon: socket.socket, facility: str, priority: int) -> None:
    sink = SyslogSink(facility, ManualClock(), tmp_path / "log")
    assert put(sink, [LINE, LINE.replace(" 7 ", " 8 ")]) == AnchorReceipt("syslog", f"given to {tmp_path / 'log'}")
    first, second = daemon.recv(4096).decode(), daemon.recv(4096).decode()
    assert first.startswith(f"<{priority}>Nov 1")
    assert f" warroom[{os.getpid()}]: {LINE}" in first
    found = read_line(second)
    assert found is not None
    assert found.seq == 8


def test_no_daemon_is_told_and_nothing_else(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match=r"no log daemon at .*/log: No such file"):
        put(SyslogSink("auth", ManualClock(), tmp_path / "log"))
    (tmp_path / "log").touch()
    with pytest.raises(Unreachable, match="Connection refused"):
        put(SyslogSink("auth", ManualClock(), tmp_path / "log"))


def test_a_daemon_that_does_not_read_is_not_waited_for(tmp_path: Path, daemon: socket.socket) -> None:
    sink = SyslogSink("auth", ManualClock(), tmp_path / "log", limit_s=0.2)
    with pytest.raises(TimedOut):
        put(sink, [LINE] * 5000)


# A file


def test_lines_are_appended_durably_for_nobody_else_to_read(tmp_path: Path) -> None:
    disk, path = BrokenDisk(), tmp_path / "anchors.log"
    old = os.umask(0)
    try:
        assert put(FileSink(path, disk)).text == f"{path} from byte 0"
    finally:
        os.umask(old)
    assert put(FileSink(path, disk)).text == f"{path} from byte {len(LINE) + 1}"
    assert path.read_text() == f"{LINE}\n{LINE}\n"
    assert path.stat().st_mode & 0o777 == 0o600
    assert disk.synced == 2
    path.chmod(0o640)
    put(FileSink(path))


def test_links_pipes_second_names_and_what_others_may_write_are_refused(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.touch(0o600)
    (tmp_path / "link").symlink_to(real)
    os.link(real, tmp_path / "second")
    os.mkfifo(tmp_path / "pipe", 0o600)
    (tmp_path / "wide").touch()
    (tmp_path / "wide").chmod(0o660)
    (tmp_path / "folder").mkdir()
    for name in ("link", "second", "pipe", "wide", "folder", "missing/file"):
        with pytest.raises(BackendError):
            put(FileSink(tmp_path / name))
    assert real.read_bytes() == b""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_somebody_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "anchors.log"
    path.touch(0o600)
    os.chown(path, 12345, 12345)
    with pytest.raises(BackendError, match="belongs to uid 12345"):
        put(FileSink(path))


def test_a_full_disk_is_told_and_a_cut_line_does_not_spoil_the_next(tmp_path: Path) -> None:
    disk, path = BrokenDisk(), tmp_path / "anchors.log"
    put(FileSink(path, disk))
    disk.short = 20
    disk.fail("write", ENOSPC)
    with pytest.raises(Unreachable, match=os.strerror(errno.ENOSPC)):
        put(FileSink(path, disk))
    disk.heal()
    put(FileSink(path, disk))
    assert [read_line(line) is not None for line in path.read_text().splitlines()] == [True, False, True]


def test_two_journals_at_once_take_turns(tmp_path: Path) -> None:
    async def go() -> None:
        sink = FileSink(tmp_path / "anchors.log")
        await asyncio.gather(*(sink.put([LINE]) for _ in range(20)))

    asyncio.run(go())
    assert (tmp_path / "anchors.log").read_text() == f"{LINE}\n" * 20


class HangingDisk(Disk):
    """A share that does not answer until it is let go."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.asked = 0

    def open(self, path: Path, flags: int, mode: int = 0o600) -> int:
        self.asked += 1
        self.gate.wait(20)
        return super().open(path, flags, mode)


def test_a_share_that_hangs_holds_up_nobody_and_is_asked_once(tmp_path: Path) -> None:
    disk = HangingDisk()

    async def go() -> None:
        sink = FileSink(tmp_path / "anchors.log", disk, limit_s=0.05)
        turns = 0

        async def watch() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        watching = asyncio.create_task(watch())
        with pytest.raises(TimedOut, match="did not answer in"):
            await sink.put([LINE])
        assert turns > 10, "the loop goes on"
        with pytest.raises(TimedOut, match="has not come back"):
            await sink.put([LINE])
        assert disk.asked == 1
        disk.gate.set()
        for _ in range(1000):
            try:
                await sink.put([LINE])
                break
            except TimedOut:
                await asyncio.sleep(0.001)
        watching.cancel()
        assert (tmp_path / "anchors.log").read_text().count(LINE) >= 2, "what was begun came to its end"

    asyncio.run(go())


def test_the_configuration_names_the_sink() -> None:
    clock = ManualClock()
    assert sink_of(AnchorConfig(syslog="auth"), clock).name == "syslog"
    assert sink_of(AnchorConfig(file="/x/y"), clock).name == "file /x/y"
