"""When heads are anchored: after so many entries or minutes, when an incident ends, and when the console leaves."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence

from console.clock import Clock
from console.config import JournalConfig
from console.errors import BackendError, WarroomError
from console.journal.anchor import Anchor
from console.model.bodies import AnchorMade, body_from
from console.model.entry import Draft, Entry, Kind
from console.model.incident import Incident
from console.ports import AnchorSink

log = logging.getLogger("warroom.engine")

RETRY_S = 30.0
LAST_S = 2.0
"""How long a console that leaves waits for its sinks."""
Heads = Mapping[str, tuple[int, str]]


class Anchoring:
    """Anchors the journals that this console is on duty for; each sink by itself, so that none waits for another."""

    def __init__(
        self,
        sinks: Sequence[AnchorSink],
        config: JournalConfig,
        clock: Clock,
        *,
        heads: Callable[[str], Awaitable[Heads]],
        append: Callable[[str, Sequence[Draft]], Awaitable[tuple[Entry, ...]]],
        why_not: Callable[[str], str],
    ) -> None:
        """``heads`` tells number and head of each lane's last entry; ``why_not`` whether anything may be done now."""
        self._sinks = sinks
        self._config = config
        self._clock = clock
        self._heads = heads
        self._append = append
        self._why_not = why_not
        self._since: dict[tuple[str, str], float] = {}
        self._again: dict[tuple[str, str], float] = {}
        self._opened: set[str] = set()
        """Incidents that were open when they were looked at last."""
        self._ended: set[tuple[str, str]] = set()
        """Ends of incidents that wait for their anchor."""
        self._work: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._trouble: dict[str, str] = {}

    @property
    def note(self) -> str:
        """What keeps anchors from being made, ``""`` = nothing; a note, not an alarm: the journal itself is well."""
        return "; ".join(f"not anchored: {why}" for why in self._trouble.values())

    def look(self, key: str, state: Incident) -> None:
        """Begin what is due for a journal; called each second, waits for nothing."""
        ending = key in self._opened and not state.status.open
        (self._opened.add if state.status.open else self._opened.discard)(key)
        for sink in self._sinks:
            place = key, sink.name
            if ending:
                self._ended.add(place)
            work = self._work.get(place)
            if (work is None or work.done()) and self._due(place, state) and not self._why_not(key):
                self._work[place] = asyncio.create_task(self._anchor(key, sink, state), name=f"anchor {key}")

    def _due(self, place: tuple[str, str], state: Incident) -> bool:
        now = self._clock.monotonic()
        pending = behind(state, place[1])
        if not pending:
            self._since.pop(place, None)
            self._ended.discard(place)
            return False
        since = self._since.setdefault(place, now)
        if now < self._again.get(place, now):
            return False
        waited = now - since >= self._config.every_minutes * 60
        return place in self._ended or waited or sum(pending.values()) >= self._config.every_entries

    async def _anchor(self, key: str, sink: AnchorSink, state: Incident) -> None:
        """Tell one sink, then the journal."""
        place = key, sink.name
        self._again[place] = self._clock.monotonic() + RETRY_S
        try:
            known = await self._heads(key)
            heads = {lane: known[lane] for lane in behind(state, sink.name) if lane in known}
            if not heads or self._why_not(key):
                return
            now = self._clock.now()
            receipt = await sink.put([str(Anchor(key, lane, *head, now)) for lane, head in heads.items()])
            body = AnchorMade(heads, sink.name, receipt.text)
            await self._append(key, [Draft(Kind.ANCHOR_MADE, body_from(body))])
        except BackendError as error:
            if self._trouble.get(sink.name) != error.what:
                log.warning("heads are not anchored: %s", error.what)
            self._trouble[sink.name] = error.what
        except WarroomError as error:
            log.warning("an anchor stands in %s but not in the journal: %s", sink.name, error.what)
        else:
            self._trouble.pop(sink.name, None)
            self._since.pop(place, None)
            self._again.pop(place, None)
            self._ended.discard(place)

    async def last(self, journals: Mapping[str, Incident]) -> None:
        """Anchor what is not yet, for at most ``LAST_S``: the console leaves."""
        work = [
            self._anchor(key, sink, state)
            for key, state in journals.items()
            for sink in self._sinks
            if behind(state, sink.name) and not self._why_not(key)
        ]
        if work:
            tasks = [asyncio.ensure_future(one) for one in work]
            _, left = await asyncio.wait(tasks, timeout=LAST_S)
            for task in left:
                task.cancel()

    async def settle(self) -> None:
        """Wait until what is under way has ended."""
        await asyncio.gather(*self._work.values(), return_exceptions=True)


def behind(state: Incident, sink: str) -> dict[str, int]:
    """Lanes that have moved on since the sink was told, and by how many entries."""
    out = {}
    for lane, seq in state.moved.items():
        told = state.anchored.get(f"{lane} {sink}", 0)
        if seq > told:
            out[lane] = seq - told
    return out
