"""The incidents of a state folder, and a folder that is fit to hold them."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from console.errors import JournalError
from console.journal.disk import Disk
from console.journal.places import make_folder, shared
from console.paths import safe_id

_ID = re.compile(r"INC-([0-9]{4,9})")
_REMOTE = re.compile(
    r"nfs\d?|cifs|smb\d?|smbfs|afs|9p|ceph|glusterfs|lustre|gpfs|beegfs|fuse\..*(?:ssh|gluster|s3|rclone|ceph).*"
)
# On these a lock or an fsync can mean less than it says, or hang for minutes.


def fallback_folder() -> Path:
    """Where lanes go on while an incident's folder cannot be written: the user's own, on another file system."""
    return Path("/var/tmp") / f"warroom-fallback-{os.geteuid()}"  # noqa: S108


def incidents(root: Path) -> list[str]:
    """Ids of the incidents under a state folder, oldest number first."""
    try:
        names = os.listdir(root / "incidents")
    except OSError:
        return []
    return sorted(filter(_ID.fullmatch, names), key=_number)


def incident_folder(root: Path, incident: str) -> Path:
    """Where an incident's lanes lie; ``ValueError`` if the id cannot be a file name."""
    return root / "incidents" / safe_id(incident)


def allocate(root: Path) -> tuple[str, Path]:
    """The next free id with its folder, made by exactly one of all who ask at the same time.

    In a state folder that its group may write, the incident's folder is shared too (3770), else 0700.
    """
    disk = Disk()
    make_folder(root, disk)
    group = shared(root)
    make_folder(root / "incidents", disk, group=group)
    number = max(map(_number, incidents(root)), default=0)
    while True:
        number += 1
        incident = f"INC-{number:04d}"
        folder = incident_folder(root, incident)
        try:
            make_folder(folder, disk, group=group, exclusive=True)
        except FileExistsError:
            continue
        return incident, folder


def local_folder(path: Path, *, mounts: Path = Path("/proc/mounts"), temporary: Path = Path("/var/tmp")) -> Path:  # noqa: S108
    """The folder itself, or one of ours on a local disk if it lies on a network file system.

    The local one, ``<temporary>/warroom-<uid>``, is made 0700. Raises ``JournalError`` if somebody
    else made it before us.
    """
    if not _REMOTE.fullmatch(file_system(path, mounts)):
        return path
    local = temporary / f"warroom-{os.geteuid()}"
    make_folder(local, Disk())
    status = local.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
        raise JournalError(
            f"{local} is not a folder of ours, and {path} is on a network file system",
            next="name a folder on a local disk with 'folder:' in the configuration",
        )
    if stat.S_IMODE(status.st_mode) & 0o077:
        local.chmod(0o700)
    return local


def file_system(path: Path, mounts: Path = Path("/proc/mounts")) -> str:
    """Type of the file system that a path lies on or would lie on, ``""`` if that cannot be told."""
    real = Path(os.path.realpath(path))
    best, kind = -1, ""
    for point, name in _mounts(mounts):
        if (real == point or point in real.parents) and len(point.parts) >= best:
            best, kind = len(point.parts), name
    return kind


def _mounts(mounts: Path) -> Iterator[tuple[Path, str]]:
    try:
        text = mounts.read_text(errors="surrogateescape")
    except OSError:
        return
    for line in text.splitlines():
        fields = line.split(" ")
        if len(fields) > 2:
            yield Path(re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), fields[1])), fields[2]


def _number(incident: str) -> int:
    match = _ID.fullmatch(incident)
    return int(match[1]) if match else 0
