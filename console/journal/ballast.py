"""Ballast: space that is taken while there is plenty, and given back when the disk is full.

What happened must be written down on a full disk too: the file goes, and with its space a fresh segment is opened in
the same folder. One file for each user of a state folder; his consoles share it.
"""

from __future__ import annotations

import errno
import fcntl
import os
import threading
from pathlib import Path

from console.journal.disk import Disk

SIZE = 8 << 20
PLENTY = 3
"""Laid down only while so many times its size is free, so that laying it does not fill the disk again."""
FULL = (errno.ENOSPC, errno.EDQUOT)


class Ballast:
    """The file and what is to be said of it; every call blocks, any thread may make it."""

    def __init__(self, root: Path, size_mb: int | None = None, disk: Disk | None = None) -> None:
        """``root`` is the state folder; the file lies on the same disk as the journals in it. Size 0: no ballast."""
        self.path = root / f"ballast.{os.geteuid()}"
        self.trouble = ""
        """What is wrong, in words for the header; ``""`` = there is ballast, or no need of it."""
        self._size = SIZE if size_mb is None else size_mb << 20
        self._disk = disk or Disk()
        self._lock = threading.Lock()

    def lay(self) -> bool:
        """Take the space if the disk has plenty; whether it is there. Never raises."""
        with self._lock:
            try:
                return bool(self._size) and self._lay()
            except OSError as error:
                if error.errno in FULL:
                    self._drop()
                    self._say("the disk is nearly full")
                else:
                    # Somebody's file in the way, or a disk that reserves nothing: the journal has its other places.
                    self.trouble = ""
                return False

    def _lay(self) -> bool:
        try:
            fd = self._open(os.O_RDWR)
        except FileNotFoundError:
            if self._free() < PLENTY * self._size:
                self._say("the disk is nearly full")
                return False
            fd = self._open(os.O_RDWR | os.O_CREAT)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)  # one console lays it; another's attempt is as good as ours
            status = self._disk.status(fd)
            if status.st_blocks * 512 < self._size:
                if self._free() < PLENTY * self._size:
                    self._say("the disk is nearly full")
                    return False
                os.posix_fallocate(fd, 0, self._size)
                os.fsync(fd)
        except BlockingIOError:
            return True
        finally:
            self._disk.close(fd)
        self.trouble = ""
        return True

    def release(self) -> bool:
        """Give the space back; whether that made room. Never raises."""
        with self._lock:
            room = self._drop()
            if room:
                self._say("the disk is full")
            return room

    def _drop(self) -> bool:
        """Remove the file. It is cut first: some file systems give a removed file's space back only later."""
        try:
            fd = self._open(os.O_RDWR)
        except OSError:
            return False
        try:
            room = self._disk.status(fd).st_blocks > 0
            self._disk.truncate(fd, 0)
        except OSError:
            room = False
        finally:
            self._disk.close(fd)
        try:
            self.path.unlink()
        except OSError:
            return room
        return room

    def _open(self, flags: int) -> int:
        fd = self._disk.open(self.path, flags, 0o600)
        if self._disk.status(fd).st_uid != os.geteuid():
            self._disk.close(fd)
            raise PermissionError(errno.EPERM, "belongs to somebody else", str(self.path))
        return fd

    def _free(self) -> int:
        found = os.statvfs(self.path.parent)
        return found.f_bavail * found.f_frsize

    def _say(self, what: str) -> None:
        size = f"{self._size / (1 << 20):g} MB"
        self.trouble = f"{what}: the journal's reserve of {size} is used up; free space in {self.path.parent}"
