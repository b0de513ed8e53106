"""A segment: one file (or, when there is no disk left, memory) that a lane's frames are appended to."""

from __future__ import annotations

import errno
from contextlib import suppress
from pathlib import Path

from console.journal.blanking import blank
from console.journal.disk import Disk

UNKNOWN = 1 << 30
"""Bytes that a file may have where the disk does not tell."""


class Segment:
    """Frames in memory; the last resort, and what a file segment has in common with it."""

    def __init__(self, number: int, place: str = "memory") -> None:
        self.number = number
        self.place = place
        """``folder``, ``fallback`` or ``memory``."""
        self.size = 0
        self._kept = bytearray()

    @property
    def where(self) -> str:
        return "memory"

    @property
    def inode(self) -> int:
        """The file's number in its file system, 0 = there is no file."""
        return 0

    def append(self, data: bytes) -> int:
        """Durable on return; the offset of the first byte. After any ``OSError`` the segment takes no more."""
        at = self.size
        self._kept += data
        self.size += len(data)
        return at

    def read(self, offset: int, size: int) -> bytes:
        return bytes(self._kept[offset : offset + size])

    def blank(self, digest: bytes) -> None:
        """Overwrite what was redacted where it is kept in memory."""
        blank(self._kept, digest)

    def beyond(self) -> int:
        """Bytes that the file has behind what was read of it."""
        return 0

    def close(self) -> None:
        """Let go of the file; reading ends."""

    def discard(self) -> None:
        """Close it and remove its file: nothing in it was acknowledged."""


class FileSegment(Segment):
    """Frames in a file that only this process writes and that never shrinks."""

    def __init__(self, number: int, place: str, path: Path, fd: int, disk: Disk, size: int = 0) -> None:
        super().__init__(number, place)
        self.path = path
        self.size = size
        self._fd = fd
        self._disk = disk
        self._poisoned = ""

    @property
    def where(self) -> str:
        return str(self.path)

    @property
    def inode(self) -> int:
        return self._disk.status(self._fd).st_ino

    def append(self, data: bytes) -> int:
        if self._poisoned:
            raise OSError(errno.EIO, self._poisoned)
        try:
            self._check()
            rest = memoryview(data)
            while rest:
                done = self._disk.write(self._fd, bytes(rest))
                if not done:
                    raise OSError(errno.EIO, "the disk takes nothing", str(self.path))
                rest = rest[done:]
            self._disk.sync(self._fd)
        except OSError as error:
            # Pages that a failed fsync could not write are marked clean: a second one reports success for lost data.
            self._poisoned = f"the segment failed before: {error.strerror}"
            raise
        at = self.size
        self.size += len(data)
        return at

    def _check(self) -> None:
        status = self._disk.status(self._fd)
        if status.st_size != self.size:
            raise OSError(errno.EIO, f"the file has {status.st_size} bytes and should have {self.size}", str(self.path))
        if status.st_nlink == 0:
            raise OSError(errno.ENOENT, "the file was removed", str(self.path))

    def cut(self, size: int) -> None:
        """Cut off a torn end; only when the lane is opened and the bytes are kept elsewhere."""
        self._disk.truncate(self._fd, size)
        self.size = size

    def read(self, offset: int, size: int) -> bytes:
        return self._disk.read(self._fd, size, offset)

    def close(self) -> None:
        if self._fd >= 0:
            self._disk.close(self._fd)
            self._fd = -1

    def beyond(self) -> int:
        try:
            return max(0, self._disk.status(self._fd).st_size - self.size)
        except OSError:
            return UNKNOWN

    def discard(self) -> None:
        self.close()
        with suppress(OSError):
            self.path.unlink()
