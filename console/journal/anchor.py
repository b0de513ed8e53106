"""Anchors: heads of lanes told to something that whoever can write the journal cannot take back.

A line a lane: ``warroom-anchor <incident|watch> <lane> <seq> <head> <utc>``. Whoever keeps the lines can tell that a
lane was cut or written anew: the chain that was anchored must still lead to the head that is named.
"""

from __future__ import annotations

import asyncio
import os
import re
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from msgspec import Struct

from console.clock import Clock, Millis
from console.config import AnchorConfig
from console.errors import BackendError, TimedOut, Unreachable
from console.journal.disk import Disk
from console.journal.syslog import NOTICE, Syslog
from console.ports import AnchorReceipt

T = TypeVar("T")
LIMIT_S = 5.0
"""How long a sink may take; one that takes longer is not asked again until it has come back."""
_LINE = re.compile(
    r"warroom-anchor (?P<incident>watch|[A-Za-z0-9][A-Za-z0-9._-]{0,80}) (?P<lane>[A-Za-z0-9][A-Za-z0-9._-]{0,120}) "
    r"(?P<seq>[0-9]{1,15}) (?P<head>[0-9a-f]{64}) (?P<at>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)(?!\S)"
)


class Anchor(Struct, frozen=True):
    """One lane as it stood."""

    incident: str
    """``""`` = the watch."""
    lane: str
    seq: int
    head: str
    """Head of the chain behind that entry, hex."""
    at: Millis

    def __str__(self) -> str:
        at = f"{datetime.fromtimestamp(self.at / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"
        return f"warroom-anchor {self.incident or 'watch'} {self.lane} {self.seq} {self.head} {at}"


def read_line(text: str) -> Anchor | None:
    """The anchor in a line of a log, whatever the log put before it."""
    match = _LINE.search(text)
    if match is None:
        return None
    try:
        at = datetime.strptime(match["at"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None
    incident = "" if match["incident"] == "watch" else match["incident"]
    return Anchor(incident, match["lane"], int(match["seq"]), match["head"], round(at.timestamp() * 1000))


def sink_of(config: AnchorConfig, clock: Clock) -> SyslogSink | FileSink:
    """The sink that the configuration names."""
    if config.file:
        return FileSink(Path(config.file))
    return SyslogSink(config.syslog, clock)


class _Aside:
    """Runs blocking work on a daemon thread of its own, for so long and no longer; one that hangs is not joined."""

    def __init__(self, name: str, limit_s: float) -> None:
        self._name = name
        self._limit_s = limit_s
        self._under_way: Future[object] | None = None
        self._turn = asyncio.Lock()

    async def run(self, work: Callable[[], T]) -> T:
        """The result, or ``TimedOut``; what was begun may still come to its end. One after the other."""
        async with self._turn:
            return await self._run(work)

    async def _run(self, work: Callable[[], T]) -> T:
        if self._under_way is not None and not self._under_way.done():
            raise TimedOut(f"{self._name} has not come back since it was asked last")
        future: Future[T] = Future()
        self._under_way = future  # type: ignore[assignment]

        def run() -> None:
            try:
                future.set_result(work())
            except BaseException as error:
                future.set_exception(error)

        threading.Thread(target=run, name="anchor", daemon=True).start()
        try:
            return await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(future)), self._limit_s)
        except TimeoutError:
            raise TimedOut(f"{self._name} did not answer in {self._limit_s:g} s") from None


class SyslogSink:
    """The machine's log; a datagram a line."""

    def __init__(self, facility: str, clock: Clock, path: Path | None = None, limit_s: float = LIMIT_S) -> None:
        self.name = "syslog"
        self._log = Syslog(facility, NOTICE, clock, path)
        self._limit_s = limit_s
        self._aside = _Aside(str(self._log.path), limit_s)

    async def put(self, lines: Sequence[str]) -> AnchorReceipt:
        """Given to the log on return."""
        return await self._aside.run(lambda: self._send(tuple(lines)))

    async def look(self) -> str:
        """What it is, if it would take a line; nothing is sent. Raises ``BackendError``."""
        await self._aside.run(lambda: self._send(()))
        return f"{self._log.path} takes lines in"

    def _send(self, lines: tuple[str, ...]) -> AnchorReceipt:
        _, error = self._log.send(lines, self._limit_s / 2)
        if error is not None:
            error.next = "start the machine's log daemon, or name a file under journal.anchors"
            raise error
        return AnchorReceipt(self.name, f"given to {self._log.path}")


class FileSink:
    """A file that is only appended to; it may lie on another disk, or on a share that hangs."""

    def __init__(self, path: Path, disk: Disk | None = None, limit_s: float = LIMIT_S) -> None:
        self.name = f"file {path}"
        self._path = path
        self._disk = disk or Disk()
        self._aside = _Aside(str(path), limit_s)

    async def put(self, lines: Sequence[str]) -> AnchorReceipt:
        """Durable on return."""
        return await self._aside.run(lambda: self._append(tuple(lines)))

    async def look(self) -> str:
        """What it is, if it would take a line; nothing is written or made. Raises ``BackendError``."""
        return await self._aside.run(self._looked_at)

    def _looked_at(self) -> str:
        folder, mend = self._path.parent, "make it writable for you, or name another file under journal.anchors"
        try:
            fd = self._disk.open(self._path, os.O_RDWR | os.O_APPEND)
        except FileNotFoundError:
            if not folder.exists():
                raise Unreachable(f"{folder} is not there", next=f"mkdir -p {folder}") from None
            if not os.access(folder, os.W_OK | os.X_OK):
                raise Unreachable(f"{folder} cannot be written", next=mend) from None
            return f"{self._path} is made with the first line"
        except OSError as error:
            raise Unreachable(f"{self._path}: {error.strerror or error}", next=mend) from None
        try:
            status = self._disk.status(fd)
            self._judge(status)
        finally:
            self._disk.close(fd)
        return f"{self._path} can be appended to, {status.st_size} bytes"

    def _append(self, lines: tuple[str, ...]) -> AnchorReceipt:
        try:
            fd = self._disk.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                return self._write(fd, lines)
            finally:
                self._disk.close(fd)
        except OSError as error:
            raise Unreachable(f"{self._path}: {error.strerror or error}") from None

    def _judge(self, status: os.stat_result) -> None:
        if status.st_uid != os.geteuid():
            raise BackendError(f"{self._path} belongs to uid {status.st_uid}", next="name a file of your own")
        if status.st_mode & 0o027:
            raise BackendError(f"others may write or read {self._path}", next=f"chmod 0640 {self._path}")

    def _write(self, fd: int, lines: tuple[str, ...]) -> AnchorReceipt:
        status = self._disk.status(fd)
        self._judge(status)
        data = "".join(f"{line}\n" for line in lines).encode("ascii", "replace")
        if status.st_size and self._disk.read(fd, 1, status.st_size - 1) != b"\n":
            data = b"\n" + data  # behind a line that a full disk cut off
        rest = memoryview(data)
        while rest:
            rest = rest[self._disk.write(fd, bytes(rest)) :]
        self._disk.sync(fd)
        if not status.st_size:
            self._disk.sync_folder(self._path.parent)
        return AnchorReceipt(self.name, f"{self._path} from byte {status.st_size}")
