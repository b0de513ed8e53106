"""Rows kept in order while they change: sorted chunks, of which a frozen copy shares all that did not change."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Generic, TypeVar

from console.model.rows import Keyed, Rows

T = TypeVar("T", bound=Keyed)
Place = tuple[int, str]
"""Where a row belongs: a number, and the row's key for those of one number."""

_KEY = attrgetter("key")
MOST = 512
"""Rows of a chunk; at 100k rows a change copies 512 pointers and an index of 200."""
RUN = 64
"""Rows that are put side by side at once."""
FEW = 8
"""A chunk that shrinks to this part of ``MOST`` is put to a neighbour, if both together fill at most half of one."""


class _Chunk(Generic[T]):
    __slots__ = ("frozen", "numbers", "rows")

    def __init__(self, rows: list[T], numbers: array[int]) -> None:
        self.rows = rows
        self.numbers = numbers
        """The rows' numbers, 8 bytes each: looking for a place among them calls nothing."""
        self.frozen: tuple[T, ...] | None = None


class SortedRows(Generic[T]):
    """Rows in the order of a number computed from each, of 64 bits.

    Whoever removes or replaces a row gives the row as it was put, which is how it is found.
    """

    def __init__(self, order: Callable[[T], int], key: Callable[[T], str] = _KEY) -> None:
        """``key``: another way to a row's key, if that is faster."""
        self._order = order
        self._key = key
        self._chunks: list[_Chunk[T]] = []
        self._ends: list[Place] = []
        self._size = 0
        self._last: Rows[T] | None = Rows()

    def __len__(self) -> int:
        return self._size

    def _place(self, row: T) -> Place:
        return (self._order(row), self._key(row))

    def put(self, row: T, before: T | None = None) -> None:
        """Add the row; ``before`` is the one it replaces."""
        place = self._place(row)
        if before is not None:
            if self._place(before) == place:
                chunk, index = self._find(place)
                chunk.rows[index] = row
                chunk.frozen = self._last = None
                return
            self.drop(before)
        self._insert(place, row)

    def put_all(self, rows: Iterable[T]) -> None:
        """Add rows that are not here; those that come to stand side by side are put there at once."""
        places = sorted((self._place(row), row) for row in rows)
        at = 0
        while at < len(places):
            at = self._put_some(places, at)

    def _put_some(self, places: list[tuple[Place, T]], at: int) -> int:
        """Put what stands side by side from ``at`` on, in ascending order; where to go on."""
        place, row = places[at]
        number = bisect_left(self._ends, place)
        if number == len(self._ends):
            self._insert(place, row)
            return at + 1
        chunk = self._chunks[number]
        index = self._index(chunk, place)
        next_one = ((chunk.numbers[index], self._key(chunk.rows[index])),)
        end = bisect_left(places, next_one, at + 1, min(at + RUN, len(places)))
        chunk.rows[index:index] = [one for _, one in places[at:end]]
        chunk.numbers[index:index] = array("q", [one[0] for one, _ in places[at:end]])
        self._size += end - at
        chunk.frozen = self._last = None
        if len(chunk.rows) > MOST:
            self._split(number)
        return end

    def drop(self, row: T) -> None:
        """Remove a row, given as it was put; ``KeyError`` if it is not here."""
        place = self._place(row)
        chunk, index = self._find(place)
        del chunk.rows[index], chunk.numbers[index]
        self._size -= 1
        chunk.frozen = self._last = None
        at = bisect_left(self._ends, place)
        if not chunk.rows:
            del self._chunks[at], self._ends[at]
        elif index == len(chunk.rows):
            self._ends[at] = (chunk.numbers[-1], chunk.rows[-1].key)
        if len(chunk.rows) < MOST // FEW:
            self._merge(at)

    def freeze(self) -> Rows[T]:
        """The rows as they stand; the same object while nothing changed."""
        if self._last is None:
            for chunk in self._chunks:
                if chunk.frozen is None:
                    chunk.frozen = tuple(chunk.rows)
            self._last = Rows([c.frozen for c in self._chunks if c.frozen])
        return self._last

    def _find(self, place: Place) -> tuple[_Chunk[T], int]:
        at = bisect_left(self._ends, place)
        if at < len(self._chunks):
            chunk = self._chunks[at]
            index = self._index(chunk, place)
            if self._key(chunk.rows[index]) == place[1] and chunk.numbers[index] == place[0]:
                return chunk, index
        raise KeyError(place[1])

    def _insert(self, place: Place, row: T) -> None:
        self._last = None
        self._size += 1
        if not self._chunks:
            self._chunks.append(_Chunk([row], array("q", place[:1])))
            self._ends.append(place)
            return
        at = min(bisect_left(self._ends, place), len(self._chunks) - 1)
        chunk = self._chunks[at]
        index = self._index(chunk, place)
        chunk.rows.insert(index, row)
        chunk.numbers.insert(index, place[0])
        chunk.frozen = None
        if index == len(chunk.rows) - 1:
            self._ends[at] = place
        if len(chunk.rows) > MOST:
            self._split(at)

    def _merge(self, at: int) -> None:
        """Put a chunk that is nearly empty to one beside it: what is left of a storm lies in few chunks."""
        for left in (at, at - 1):
            if 0 <= left < len(self._chunks) - 1:
                chunk, other = self._chunks[left : left + 2]
                if len(chunk.rows) + len(other.rows) <= MOST // 2:
                    chunk.rows += other.rows
                    chunk.numbers += other.numbers
                    chunk.frozen = None
                    del self._chunks[left + 1], self._ends[left]
                    return

    def _split(self, at: int) -> None:
        chunk = self._chunks[at]
        # Rows that come in order fill chunks: only a chunk that grew at its end is cut near the end.
        half = len(chunk.rows) // 2 if at < len(self._chunks) - 1 else len(chunk.rows) * 7 // 8
        self._chunks.insert(at + 1, _Chunk(chunk.rows[half:], chunk.numbers[half:]))
        del chunk.rows[half:], chunk.numbers[half:]
        self._ends.insert(at, (chunk.numbers[-1], chunk.rows[-1].key))

    def _index(self, chunk: _Chunk[T], place: Place) -> int:
        """Where a place is in a chunk; keys are looked at only among rows of one number."""
        numbers, number = chunk.numbers, place[0]
        index = bisect_left(numbers, number)
        if index < len(numbers) and numbers[index] == number:
            end = bisect_right(numbers, number, index)
            return bisect_left(chunk.rows, place[1], index, end, key=self._key)
        return index
