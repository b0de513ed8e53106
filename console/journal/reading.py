"""Reading a journal without writing to it: for command lines, the lobby, and to learn which consoles still live."""

from __future__ import annotations

import heapq
import os
from collections.abc import Iterator
from pathlib import Path

from console.journal.disk import Disk
from console.journal.follow import Follower
from console.journal.places import places
from console.model.entry import Entry


def read(folder: Path, fallback: Path | None = None) -> Iterator[Entry]:
    """All entries of an incident's folder in merged order, as far as they are written now; takes no lock.

    Damaged lines are stepped over, and a lane whose stamps go backwards is merged as it stands. A folder
    that is missing or empty has no entries.
    """
    disk = Disk()
    lanes = places(folder, fallback).lanes()
    streams = [Follower(lane, None, disk).entries(files) for lane, files in lanes.items()]
    return heapq.merge(*streams, key=lambda entry: entry.stamp)


def lane_alive(folder: Path, lane: str, fallback: Path | None = None) -> bool:
    """Whether the console that writes a lane still runs: it holds the lock for life, even while it is stopped.

    A lane that we may not open counts as alive, one that has no file as dead.
    """
    disk = Disk()
    for _, path in places(folder, fallback).lanes().get(lane, []):
        try:
            fd = disk.open(path, os.O_RDONLY)
        except FileNotFoundError:
            continue
        except OSError:
            return True
        try:
            if not disk.lock(fd, shared=True):
                return True
        finally:
            disk.close(fd)
    return False
