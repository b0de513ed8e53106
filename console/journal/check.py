"""A look at a journal's health: every lane read to its end, every blob hashed, and what lies about the folder."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from msgspec import Struct

from console.errors import JournalError
from console.journal.blobs import Blobs
from console.journal.disk import Disk
from console.journal.follow import Damage, Follower
from console.journal.imported import FOLDER, Imported, imported
from console.journal.places import check_folder, places

_OPEN = stat.S_IWGRP | stat.S_IRWXO
"""What a lane's file is not: written by its group, or anything to anybody else."""


class LaneCheck(Struct, frozen=True):
    """What was seen of one lane."""

    lane: str
    files: tuple[str, ...]
    entries: int
    last_seq: int
    head: str
    author: int
    """Uid of whom its entries are by."""
    imported: bool
    torn: tuple[str, ...]
    """Files that end in a frame which was not written to its end: nobody was told that it was durable."""
    damage: tuple[str, ...]
    """File, byte and what is wrong there: length, CRC, digest, chain, sequence, stamps, prologue."""
    troubles: tuple[str, ...]
    """Whose the files are, who may write them, and what other lanes say of this one."""

    @property
    def sound(self) -> bool:
        return not (self.damage or self.troubles)


class JournalCheck(Struct, frozen=True):
    """What was seen of one journal."""

    name: str
    folder: str
    lanes: tuple[LaneCheck, ...]
    blobs: int
    troubles: tuple[str, ...]
    """Of the folder and of the blobs."""

    @property
    def sound(self) -> bool:
        return not self.troubles and all(lane.sound for lane in self.lanes)


class _Heads:
    """Heads of all lanes, and what each says of the others."""

    def __init__(self) -> None:
        self.heads: dict[str, dict[int, bytes]] = {}
        self.cites: list[tuple[str, str, int, str]] = []

    def wrong(self) -> dict[str, list[str]]:
        """What other lanes say of a lane that is not so."""
        found: dict[str, list[str]] = {}
        for entry, lane, seq, head in self.cites:
            there = self.heads.get(lane, {}).get(seq)
            if there is None:
                found.setdefault(lane, []).append(f"{entry} names entry {seq}, which is not here")
            elif there.hex() != head:
                found.setdefault(lane, []).append(f"{entry} names entry {seq} with another head")
        return found


def check(folder: Path, incident: str | None = None, *, fallback: Path | None = None) -> JournalCheck:
    """Read everything of a journal; takes no lock, writes nothing, and never raises for what it finds."""
    disk = Disk()
    said = imported(folder)
    heads = _Heads()
    read = [(lane, files, *_read(lane, incident, files, heads, disk)) for lane, files in _lanes(folder, fallback)]
    _read_on(folder, fallback, incident, heads, disk)
    wrong = heads.wrong()
    lanes = [
        _lane(lane, files, follower, owners, said, wrong.pop(lane, []), heads.heads[lane])
        for lane, files, follower, owners in read
    ]
    blobs, troubles = _blobs(Blobs(folder, disk=disk))
    missing = [f"lane {lane} is not here: {text[0]}" for lane, text in sorted(wrong.items())]
    return JournalCheck(
        folder.name, str(folder), tuple(lanes), blobs, (*_folder(folder), *troubles, *missing, *_kept(folder, said))
    )


def _lanes(folder: Path, fallback: Path | None) -> list[tuple[str, list[tuple[int, Path]]]]:
    return list(places(folder, fallback).lanes().items())


def _read_on(folder: Path, fallback: Path | None, incident: str | None, heads: _Heads, disk: Disk) -> None:
    """Take in what was written since to lanes that were read before others which name it."""
    behind = {lane for _, lane, seq, _ in heads.cites if seq not in heads.heads.get(lane, {})}
    for lane, files in _lanes(folder, fallback):
        if lane in behind:
            known = heads.heads.setdefault(lane, {})
            known.update((found.header.seq, found.head) for found in Follower(lane, incident, disk).advance(files))


