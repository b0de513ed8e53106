"""Where lanes lie: their file names, the folders that may hold them, and the modes those must have."""

from __future__ import annotations

import os
import re
import stat
from hashlib import sha256
from pathlib import Path

from msgspec import Struct

from console.errors import JournalError
from console.journal.disk import Disk

_FILE = re.compile(
    r"(?P<lane>[A-Za-z0-9][A-Za-z0-9._-]{0,80}\.[0-9]{1,10}\.g?[fm]?[0-9a-f]{1,20})\.lane(?:\.(?P<n>[0-9]{1,6}))?"
)


class Places(Struct, frozen=True):
    """The folder of an incident's lanes, and where to go when it cannot be written."""

    folder: Path
    spare: Path | None = None

    @property
    def folders(self) -> tuple[Path, ...]:
        return (self.folder,) if self.spare is None else (self.folder, self.spare)

    def lanes(self) -> dict[str, list[tuple[int, Path]]]:
        """Every lane's segment files in their order; a folder that is missing has none."""
        found: dict[str, list[tuple[int, Path]]] = {}
        for folder in self.folders:
            try:
                names = os.listdir(folder)
            except OSError:
                continue
            for name in names:
                match = _FILE.fullmatch(name)
                if match:
                    found.setdefault(match["lane"], []).append((int(match["n"] or 0), folder / name))
        return {lane: sorted(files) for lane, files in sorted(found.items())}


def places(folder: Path, fallback: Path | None = None) -> Places:
    """The places of an incident; in the fallback each incident folder has a corner of its own."""
    if fallback is None:
        return Places(folder)
    mark = sha256(os.fsencode(folder.absolute())).hexdigest()[:8]
    return Places(folder, fallback / f"{folder.name}-{mark}")


def lane_name(host: str, uid: int, slot: str) -> str:
    """``<host>.<uid>.<slot>`` with a host that can be a file name."""
    host = re.sub(r"[^A-Za-z0-9-]+", "-", host.split(".")[0]).strip("-")[:60]
    return f"{host or 'host'}.{uid}.{slot}"


def is_lane(name: str) -> bool:
    """Whether a name can be a lane's, and so the name of a file."""
    return _FILE.fullmatch(segment_name(name, 0)) is not None


def guest(lane: str) -> bool:
    """Whether a lane is that of a single command, which comes and goes and takes no duty."""
    return lane.rpartition(".")[2].startswith("g")


def segment_name(lane: str, number: int) -> str:
    """The file name of a lane's segment."""
    return f"{lane}.lane" + (f".{number}" if number else "")


def shared(folder: Path) -> bool:
    """Whether a folder is for a group (group-writable) or for its owner alone."""
    return bool(folder.stat().st_mode & stat.S_IWGRP)


def file_mode(folder: Path) -> int:
    """0640 in a shared folder, 0600 in one's own."""
    return 0o640 if shared(folder) else 0o600


def make_folder(path: Path, disk: Disk, *, group: bool = False, exclusive: bool = False) -> None:
    """Make a folder 0700, or 3770 for a ``group``: its members add files but cannot remove each other's.

    Raises ``FileExistsError`` if ``exclusive`` and it is there already.
    """
    if not path.parent.is_dir():
        make_folder(path.parent, disk, group=group)
    try:
        path.mkdir(0o700)
    except FileExistsError:
        if exclusive:
            raise
        return
    path.chmod(0o3770 if group else 0o700)
    disk.sync_folder(path.parent)


def check_folder(path: Path) -> None:
    """Refuse a folder in which strangers could plant or replace files."""
    status = path.lstat()
    if not stat.S_ISDIR(status.st_mode):
        raise JournalError(f"{path} is not a folder", next="move it away, or set another folder in the configuration")
    if status.st_mode & stat.S_IWOTH:
        raise JournalError(f"everybody may write to {path}", next=f"chmod o-w {path}")
    if status.st_mode & stat.S_IWGRP and not status.st_mode & stat.S_ISVTX:
        raise JournalError(f"members of the group may remove each other's files in {path}", next=f"chmod 3770 {path}")
    if status.st_uid not in (os.geteuid(), 0) and not status.st_mode & stat.S_IWGRP:
        raise JournalError(f"{path} belongs to uid {status.st_uid}", next="set another folder in the configuration")
