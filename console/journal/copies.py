"""Copies of an incident's lanes as they were at one moment, while consoles go on writing, and what is known of them."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from msgspec import Struct

from console.journal import frame
from console.journal.disk import Disk
from console.journal.follow import Damage, Follower, Found
from console.journal.frame import Frame
from console.journal.imported import Imported, imported
from console.journal.places import Places
from console.journal.record import UNREADABLE, read_prologue
from console.journal.tarball import pieces

_TRIES = 2
"""A frame that is being redacted while it is copied is copied again."""


class Spot(NamedTuple):
    """Where an entry stands in the copies, in the order of the merge."""

    wall: int
    logical: int
    lane: str
    seq: int
    path: Path
    offset: int
    size: int
    head: bytes


class Copies(Struct):
    """The lanes as they were at one moment, in a folder of our own, and what is known of them."""

    folder: Path
    lanes: dict[str, dict[str, Any]] = {}
    files: dict[str, Path] = {}
    spots: list[Spot] = []
    damage: list[dict[str, Any]] = []
    missing: list[dict[str, str]] = []


Copied = list[tuple[str, int, Path]]
"""Of each file: its name in the bundle, number and copy."""


class Taken(NamedTuple):
    """One lane's copy."""

    copied: Copied
    owners: set[int]
    missing: list[dict[str, str]]
    follower: Follower
    spots: list[Spot]
    names: dict[str, int]
    """Other lanes that its entries name, and how far."""
    damage: list[dict[str, Any]]

    @property
    def sealed(self) -> bool:
        """Whether the last file says that the lane goes on in another."""
        tails = self.follower.tails
        return bool(tails) and tails[max(tails)].sealed


def copy_lanes(where: Places, incident: str, copies: Copies, disk: Disk) -> None:
    """Copy every lane, each file up to its last whole frame, and verify the copies.

    Lanes are copied one after the other while all of them grow. So one that was copied early is copied again, as far as
    the others name its entries: the copies are then all of one past, in which nobody names what is not there.
    """
    taken = {lane: _take(where, lane, files, incident, copies, disk) for lane, files in where.lanes().items()}
    for lane in [lane for lane, one in taken.items() if one.sealed]:  # a segment may just have been opened behind it
        taken[lane] = _take(where, lane, where.lanes().get(lane, []), incident, copies, disk)
    given_up: dict[str, int] = {}
    while behind := _behind(taken, given_up):
        lanes = where.lanes()
        for lane, seq in behind.items():
            given_up[lane] = seq
            if lane in lanes:
                taken[lane] = _take(where, lane, lanes[lane], incident, copies, disk, seq)
    said = imported(where.folder)
    for lane, one in sorted(taken.items()):
        copies.missing += one.missing
        if one.copied:
            _tell(lane, one, said, copies)
    copies.spots.sort()


def _behind(taken: dict[str, Taken], given_up: dict[str, int]) -> dict[str, int]:
    """Lanes that others name entries of which were not copied, and how far they have to be."""
    named: dict[str, int] = {}
    for one in taken.values():
        for lane, seq in one.names.items():
            named[lane] = max(seq, named.get(lane, 0))
    return {
        lane: seq
        for lane, seq in named.items()
        if seq > given_up.get(lane, 0) and (lane not in taken or taken[lane].follower.seq < seq)
    }


def _take(
    where: Places,
    lane: str,
    files: list[tuple[int, Path]],
    incident: str,
    copies: Copies,
    disk: Disk,
    upto: int | None = None,
) -> Taken:
    """Copy and verify a lane; ``upto`` = no further than the frame with the entry of that number."""
    for attempt in range(_TRIES):
        copied, owners, missing = _copy(where, lane, files, copies.folder, disk)
        one = _verified(lane, incident, copied, owners, missing, disk)
        if not one.damage or attempt + 1 == _TRIES:
            break
    if upto is not None and one.follower.seq > upto and _cut(one, upto):
        one = _verified(lane, incident, [item for item in copied if item[2].exists()], owners, missing, disk)
    return one


def _verified(
    lane: str, incident: str, copied: Copied, owners: set[int], missing: list[dict[str, str]], disk: Disk
) -> Taken:
    follower = Follower(lane, incident, disk)
    spots: list[Spot] = []
    names: dict[str, int] = {}
    for _, number, path in copied:
        for item in follower.advance([(number, path)]):
            spots.append(_spot(lane, path, item))
            for other, (seq, _) in item.header.cites.items():
                names[other] = max(seq, names.get(other, 0))
    return Taken(copied, owners, missing, follower, spots, names, _damage(follower, copied))


