"""An incident's journal: our own lane to write, everybody's lanes to read, one thread that touches the disk."""

from __future__ import annotations

import asyncio
import heapq
import os
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from pathlib import Path

from console.clock import Clock, Ids
from console.errors import JournalError
from console.journal import redaction
from console.journal.ballast import Ballast
from console.journal.cache import WORTH, Cache, load, save
from console.journal.disk import Disk
from console.journal.follow import Damage
from console.journal.lane import Lane, open_lane
from console.journal.others import Marks, Others
from console.journal.places import Places, places
from console.journal.proving import Proving
from console.journal.record import Cites, Redact, Sealer
from console.journal.stamp import HybridClock
from console.journal.writer import SLOW_S, Writer
from console.model.entry import Draft, Entry
from console.model.kept import Saved
from console.model.snapshot import JournalHealth


class Journal:
    """The journal of one incident, as one console holds it.

    Every method may be called on the engine's loop: the disk is touched on the journal's own thread,
    except by ``entries()``, which reads where it is iterated.
    """

    def __init__(self, folder: Places, incident: str, clock: Clock, disk: Disk, sealer: Sealer | None = None) -> None:
        self.incident = incident
        self.places = folder
        self._clock = clock
        self._disk = disk
        self._hybrid = HybridClock(clock)
        self._writer = Writer(clock)
        self._lane: Lane | None = None
        self.lane = ""
        """Name of our own lane, ``<host>.<uid>.<slot>``."""
        self._others = Others(folder, incident, clock, self._hybrid, disk, sealer)
        self._told: Marks = {}
        self._gone: tuple[str, ...] = ()
        self._proving: Proving | None = None
        self._ballast: Ballast | None = None
        self.resumed: tuple[Saved, tuple[Entry, ...]] | None = None
        """Where a cache lets the fold go on, and the entries behind that; ``None`` = fold ``entries()``."""

    @classmethod
    async def open(
        cls,
        folder: Path,
        incident: str,
        *,
        clock: Clock,
        ids: Ids,
        host: str | None = None,
        uid: int | None = None,
        redact: Redact | None = None,
        sealer: Sealer | None = None,
        fallback: Path | None = None,
        guest: bool = False,
        disk: Disk | None = None,
        cache: Path | None = None,
        ballast: Ballast | None = None,
    ) -> Journal:
        """Take a lane in the folder (made if missing) and read what all lanes hold.

        Never fails for want of a disk: a folder that cannot be used shows in ``health()``, and the
        entries go to ``fallback`` or stay in memory. ``redact`` is applied to each body before it is
        encoded, ``sealer`` to the bodies of entries that not everybody may read. A ``guest`` is a single command,
        whose lane takes no duty. ``disk`` replaces the file system in tests. What a file at ``cache`` holds is
        not read before this returns: see ``resumed`` and ``verify``.
        """
        self = cls(places(folder, fallback), incident, clock, disk or Disk(), sealer)
        self._ballast = ballast

        def opening() -> Marks:
            known = None if cache is None else load(cache, incident, self.places)
            self._lane = open_lane(
                self.places,
                incident,
                clock=clock,
                hybrid=self._hybrid,
                ids=ids,
                host=host,
                uid=uid,
                redact=redact,
                sealer=sealer,
                guest=guest,
                disk=self._disk,
                cache=known,
                ballast=ballast,
            )
            self._lane.storage.others = self._others.heads
            self._writer.lane = self._lane
            self.lane = self._lane.name
            self._resume(known)
            return self._others.marks()

        self._writer.start()
        try:
            self._told = await self._writer.call(opening)
        except BaseException:
            await self._writer.stop(self._abandon)
            raise
        return self

    def _resume(self, cache: Cache | None) -> None:
        """Read the other lanes, each from where the cache had come to."""
        if cache is None:
            self._others.pass_over(self._lanes())
            return
        self._others.resume({lane: mark for lane, mark in cache.lanes.items() if lane != self.lane})
        fresh = self._scan()
        storage, own = self._own.storage, cache.lanes.get(self.lane)
        start = bisect_right(storage.index.seqs, own.seq) if own else 0
        fresh += [storage.entry(position) for position in range(start, len(storage))]
        self.resumed = cache.fold, tuple(sorted(fresh, key=lambda entry: entry.stamp))
        self._proving = Proving(cache.lanes, self.places, self.incident, self._disk)

    async def verify(self) -> bool:
        """Read what the cache vouched for; ``False`` = it was wrong, fold ``entries()`` again. Takes seconds."""
        proving = self._proving
        if proving is None or proving.done:
            return True
        await asyncio.to_thread(proving.run)
        if self._lane is None or proving.stopped:
            return True
        for lane, damages in proving.damages.items():
            if lane == self.lane:
                self._own.damages += tuple(damages)
            else:
                self._others.blame(lane, damages)
        if self.lane in proving.damages:
            why = f"damage: {proving.damages[self.lane][0]}"
            await self._writer.call(lambda: self._own.storage.bridge(why))
        return not proving.damages

    async def keep(self, path: Path, fold: Saved, ids: Ids) -> bool:
        """Write a cache; ``False`` = not worth it, not safe, or the fold is not where the journal is."""
        if self._lane is None or (self._proving is not None and not self._proving.done):
            return False
        return await self._writer.call(lambda: self._keep(path, fold, ids))

    def _keep(self, path: Path, fold: Saved, ids: Ids) -> bool:
        storage = self._own.storage
        count = len(storage) + self._others.entries
        if count < WORTH or count != fold.position + len(fold.recent) or self.damages() or storage.spoiled:
            return False
        mark = storage.mark(self._hybrid)
        if mark is None:
            return False
        marks = {lane: other.mark() for lane, other in self._others.followers.items()}
        folder = str(self.places.folder.absolute())
        cache = Cache(self.incident, folder, {**marks, self.lane: mark}, self.lane, storage.index.pack(), fold)
        try:
            save(path, cache, ids)
        except OSError:
            return False
        return True

    def _abandon(self) -> None:
        if self._lane is not None:
            self._lane.close()

    @property
    def _own(self) -> Lane:
        if self._lane is None:
            raise JournalError(f"the journal of {self.incident or 'the watch'} is closed")
        return self._lane

    async def append(self, drafts: Sequence[Draft]) -> tuple[Entry, ...]:
        """The entries, durable: one transaction. Concurrent calls may share one sync.

        Raises ``JournalError`` if a draft cannot be recorded; nothing of the transaction is then written.
        """
        if self._lane is None:
            raise JournalError(f"the journal of {self.incident or 'the watch'} is closed")
        return await self._writer.append(drafts)

    def entries(self) -> Iterator[Entry]:
        """All entries in merged order: of our own lane what is durable, of the others what ``news()`` has told.

        Streams from disk; safe in any thread while the journal is open.
        """
        own = self._own.storage.entries()
        told = self._told.items()
        others = (self._others.replay(lane, until, disordered=mixed) for lane, (until, mixed) in told)
        return heapq.merge(own, *others, key=lambda entry: entry.stamp)

    async def news(self) -> tuple[Entry, ...]:
        """Entries of other lanes that were not told before, in merged order; reads only what was added."""
        if self._lane is None:
            return ()

        def reading() -> tuple[list[Entry], Marks]:
            return self._scan(), self._others.marks()

        entries, self._told = await self._writer.call(reading)
        return tuple(sorted(entries, key=lambda entry: entry.stamp))

    def _scan(self) -> list[Entry]:
        """Read on in every other lane."""
        return self._others.read(self._lanes())

    def _lanes(self) -> dict[str, list[tuple[int, Path]]]:
        """The files of the other lanes; those that are gone are noted."""
        lanes = self.places.lanes()
        self._gone = tuple(
            lane for lane in (*self._others.followers, self.lane) if lane not in lanes and not self._drifting(lane)
        )
        lanes.pop(self.lane, None)
        return lanes

    async def heads(self) -> Cites:
        """Number and head of each lane's last entry, as far as it is ours or was read without damage."""

        def reading() -> Cites:
            own = self._own.storage
            return {self.lane: (own.seq, own.head.hex()), **self._others.heads()}

        return await self._writer.call(reading)

    async def overwrite(self, found: redaction.Mark) -> list[str]:
        """Overwrite an entry of our own lane in every copy; the texts that stood there. ``OSError`` if that failed."""

        def overwriting() -> list[str]:
            texts = redaction.overwrite(self.places, found, self._disk)
            self._own.storage.roll.blank(found.digest)
            return texts

        return await self._writer.call(overwriting)

    def _drifting(self, lane: str) -> bool:
        return lane == self.lane and self._own.storage.roll.tail.place == "memory"

    def damages(self) -> tuple[Damage, ...]:
        """All damage that was seen in any lane."""
        return (*self._own.damages, *self._others.damages())

    def authors(self) -> dict[str, int]:
        """The uid that owns each lane's files: the author of its entries, whatever they say."""
        return {self.lane: os.geteuid(), **self._others.authors()}

    def health(self) -> JournalHealth:
        """What the header may say; cheap, from any thread."""
        if self._lane is None:
            return JournalHealth(ok=False, detail="the journal is closed")
        roll, damages, proving = self._lane.storage.roll, self.damages(), self._proving
        waiting = self._writer.waiting()
        reserve = self._ballast.trouble if self._ballast is not None else ""
        notes = [
            f"a write has been waiting for {waiting:.0f} s; check the disk" if waiting > SLOW_S else "",
            roll.trouble,
            reserve,
            *(f"the files of lane {lane} are gone" for lane in self._gone),
            str(damages[0]) + (f" (and {len(damages) - 1} more)" if len(damages) > 1 else "") if damages else "",
            *(f"the clock of {lane} is {ms // 60_000} min ahead" for lane, ms in list(self._hybrid.ahead.items())),
            *self._lane.storage.spoiled,
            *self._lane.refused,
        ]
        spoiled = damages or self._gone or self._lane.storage.spoiled
        ok = not (waiting > SLOW_S or roll.trouble or reserve or spoiled)
        return JournalHealth(
            ok=ok,
            detail="; ".join(note for note in notes if note),
            lanes=1 + len(self._others),
            entries=len(self._lane.storage) + self._others.entries,
            verified=not spoiled and (proving is None or proving.done),
            checked=100 if proving is None else proving.percent,
        )

    async def close(self) -> None:
        """Write out what can be, give the lane back, end the thread; further calls do nothing."""
        lane, self._lane = self._lane, None
        if self._proving is not None:
            self._proving.stopped = True
        if lane is not None:
            await self._writer.stop(lane.close)
