"""A store, a desk and an Alertmanager in memory, for tests of the acts on alerts."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from console.alerts.acts import Office, handlers
from console.alerts.effects import effects
from console.alerts.grouping import WindowCorrelator
from console.alerts.store import AlertStore
from console.config import AckConfig
from console.errors import Unreachable
from console.model.action import Preview, Reply
from console.model.alert import Alert, Matcher, Silence
from console.model.incident import Incident, LinkedAlert
from tests.unit.alerts.made import delta, mutes
from tests.unit.desk.fakes import INC, World, act, desk_of


class FakeSilencer:
    """Keeps silences as Alertmanager does: an id stays only where matchers and start stay."""

    def __init__(self, name: str, world: World) -> None:
        self.name = name
        self.world = world
        self.kept: dict[str, Silence] = {}
        self.calls: list[str] = []
        self.error: Exception | None = None
        self.deaf = False
        """Whether it does not list its silences either while it fails."""
        self.errors_from = 0
        """How many calls still succeed before ``error`` is raised."""

    async def silences(self) -> Sequence[Silence]:
        if self.deaf and self.error is not None:
            raise self.error
        now = self.world.clock.now()
        return [s for s in self.kept.values() if s.ends_at > now]

    async def create_silence(
        self, matchers: Sequence[Matcher], starts_at: int, ends_at: int, created_by: str, comment: str, id: str = ""
    ) -> str:
        self._called("renew" if id else "create")
        before = self.kept.get(id)
        if before is None or before.matchers != tuple(matchers) or before.starts_at // 1000 != starts_at // 1000:
            if before is not None:
                self.kept[id] = replace(before, ends_at=self.world.clock.now())
            id = f"{self.name}-silence-{len(self.kept)}"
        self.kept[id] = Silence(id, self.name, tuple(matchers), starts_at, ends_at, created_by, comment)
        return id

    async def expire_silence(self, id: str) -> None:
        self._called("expire")
        if id in self.kept:
            self.kept[id] = replace(self.kept[id], ends_at=self.world.clock.now())

    def describe_silence(self, matchers: Sequence[Matcher], ends_at: int) -> str:
        return f"POST {self.name}/api/v2/silences {{{', '.join(map(str, matchers))}}} until {ends_at}"

    def _called(self, what: str) -> None:
        self.calls.append(what)
        if self.error is not None and len(self.calls) > self.errors_from:
            raise self.error


class Staff:
    """All parts together, and the words to move them."""

    def __init__(self, *alerts: Alert, ack: AckConfig | None = None, incident: str = INC) -> None:
        self.world = World()
        self.desk, self.ledger = desk_of(self.world)
        self.am = FakeSilencer("am", self.world)
        self.am2 = FakeSilencer("am2", self.world)
        self.desk.effects = effects({"am": self.am, "am2": self.am2})
        self.incident = incident
        self.links_all = True
        """Whether every alert is part of the incident on screen."""
        self.open: list[str] = []
        """Further incidents that are open in this console."""
        self.store = AlertStore(WindowCorrelator())
        self.office = Office(
            self.store,
            self.desk,
            {"am": self.am, "am2": self.am2},
            {"am": "prod eu-1", "am2": "prod us-1"},
            lambda: [*self._active(self.am), *self._active(self.am2)],
            lambda: self.incident,
            ack or AckConfig(),
            self.linked,
        )
        self.handlers = handlers(self.office)
        self.tell(*alerts)

    def _active(self, silencer: FakeSilencer) -> list[Silence]:
        return [s for s in silencer.kept.values() if s.ends_at > self.world.clock.now()]

    def tell(self, *alerts: Alert, gone: Sequence[str] = ()) -> None:
        self.store.ingest(delta(*alerts, gone=gone), self.world.clock.now())

    def linked(self) -> list[Incident]:
        """The incident on screen, to which all alerts are linked; without one, those that the test put there."""
        state = self.world.state(self.incident)
        facts = {a.key: LinkedAlert(a.key, a.name, a.service, a.state, 0) for a in self.store.all()}
        ours = [replace(state, linked=facts)] if self.incident and self.links_all else []
        return [*ours, *(self.world.state(key) for key in self.open)]

    def mute(self) -> None:
        """What the sources would say of silences at their next poll."""
        told = []
        for alert in self.store.all():
            silencer = {"am": self.am, "am2": self.am2}.get(alert.source)
            ids = tuple(s.id for s in self._active(silencer) if mutes(s.matchers, alert.labels)) if silencer else ()
            told.append(replace(alert, silenced_by=ids))
        self.tell(*told)

    async def preview(self, id: str, **args: object) -> Preview:
        return await self.handlers[id].preview(act(id, preview=True, **args))

    async def perform(self, id: str, **args: object) -> Reply:
        return await self.handlers[id].perform(act(id, **args))

    def acked(self) -> dict[str, str]:
        return {r.key: r.acked_by for r in self.store.view().flat if r.acked_by}


DEAD = Unreachable("am does not answer")
