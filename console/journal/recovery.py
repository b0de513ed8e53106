"""Recovery: what the last writer of a lane left is read, verified and made ready to go on from."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from console.clock import Ids
from console.errors import JournalError
from console.journal import frame
from console.journal.cache import Cache
from console.journal.disk import Disk
from console.journal.follow import Follower, Tail
from console.journal.places import segment_name
from console.journal.segment import FileSegment
from console.journal.stamp import HybridClock
from console.journal.storage import LaneStorage
from console.model.entry import Kind


class Taken(NamedTuple):
    """The slot that was taken."""

    folder: Path
    guard: int
    """Descriptor that holds the lock."""
    trouble: str
    """Why a better place was not to be had."""


def recover(
    storage: LaneStorage,
    follower: Follower,
    taken: Taken,
    hybrid: HybridClock,
    ids: Ids,
    disk: Disk,
    cache: Cache | None = None,
) -> None:
    """Read and verify what is there, set a torn end aside, leave a damaged segment behind."""
    roll = storage.roll
    base = (0, taken.folder / segment_name(storage.lane, 0))
    files = roll.places.lanes().get(storage.lane) or [base]
    segments: dict[int, FileSegment] = {}
    shut, unread = set[int](), 0
    for number, path in files:
        place = "folder" if path.parent == roll.places.folder else "fallback"
        try:
            fd, writable = (os.dup(taken.guard), True) if (number, path) == base else _open(path, disk)
        except OSError:
            unread += _size(path)
            continue
        disk.lock(fd)
        segments[number] = FileSegment(number, place, path, fd, disk)
        if not writable:
            shut.add(number)
    if cache is not None and cache.own == storage.lane:
        _go_on(storage, follower, cache, segments)
    for found in follower.advance([file for file in files if file[0] in segments]):
        storage.adopt(found, segments[found.segment])
    hybrid.resume(follower.wall, follower.logical)
    with suppress(JournalError, IndexError):
        storage.recorded_at = storage.entry(len(storage) - 1).recorded_at
    for number, segment in segments.items():
        segment.size = follower.tails[number].offset
        roll.use(segment)
    roll.number = max(number for number, _ in files)
    last = follower.tails.get(roll.number, Tail(damaged=True))
    _carry(storage)
    roll.failed(taken.trouble)
    if last.damaged:
        why = str(follower.damages[-1]) if follower.damages else "the newest segment cannot be opened"
        lost = sum(damage.size for damage in follower.damages) + unread
        lost += sum(segment.beyond() for segment in segments.values())
        storage.bridge(f"damage: {why}", lost // frame.ROOM + 1)
    elif roll.number in shut:
        storage.bridge("the newest segment cannot be written")
    elif last.rest:
        _set_aside(storage, last, ids, disk)
    elif last.sealed:
        storage.go_on()


def _open(path: Path, disk: Disk) -> tuple[int, bool]:
    """A segment's descriptor, and whether it may be written: one that cannot be is read, if it is ours."""
    try:
        return disk.open(path, os.O_RDWR | os.O_APPEND), True
    except OSError:
        fd = disk.open(path, os.O_RDONLY)
    if disk.status(fd).st_uid != os.geteuid():
        disk.close(fd)
        raise PermissionError(errno.EPERM, "belongs to somebody else", str(path))
    return fd, False


def _size(path: Path) -> int:
    """Bytes of a file that cannot be read: so many may hold numbers of ours."""
    try:
        return path.lstat().st_size
    except OSError:
        return 0


def _go_on(storage: LaneStorage, follower: Follower, cache: Cache, segments: dict[int, FileSegment]) -> None:
    """Take what the cache holds of our lane instead of reading it; one that does not fit changes nothing."""
    mark = cache.lanes[storage.lane]
    with suppress(ValueError, KeyError):
        storage.restore(cache.index, mark, segments)
        follower.resume(mark)


def _carry(storage: LaneStorage) -> None:
    """Where the folder's chain ends, and the frames behind it that stand in the fallback only."""
    roll, tail = storage.roll, storage.roll.tail
    roll.bridge = storage.head
    if tail.place == "folder":
        return
    try:
        data = tail.read(0, tail.size)
    except OSError:
        return  # what stands in the fallback stays there
    first = frame.parse(data, 0)
    if isinstance(first, frame.Frame) and first.prologue:
        roll.bridge = first.head
        roll.adrift[:] = data[first.size :]


def _set_aside(storage: LaneStorage, last: Tail, ids: Ids, disk: Disk) -> None:
    """Keep the bytes of a torn frame in a side file, cut them off the segment and record it."""
    tail = storage.roll.tail
    assert isinstance(tail, FileSegment)
    side = tail.path.with_name(f"{tail.path.name}.torn-{ids.new('torn').rpartition('-')[2]}")
    try:
        fd = disk.create(side, 0o600)
        aside = FileSegment(0, "folder", side, fd, disk)
        aside.append(last.rest)
        aside.close()
        tail.cut(last.offset)
    except OSError as error:
        storage.bridge(f"a torn frame could not be set aside: {error.strerror}")
        return
    body: dict[str, object] = {
        "segment": tail.number,
        "offset": last.offset,
        "bytes": len(last.rest),
        "sha256": sha256(last.rest).hexdigest(),
        "file": side.name,
    }
    if last.sealed:
        storage.go_on()
    storage.note(Kind.LANE_RECOVERED, body)
