"""Builds adapters by name, and ties capabilities, desk and journals together."""

from __future__ import annotations

import asyncio
import importlib
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from console.clock import Clock, Ids
from console.config import Config, SourceConfig
from console.engine.metrics import MetricBoard
from console.engine.pace import Pace
from console.engine.source import Duty, SourceTask
from console.errors import ConfigError
from console.model.alert import Silence
from console.model.metric import MetricQuery, Rule, Target
from console.model.source import SourceHealth
from console.ports import Adapter, AlertSource, MetricStore, Silencer, Watcher
from console.text import nearest

log = logging.getLogger("warroom.engine")

ADAPTERS: Mapping[str, str] = {
    "prometheus": "console.adapters.prometheus:Prometheus",
    "alertmanager": "console.adapters.alertmanager:Alertmanager",
}
"""Source type → the class that serves it, imported on first use."""


def adapter_class(kind: str) -> Callable[..., Adapter]:
    """The class behind a source type."""
    if kind not in ADAPTERS:
        near = nearest(kind, ADAPTERS)
        raise ConfigError(f"no adapter for type {kind!r}", next=f"did you mean {near!r}?" if near else "see init")
    module, name = ADAPTERS[kind].split(":")
    found: Callable[..., Adapter] = getattr(importlib.import_module(module), name)
    return found


def queries(config: Config) -> list[MetricQuery]:
    """The metrics of the configuration, as queries."""
    return [
        MetricQuery(f"m{n}", m.title, m.source, m.query, m.unit, m.limit, m.above, m.service)
        for n, m in enumerate(config.metrics)
    ]


class Wiring:
    """All parts, made once and tied together; owns no loop."""

    def __init__(
        self,
        config: Config,
        actor: Actor,
        clock: Clock,
        ids: Ids,
        *,
        changed: Callable[[], None],
        current: Callable[[], str],
    ) -> None:
        from console.alerts.grouping import WindowCorrelator
        from console.alerts.store import AlertStore
        from console.engine.rooms import Rooms

        self.config = config
        self.actor = actor
        self.clock = clock
        self.ids = ids
        self.changed = changed
        self.current = current
        self.redactor = redactor(config)
        self.normaliser = Normaliser(config.grouping)
        self.store = AlertStore(WindowCorrelator(window_s=config.grouping.window_s), clock)
        self.board = MetricBoard(queries(config), clock)
        self.rooms = Rooms(
            state_root(config), clock=clock, ids=ids, redact=self.redactor.value, changed=changed, drill=config.drill
        )
        self.adapters = {s.name: self._adapter(s) for s in config.sources}
        self.silences: dict[str, Sequence[Silence]] = {}
        self.targets: dict[str, Sequence[Target]] = {}
        self.rules: dict[str, Sequence[Rule]] = {}
        self.looked_at_targets = False
        self.sources = [self._source(s) for s in config.sources]
        self._answered: set[str] = set()
        self.handlers: dict[str, Handler] = {}

    # Sources

    def secret(self, reference: str) -> Secret:
        """The secret behind a reference; known to the redactor from then on."""
        secret = resolve(reference)
        self.redactor.learn(secret)
        return secret

    def _adapter(self, source: SourceConfig) -> Adapter:
        return adapter_class(source.type)(
            source, secrets=self.secret, clock=self.clock, normaliser=self.normaliser, redact=self.redactor
        )

    def _source(self, source: SourceConfig) -> SourceTask:
        adapter = self.adapters[source.name]
        duties: list[Duty] = []
        serves: list[str] = []
        if isinstance(adapter, AlertSource):
            duties.append(Duty("alerts", source.poll_s, lambda: self.read_alerts(adapter)))
            serves.append("alerts")
        if isinstance(adapter, MetricStore) and self.board.asks(source.name):
            duties.append(Duty("metrics", max(source.poll_s, 5.0), lambda: self._read_metrics(adapter)))
            serves.append("metrics")
        if isinstance(adapter, Silencer):
            duties.append(Duty("silences", max(source.poll_s, 10.0), lambda: self.read_silences(adapter)))
            serves.append("silences")
        if isinstance(adapter, Watcher):
            duties.append(
                Duty("targets", 15.0, lambda: self._read_targets(adapter), lambda: self.looked_at_targets)
            )
        health = SourceHealth(
            source.name, source.type, interval_ms=round(source.poll_s * 1000), serves=tuple(serves)
        )
        return SourceTask(
            health, duties, pace=Pace(source.poll_s), limit_s=max(source.timeout_s * 3, 15.0), clock=self.clock,
            changed=self.changed,
        )  # fmt: skip

    async def read_alerts(self, source: AlertSource) -> None:
        async for delta in source.poll():
            if delta.changed or delta.gone:
                self.store.ingest(delta, self.clock.now())
                self.changed()
            await asyncio.sleep(0)
        self._answered.add(source.name)

    async def _read_metrics(self, store: MetricStore) -> None:
        await self.board.poll(store)
        self.changed()

    async def read_silences(self, silencer: Silencer) -> None:
        self.silences[silencer.name] = await silencer.silences()
        self.changed()

    async def _read_targets(self, watcher: Watcher) -> None:
        self.targets[watcher.name] = await watcher.targets()
        self.rules[watcher.name] = await watcher.rules()
        self.changed()

    def answered(self, source: str) -> bool:
        """Whether a source has listed its alerts since the start."""
        return source in self._answered

    def hurry(self) -> None:
        """Ask every source at once."""
        for task in self.sources:
            task.hurry()
