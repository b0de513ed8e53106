"""Heads of other lanes that a power failure cannot take back: what our frames and anchors may name.

A frame is seen as soon as it is written, while its writer's sync may still be under way. Named at once it could be gone
after a power failure although our own entry that names it is there, and ``check`` would call that damage. So a head is
named when it has stood for ``SETTLED_S`` seconds and its file was synced once more, which then costs next to nothing.
"""

from __future__ import annotations

import os
from pathlib import Path

from msgspec import Struct

from console.clock import Clock
from console.journal.disk import Disk

SETTLED_S = 2.0
Head = tuple[int, str]
"""Number of a lane's last entry and the chain's head behind it, hex."""


class Waiting(Struct, frozen=True):
    """A head that was seen and may not be named yet."""

    head: Head
    path: Path
    since: float


class Settled:
    """Takes heads in as they are read; not thread-safe: owned by the journal's thread."""

    def __init__(self, clock: Clock, disk: Disk) -> None:
        self._clock = clock
        self._disk = disk
        self._named: dict[str, Head] = {}
        self._seen: dict[str, tuple[Head, Path]] = {}
        self._waiting: dict[str, Waiting] = {}

    def see(self, lane: str, head: Head, path: Path) -> None:
        """Take in where a lane stands now; ``path`` is the segment that its last entry is in."""
        self._seen[lane] = head, path
        self._await(lane)

    def heads(self) -> dict[str, Head]:
        """By lane, the last head that may be named."""
        now = self._clock.monotonic()
        for lane, waiting in list(self._waiting.items()):
            if now - waiting.since >= SETTLED_S:
                del self._waiting[lane]
                if self._sync(waiting.path):
                    self._named[lane] = waiting.head
                self._await(lane)
        return self._named

    def _await(self, lane: str) -> None:
        head, path = self._seen[lane]
        if lane not in self._waiting and self._named.get(lane) != head:
            self._waiting[lane] = Waiting(head, path, self._clock.monotonic())

    def _sync(self, path: Path) -> bool:
        try:
            fd = self._disk.open(path, os.O_RDONLY)
            try:
                self._disk.sync(fd)
            finally:
                self._disk.close(fd)
        except OSError:
            return False
        return True
