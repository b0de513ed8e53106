"""Where each entry of a lane stands: 54 bytes an entry, however long the entries are."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Mapping
from typing import NamedTuple

from msgspec import Struct

from console.journal.segment import Segment


class Packed(Struct, frozen=True):
    """An index as bytes, for the cache."""

    seqs: bytes
    offsets: bytes
    sizes: bytes
    where: bytes
    heads: bytes
    segments: tuple[int, ...]


class Spot(NamedTuple):
    """One entry's place."""

    segment: Segment
    seq: int
    offset: int
    size: int
    prev: bytes
    """Head behind the entry before, empty for the first."""
    head: bytes


class LaneIndex:
    """Grows at its end only; may be read from any thread while one appends."""

    def __init__(self) -> None:
        self.seqs = array("Q")
        self._offsets, self._sizes, self._where = array("Q"), array("I"), array("H")
        self._heads = bytearray()
        self._segments: list[Segment] = []

    def __len__(self) -> int:
        return len(self._where)

    def add(self, seq: int, segment: Segment, offset: int, size: int, head: bytes) -> None:
        """Take in the next entry."""
        if not self._segments or self._segments[-1] is not segment:
            self._segments.append(segment)
        self.seqs.append(seq)
        self._offsets.append(offset)
        self._sizes.append(size)
        self._heads += head
        self._where.append(len(self._segments) - 1)  # last: readers count by it

    def __getitem__(self, position: int) -> Spot:
        at = 32 * position
        return Spot(
            self._segments[self._where[position]],
            self.seqs[position],
            self._offsets[position],
            self._sizes[position],
            bytes(self._heads[at - 32 : at]) if at else b"",
            bytes(self._heads[at : at + 32]),
        )

    def position(self, seq: int) -> int:
        """Where a number stands, -1 if it does not."""
        at = bisect_left(self.seqs, seq, 0, len(self))
        return at if at < len(self) and self.seqs[at] == seq else -1

    def recent(self, count: int) -> dict[int, bytes]:
        """Heads behind the last entries, by their numbers."""
        spots = [self[position] for position in range(max(0, len(self) - count), len(self))]
        return {spot.seq: spot.head for spot in spots}

    def pack(self) -> Packed:
        """The index as bytes."""
        return Packed(
            self.seqs.tobytes(),
            self._offsets.tobytes(),
            self._sizes.tobytes(),
            self._where.tobytes(),
            bytes(self._heads),
            tuple(segment.number for segment in self._segments),
        )

    def unpack(self, packed: Packed, count: int, segments: Mapping[int, Segment]) -> None:
        """Take over what was packed. ``ValueError`` or ``KeyError``: it does not fit, and nothing was taken."""
        widths = ((packed.seqs, 8), (packed.offsets, 8), (packed.sizes, 4), (packed.where, 2), (packed.heads, 32))
        if any(len(data) != width * count for data, width in widths):
            raise ValueError("the index is not as long as its lane")
        found = [segments[number] for number in packed.segments]
        self.seqs.frombytes(packed.seqs)
        self._offsets.frombytes(packed.offsets)
        self._sizes.frombytes(packed.sizes)
        self._heads += packed.heads
        self._segments += found
        self._where.frombytes(packed.where)
