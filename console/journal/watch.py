"""The watch: the standing journal of what is done and judged outside any incident, a fresh one each UTC day."""

from __future__ import annotations

import asyncio
import heapq
import os
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from console.clock import Clock, Ids
from console.journal.ballast import Ballast
from console.journal.disk import Disk
from console.journal.journal import Journal
from console.journal.places import make_folder, shared
from console.journal.reading import read
from console.journal.record import Redact
from console.model.entry import Draft, Entry
from console.model.snapshot import JournalHealth

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class Watch:
    """A journal that turns its page at midnight UTC by the injected clock; entries have the incident ``""``."""

    def __init__(
        self,
        root: Path,
        clock: Clock,
        ids: Ids,
        redact: Redact | None,
        fallback: Path | None,
        guest: bool,
        disk: Disk | None,
        ballast: Ballast | None = None,
    ) -> None:
        self.root = root
        self._clock = clock
        self._ids = ids
        self._redact = redact
        self._fallback = fallback
        self._guest = guest
        self._disk = disk
        self._ballast = ballast
        self._day = ""
        self._journal: Journal | None = None
        self._turning = asyncio.Lock()
        self._late: list[Entry] = []

    @classmethod
    async def open(
        cls,
        root: Path,
        *,
        clock: Clock,
        ids: Ids,
        redact: Redact | None = None,
        fallback: Path | None = None,
        guest: bool = False,
        disk: Disk | None = None,
        ballast: Ballast | None = None,
    ) -> Watch:
        """The watch of a state folder: ``<root>/watch/<YYYY-MM-DD>/``."""
        self = cls(root, clock, ids, redact, fallback, guest, disk, ballast)
        await self._today()
        return self

    @property
    def journal(self) -> Journal:
        """The journal of the day that is open."""
        assert self._journal is not None
        return self._journal

    @property
    def lane(self) -> str:
        """Name of our own lane today."""
        return self.journal.lane

    @property
    def folder(self) -> Path:
        """Folder of the day that is open."""
        return self.journal.places.folder

    async def append(self, drafts: Sequence[Draft]) -> tuple[Entry, ...]:
        """The entries, durable: one transaction, in the day that it is."""
        async with self._turning:
            journal = await self._today()
        # Nothing suspends between here and the journal's queue, so a turning page closes it behind this.
        return await journal.append(drafts)

    async def news(self) -> tuple[Entry, ...]:
        """Entries of other lanes that were not told before."""
        async with self._turning:
            journal = await self._today()
            late, self._late = self._late, []
            return (*late, *await journal.news())

    def entries(self, days: int = 2) -> Iterator[Entry]:
        """Entries of the open day and of the days before it that have a page, ``days`` in all, in merged order."""
        try:
            pages = sorted(filter(_DAY.fullmatch, os.listdir(self.root / "watch")))
        except OSError:
            pages = []
        earlier = [day for day in pages if day < self._day][-(days - 1) :] if days > 1 else []
        streams = [read(self.root / "watch" / day, self._fallback) for day in earlier]
        return heapq.merge(*streams, self.journal.entries(), key=lambda entry: entry.stamp)

    def health(self) -> JournalHealth:
        """What the header may say."""
        return self.journal.health()

    async def close(self) -> None:
        """Close the open day."""
        async with self._turning:
            await self.journal.close()

    async def _today(self) -> Journal:
        """Today's journal; yesterday's is closed once today's is open. A clock that steps back turns no page back."""
        day = f"{datetime.fromtimestamp(self._clock.now() / 1000, UTC):%Y-%m-%d}"
        if self._journal is None or day > self._day:
            fresh = await self._open(day)
            before, self._journal, self._day = self._journal, fresh, day
            if before is not None:
                self._late += await before.news()
                # What stands on the fresh page already, our lane's beginning and others' entries, counts as told there.
                self._late += await asyncio.to_thread(lambda: list(fresh.entries()))
                await before.close()
        assert self._journal is not None
        return self._journal

    async def _open(self, day: str) -> Journal:
        await asyncio.to_thread(self._prepare, day)
        return await Journal.open(
            self.root / "watch" / day,
            "",
            clock=self._clock,
            ids=self._ids,
            redact=self._redact,
            fallback=self._fallback,
            guest=self._guest,
            disk=self._disk,
            ballast=self._ballast,
        )

    def _prepare(self, day: str) -> None:
        """Make the day's folder, shared if the state folder is; a failure shows in the journal's health."""
        try:
            make_folder(self.root, Disk())
            make_folder(self.root / "watch" / day, self._disk or Disk(), group=shared(self.root))
        except OSError:
            return