def _cut(one: Taken, upto: int) -> bool:
    """Cut the copies behind the frame that holds an entry; ``False`` = it is not in them.

    Where that is the last of its file, the seal perhaps, the first of the next stays too.
    """
    for spot, following in zip(one.spots, [*one.spots[1:], None], strict=True):
        if spot.seq == upto:
            if following is not None and following.path != spot.path:
                spot = following
            path, data = spot.path, spot.path.read_bytes()
            path.write_bytes(data[: data.find(b"\n", spot.offset) + 1])
            later = [copy for _, _, copy in one.copied]
            for copy in later[later.index(path) + 1 :]:
                copy.unlink()
            return True
    return False


def _tell(lane: str, one: Taken, said: Imported | None, copies: Copies) -> None:
    """What the manifest says of a lane, and where its entries stand."""
    copies.damage += one.damage
    copies.files.update((name, path) for name, _, path in one.copied)
    named = int(lane.rsplit(".", 2)[1])
    authors = {said.author(lane, uid) if said else uid for uid in one.owners}
    copies.lanes[lane] = {
        "files": [{**listed(name, path), "segment": number} for name, number, path in one.copied],
        "entries": len(one.spots),
        "last_seq": one.follower.seq,
        "head": one.spots[-1].head.hex() if one.spots else "",
        "key": _key(one.copied),
        "owner": next(iter(sorted(authors - {named})), named),
    }
    copies.spots += one.spots


def _copy(
    where: Places, lane: str, files: list[tuple[int, Path]], folder: Path, disk: Disk
) -> tuple[Copied, set[int], list[dict[str, str]]]:
    """Copy a lane's files, each up to its last whole frame; one that holds none yet is left out."""
    copied: Copied = []
    owners: set[int] = set()
    missing = []
    for number, path in files:
        kind = "lanes" if path.parent == where.folder else "fallback"
        name = f"{kind}/{lane}/{number}.lane"
        try:
            fd = disk.open(path, os.O_RDONLY)
        except OSError as error:
            missing.append({"path": name, "why": error.strerror or "unknown"})
            continue
        try:
            status = disk.status(fd)
            data = _whole(fd, status.st_size, disk)
        finally:
            disk.close(fd)
        if data:
            copy = folder / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(data)
            copied.append((name, number, copy))
            owners.add(status.st_uid)
    return copied, owners, missing


def _whole(fd: int, size: int, disk: Disk) -> bytes:
    """The first bytes of a file without a frame that is still being written; what is damage and not torn stays."""
    data = bytearray()
    while len(data) < size and (piece := disk.read(fd, min(1 << 20, size - len(data)), len(data))):
        data += piece
    end = data.rfind(b"\n") + 1
    if frame.torn(bytes(data[end:])):
        del data[end:]
    return bytes(data)


def _key(copied: Copied) -> str:
    """The lane's public key, as the prologue of its first file says."""
    with open(copied[0][2], "rb") as file:
        first = frame.parse(file.readline(), 0)
    try:
        return read_prologue(first.prologue).key if isinstance(first, Frame) else ""
    except UNREADABLE:
        return ""


def _damage(follower: Follower, copied: Copied) -> list[dict[str, Any]]:
    """What the reader found; whom the files belong to is another matter, as these are copies."""
    names = {path.name: name for name, _, path in copied}
    found = [damage for damage in follower.damages if not _of_owner(damage)]
    return [{"file": names.get(one.file, one.file), "offset": one.offset, "why": one.why} for one in found]


def _of_owner(damage: Damage) -> bool:
    return damage.why.startswith("the file belongs to uid")


def _spot(lane: str, path: Path, item: Found) -> Spot:
    header = item.header
    return Spot(header.wall, header.logical, lane, header.seq, path, item.offset, item.sealed.size, item.head)


def listed(name: str, path: Path) -> dict[str, Any]:
    """A file as a manifest lists it."""
    found = sha256()
    for piece in pieces(path):
        found.update(piece)
    return {"path": name, "size": path.stat().st_size, "sha256": found.hexdigest()}