def _read(
    lane: str, incident: str | None, files: Sequence[tuple[int, Path]], heads: _Heads, disk: Disk
) -> tuple[Follower, set[int]]:
    follower = Follower(lane, incident, disk)
    known = heads.heads.setdefault(lane, {})
    for found in follower.advance(files):
        known[found.header.seq] = found.head
        for other, (seq, head) in found.header.cites.items():
            heads.cites.append((f"{lane}:{found.header.seq}", other, seq, head))
    return follower, {path.lstat().st_uid for _, path in files if os.path.lexists(path)}


def _lane(
    lane: str,
    files: Sequence[tuple[int, Path]],
    follower: Follower,
    owners: set[int],
    said: Imported | None,
    wrong: list[str],
    known: Mapping[int, bytes],
) -> LaneCheck:
    named = int(lane.rsplit(".", 2)[1])
    authors = {said.author(lane, uid) if said else uid for uid in owners}
    troubles = [f"its files belong to uid {uid}, and it speaks for uid {named}" for uid in sorted(authors - {named})]
    troubles += [text for _, path in files for text in _modes(path)]
    return LaneCheck(
        lane,
        tuple(path.name for _, path in files),
        follower.count,
        follower.seq,
        follower.head.hex() if follower.head else "",
        named if authors == {named} else next(iter(sorted(authors - {named})), named),
        said is not None and lane in said.listed.lanes,
        tuple(path.name for number, path in files if number in follower.tails and follower.tails[number].rest),
        (
            *(str(damage) for damage in follower.damages if not of_owner(damage)),
            *(gap for gap in _gaps(known) if not any(damage.why == gap for damage in follower.damages)),
        ),
        (*troubles, *wrong),
    )


def _gaps(known: Mapping[int, bytes]) -> list[str]:
    """Numbers that are missing: behind damage they may never have been used, elsewhere something was taken out."""
    found, before = [], 0
    for seq in sorted(known):
        if seq > before + 1:
            found.append(f"entries {before + 1} to {seq - 1} are not here")
        before = seq
    return found


def of_owner(damage: Damage) -> bool:
    """Whether a reader's complaint is about whose a file is, which is looked at here with imports in mind."""
    return damage.why.startswith("the file belongs to uid")


def _modes(path: Path) -> list[str]:
    try:
        mode = stat.S_IMODE(path.lstat().st_mode)
    except OSError:
        return []
    return [f"{path.name} has mode {mode:04o}: chmod 0640 or 0600"] if mode & _OPEN else []


def _folder(folder: Path) -> list[str]:
    try:
        check_folder(folder)
    except JournalError as error:
        return [f"{error.what}; {error.next}" if error.next else error.what]
    except OSError as error:
        return [f"{folder} cannot be looked at: {error.strerror}"]
    return []


def _blobs(blobs: Blobs) -> tuple[int, list[str]]:
    troubles, good = [], 0
    for name in blobs.names():
        try:
            blobs.verify(name)
            good += 1
        except JournalError as error:
            troubles.append(error.what)
    troubles += [f"{blobs.folder / name} is no blob" for name in blobs.strays() if not name.startswith(".new-")]
    return good, troubles


def _kept(folder: Path, said: Imported | None) -> list[str]:
    """Whether what was imported is as the bundle's manifest lists it."""
    if said is None:
        there = os.path.lexists(folder / FOLDER)
        return [f"{folder / FOLDER} does not say what was imported"] if there else []
    troubles = []
    for lane, facts in said.listed.lanes.items():
        for file in facts.files:
            path = folder / f"{lane}.lane{f'.{file.segment}' if file.segment else ''}"
            try:
                data = path.read_bytes()
            except OSError as error:
                troubles.append(f"{path.name} was imported and cannot be read: {error.strerror}")
                continue
            if sha256(data).hexdigest() != file.sha256:
                troubles.append(f"{path.name} is not as it was imported")
    return troubles
