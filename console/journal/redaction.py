"""Redaction: salt and payload of an entry are overwritten where they stand; told first, done after.

The order, so that a crash at any moment leaves either nothing or something that is finished:

1. a mark beside the lane (``<lane>.redact-<seq>``) names the entry,
2. ``entry.redacted`` is durable in the journal,
3. every copy of the bytes is overwritten with as many ``-`` and synced,
4. the mark goes.

Whoever next opens a lane of the same user finds the mark: if the redaction was told he does step 3 and 4, else only 4.
"""

from __future__ import annotations

import json
import os
import re
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec import Struct

from console.errors import JournalError, Refused
from console.journal import frame
from console.journal.blanking import copies
from console.journal.disk import Disk
from console.journal.follow import Follower
from console.journal.frame import Sealed
from console.journal.places import Places, segment_name
from console.journal.record import read_entry
from console.journal.scrub import lines_of
from console.model.entry import Entry, Kind
from console.model.redacted import owned

_MARK = re.compile(r"(?P<lane>[A-Za-z0-9][A-Za-z0-9._-]{0,120})\.redact-(?P<seq>[0-9]{1,15})")
FRESH_S = 60.0
"""A mark younger than this, of something that was not told, may belong to a console that is about to tell it."""


class Target(Struct, frozen=True):
    """The entry that is meant."""

    entry: Entry
    digest: bytes
    owner: int
    """The uid that owns its lane."""

    @property
    def lane(self) -> str:
        return self.entry.stamp.lane


class Mark(NamedTuple):
    """A mark beside a lane: something was to be redacted."""

    path: Path
    lane: str
    seq: int
    digest: bytes

    @property
    def entry(self) -> str:
        return f"{self.lane}:{self.seq}"


def find(places: Places, incident: str, name: str, disk: Disk) -> Target:
    """The entry of this id. ``Refused`` if there is none, or if it is redacted already."""
    lane, _, seq = name.rpartition(":")
    files = places.lanes().get(lane, [])
    follower = Follower(lane, incident, disk)
    for found in follower.advance(files):
        if str(found.header.seq) == seq:
            entry = read_entry(found.sealed, incident, found.prev, found.head, foreign=True, header=found.header)
            if found.sealed.redacted:
                raise Refused(f"{name} is redacted already")
            return Target(entry, found.sealed.digest, follower.owner)
    raise Refused(f"there is no entry {name} in {incident or 'the watch'}", next="the timeline's details name it")


def mark(places: Places, target: Target, disk: Disk) -> Mark:
    """Leave the mark; durable on return."""
    folder = _home(places, target.lane)
    path = folder / f"{target.lane}.redact-{target.entry.stamp.seq}"
    try:
        with suppress(FileNotFoundError):
            path.unlink()
        fd = disk.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            disk.write(fd, json.dumps({"digest": target.digest.hex()}).encode())
            disk.sync(fd)
        finally:
            disk.close(fd)
        disk.sync_folder(folder)
    except OSError as error:
        raise JournalError(
            f"nothing was redacted: {path} cannot be written: {error.strerror}", next="make it writable, then try again"
        ) from None
    return Mark(path, target.lane, target.entry.stamp.seq, target.digest)


def marks(places: Places) -> list[Mark]:
    """Marks of our own that a crash left."""
    found = []
    for folder in places.folders:
        with suppress(OSError):
            for name in os.listdir(folder):
                match = _MARK.fullmatch(name)
                if match is not None and (digest := _digest(folder / name)) is not None:
                    found.append(Mark(folder / name, match["lane"], int(match["seq"]), digest))
    return found


def _digest(path: Path) -> bytes | None:
    """What a mark names; ``None`` = it is not ours, or was cut off before anything was told."""
    disk = Disk()
    try:
        fd = disk.open(path, os.O_RDONLY)
        try:
            if disk.status(fd).st_uid != os.geteuid():
                return None
            digest = bytes.fromhex(msgspec.json.decode(disk.read(fd, 4096, 0), type=dict[str, str])["digest"])
        finally:
            disk.close(fd)
    except (OSError, msgspec.MsgspecError, KeyError, ValueError):
        return b"" if _ours(path) else None
    return digest if len(digest) == 32 else b""


