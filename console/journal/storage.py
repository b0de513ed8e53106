"""The TinyDB storage of a lane: frames appended and synced, an offset index, documents decoded as they are read."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NoReturn

import msgspec
from msgspec import Struct
from tinydb.storages import Storage

from console.errors import JournalError
from console.journal import frame
from console.journal.cache import RECENT, Mark
from console.journal.follow import Found
from console.journal.index import LaneIndex, Packed
from console.journal.record import (
    UNREADABLE,
    Cites,
    Header,
    Payload,
    Redact,
    Sealer,
    entry_of,
    header_of,
    opened,
    payload_of,
    read_entry,
)
from console.journal.roll import Roll
from console.journal.segment import Segment
from console.journal.stamp import HybridClock
from console.model.entry import Draft, Entry, Kind

Document = dict[str, object]
CITED = 16
"""Most lanes that one frame names."""


class AppendOnly(JournalError):
    """What a journal has taken in is neither changed nor removed; a correction is an entry."""

    def __init__(self, operation: str) -> None:
        super().__init__(
            f"{operation} is refused: a journal is append-only",
            next="append a correction (entry.amended) instead",
        )


class Batch(Struct):
    """Transactions sealed one behind the other, not written yet."""

    head: bytes
    seq: int
    data: bytearray = msgspec.field(default_factory=bytearray)
    marks: list[tuple[int, int, int, bytes]] = msgspec.field(default_factory=list)
    """Of each entry: number, offset in ``data``, bytes, head behind it."""
    results: list[tuple[Entry, ...] | Exception] = msgspec.field(default_factory=list)
    cites: Cites = msgspec.field(default_factory=dict)
    """Heads of other lanes that the first frame names."""


class LaneStorage(Storage):
    """One lane's entries, written by this process alone.

    Index cost: 54 bytes an entry. Reading is allowed from any thread, appending from one.
    """

    def __init__(
        self,
        lane: str,
        incident: str,
        roll: Roll,
        clock: HybridClock,
        redact: Redact | None = None,
        sealer: Sealer | None = None,
    ) -> None:
        self.lane = lane
        self.incident = incident
        self.roll = roll
        self.head = frame.genesis(incident, lane)
        self.seq = 0
        self.recorded_at = 0
        self.spoiled: list[str] = []
        self.others: Callable[[], Cites] = dict
        """Heads of the other lanes as they were read last."""
        self._cited: Cites = {}
        self._clock = clock
        self._redact = redact
        self._sealer = sealer
        self.index = LaneIndex()

    def __len__(self) -> int:
        return len(self.index)

    # --- writing

    def append(self, transactions: Sequence[Sequence[Draft]]) -> list[tuple[Entry, ...] | Exception]:
        """Each transaction's entries, durable; or why that transaction, and only it, was refused.

        All are written with one sync. A disk that fails does not fail the append: the frames go to
        the next place there is, in the worst case memory, and ``roll.trouble`` says so.
        """
        self._return()
        if self.roll.full:
            self._turn()
        batch = Batch(self.head, self.seq)
        for drafts in transactions:
            try:
                batch.results.append(self._seal(batch, drafts))
            except Exception as error:  # whatever a draft or its redaction raises is its own caller's affair
                batch.results.append(error)
        if batch.data:
            try:
                at = self.roll.append(bytes(batch.data))
            except OSError as error:
                self._move(batch, error.strerror or str(error))
            else:
                self._keep(batch, self.roll.tail, at)
        return batch.results

    def note(self, kind: Kind, body: dict[str, object]) -> None:
        """Append an entry of the journal's own."""
        result = self.append([[Draft(kind, body)]])[0]
        if isinstance(result, Exception):
            raise result

    def _seal(self, batch: Batch, drafts: Sequence[Draft]) -> tuple[Entry, ...]:
        """Adds one frame to the batch; nothing of it if one draft is refused."""
        parts: list[tuple[bytes, bytes]] = []
        read: list[tuple[Header, Payload]] = []
        cites = {} if batch.data else self._fresh()
        for number, draft in enumerate(drafts, batch.seq + 1):
            wall, logical, now = self._clock.tick()
            self.recorded_at = max(self.recorded_at, now)
            key, salted, payload = payload_of(draft, self.recorded_at, self._redact, self._sealer)
            said = cites if not parts else None
            data, header = header_of(draft, self.lane, number, wall, logical, key=key, cites=said)
            parts.append((data, salted))
            read.append((header, opened(header, payload, self._sealer)))
        if not parts:
            return ()
        line, heads = frame.seal(batch.head, parts)
        entries, prev = [], batch.head
        for (header, payload), (offset, size), head in zip(read, frame.extents(parts), heads, strict=True):
            entries.append(entry_of(header, payload, self.incident, prev, head))
            batch.marks.append((header.seq, len(batch.data) + offset, size, head))
            prev = head
        batch.data += line
        batch.head, batch.seq = prev, header.seq
        batch.cites.update(cites)
        return tuple(entries)

    def _fresh(self) -> Cites:
        """Heads of other lanes that our lane has not named yet; the rest of many follows with the next frame."""
        told = [(lane, mark) for lane, mark in self.others().items() if self._cited.get(lane) != mark]
        return dict(told[:CITED])

    def _turn(self) -> None:
        """Seal a segment that is full and go on in the next."""
        tail = self.roll.tail
        batch = Batch(self.head, self.seq)
        body: dict[str, object] = {"segment": tail.number, "bytes": tail.size, "after": self.seq}
        self._seal(batch, (Draft(Kind.SEGMENT_SEALED, body),))
        try:
            at = self.roll.append(bytes(batch.data))
        except OSError as error:
            self._move(batch, error.strerror or str(error))
        else:
            self._keep(batch, tail, at)
            self.go_on()

    def go_on(self) -> None:
        """Open the segment behind one that is sealed."""
        self._move(Batch(self.head, self.seq), "the segment before is full")

    def _return(self) -> None:
        """Go back to the folder if the writes went elsewhere and it may be usable again."""
        if self.roll.may_return():
            self._move(Batch(self.head, self.seq), "the folder can be written again", returning=True)

    def _move(self, batch: Batch, why: str, *, returning: bool = False) -> None:
        """Open a fresh segment that carries what only the broken one may hold, and say so in it."""
        for attempt in self.roll.attempts(why, returning=returning):
            trial = Batch(batch.head, batch.seq)
            self._seal(trial, (Draft(Kind.SEGMENT_OPENED, {**attempt.body, "after": self.seq}),))
            try:
                at = self.roll.open(attempt, bytes(batch.data), bytes(trial.data))
            except OSError:
                continue
            self._keep(batch, self.roll.tail, at)
            self._keep(trial, self.roll.tail, at + len(batch.data))
            return

    def bridge(self, why: str, skipped: int = 0) -> None:
        """Open a fresh segment behind damage; ``skipped`` numbers may have been used by what cannot be read."""
        self.seq += skipped
        self._move(Batch(self.head, self.seq), why)

    def _keep(self, batch: Batch, segment: Segment, at: int) -> None:
        for seq, offset, size, head in batch.marks:
            self.index.add(seq, segment, at + offset, size, head)
        self.head, self.seq = batch.head, batch.seq
        self._cited.update(batch.cites)
        if segment.place == "folder":
            self.roll.bridge = batch.head

    # --- index

    def adopt(self, found: Found, segment: Segment) -> None:
        """Take an entry that was read when the lane was opened into the index."""
        self.index.add(found.header.seq, segment, found.offset, found.sealed.size, found.head)
        self.head, self.seq = found.head, found.header.seq

    def mark(self, clock: HybridClock) -> Mark | None:
        """How far our own lane goes, for the cache; ``None`` while part of it stands elsewhere than in the folder."""
        if self.roll.adrift or any(segment.place != "folder" for segment in self.roll.opened):
            return None
        segments = {}
        for segment in self.roll.opened:
            segments[segment.number] = (segment.inode, segment.size, segment is not self.roll.tail)
        stamp = self.entry(len(self) - 1).stamp
        return Mark(
            segments, self.head, self.seq, stamp.wall, stamp.logical, len(self), os.geteuid(), self.recorded_at,
            recent=self.index.recent(RECENT),
        )  # fmt: skip

    def restore(self, packed: Packed, mark: Mark, segments: Mapping[int, Segment]) -> None:
        """Take over what a cache holds. ``ValueError`` or ``KeyError``: it does not fit, and nothing was taken."""
        self.index.unpack(packed, mark.count, segments)
        self.head, self.seq, self.recorded_at = mark.head, mark.seq, mark.recorded_at

    # --- reading

    def entry(self, position: int) -> Entry:
        """The entry at a position of the index, decoded from its bytes; ``JournalError`` if they have changed."""
        spot = self.index[position]
        prev = spot.prev or frame.genesis(self.incident, self.lane)
        try:
            sealed = frame.unpack(spot.segment.read(spot.offset, spot.size))
            if not sealed.whole:
                raise ValueError("it does not match its digest")
            return read_entry(sealed, self.incident, prev, spot.head, foreign=False, sealer=self._sealer)
        except (OSError, *UNREADABLE) as error:
            raise JournalError(
                f"entry {self.lane}:{spot.seq} in {spot.segment.where} cannot be read: {error}",
                next="look for a copy of the file in a backup; the entries around it are sound",
            ) from error

    def entries(self) -> Iterator[Entry]:
        """Every entry in the lane's order, up to the last one that is durable now.

        One whose bytes have changed under us is stepped over and named in ``spoiled``.
        """
        for position in range(len(self)):
            try:
                yield self.entry(position)
            except JournalError as error:
                if error.what not in self.spoiled:
                    self.spoiled.append(error.what)

    def numbers(self) -> Iterator[int]:
        """The lane's sequence numbers."""
        for position in range(len(self)):
            yield self.index.seqs[position]

    def read(self) -> dict[str, dict[str, Document]] | None:
        """TinyDB's view of the lane: one table, its documents decoded one by one as they are asked for."""
        return {"_default": Documents(self)}  # type: ignore[dict-item]

    def write(self, data: dict[str, dict[str, Document]]) -> NoReturn:
        raise AppendOnly("writing a whole state")

    def close(self) -> None:
        if self.roll.adrift and self.roll.tail.place != "folder":
            self._move(Batch(self.head, self.seq), "the journal is closed", returning=True)
        self.roll.close()


class Documents(Mapping[str, Document]):
    """A lane's documents by number (as text, as TinyDB asks for them); each access decodes a fresh copy."""

    def __init__(self, storage: LaneStorage) -> None:
        self._storage = storage

    def __getitem__(self, key: str) -> Document:
        position = self._storage.index.position(int(key)) if str(key).isdecimal() else -1
        if position < 0:
            raise KeyError(key)
        document: Document = msgspec.to_builtins(self._storage.entry(position))
        return document

    def __iter__(self) -> Iterator[str]:
        return map(str, self._storage.numbers())

    def __len__(self) -> int:
        return len(self._storage)
