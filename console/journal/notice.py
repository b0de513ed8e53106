"""Notice of what others write, from the kernel: nothing is asked while nothing happens.

Linux tells of changed files through a descriptor (inotify(7)). Where it does not, ``Notice.open`` gives ``None`` and
the journal is looked at now and then instead.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from pathlib import Path

_CREATED, _MOVED, _MODIFIED, _CHANGED = 0x100, 0x80, 0x2, 0x4
_NO_LINKS = 0x02000000
_NONE_LEFT = (errno.ENOSPC, errno.ENOMEM)
_HEAD = struct.Struct("iIII")
_BUFFER = 1 << 16


class Notice:
    """Readable as soon as a file in one of the folders grows or comes, our own lane's files left out."""

    def __init__(self, fd: int, folders: tuple[Path, ...], own: str) -> None:
        self.fd = fd
        """To be watched for reading; then call ``clear``."""
        self.deaf = False
        """Whether the system had no watch left for some file: what happens there is not told."""
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._own = f"{own}.lane"
        self._folders: dict[int, Path] = {}
        self._files: set[Path] = set()
        for folder in folders:
            self._watch_folder(folder)

    @classmethod
    def open(cls, folders: tuple[Path, ...], own: str) -> Notice | None:
        """Watch folders; ``None`` = the system cannot tell, or is asked too much."""
        try:
            libc = ctypes.CDLL(None, use_errno=True)
            fd = libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK)
        except (OSError, AttributeError):
            return None
        if fd < 0:
            return None
        notice = cls(fd, folders, own)
        if not notice._folders:
            notice.close()
            return None
        return notice

    def clear(self) -> None:
        """Take in what was told, and watch files that came."""
        while True:
            try:
                data = os.read(self.fd, _BUFFER)
            except (BlockingIOError, InterruptedError):
                return
            at = 0
            while at < len(data):
                watch, _, _, size = _HEAD.unpack_from(data, at)
                name = os.fsdecode(data[at + _HEAD.size : at + _HEAD.size + size].rstrip(b"\0"))
                at += _HEAD.size + size
                if name and watch in self._folders:
                    self._watch_file(self._folders[watch] / name)

    def close(self) -> None:
        """Watch no more."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def _watch_folder(self, folder: Path) -> None:
        # The folder first: what comes while its files are listed is told.
        # A file that is not for us yet when it is created can be watched when its mode has changed.
        watch = self._add(folder, _CREATED | _MOVED | _CHANGED)
        if watch < 0:
            return
        self._folders[watch] = folder
        for name in os.listdir(folder):
            self._watch_file(folder / name)

    def _watch_file(self, path: Path) -> None:
        theirs = ".lane" in path.name and not path.name.startswith(self._own)
        if theirs and path not in self._files and self._add(path, _MODIFIED) >= 0:
            self._files.add(path)

    def _add(self, path: Path, mask: int) -> int:
        watch: int = self._libc.inotify_add_watch(self.fd, os.fsencode(path), mask | _NO_LINKS)
        self.deaf = self.deaf or (watch < 0 and ctypes.get_errno() in _NONE_LEFT)
        return watch