def _ours(path: Path) -> bool:
    try:
        status = path.lstat()
    except OSError:
        return False
    return status.st_uid == os.geteuid() and stat.S_ISREG(status.st_mode)


def told(places: Places, name: str, disk: Disk) -> bool:
    """Whether a lane of the same owner says that the entry is redacted."""
    lane = name.rpartition(":")[0]
    for other, files in places.lanes().items():
        if owned(other) != owned(lane):
            continue
        follower = Follower(other, None, disk)
        for entry in follower.entries(files):
            ours = follower.owner == os.geteuid()
            if entry.kind is Kind.ENTRY_REDACTED and entry.body.get("target") == name and ours:
                return True
    return False


def overwrite(places: Places, found: Mark, disk: Disk) -> list[str]:
    """Overwrite every copy of the entry in the files of its lane; the texts that stood there, as far as they still did.

    Raises ``OSError``; the mark stays then.
    """
    texts: list[str] = []
    for path in _files(places, found.lane):
        # Not opened for appending: Linux would append what is written at an offset.
        fd = disk.open(path, os.O_RDWR)
        try:
            if disk.status(fd).st_uid != os.geteuid():
                raise PermissionError(1, "belongs to somebody else", str(path))
            data = disk.read(fd, disk.status(fd).st_size, 0)
            standing = list(copies(data, found.digest))
            for at, size in standing:
                texts += _texts(data[at : at + size], found.digest)
                disk.overwrite(fd, frame.BLANK * size, at)
            if standing:
                disk.sync(fd)
        finally:
            disk.close(fd)
    return texts


def finish(found: Mark, disk: Disk) -> None:
    """Take the mark away: everything is overwritten."""
    with suppress(OSError):
        found.path.unlink()
        disk.sync_folder(found.path.parent)


def complete(places: Places, own: str, disk: Disk) -> list[str]:
    """Finish what a crash left, in our own lane and in those of ours that nobody writes now; the texts that are gone.

    Called with the lock of ``own`` held, before the lane is read: half an overwritten payload is damage to a reader.
    """
    texts: list[str] = []
    for found in marks(places):
        with suppress(OSError, JournalError), held(places, found.lane, own, disk) as ours:
            if not ours:
                continue
            if found.digest and told(places, found.entry, disk):
                texts += overwrite(places, found, disk)
                finish(found, disk)
            elif time.time() - found.path.stat().st_mtime > FRESH_S:
                finish(found, disk)
    return texts


@contextmanager
def held(places: Places, lane: str, own: str, disk: Disk) -> Iterator[bool]:
    """The lock of a lane for a moment; whether we have it. Of our ``own`` lane we have it anyway."""
    if lane == own:
        yield True
        return
    fd = disk.open(_home(places, lane) / segment_name(lane, 0), os.O_RDWR)
    try:
        yield disk.status(fd).st_uid == os.geteuid() and disk.lock(fd)
    finally:
        disk.close(fd)


def gone(places: Places, found: Mark, disk: Disk) -> bool:
    """Whether no copy of the entry is left."""
    for path in _files(places, found.lane):
        fd = disk.open(path, os.O_RDONLY)
        try:
            data = disk.read(fd, disk.status(fd).st_size, 0)
        finally:
            disk.close(fd)
        if any(data[at : at + size].strip(frame.BLANK) for at, size in copies(data, found.digest)):
            return False
    return True


def _texts(salted: bytes, digest: bytes) -> list[str]:
    """The texts of a payload that is still whole."""
    if not Sealed(0, b"", digest, salted).whole:
        return []
    try:
        body = msgspec.json.decode(salted[frame.SALT :], type=dict[str, object]).get("body")
    except msgspec.MsgspecError:
        return []
    return list(lines_of(body))


def _files(places: Places, lane: str) -> list[Path]:
    """All files that hold frames of a lane: its segments, and the torn ends that were set aside."""
    known = [path for _, path in places.lanes().get(lane, [])]
    aside = [p for folder in places.folders if folder.is_dir() for p in folder.glob(f"{lane}.lane*.torn-*")]
    return [*known, *aside]


def _home(places: Places, lane: str) -> Path:
    """The folder in which a lane began."""
    files = places.lanes().get(lane)
    if not files:
        raise JournalError(f"the files of lane {lane} are gone")
    return files[0][1].parent
