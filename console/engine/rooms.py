"""The rooms: every open journal with the fold over it; the ledger that the desk writes to."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from console.clock import Clock, Ids
from console.engine.ear import Ear
from console.engine.lobby import Lobby
from console.engine.redacting import forget_copies, obey
from console.engine.room import Room
from console.errors import JournalError, Refused
from console.journal.ballast import Ballast
from console.journal.cache import place
from console.journal.cases import allocate, incident_folder
from console.journal.glance import Glance
from console.journal.journal import Journal
from console.journal.reading import lane_alive
from console.journal.watch import Watch
from console.model.automatic import UNWORTHY
from console.model.entry import Actor, Draft, Entry, Kind
from console.model.fold import line
from console.model.incident import Incident, IncidentLine, TimelineRow
from console.model.rows import Rows
from console.model.snapshot import JournalHealth

log = logging.getLogger("warroom.engine")

LIVELY_S = 30.0
"""So long after an entry, ours or another's, something counts as going on."""
CLOSE_S = 3.0
"""How long a journal may take to be closed."""


class Rooms:
    """Opens, writes, tails and closes journals; fulfils ``ports.Ledger``."""

    def __init__(
        self,
        root: Path,
        *,
        clock: Clock,
        ids: Ids,
        redact: Callable[[object], object],
        changed: Callable[[], None],
        fallback: Path | None = None,
        read_only: bool = False,
        guest: bool = False,
        cache: Path | None = None,
        ballast: Ballast | None = None,
    ) -> None:
        """``guest``: for a single command, whose lanes take no duty. ``cache``: where long journals' caches are."""
        self.root = root
        self.ballast = ballast
        self._clock = clock
        self._ids = ids
        self._redact = redact
        self._changed = changed
        self._fallback = fallback
        self._read_only = read_only
        self._guest = guest
        self._cache = cache
        self._proving: set[asyncio.Task[None]] = set()
        self._ear = Ear()
        self._entry_at = clock.monotonic()
        self._rooms: dict[str, Room] = {}
        self._watch: Room | None = None
        self._lobby = Lobby(root, fallback)
        self._opening = asyncio.Lock()

    # Opening

    async def start(self, actor: Actor) -> None:
        """Open the watch, the journal of everything outside an incident."""
        self._watch = await Room.enter("", await self._open_watch())
        await self.lay_ballast()

    async def _open_watch(self) -> Watch | Glance:
        if self._read_only:
            return Glance(self._today, self._fallback)
        return await Watch.open(
            self.root, clock=self._clock, ids=self._ids, redact=self._redact, fallback=self._fallback,
            guest=self._guest, ballast=self.ballast,
        )  # fmt: skip

    async def lay_ballast(self) -> None:
        """See that there is space to be given back when the disk is full."""
        if self.ballast is not None and not self._read_only:
            await asyncio.to_thread(self.ballast.lay)

    def _today(self) -> Path:
        return self.root / "watch" / f"{datetime.fromtimestamp(self._clock.now() / 1000, UTC):%Y-%m-%d}"

    async def open(self, incident: str) -> Room:
        """The room of an incident, its journal opened on a lane of our own."""
        async with self._opening:
            if incident in self._rooms:
                return self._rooms[incident]
            folder = self.folder(incident)
            if not folder.is_dir():
                raise Refused(f"there is no incident {incident}", next="see the lobby, or: warroom incident list")
            kept = None if self._cache is None or self._guest else place(self._cache, folder)
            journal = await self._open_journal(folder, incident, kept)
            room = self._rooms[incident] = await Room.enter(incident, journal, kept)
            task = asyncio.create_task(self._prove(room))
            self._proving.add(task)
            task.add_done_callback(self._proving.discard)
            self._changed()
            return room

    async def _prove(self, room: Room) -> None:
        try:
            await room.prove()
        except (OSError, JournalError) as error:
            log.warning("%s could not be verified: %s", room.key, error)
        self._changed()

    async def create(self) -> str:
        """A fresh incident id, its folder made and its journal opened."""
        incident, folder = await asyncio.to_thread(allocate, self.root)
        kept = None if self._cache is None or self._guest else place(self._cache, folder)
        journal = await self._open_journal(folder, incident)
        self._rooms[incident] = await Room.enter(incident, journal, kept)
        return incident

    async def _open_journal(self, folder: Path, incident: str, kept: Path | None = None) -> Journal | Glance:
        if self._read_only:
            return Glance(lambda: folder, self._fallback)
        return await Journal.open(
            folder, incident, clock=self._clock, ids=self._ids, redact=self._redact, fallback=self._fallback,
            guest=self._guest, cache=kept, ballast=self.ballast,
        )  # fmt: skip

    def folder(self, incident: str) -> Path:
        """Where an incident's journal lies."""
        try:
            return incident_folder(self.root, incident)
        except ValueError:
            raise Refused(f"{incident!r} is not an incident's name", next="it looks like INC-0042") from None

    # Writing

    async def append(self, incident: str, drafts: Sequence[Draft]) -> tuple[Entry, ...]:
        """Durable on return; the fold has it when this returns."""
        if not incident:
            if self._watch is None:
                raise JournalError("the watch journal is not open")
            room = self._watch
        else:
            room = await self.open(incident)
        entries = await room.journal.append(drafts)
        await self._take_in(room, entries)
        self._changed()
        return entries

    async def _take_in(self, room: Room, entries: Sequence[Entry]) -> None:
        journal = self.journal(room.key)
        if journal is not None:
            forget_copies(journal, entries)
        await room.take(entries)
        if any(entry.kind not in UNWORTHY for entry in entries):  # duty is renewed however calm it is
            self._entry_at = self._clock.monotonic()

    @property
    def lively(self) -> bool:
        """Whether somebody wrote an entry a short while ago."""
        return self._clock.monotonic() - self._entry_at < LIVELY_S

    async def tail(self) -> dict[str, tuple[Entry, ...]]:
        """Take in what other consoles wrote; per incident, the entries."""
        news: dict[str, tuple[Entry, ...]] = {}
        for room in self._all():
            entries = await room.journal.news()
            if entries:
                await self._take_in(room, entries)
                news[room.key] = entries
        if news:
            self._changed()
        for key, entries in news.items():
            journal = self.journal(key)
            if journal is not None:
                await obey(journal, entries)
        return news

    async def heard(self) -> None:
        """Return when another console may have written."""
        await self._ear.wait((room.place for room in self._all()), lively=self.lively)

    def _all(self) -> list[Room]:
        return [*self._rooms.values(), *([self._watch] if self._watch is not None else [])]

    # Reading

    def room(self, incident: str) -> Room | None:
        """The room if it is open."""
        return self._rooms.get(incident)

    def state(self, incident: str) -> Incident:
        """The folded state of an open incident; of the watch for ``""``."""
        if not incident:
            return self._watch.state if self._watch is not None else Incident("")
        room = self._rooms.get(incident)
        if room is None:
            raise Refused(f"{incident} is not open in this console", next="open it in the lobby first")
        return room.state

    @property
    def watch(self) -> Rows[TimelineRow]:
        """The watch's timeline."""
        return self.state("").timeline

    def alive(self, incident: str, lane: str) -> bool:
        """Whether the console that writes this lane still holds it."""
        if not incident:
            watch = self._watch.journal if self._watch is not None else None
            if not isinstance(watch, Watch | Glance):
                return False
            return lane == watch.lane or lane_alive(watch.folder, lane, self._fallback)
        room = self._rooms.get(incident)
        if room is not None and lane == room.journal.lane:
            return True
        return lane_alive(self.folder(incident), lane, self._fallback)

    def lanes(self, incident: str) -> tuple[str, tuple[str, ...]]:
        """Our lane of an open incident, or of the watch for ``""``, and every lane that its journal has."""
        journal = self.journal(incident)
        return ("", ()) if journal is None else (journal.lane, tuple(journal.places.lanes()))

    def journal(self, incident: str) -> Journal | None:
        """The journal of an open incident, or today's of the watch; ``None`` = it is only read here."""
        room = self._rooms.get(incident) if incident else self._watch
        journal = room.journal if room is not None else None
        if isinstance(journal, Watch):
            journal = journal.journal
        return journal if isinstance(journal, Journal) else None

    async def heads(self, incident: str) -> dict[str, tuple[int, str]]:
        """Number and head of each lane's last entry; of the watch for ``""``."""
        journal = self.journal(incident)
        return {} if journal is None else await journal.heads()

    def open_rooms(self) -> tuple[Room, ...]:
        """Rooms that are open in this console."""
        return tuple(self._rooms.values())

    async def lines(self) -> tuple[IncidentLine, ...]:
        """All incidents, the latest first."""
        # Folds of open rooms are only ever touched on the loop; the others are the lobby's own.
        opened = {key: line(room.state) for key, room in self._rooms.items()}
        return await asyncio.to_thread(self._lobby.lines, opened)

    def health(self, incident: str) -> JournalHealth:
        """Of the incident's journal, or the watch's."""
        room = self._rooms.get(incident) or self._watch
        return room.journal.health() if room is not None else JournalHealth(ok=True, detail="opening")

    async def close(self, actor: Actor, reason: str, limit_s: float = CLOSE_S) -> None:
        """Write down that this console leaves, and let every lane go: all side by side, each within the limit."""
        draft = Draft(Kind.CONSOLE_DETACHED, {"reason": reason}, actor)
        self._ear.close()
        rooms, self._rooms, self._watch = self._all(), {}, None
        await asyncio.gather(*(_end(room, draft if room.attached else None, self._ids, limit_s) for room in rooms))


async def _end(room: Room, last: Draft | None, ids: Ids, limit_s: float) -> None:
    """Write the last entry, keep a cache and close; a disk that does not answer is left to itself."""
    name, journal = room.key or "the watch", room.journal
    try:
        async with asyncio.timeout(limit_s * 0.8):
            if last is not None:
                await room.take(await journal.append([last]))
            await room.keep(ids)
    except (TimeoutError, JournalError) as error:
        log.warning("%s: the last entry could not be written: %s", name, str(error) or "the disk does not answer")
    try:
        # A limit of its own: what follows a time-out inside the same limit would have none.
        async with asyncio.timeout(limit_s * 0.2):
            await journal.close()
    except TimeoutError:
        log.warning("%s: its files could not be closed in time", name)
