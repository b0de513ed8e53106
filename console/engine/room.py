"""A room: the journal of one incident, or the watch, and what the fold makes of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path

from console.clock import Ids
from console.journal import cache
from console.journal.glance import Glance
from console.journal.journal import Journal
from console.journal.watch import Watch
from console.model.entry import Entry
from console.model.fold import Behind, Fold
from console.model.incident import Incident

log = logging.getLogger("warroom.engine")


class Room:
    """Owned by the engine's loop; the journal is read on other threads."""

    def __init__(self, key: str, journal: Journal | Watch | Glance, fold: Fold, kept: Path | None = None) -> None:
        self.key = key
        self.journal = journal
        self.fold = fold
        self.attached = False
        """Whether a screen looked into it from here."""
        self._kept = kept
        self._folding: list[Entry] | None = None

    @classmethod
    async def enter(cls, key: str, journal: Journal | Watch | Glance, kept: Path | None = None) -> Room:
        """The room with its fold: from the cache and what came since, or from all entries."""
        resumed = journal.resumed if isinstance(journal, Journal) else None
        if resumed is not None:
            try:
                fold = await asyncio.to_thread(Fold.restored, resumed[0])
                fold.apply(resumed[1])
                return cls(key, journal, fold, kept)
            except Behind:
                log.info("%s: an entry is older than the cache reaches; everything is folded", key)
        return cls(key, journal, await asyncio.to_thread(_folded, key, journal), kept)

    @property
    def place(self) -> tuple[tuple[Path, ...], str]:
        """The folders where others write, and our own lane there."""
        journal = self.journal.journal if isinstance(self.journal, Watch) else self.journal
        if isinstance(journal, Glance):
            return (journal.folder,), ""
        return journal.places.folders, journal.lane

    @property
    def state(self) -> Incident:
        return self.fold.state

    async def take(self, entries: Sequence[Entry]) -> None:
        """Take in entries; one that is very late has everything folded again."""
        if self._folding is not None:
            self._folding += entries
        try:
            self.fold.apply(entries)
        except Behind:
            await self.fold_again()

    async def fold_again(self) -> None:
        """Fold what the files hold; what comes meanwhile is taken in by both folds."""
        if self._folding is not None:
            return
        self._folding = []
        try:
            fold = await asyncio.to_thread(_folded, self.key, self.journal)
            fold.apply(self._folding)
            self.fold = fold
        finally:
            self._folding = None

    async def prove(self) -> None:
        """Verify what a cache vouched for; where it was wrong, the files count."""
        if isinstance(self.journal, Journal) and not await self.journal.verify():
            log.warning("%s: the cache does not fit the journal", self.key)
            if self._kept is not None:
                await asyncio.to_thread(cache.forget, self._kept)
            await self.fold_again()

    async def keep(self, ids: Ids) -> None:
        """Keep a cache for the next console."""
        if isinstance(self.journal, Journal) and self._kept is not None and self.fold.taken >= cache.WORTH:
            await self.journal.keep(self._kept, self.fold.save(), ids)


def _folded(key: str, journal: Journal | Watch | Glance) -> Fold:
    fold = Fold(key)
    fold.apply(list(journal.entries()))
    return fold
