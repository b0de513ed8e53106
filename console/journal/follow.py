"""Following a lane: every byte read once, every frame verified, damage named and stepped over."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct

from console.journal import frame
from console.journal.cache import RECENT, Mark
from console.journal.disk import Disk
from console.journal.frame import Broken, Frame, Sealed
from console.journal.imported import imported
from console.journal.record import (
    UNREADABLE,
    Header,
    Sealer,
    read_entry,
    read_header,
    read_prologue,
    sealed_segment,
    skips,
)
from console.model.entry import Entry, Kind

_CHUNK = 1 << 20
_RECENT = 4096


class Damage(Struct, frozen=True):
    """Something in a lane that is not as it was written; it stays in the file."""

    file: str
    offset: int
    size: int
    """Bytes that could not be read; 0 = all could, but their place in the chain is wrong."""
    why: str

    def __str__(self) -> str:
        return f"{self.file} at byte {self.offset}: {self.why}"


class Found(NamedTuple):
    """One verified entry and where it stands."""

    sealed: Sealed
    header: Header
    segment: int
    offset: int
    """Of the entry's first byte in its segment."""
    prev: bytes
    head: bytes


class Tail(Struct):
    """How far one segment file was read."""

    offset: int = 0
    """Behind the last whole line."""
    rest: bytes = b""
    """What follows: an unfinished frame, or nothing."""
    inode: int = 0
    damaged: bool = False
    sealed: bool = False
    """Whether the last entry says that the segment is complete."""


