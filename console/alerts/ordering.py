"""Rows kept in order while they change: sorted chunks, of which a frozen copy shares all that did not change."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from operator import attrgetter
from typing import Generic, TypeVar

from console.model.rows import Keyed, Rows

T = TypeVar("T", bound=Keyed)
Place = tuple[int, str]
"""Where a row belongs: a number, and the row's key for those of one number."""

_KEY = attrgetter("key")
MOST = 512
"""Rows of a chunk; at 100k rows a change copies 512 pointers and an index of 200."""


class _Chunk(Generic[T]):
    __slots__ = ("frozen", "rows")

    def __init__(self, rows: list[T]) -> None:
        self.rows = rows
        self.frozen: tuple[T, ...] | None = None


class SortedRows(Generic[T]):
    """Rows in the order of a number computed from each; nothing is kept beside the rows themselves.

    Whoever removes or replaces a row gives the row as it was put, which is how it is found.
    """

    def __init__(self, order: Callable[[T], int]) -> None:
        self._order = order
        self._chunks: list[_Chunk[T]] = []
        self._ends: list[Place] = []
        self._size = 0
        self._last: Rows[T] | None = Rows()

    def __len__(self) -> int:
        return self._size

    def _place(self, row: T) -> Place:
        return (self._order(row), row.key)

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

    def drop(self, row: T) -> None:
        """Remove a row, given as it was put."""
        place = self._place(row)
        at = bisect_left(self._ends, place)
        if at == len(self._chunks):
            raise KeyError(row.key)
        chunk = self._chunks[at]
        index = self._index(chunk.rows, place)
        if chunk.rows[index].key != row.key:
            raise KeyError(row.key)
        del chunk.rows[index]
        self._size -= 1
        chunk.frozen = self._last = None
        if not chunk.rows:
            del self._chunks[at], self._ends[at]
        elif index == len(chunk.rows):
            self._ends[at] = self._place(chunk.rows[-1])

    def freeze(self) -> Rows[T]:
        """The rows as they stand; the same object while nothing changed."""
        if self._last is None:
            for chunk in self._chunks:
                if chunk.frozen is None:
                    chunk.frozen = tuple(chunk.rows)
            self._last = Rows([c.frozen for c in self._chunks if c.frozen])
        return self._last

    def _find(self, place: Place) -> tuple[_Chunk[T], int]:
        chunk = self._chunks[bisect_left(self._ends, place)]
        return chunk, self._index(chunk.rows, place)

    def _index(self, rows: list[T], place: Place) -> int:
        """Where a place is among rows; keys are looked at only among rows of one number (half the time, measured)."""
        number, order = place[0], self._order
        index = bisect_left(rows, number, key=order)
        if index < len(rows) and order(rows[index]) == number:
            end = bisect_right(rows, number, index, key=order)
            return bisect_left(rows, place[1], index, end, key=_KEY)
        return index

    def _insert(self, place: Place, row: T) -> None:
        self._last = None
        self._size += 1
        if not self._chunks:
            self._chunks.append(_Chunk([row]))
            self._ends.append(place)
            return
        at = min(bisect_left(self._ends, place), len(self._chunks) - 1)
        chunk = self._chunks[at]
        chunk.rows.insert(self._index(chunk.rows, place), row)
        chunk.frozen = None
        self._ends[at] = max(self._ends[at], place)
        if len(chunk.rows) > MOST:
            half = len(chunk.rows) // 2
            self._chunks.insert(at + 1, _Chunk(chunk.rows[half:]))
            del chunk.rows[half:]
            self._ends.insert(at, self._place(chunk.rows[-1]))
