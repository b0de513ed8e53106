"""The cache: where reading had come to and what the fold made of it, so that a long journal opens at once.

Disposable: it lies in the user's own cache folder, is never evidence, and whatever it vouches for is read and verified
again in the background (``Journal.verify``). One that does not fit the files to the byte is not used.
"""

from __future__ import annotations

import os
from array import array
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import msgspec
from msgspec import Struct

from console.clock import Ids
from console.journal.disk import Disk
from console.journal.index import Packed
from console.journal.places import Places
from console.model.kept import Saved

FORMAT = 2
WORTH = 2_000
"""A journal of fewer entries is read faster than its cache is worth."""
RECENT = 64
"""Heads that are kept of a lane, so that a segment that starts a little before its end is known to belong to it."""
_ENDIAN = array("H", [1]).tobytes()
_DIGEST = 32


class Mark(Struct, frozen=True):
    """How far a lane was read and verified."""

    segments: dict[int, tuple[int, int, bool]]
    """Of each segment: inode, bytes, whether it was sealed."""
    head: bytes
    seq: int
    wall: int
    logical: int
    count: int
    owner: int
    recorded_at: int
    disordered: bool = False
    recent: dict[int, bytes] = {}
    """Heads behind the last entries, by their numbers."""


class Cache(Struct, frozen=True):
    """Everything that the cache file of an incident holds."""

    incident: str
    folder: str
    lanes: dict[str, Mark]
    own: str
    index: Packed
    fold: Saved
    format: int = FORMAT
    endian: bytes = _ENDIAN


_decoder = msgspec.msgpack.Decoder(Cache)


def place(root: Path, folder: Path) -> Path:
    """The cache file of an incident's folder."""
    return root / "journal" / f"{folder.name}-{sha256(os.fsencode(folder.absolute())).hexdigest()[:16]}.cache"


def load(path: Path, incident: str, places: Places) -> Cache | None:
    """The cache if it is whole, speaks of this journal and fits the files that are there; never raises."""
    try:
        fd = Disk().open(path, os.O_RDONLY)
        with os.fdopen(fd, "rb") as file:
            if os.fstat(fd).st_uid != os.geteuid():
                return None
            data = file.read()
        if sha256(memoryview(data)[_DIGEST:]).digest() != data[:_DIGEST]:
            return None
        cache = _decoder.decode(memoryview(data)[_DIGEST:])
    except (OSError, msgspec.MsgspecError, ValueError):
        return None
    said = (cache.format, cache.endian, cache.incident, cache.folder)
    if said != (FORMAT, _ENDIAN, incident, str(places.folder.absolute())) or not fits(cache, places):
        return None
    return cache


def fits(cache: Cache, places: Places) -> bool:
    """Whether every file that was read is still there and none is shorter than it was."""
    lanes = places.lanes()
    for lane, mark in cache.lanes.items():
        files = dict(lanes.get(lane, []))
        for number, (inode, size, _) in mark.segments.items():
            try:
                status = os.lstat(files[number])
            except (KeyError, OSError):
                return False
            if status.st_ino != inode or status.st_size < size:
                return False
    return True


def save(path: Path, cache: Cache, ids: Ids) -> None:
    """Write the cache in one piece; a failure leaves the one before, and is nobody's trouble."""
    data = msgspec.msgpack.encode(cache)
    path.parent.mkdir(0o700, parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    side = path.with_name(f"{path.name}.{ids.new('tmp')}")
    try:
        with os.fdopen(os.open(side, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as file:
            file.write(sha256(data).digest())
            file.write(data)
        side.replace(path)
    finally:
        with suppress(FileNotFoundError):
            side.unlink()


def forget(path: Path) -> None:
    """Remove a cache that turned out wrong, or whose journal had something redacted."""
    with suppress(OSError):
        path.unlink()
