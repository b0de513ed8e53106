"""Silences of acknowledgements: renewed by the console on duty while their alert fires, ended when it resolves.

If that console dies, nobody renews them and they run out by themselves: the alert is heard again.
Their comment says so.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

from console.alerts.acks import ack_silences, named
from console.alerts.office import Office, end_silence, set_silence
from console.alerts.silencing import exact
from console.clock import Millis
from console.errors import WarroomError
from console.model.action import Action, OperationState, Outcome
from console.model.alert import Alert, AlertRow, Matcher, Silence
from console.model.duty import next_id
from console.model.entry import Actor, ActorType

log = logging.getLogger("warroom.alerts")

_Marked = Mapping[tuple[str, frozenset[Matcher]], Silence]
_BY = Actor("renewal", ActorType.TOOL)
LOOK_MS = 10_000
"""How often marked silences are held against the alerts; that is a pass over all alerts, in slices."""
RETRY_MS = 60_000


class Renewal:
    """Looks after marked silences; ``tick`` is called each second by the engine of the console on duty.

    The calls are made in a task of their own: a source that does not answer holds nobody up, and is asked once a round.
    """

    def __init__(self, office: Office) -> None:
        self._office = office
        self._tried: dict[str, Millis] = {}
        self._looked: Millis | None = None
        self._work: asyncio.Task[None] | None = None

    async def tick(self, now: Millis) -> None:
        """Renew what is in its last third, end what has nothing left to mute."""
        if self._work is not None and not self._work.done():
            return
        if self._looked is not None and 0 <= now - self._looked < LOOK_MS:
            return
        self._looked = now
        marked = self._marked()
        if marked:
            self._work = asyncio.create_task(self._round(marked, now), name="renewal")

    async def settle(self) -> None:
        """Wait until the round under way has ended."""
        if self._work is not None:
            await self._work

    def _marked(self) -> _Marked:
        """Marked silences in force, by source and matchers."""
        return {
            (s.source, frozenset(s.matchers)): s
            for s in ack_silences(self._office.silences())
            if s.state == "active" and s.source in self._office.silencers
        }

    async def _due(self, marked: _Marked, now: Millis) -> list[tuple[Silence, Alert]]:
        """Silences to be renewed or ended, each with its alert."""
        term = round(self._office.ack.silence_s * 1000)
        found = []
        for silence, row in await self._pairs(marked):
            renew = row.alert.firing and bool(row.acked_by) and silence.ends_at - now < term / 3
            waited = silence.key not in self._tried
            if (renew or not row.alert.firing) and waited:
                found.append((silence, row.alert))
        return found

    async def _pairs(self, marked: _Marked) -> list[tuple[Silence, AlertRow]]:
        """Each with the alert of exactly its labels; one whose alert is gone lapses alone."""
        names = named(marked)
        out = []
        async for rows in self._office.store.slowly():
            for row in rows:
                alert = row.alert
                if (alert.source, alert.labels.get("alertname")) in names:
                    silence = marked.get((alert.source, frozenset(exact(alert))))
                    if silence is not None:
                        out.append((silence, row))
        return out

    async def _round(self, marked: _Marked, now: Millis) -> None:
        silent: set[str] = set()
        self._tried = {k: at for k, at in self._tried.items() if 0 <= now - at < RETRY_MS}
        due = await self._due(marked, now)
        self._tried |= dict.fromkeys((s.key for s, _ in due), now)
        for silence, alert in due:
            if silence.source in silent:
                continue
            try:
                outcome = await (self._renew(silence, alert, now) if alert.firing else self._end(silence))
            except WarroomError as error:
                log.warning("silences of acknowledgements are not looked after: %s", error.what)
                return
            if outcome.state is not OperationState.SENT:
                silent.add(silence.source)

    async def _renew(self, silence: Silence, alert: Alert, now: Millis) -> Outcome:
        ends_at = now + round(self._office.ack.silence_s * 1000)
        return await set_silence(
            self._office, "", silence.source, silence.matchers, ends_at, silence.comment,
            f"renew the silence of {alert.name}: it still fires",
            Action("renewal", "alert.ack", actor=_BY), renews=silence, automatic=True,
            operation_id=self._id("renew", silence),
        )  # fmt: skip

    async def _end(self, silence: Silence) -> Outcome:
        by = Action("renewal", "alert.unack", actor=_BY)
        return await end_silence(
            self._office, "", silence, by, automatic=True, operation_id=self._id("end", silence)
        )  # fmt: skip

    def _id(self, rule: str, silence: Silence) -> str:
        """The same in every console: what is done to a silence that ends at this time is done once."""
        state = self._office.desk.state
        operations = state("").operations if state is not None else {}
        return next_id(operations, "", f"ack silence {rule}", silence.key, silence.ends_at)
