"""A lane: the one place this process writes to, its slot and lock, and its recovery when it is opened."""

from __future__ import annotations

import errno
import os
import pwd
from collections.abc import Sequence
from contextlib import suppress
from importlib import metadata
from pathlib import Path

from msgspec import Struct

from console.clock import Clock, Ids
from console.errors import JournalError
from console.journal.ballast import Ballast
from console.journal.cache import Cache
from console.journal.disk import Disk
from console.journal.follow import Follower
from console.journal.places import Places, check_folder, file_mode, lane_name, make_folder, segment_name
from console.journal.record import Redact, Sealer
from console.journal.recovery import Taken, recover
from console.journal.redaction import complete
from console.journal.roll import Roll
from console.journal.scrub import scrub
from console.journal.stamp import HybridClock
from console.journal.storage import LaneStorage
from console.journal.table import LaneDatabase
from console.model.entry import Draft, Entry, Kind
from console.paths import state

SLOTS = 64
_UNFIT = (errno.ELOOP, errno.EPERM, errno.EACCES, errno.EISDIR, errno.ENXIO)


class Slot(Struct, frozen=True):
    """A place that was taken: the lane's name and the descriptor that holds its lock."""

    lane: str
    folder: Path | None
    """``None``: no folder could be used, the lane is in memory."""
    guard: int = -1
    refused: tuple[str, ...] = ()
    """Files in the way that are not ours to write, and why."""


class Lane:
    """A lane opened for writing. Everything here blocks: it belongs on the journal's own thread."""

    def __init__(self, database: LaneDatabase, follower: Follower, slot: Slot) -> None:
        self.database = database
        self.name = slot.lane
        self.refused = slot.refused
        self.damages = tuple(follower.damages)
        storage = database.storage
        assert isinstance(storage, LaneStorage)
        self.storage = storage

    def append(self, transactions: Sequence[Sequence[Draft]]) -> list[tuple[Entry, ...] | Exception]:
        """Each transaction's entries, durable, or why it was refused."""
        return self.storage.append(transactions)

    def close(self) -> None:
        """Close the files and give the lock back."""
        self.database.close()


def open_lane(
    places: Places,
    incident: str,
    *,
    clock: Clock,
    hybrid: HybridClock,
    ids: Ids,
    host: str | None = None,
    uid: int | None = None,
    redact: Redact | None = None,
    sealer: Sealer | None = None,
    guest: bool = False,
    disk: Disk,
    cache: Cache | None = None,
    ballast: Ballast | None = None,
) -> Lane:
    """Take a free slot, recover what the last writer left, and be ready to append. Never fails for want of a disk.

    What ``cache`` holds of the lane is not read again here. A ``guest`` takes one of the slots ``g0``, ``g1`` …: see
    ``places.guest``. ``ballast`` is given back when the disk is full.
    """
    uid = os.geteuid() if uid is None else uid
    host = host or os.uname().nodename
    slot, trouble = _take(places, host, uid, "g" if guest else "", ids, disk)
    roll = Roll(places, slot.lane, incident, disk, clock, slot.guard, ballast)
    database = LaneDatabase(slot.lane, incident, roll, hybrid, redact, sealer)
    storage = database.storage
    assert isinstance(storage, LaneStorage)
    follower = Follower(slot.lane, incident, disk)
    lane = Lane(database, follower, slot)
    if slot.folder is None:
        roll.failed(trouble)
    else:
        scrub(complete(places, slot.lane, disk), state())
        recover(storage, follower, Taken(slot.folder, slot.guard, trouble), hybrid, ids, disk, cache)
    lane.damages = tuple(follower.damages)
    if not follower.count:
        body = {"host": host, "uid": uid, "user": _user(uid), "pid": os.getpid(), "version": _version()}
        storage.note(Kind.LANE_OPENED, body)
    return lane


def _take(places: Places, host: str, uid: int, prefix: str, ids: Ids, disk: Disk) -> tuple[Slot, str]:
    """The first free slot; in the fallback or in memory under a name that the folder never uses."""
    try:
        make_folder(places.folder, disk)
        check_folder(places.folder)
        return _slot(places.folder, host, uid, prefix, disk), ""
    except (OSError, JournalError) as error:
        trouble = str(error)
    if places.spare is not None:
        with suppress(OSError, JournalError):
            make_folder(places.spare, disk)
            check_folder(places.spare)
            return _slot(places.spare, host, uid, f"{prefix}f", disk), trouble
    return Slot(lane_name(host, uid, prefix + "m" + ids.new("m").rpartition("-")[2][:16]), None), trouble


def _slot(folder: Path, host: str, uid: int, prefix: str, disk: Disk) -> Slot:
    refused = []
    for number in range(SLOTS):
        lane = lane_name(host, uid, f"{prefix}{number:x}")
        path = folder / segment_name(lane, 0)
        mode = file_mode(folder)
        try:
            fd = disk.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, mode)
        except OSError as error:
            if error.errno not in _UNFIT:
                raise
            refused.append(f"{path.name} {error.strerror}")
            continue
        status = disk.status(fd)
        if status.st_uid != os.geteuid():
            refused.append(f"{path.name} belongs to uid {status.st_uid}")
        elif disk.lock(fd) and _still(path, status):
            if status.st_size == 0:
                os.fchmod(fd, mode)
                disk.sync_folder(folder)
            return Slot(lane, folder, fd, tuple(refused))
        disk.close(fd)
    raise JournalError(f"no lane could be opened in {folder}: {', '.join(refused) or 'all slots are taken'}")


def _still(path: Path, status: os.stat_result) -> bool:
    """Whether the name still means the file that was locked."""
    return path.lstat().st_ino == status.st_ino


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _version() -> str:
    try:
        return metadata.version("warroom")
    except metadata.PackageNotFoundError:
        return "unknown"
