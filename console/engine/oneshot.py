"""Single questions and single acts without a screen: what ``warroom do``, ``alerts list`` and ``doctor`` need."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from console.clock import Clock, Ids, RandomIds, SystemClock
from console.config import Config
from console.engine.feeds import odd
from console.engine.pace import health_of
from console.engine.wiring import Wiring
from console.errors import WarroomError
from console.model.action import Action, Reply
from console.model.alert import AlertRow
from console.model.entry import Actor
from console.model.source import Health, Probe, SourceHealth
from console.ports import AlertSource, Silencer

T = TypeVar("T")


async def perform(config: Config, action: Action) -> Reply:
    """One action through a desk and a lane of this process's own; the sources it may need are read once."""
    async with _Once(config, action.actor) as once:
        await once.read_alerts()
        incident = str(action.args.get("incident", "") or "")
        if incident:
            await once.wiring.rooms.open(incident)
            once.current = incident
        return await once.wiring.respond(action)


async def list_alerts(config: Config, source: str, filter: str) -> tuple[list[AlertRow], list[SourceHealth]]:
    """All alerts of one source or of all, worst first, and how each source answered."""
    async with _Once(config, Actor("")) as once:
        health = await once.read_alerts(source)
        store = once.wiring.store
        await store.refilter(filter)
        await store.settle()
        view = store.view()
        if view.filter_error:
            raise WarroomError(view.filter_error)
        return list(view.flat), health


async def probe_all(config: Config) -> list[Probe]:
    """Every configured backend asked whether it is reachable and lets us in, all at once."""
    async with _Once(config, Actor(""), journal=False) as once:
        adapters = once.wiring.feeds.adapters.values()
        return list(await asyncio.gather(*(a.probe() for a in adapters)))


class _Once:
    """The parts without their loops, for as long as one command runs."""

    def __init__(
        self, config: Config, actor: Actor, *, journal: bool = True, clock: Clock | None = None, ids: Ids | None = None
    ) -> None:
        self.current = ""
        self._journal = journal and bool(actor.id)
        self._actor = actor
        self.wiring = Wiring(
            config, actor, clock or SystemClock(), ids or RandomIds(), changed=_ignore, current=lambda: self.current,
            guest=True,
        )  # fmt: skip

    async def __aenter__(self) -> _Once:
        if self._journal:
            await self.wiring.rooms.start(self._actor)
        await self.wiring.connect(self._enter, self._leave)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._journal:
            await self.wiring.desk.close()
            await self.wiring.rooms.close(self._actor, "done")
        await self.wiring.feeds.close()

    async def _enter(self, incident: str) -> None:
        await self.wiring.rooms.open(incident)
        self.current = incident

    async def _leave(self) -> None:
        self.current = ""

    async def read_alerts(self, only: str = "") -> list[SourceHealth]:
        """Read alerts and silences once; what fails is said in its health."""
        chosen = [t for t in self.wiring.feeds.tasks if not only or t.health.name == only]
        return list(await asyncio.gather(*(self._read(t.health) for t in chosen)))

    async def _read(self, health: SourceHealth) -> SourceHealth:
        from msgspec.structs import replace

        adapter = self.wiring.feeds.adapters[health.name]
        work: list[Callable[[], Awaitable[None]]] = []
        if isinstance(adapter, AlertSource):
            source: AlertSource = adapter
            work.append(lambda: self.wiring.feeds.read_alerts(source))
        if isinstance(adapter, Silencer):
            silencer: Silencer = adapter
            work.append(lambda: self.wiring.feeds.read_silences(silencer))
        try:
            await _all(work)
        except Exception as error:
            mark, detail = health_of(error)
            return replace(health, health=mark, detail=detail)
        told = odd(adapter)
        mark = Health.PARTIAL if told else Health.OK
        return replace(health, health=mark, detail=told, fresh_at=self.wiring.clock.now())


async def _all(work: Sequence[Callable[[], Awaitable[None]]]) -> None:
    for one in work:
        await one()


def _ignore() -> None:
    """A single command shows nothing while it runs."""
