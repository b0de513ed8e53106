"""A disk whose process dies at a chosen call: before it, behind it, or in the middle of what is written."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from console.journal.disk import Disk

PHASES = (
    "open", "first append", "append", "group commit", "sealing", "rotation", "recovery", "redaction",
)  # fmt: skip


class Death(Struct, frozen=True):
    """When to die by one's own hand: at the n-th call of a phase, with this part of a write put down."""

    phase: str
    nth: int
    part: float
    """0 = before the call, 1 = behind it, between = inside a write."""


class DyingDisk(Disk):
    """Says at each call what it is for, and dies as planned."""

    def __init__(self, say: Callable[[str], None], death: Death | None) -> None:
        self._say = say
        self._death = death
        self._seen = 0
        self._purpose = "open"
        self._written = False

    def _enter(self, phase: str) -> float | None:
        """The phase is told; where in this call to die, ``None`` = not in this one."""
        self._purpose = phase
        self._say(phase)
        if self._death is None or phase != self._death.phase:
            return None
        self._seen += 1
        if self._seen != self._death.nth:
            return None
        if self._death.part <= 0:
            die()
        return self._death.part

    def _purpose_of(self, data: bytes) -> str:
        for word, phase in (
            (b'"segment.sealed"', "sealing"), (b'"segment.opened"', "rotation"), (b'"lane.recovered"', "recovery"),
            (b'"entry.redacted"', "redaction"), (b'"lane.opened"', "open"),
        ):  # fmt: skip
            if word in data:
                return phase
        notes = data.count(b'"note.added"')
        if not notes:
            return self._purpose
        first, self._written = not self._written, True
        return "first append" if first else "group commit" if notes > 2 else "append"

    def create(self, path: Path, mode: int) -> int:
        part = self._enter("recovery" if ".torn-" in path.name else "rotation")
        fd = super().create(path, mode)
        self._behind(part)
        return fd

    def open(self, path: Path, flags: int, mode: int = 0o600) -> int:
        if ".redact-" in path.name and flags & os.O_CREAT:
            self._enter("redaction")
        return super().open(path, flags, mode)

    def write(self, fd: int, data: bytes) -> int:
        part = self._enter(self._purpose_of(data))
        if part is not None and part < 1:
            super().write(fd, data[: max(1, int(len(data) * part))])
            die()
        done = super().write(fd, data)
        self._behind(part)
        return done

    def overwrite(self, fd: int, data: bytes, offset: int) -> None:
        part = self._enter("redaction")
        if part is not None and part < 1:
            super().overwrite(fd, data[: int(len(data) * part)], offset)
            die()
        super().overwrite(fd, data, offset)
        self._behind(part)

    def sync(self, fd: int) -> None:
        part = self._enter(self._purpose)
        super().sync(fd)
        self._behind(part)
        self._say("between")

    def truncate(self, fd: int, size: int) -> None:
        part = self._enter("recovery")
        super().truncate(fd, size)
        self._behind(part)

    def sync_folder(self, folder: Path) -> None:
        part = self._enter(self._purpose)
        super().sync_folder(folder)
        self._behind(part)

    def _behind(self, part: float | None) -> None:
        if part is not None:
            die()


def die() -> None:
    """SIGKILL to oneself; never returns."""
    os.kill(os.getpid(), signal.SIGKILL)
    while True:
        time.sleep(1)