class Follower:
    """Reads a lane's segments as they grow. A line is the unit: behind a damaged one reading goes on at the next.

    The same frame may stand in two segments (written again after an fsync failed); it is given once.
    """

    def __init__(self, lane: str, incident: str | None, disk: Disk, sealer: Sealer | None = None) -> None:
        self.lane = lane
        self.incident = incident
        self.head: bytes | None = None
        """Head of the chain behind the last entry; ``None`` = not known."""
        self.seq = 0
        self.wall = 0
        self.logical = 0
        self.count = 0
        self.owner = -1
        """The author of every entry: the uid that owns the files, of an imported lane the one that owned them."""
        self.damages: list[Damage] = []
        self.disordered = False
        """Whether a stamp went backwards, so that the lane must be sorted before it is merged."""
        self.tails: dict[int, Tail] = {}
        self._disk = disk
        self._sealer = sealer
        self._recent: dict[int, bytes] = {}
        self._judged = -1
        """The uid of the file whose owner was looked at last."""
        self._hole = False
        """Whether there was damage behind the last entry, so that the next need not have the number that follows."""

    def mark(self, recorded_at: int = 0) -> Mark:
        """How far reading has come, for the cache; only while there is no damage."""
        last = dict(list(self._recent.items())[-RECENT:])
        segments = {number: (tail.inode, tail.offset, tail.sealed) for number, tail in self.tails.items()}
        return Mark(
            segments,
            self.head or b"",
            self.seq,
            self.wall,
            self.logical,
            self.count,
            self.owner,
            recorded_at,
            self.disordered,
            last,
        )

    def resume(self, mark: Mark) -> None:
        """Go on reading behind what was read and verified before."""
        self.head, self.seq, self.wall, self.logical = mark.head or None, mark.seq, mark.wall, mark.logical
        self.count, self.owner, self.disordered = mark.count, mark.owner, mark.disordered
        self.tails = {
            number: Tail(offset, b"", inode, False, sealed) for number, (inode, offset, sealed) in mark.segments.items()
        }
        self._recent = dict(mark.recent)

    def advance(self, files: Sequence[tuple[int, Path]], until: Mapping[int, int] | None = None) -> Iterator[Found]:
        """Entries of the bytes that were added since; ``until`` bounds each segment (missing = not at all)."""
        for number, path in files:
            limit = None if until is None else until.get(number, 0)
            tail = self.tails.setdefault(number, Tail())
            try:
                yield from self._segment(number, path, tail, limit)
            except OSError as error:
                tail.damaged = True
                self._note(path, tail.offset, 0, f"cannot be read: {error.strerror}")

    def _segment(self, number: int, path: Path, tail: Tail, limit: int | None) -> Iterator[Found]:
        status = os.lstat(path)
        size = status.st_size if limit is None else min(limit, status.st_size)
        if tail.inode == status.st_ino and size == tail.offset:
            return
        if not (size or tail.inode) and stat.S_ISREG(status.st_mode):
            return  # it is just being made, and may not be for us yet
        if size < tail.offset or (tail.inode and tail.inode != status.st_ino):
            self._note(path, size, 0, f"the file was cut or replaced: {tail.offset} bytes were read, {size} are there")
            return
        fd = self._disk.open(path, os.O_RDONLY)
        try:
            tail.inode = status.st_ino
            self._own(path, status.st_uid)
            yield from self._lines(number, path, tail, fd, size)
        finally:
            self._disk.close(fd)

    def _own(self, path: Path, uid: int) -> None:
        if uid == self._judged:
            return
        self._judged = uid
        named = int(self.lane.rsplit(".", 2)[1])
        said = imported(path.parent) if uid != named else None
        self.owner = uid if said is None else said.author(self.lane, uid)
        if self.owner != named:
            self._note(path, 0, 0, f"the file belongs to uid {uid}, not to {named}")

    def _lines(self, number: int, path: Path, tail: Tail, fd: int, size: int) -> Iterator[Found]:
        data, at = b"", 0
        while True:
            item = frame.parse(data, at) if data else None
            if item is None:
                start = tail.offset + len(data) - at
                more = self._disk.read(fd, min(_CHUNK, size - start), start) if start < size else b""
                if more and len(data) - at <= frame.MAX_BODY + _CHUNK:
                    data, at = data[at:] + more, 0
                    continue
                item = self._rest(data[at:], tail)
                if item is None:
                    return
            if isinstance(item, Broken):
                self._note(path, tail.offset, item.size, item.why)
                tail.damaged, self.head = True, item.head
                at += item.size
                tail.offset += item.size
                continue
            yield from self._frame(number, path, tail, item)
            at += item.size
            tail.offset += item.size

    def _rest(self, rest: bytes, tail: Tail) -> Broken | None:
        """What the end of the file is: unfinished, or damage."""
        tail.rest = rest
        if frame.torn(rest):
            return None
        tail.rest = b""
        line = rest.find(b"\n") + 1
        return Broken(line or len(rest), "is not a frame", None)

    def _frame(self, number: int, path: Path, tail: Tail, item: Frame) -> Iterator[Found]:
        if item.prologue:
            self._prologue(number, path, tail, item)
            return
        if not tail.offset:
            self._out_of_chain(path, tail, "does not begin with a prologue")
        heads, head = [], self.head
        if head is None and len(item.entries) == 1:
            heads = [item.head]
        else:
            for sealed in item.entries:
                head = frame.link(head or b"", sealed.header, sealed.digest)
                heads.append(head)
        if heads[-1] != item.head:
            if self.head is not None:
                self._out_of_chain(path, tail, "does not follow from the frame before it")
            heads[-1] = item.head
        prev = self.head or b""
        for sealed, after in zip(item.entries, heads, strict=True):
            found = self._entry(number, path, tail, sealed, prev, after)
            if found is not None:
                yield found
            prev = after
        self.head = item.head

    def _entry(self, number: int, path: Path, tail: Tail, sealed: Sealed, prev: bytes, head: bytes) -> Found | None:
        try:
            header = read_header(sealed)
        except UNREADABLE as error:
            self._out_of_chain(path, tail, f"has a header that cannot be read: {error}")
            return None
        if tail.sealed:
            self._out_of_chain(path, tail, "goes on behind its seal")
        tail.sealed = header.kind == Kind.SEGMENT_SEALED and sealed_segment(sealed) == number
        if header.lane != self.lane:
            self._out_of_chain(path, tail, "speaks for another lane")
            return None
        if header.seq <= self.seq:
            known = self._recent.get(header.seq)
            if known is not None and known != head:
                self._out_of_chain(path, tail, f"says something else under number {header.seq}")
            return None
        if header.seq > self.seq + 1 and not self._hole and not skips(header.kind, sealed):
            self._out_of_chain(path, tail, f"entries {self.seq + 1} to {header.seq - 1} are not here")
        self._hole = False
        if (header.wall, header.logical) <= (self.wall, self.logical):
            self._out_of_chain(path, tail, "has a stamp that goes backwards")
            self.disordered = True
        self.seq, self.wall, self.logical = header.seq, header.wall, header.logical
        self.count += 1
        self._recent[header.seq] = head
        if len(self._recent) > 2 * _RECENT:  # one by one, finding the oldest costs 2 µs an entry
            self._recent = dict(list(self._recent.items())[-_RECENT:])
        return Found(sealed, header, number, tail.offset + sealed.offset, prev, head)

    def _prologue(self, number: int, path: Path, tail: Tail, item: Frame) -> None:
        try:
            said = read_prologue(item.prologue)
        except UNREADABLE as error:
            self._out_of_chain(path, tail, f"has a prologue that cannot be read: {error}")
            return
        if self.incident is None:
            self.incident = said.incident
        if (said.incident, said.lane, said.segment) != (self.incident, self.lane, number) or tail.offset:
            self._out_of_chain(path, tail, "is the prologue of another file")
        start = frame.genesis(said.incident, said.lane, bytes.fromhex(said.key))
        if item.head not in (start, self.head) and item.head not in self._recent.values():
            self._out_of_chain(path, tail, "does not go on from where its lane had come to")
        self.head = item.head

    def entries(self, files: Sequence[tuple[int, Path]], until: Mapping[int, int] | None = None) -> Iterator[Entry]:
        """The same as entries of another's lane; one whose payload is no envelope is damage and is stepped over."""
        names = {number: path.name for number, path in files}
        for item in self.advance(files, until):
            try:
                yield read_entry(
                    item.sealed,
                    self.incident or "",
                    item.prev,
                    item.head,
                    foreign=True,
                    header=item.header,
                    sealer=self._sealer,
                )
            except UNREADABLE as error:
                why = f"has a payload that cannot be read: {error}"
                self.damages.append(Damage(names[item.segment], item.offset, 0, why))

    def _out_of_chain(self, path: Path, tail: Tail, why: str) -> None:
        tail.damaged = True
        self._note(path, tail.offset, 0, why)

    def _note(self, path: Path, offset: int, size: int, why: str) -> None:
        self._hole = True
        damage = Damage(path.name, offset, size, why)
        if damage not in self.damages:
            self.damages.append(damage)
