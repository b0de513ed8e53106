"""Imported lanes: whose they are, though their files belong to whoever imported them."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
from msgspec import Struct

from console.journal.disk import Disk

FOLDER = "imported"
"""Within the incident's folder: the bundle's manifest, its signature and the key of who signed."""
MANIFEST, SIGNATURE, SIGNER = "MANIFEST.json", "MANIFEST.json.sig", "signer.pub"
_MOST = 64 << 20


class ListedFile(Struct, frozen=True):
    """A file as a bundle's manifest lists it."""

    path: str
    size: int
    sha256: str
    segment: int = 0


class ListedLane(Struct, frozen=True):
    """A lane as a bundle's manifest lists it."""

    files: tuple[ListedFile, ...]
    entries: int
    last_seq: int
    head: str
    owner: int
    """Who owned the files where they were written: the author of the lane's entries."""
    key: str = ""


class Listed(Struct, frozen=True):
    """The part of a bundle's manifest that holds after the import."""

    incident: str
    lanes: dict[str, ListedLane]


class Imported(Struct, frozen=True):
    """What was imported into an incident's folder, and by whom."""

    listed: Listed
    by: int
    """The uid that imported it. What lies there is as true as that user says; ``warroom journal check`` compares."""

    def author(self, lane: str, uid: int) -> int:
        """The author of a lane whose files belong to ``uid``: another than ``uid`` only if its importer says so."""
        said = self.listed.lanes.get(lane)
        return said.owner if said is not None and uid == self.by else uid


def imported(folder: Path) -> Imported | None:
    """What was imported into an incident's folder; ``None`` = nothing, or what says so cannot be trusted.

    An import makes the folder, and only its owner is believed: in one for a group anybody could lay a manifest.
    """
    path = folder / FOLDER / MANIFEST
    disk = Disk()
    try:
        fd = disk.open(path, os.O_RDONLY)
    except OSError:
        return None
    try:
        status = disk.status(fd)
        if status.st_uid != folder.lstat().st_uid:
            return None
        data = disk.read(fd, min(status.st_size, _MOST), 0)
        return Imported(msgspec.json.decode(data, type=Listed), status.st_uid)
    except (OSError, msgspec.MsgspecError, ValueError, RecursionError):
        return None
    finally:
        disk.close(fd)
