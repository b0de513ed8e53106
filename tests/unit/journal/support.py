"""What the journal's tests share: a disk to break, journals with little to say."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from console.clock import Ids
from console.journal.disk import Disk
from console.journal.follow import Follower
from console.journal.journal import Journal
from console.journal.lane import Lane, open_lane
from console.journal.places import places
from console.journal.settled import SETTLED_S
from console.journal.stamp import HybridClock
from console.model.entry import Draft, Entry, Kind
from tests.unit.clocks import CountingIds, ManualClock

NOON = 1_795_000_000_000


class BrokenDisk(Disk):
    """A disk that fails on demand: each of the tests given a path and a call may raise."""

    def __init__(self) -> None:
        self.fails: dict[str, Callable[[str], int]] = {}
        """Call (``create``, ``write``, ``sync``, ``truncate``) → errno for a path, 0 = it works."""
        self.short: int | None = None
        """Bytes that a failing write still puts down."""
        self.synced = 0

    def fail(self, call: str, code: int, folder: Path | None = None) -> None:
        self.fails[call] = lambda path: code if folder is None or path.startswith(f"{folder}/") else 0

    def heal(self) -> None:
        self.fails.clear()

    def _try(self, call: str, path: str) -> None:
        code = self.fails.get(call, lambda _: 0)(path)
        if code:
            raise OSError(code, os.strerror(code), path)

    def create(self, path: Path, mode: int) -> int:
        self._try("create", str(path))
        return super().create(path, mode)

    def write(self, fd: int, data: bytes) -> int:
        try:
            self._try("write", os.readlink(f"/proc/self/fd/{fd}"))
        except OSError:
            if self.short:
                super().write(fd, data[: self.short])
            raise
        return super().write(fd, data)

    def sync(self, fd: int) -> None:
        self._try("sync", os.readlink(f"/proc/self/fd/{fd}"))
        self.synced += 1
        super().sync(fd)

    def truncate(self, fd: int, size: int) -> None:
        self._try("truncate", os.readlink(f"/proc/self/fd/{fd}"))
        super().truncate(fd, size)


def note(text: str = "x") -> Draft:
    return Draft(Kind.NOTE_ADDED, {"text": text})


def texts(entries: Sequence[Entry]) -> list[object]:
    return [entry.body["text"] for entry in entries if entry.kind == Kind.NOTE_ADDED]


def lane_in(
    folder: Path,
    *,
    clock: ManualClock | None = None,
    disk: Disk | None = None,
    fallback: Path | None = None,
    ids: Ids | None = None,
    host: str = "bastion",
) -> Lane:
    clock = clock or ManualClock()
    return open_lane(
        places(folder, fallback),
        "INC-0001",
        clock=clock,
        hybrid=HybridClock(clock),
        ids=ids or CountingIds(),
        host=host,
        disk=disk or Disk(),
    )


def write(lane: Lane, *drafts: Draft) -> tuple[Entry, ...]:
    result = lane.append([drafts])[0]
    assert not isinstance(result, Exception), result
    return result


async def open_journal(
    folder: Path,
    *,
    clock: ManualClock | None = None,
    disk: Disk | None = None,
    fallback: Path | None = None,
    host: str = "bastion",
    redact: Callable[[object], object] | None = None,
) -> Journal:
    return await Journal.open(
        folder,
        "INC-0001",
        clock=clock or ManualClock(),
        ids=CountingIds(),
        host=host,
        disk=disk,
        fallback=fallback,
        redact=redact,
    )


async def hear(journal: Journal, clock: ManualClock) -> tuple[Entry, ...]:
    """What the others wrote; time goes on until it may be named."""
    entries = await journal.news()
    clock.move(SETTLED_S)
    await journal.heads()  # names what was seen before, and waits for what was just read
    clock.move(SETTLED_S)
    return entries


def follow(folder: Path, lane: str, fallback: Path | None = None) -> tuple[Follower, list[Entry]]:
    """The lane as another console reads it."""
    follower = Follower(lane, "INC-0001", Disk())
    return follower, list(follower.entries(places(folder, fallback).lanes().get(lane, [])))


ENOSPC, EIO = errno.ENOSPC, errno.EIO
