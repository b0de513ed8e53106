"""A journal looked at without a lane: what a read-only console holds of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from console.errors import JournalError
from console.journal.places import places
from console.journal.reading import read
from console.model.entry import Draft, Entry
from console.model.snapshot import JournalHealth


class Glance:
    """Reads all lanes and takes none, so that nobody waits for it, hands duty to it or inherits its lane."""

    lane = ""

    def __init__(self, folder: Callable[[], Path], fallback: Path | None = None) -> None:
        """``folder`` is asked each time: the watch's changes at midnight."""
        self._folder = folder
        self._fallback = fallback
        self._sizes: tuple[object, ...] = ()
        self._told: dict[str, None] = {}
        self._lanes = 0

    @property
    def folder(self) -> Path:
        """The folder that is read."""
        return self._folder()

    async def append(self, drafts: Sequence[Draft]) -> tuple[Entry, ...]:
        """Nothing is written from here."""
        raise JournalError("this console only reads the journal", next="start warroom without --read-only to write")

    def entries(self) -> Iterator[Entry]:
        """All entries in merged order; they count as told."""
        found = list(read(self.folder, self._fallback))
        self._told.update((entry.id, None) for entry in found)
        return iter(found)

    async def news(self) -> tuple[Entry, ...]:
        """Entries that were not told before; reads only when a file has changed its size."""
        return await asyncio.to_thread(self._news)

    def _news(self) -> tuple[Entry, ...]:
        lanes = places(self.folder, self._fallback).lanes()
        sizes = tuple((path, path.stat().st_size) for files in lanes.values() for _, path in files if path.exists())
        if sizes == self._sizes:
            return ()
        self._sizes, self._lanes = sizes, len(lanes)
        fresh = tuple(entry for entry in read(self.folder, self._fallback) if entry.id not in self._told)
        self._told.update((entry.id, None) for entry in fresh)
        return fresh

    def health(self) -> JournalHealth:
        """Read, not verified against loss: that is the writers' matter."""
        return JournalHealth(detail="read only", lanes=self._lanes, entries=len(self._told))

    async def close(self) -> None:
        """Nothing is held."""
