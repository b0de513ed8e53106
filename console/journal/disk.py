"""The few calls through which the journal touches the disk; tests put failing ones in their place."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from pathlib import Path

_ANYBODY_WRITES = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH
_SAFE = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
# O_NONBLOCK: opening a planted FIFO must not wait for its other end.


class Disk:
    """The machine's own file system."""

    def open(self, path: Path, flags: int, mode: int = 0o600) -> int:
        """A descriptor of a regular file with one name, never reached through a link; otherwise ``OSError``.

        A file that nobody may write (imported lanes, blobs) is not written by root either.
        """
        fd = os.open(path, flags | _SAFE, mode)
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
            os.close(fd)
            raise OSError(errno.EPERM, "is not a plain file with one name", str(path))
        if flags & (os.O_WRONLY | os.O_RDWR) and status.st_size and not status.st_mode & _ANYBODY_WRITES:
            os.close(fd)
            raise OSError(errno.EACCES, "is kept as it is: nobody may write to it", str(path))
        return fd

    def create(self, path: Path, mode: int) -> int:
        """A file that did not exist, with exactly this mode whatever the umask, its name durable."""
        fd = self.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL, mode)
        try:
            os.fchmod(fd, mode)
            self.sync_folder(path.parent)
        except OSError:
            os.close(fd)
            raise
        return fd

    def write(self, fd: int, data: bytes) -> int:
        return os.write(fd, data)

    def overwrite(self, fd: int, data: bytes, offset: int) -> None:
        """Replace bytes in place; the file must not be open for appending."""
        while data:
            done = os.pwrite(fd, data, offset)
            data, offset = data[done:], offset + done

    def sync(self, fd: int) -> None:
        os.fdatasync(fd)

    def read(self, fd: int, size: int, offset: int) -> bytes:
        return os.pread(fd, size, offset)

    def truncate(self, fd: int, size: int) -> None:
        os.ftruncate(fd, size)
        os.fsync(fd)

    def rename(self, path: Path, to: Path) -> None:
        """Give a file another name in its folder; a file of that name is replaced, a link to one is not followed."""
        path.replace(to)

    def status(self, fd: int) -> os.stat_result:
        return os.fstat(fd)

    def close(self, fd: int) -> None:
        os.close(fd)

    def sync_folder(self, folder: Path) -> None:
        """Make the names in a folder durable."""
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def lock(self, fd: int, *, shared: bool = False) -> bool:
        """Take the file's lock without waiting; ``False`` = somebody else holds it."""
        try:
            fcntl.flock(fd, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
