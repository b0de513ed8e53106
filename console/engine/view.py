"""Makes the snapshot that the screens show, sharing what did not change."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from itertools import chain

from msgspec.structs import replace

from console.clock import Clock, Millis
from console.desk import editing
from console.engine.suited import Suited, known
from console.engine.wiring import Wiring
from console.model.entry import Actor
from console.model.incident import Incident, IncidentLine, Mark, TimelineRow
from console.model.outbox import outbox
from console.model.runbook import StepView
from console.model.snapshot import Away, Due, Snapshot, View

log = logging.getLogger("warroom.engine")

LOBBY_S = 2.0
AWAY_LINES = 200


class Viewer:
    """What the screens look at, and the snapshot made for it."""

    def __init__(self, wiring: Wiring, actor: Actor, clock: Clock) -> None:
        self._wiring = wiring
        self._actor = actor
        self._clock = clock
        self._version = 0
        self._lines: tuple[IncidentLine, ...] = ()
        self._away: tuple[str, Away] | None = None
        self._suited = Suited()
        self._sifting: set[asyncio.Task[None]] = set()
        self.view = View()

    def set(self, view: View, touch: Callable[[], None]) -> None:
        """Prepare for another look; a filter over many alerts is worked off in slices, and nobody waits for it."""
        before, self.view = self.view, view
        wiring = self._wiring
        wiring.board.range_s = view.range_s
        wiring.feeds.looked_at_targets = view.targets
        if view.range_s != before.range_s or (view.targets and not before.targets):
            wiring.feeds.look()
        if view.filter != before.filter:
            # Tasks begin in their order, and the store lets go of a filter when another comes.
            task = asyncio.create_task(self._sift(view.filter, touch))
            self._sifting.add(task)
            task.add_done_callback(self._sifting.discard)
        touch()

    async def _sift(self, filter: str, touch: Callable[[], None]) -> None:
        try:
            await self._wiring.store.refilter(filter)
        except Exception:
            log.exception("the filter failed")
        touch()

    def away(self, state: Incident, since: Millis) -> None:
        """Note what happened in the incident while nobody looked."""
        if since <= 0:
            return
        rows: list[TimelineRow] = []
        for chunk in reversed(state.timeline.chunks):
            rows[:0] = [r for r in chunk if r.at > since and r.mark is not Mark.SYSTEM]
            if chunk[0].at <= since or len(rows) > AWAY_LINES:
                break
        if rows or state.unknown:
            self._away = state.key, Away(since, tuple(rows[-AWAY_LINES:]), len(state.unknown))

    async def keep_lobby(self, touch: Callable[[], None]) -> None:
        """Read the list of incidents again and again; never returns."""
        while True:
            try:
                lines = await self._wiring.rooms.lines()
            except OSError as error:
                log.warning("the list of incidents could not be read: %s", error)
            else:
                if lines != self._lines:
                    self._lines = lines
                    touch()
            await asyncio.sleep(LOBBY_S)

    def snapshot(self, current: str) -> Snapshot:
        """The snapshot as of this moment."""
        wiring, now = self._wiring, self._clock.now()
        self._version += 1
        hold = wiring.rooms.state("").hold
        incident = self._with_live(wiring.rooms.state(current)) if current else None
        return Snapshot(
            version=self._version,
            at=now,
            operator=self._actor.id,
            read_only=wiring.config.read_only,
            drill=wiring.config.drill,
            held=hold.on,
            held_by=hold.by,
            sources=tuple(task.health for task in wiring.feeds.tasks),
            alerts=wiring.store.view(),
            incident=incident,
            incidents=self._lines,
            metrics=wiring.board.metrics,
            targets=tuple(chain.from_iterable(wiring.feeds.targets.values())),
            rules=tuple(chain.from_iterable(wiring.feeds.rules.values())),
            silences=tuple(wiring.feeds.silences()),
            runbooks=self._suited.runbooks(wiring.shelf.runbooks, known(wiring.config.sources, incident)),
            watch=wiring.rooms.watch,
            due=self._due(incident),
            outbox=outbox(wiring.states(), now, wiring.desk.outbox.resting, editing.fields_of(wiring.desk)),
            journal=replace(wiring.rooms.health(current), note=wiring.anchoring.note),
            away=self._away[1] if self._away is not None and self._away[0] == current else None,
            notice=self._notice(current),
        )

    def _with_live(self, incident: Incident) -> Incident:
        """The incident with the last lines of steps that run in this console."""
        live = self._wiring.live
        if not live.outputs:
            return incident

        def told(step: StepView) -> StepView:
            return replace(step, output=live.live(step.operation_id)) if step.operation_id in live.outputs else step

        runs = tuple(replace(run, steps=tuple(map(told, run.steps))) for run in incident.runs)
        return replace(incident, runs=runs)

    def _due(self, incident: Incident | None) -> tuple[Due, ...]:
        """What wants attention: effects whose outcome nobody knows."""
        if incident is None:
            return ()
        return tuple(Due(o.key, f"look up: {o.intent.words}", o.at, overdue=True) for o in incident.unknown)

    def _notice(self, current: str) -> str:
        health = self._wiring.rooms.health(current)
        return "" if health.ok else f"journal: {health.detail}"
