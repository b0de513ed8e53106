"""What comes in: an adapter for each source, built by its type's name, asked by a task of its own."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import chain

from console.alerts.store import AlertStore
from console.clock import Clock
from console.config import SourceConfig, resolve
from console.engine.metrics import MetricBoard
from console.engine.source import Duty, SourceTask
from console.errors import BackendError, ConfigError
from console.model.alert import AlertDelta, Silence
from console.model.metric import Rule, Target
from console.model.normal import Normaliser
from console.model.source import SourceHealth
from console.ports import Adapter, AlertSource, Doubtful, MetricStore, Silencer, Watcher
from console.reference import forget
from console.secret import Redactor, Secret
from console.text import nearest

ADAPTERS: Mapping[str, str] = {
    "prometheus": "console.adapters.prometheus:Prometheus",
    "alertmanager": "console.adapters.alertmanager:Alertmanager",
}
"""Source type → the class that serves it, imported on first use."""
TARGETS_S = 15.0
"""How often targets and rules are asked for while somebody looks at them."""
PROGRESS_S = 0.5
"""How often a list is shown while it comes: each time costs the loop 7 ms and the screen's thread as much as a key."""


def adapter_class(kind: str) -> Callable[..., Adapter]:
    """The class behind a source type."""
    if kind not in ADAPTERS:
        near = nearest(kind, ADAPTERS)
        raise ConfigError(f"no adapter for type {kind!r}", next=f"did you mean {near!r}?" if near else "see init")
    module, name = ADAPTERS[kind].split(":")
    found: Callable[..., Adapter] = getattr(importlib.import_module(module), name)
    return found


class Feeds:
    """Adapters, the tasks that ask them, and what they said that is not kept elsewhere."""

    def __init__(
        self,
        sources: Sequence[SourceConfig],
        store: AlertStore,
        board: MetricBoard,
        *,
        normaliser: Normaliser,
        redactor: Redactor,
        clock: Clock,
        changed: Callable[[], None],
        first: Callable[[], None],
    ) -> None:
        """``first`` is called when a source has listed its alerts for the first time."""
        self._store = store
        self._board = board
        self._normaliser = normaliser
        self._redactor = redactor
        self._clock = clock
        self._changed = changed
        self._first = first
        self._answered: set[str] = set()
        self.looked_at_targets = False
        self.targets: dict[str, Sequence[Target]] = {}
        self.rules: dict[str, Sequence[Rule]] = {}
        self._silences: dict[str, Sequence[Silence]] = {}
        self.adapters = {s.name: self._adapter(s) for s in sources}
        self.tasks = [self._task(s) for s in sources]

    def secret(self, reference: str) -> Secret:
        """The secret behind a reference; known to the redactor from then on."""
        secret = resolve(reference)
        self._redactor.learn(secret, reference)
        return secret

    @property
    def silencers(self) -> dict[str, Silencer]:
        """Those in which alerts can be silenced, by name."""
        return {name: adapter for name, adapter in self.adapters.items() if isinstance(adapter, Silencer)}

    def silences(self) -> Iterable[Silence]:
        """Of all sources, as last told."""
        return chain.from_iterable(self._silences.values())

    def answered(self, source: str) -> bool:
        """Whether a source has listed its alerts since the start."""
        return source in self._answered

    def look(self) -> None:
        """Someone begins to look: ask every source at once that is not being waited for."""
        for task in self.tasks:
            task.look()

    async def ask_now(self, source: str) -> SourceHealth | None:
        """Ask a source at once with secrets looked up anew; its health where it has no task of its own to ask it."""
        forget()
        for task in self.tasks:
            if task.health.name == source:
                if not task.running:
                    return await task.ask_all()
                task.hurry()
        return None

    async def close(self) -> None:
        """Close the adapters."""
        await asyncio.gather(*(a.close() for a in self.adapters.values()), return_exceptions=True)

    # Asking

    async def read_alerts(self, source: AlertSource) -> None:
        """Take in what changed at a source; cut short, its adapter hears of it at once and tells the rest later."""
        async with contextlib.aclosing(source.poll()) as deltas:
            first = await anext(deltas, None)
            with self._store.listing():
                await self._take_in(first, deltas)
        await self._store.settle()
        if source.name not in self._answered:
            self._answered.add(source.name)
            self._first()
        self._changed()

    async def _take_in(self, delta: AlertDelta | None, rest: AsyncGenerator[AlertDelta, None]) -> None:
        """Slice by slice; what came is shown at once, and again every ``PROGRESS_S``."""
        shown: float | None = None
        while delta is not None:
            if delta.changed or delta.gone:
                self._store.ingest(delta, self._clock.now())
                now = self._clock.monotonic()
                if shown is None or now - shown >= PROGRESS_S:
                    shown = now
                    self._changed()
            await asyncio.sleep(0)
            delta = await anext(rest, None)

    async def read_silences(self, silencer: Silencer) -> None:
        """The silences in force at a source."""
        self._silences[silencer.name] = await silencer.silences()
        self._changed()

    async def _read_metrics(self, store: MetricStore) -> None:
        await self._board.poll(store)
        self._changed()

    async def _read_targets(self, watcher: Watcher) -> None:
        self.targets[watcher.name] = await watcher.targets()
        self.rules[watcher.name] = await watcher.rules()
        self._changed()

    # Making

    def _adapter(self, source: SourceConfig) -> Adapter:
        return adapter_class(source.type)(
            source, secrets=self.secret, clock=self._clock, normaliser=self._normaliser, redact=self._redactor
        )

    def _task(self, source: SourceConfig) -> SourceTask:
        adapter = self.adapters[source.name]
        duties: list[Duty] = []
        serves: list[str] = []
        if isinstance(adapter, AlertSource) and source.options.get("alerts", True) is not False:
            duties.append(Duty("alerts", source.poll_s, lambda: self.read_alerts(adapter), odd=lambda: odd(adapter)))
            serves.append("alerts")
        if isinstance(adapter, MetricStore) and self._board.asks(source.name):
            duties.append(Duty("metrics", max(source.poll_s, 5.0), lambda: self._read_metrics(adapter)))
            serves.append("metrics")
        if isinstance(adapter, Silencer):
            duties.append(Duty("silences", max(source.poll_s, 10.0), lambda: self.read_silences(adapter)))
            serves.append("silences")
        if isinstance(adapter, Watcher):
            work = partial(self._read_targets, adapter)
            duties.append(Duty("targets", TARGETS_S, work, lambda: self.looked_at_targets))
        if not serves:
            duties.insert(0, Duty("answers", max(source.poll_s, 15.0), partial(_must_answer, adapter)))
        every_ms = round(duties[0].pace.interval_s * 1000)
        health = SourceHealth(source.name, source.type, interval_ms=every_ms, serves=tuple(serves))
        return SourceTask(
            health, duties, limit_s=max(source.timeout_s * 3, 15.0), clock=self._clock, changed=self._changed
        )


def odd(adapter: object) -> str:
    """What of the last answer could not be read, in words; ``""`` = nothing, or the adapter does not tell."""
    return adapter.odd if isinstance(adapter, Doubtful) else ""


async def _must_answer(adapter: Adapter) -> None:
    """What is asked of a source that serves nothing else yet: whether it is there."""
    found = await adapter.probe()
    if not found.authorised:
        raise BackendError(found.detail or f"{found.name} does not answer", next=found.next)
