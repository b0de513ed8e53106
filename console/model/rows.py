"""Rows: an immutable sequence in chunks, so that two versions of a 100k list share all but what changed."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate, chain
from typing import Generic, Protocol, TypeVar, overload


class Keyed(Protocol):
    """Anything with an identity that outlives its content."""

    @property
    def key(self) -> str: ...


T = TypeVar("T", bound=Keyed)


_ONE = [0]


class Rows(Sequence[T], Generic[T]):
    """Chunked rows in display order; index O(log chunks), two versions share unchanged chunks."""

    __slots__ = ("_chunks", "_size", "_starts")

    def __init__(self, chunks: Sequence[tuple[T, ...]] = ()) -> None:
        self._chunks = tuple(c for c in chunks if c)
        if len(self._chunks) == 1:
            # Those of most groups: they share one list of starts.
            self._starts, self._size = _ONE, len(self._chunks[0])
        else:
            self._starts = [0, *accumulate(map(len, self._chunks))]
            self._size = self._starts.pop()

    @classmethod
    def of(cls, items: Sequence[T]) -> Rows[T]:
        """Rows from any sequence, in chunks of 256."""
        return Rows([tuple(items[i : i + 256]) for i in range(0, len(items), 256)])

    @property
    def chunks(self) -> tuple[tuple[T, ...], ...]:
        """The chunks; identity of a chunk tells that nothing in it changed."""
        return self._chunks

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[T]:
        return chain.from_iterable(self._chunks)

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> list[T]: ...
    def __getitem__(self, index: int | slice) -> T | list[T]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(self._size))]
        if index < 0:
            index += self._size
        if not 0 <= index < self._size:
            raise IndexError(index)
        chunk = bisect_right(self._starts, index) - 1
        return self._chunks[chunk][index - self._starts[chunk]]

    def find(self, key: str, near: int = 0) -> int:
        """Index of the row with this key, or -1; looked for outwards from ``near``."""
        if not self._size:
            return -1
        near = max(0, min(near, self._size - 1))
        below, above = near, near + 1
        while below >= 0 or above < self._size:
            if below >= 0 and self[below].key == key:
                return below
            if above < self._size and self[above].key == key:
                return above
            below, above = below - 1, above + 1
            if above - near > 64:
                return self._scan(key)
        return -1

    def _scan(self, key: str) -> int:
        for start, chunk in zip(self._starts, self._chunks, strict=True):
            for offset, row in enumerate(chunk):
                if row.key == key:
                    return start + offset
        return -1

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Rows) and self.chunks == other.chunks)

    __hash__ = None  # type: ignore[assignment]


class OneRow(Rows[T]):
    """The rows of a group with one member, by far the most: a third of the memory of the general form."""

    __slots__ = ("_row",)

    def __init__(self, row: T) -> None:
        self._row = row

    @property
    def chunks(self) -> tuple[tuple[T, ...], ...]:
        return ((self._row,),)

    def __len__(self) -> int:
        return 1

    def __iter__(self) -> Iterator[T]:
        yield self._row

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> list[T]: ...
    def __getitem__(self, index: int | slice) -> T | list[T]:
        return [self._row][index]

    def find(self, key: str, near: int = 0) -> int:
        return 0 if self._row.key == key else -1
