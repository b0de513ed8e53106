"""The metrics pane's data: every configured query asked of its store, judged, kept with its age."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from msgspec.structs import replace

from console.clock import Clock
from console.errors import BackendError, Rejected
from console.investigate.onset import breached, onset
from console.model.metric import Curve, Metric, MetricQuery
from console.ports import MetricStore

POINTS = 90
"""Samples a curve is asked for, whatever its range: more than a sparkline has cells, enough for a chart."""


class MetricBoard:
    """Curves by query; one store's failure leaves the others' curves alone."""

    def __init__(self, queries: Sequence[MetricQuery], clock: Clock) -> None:
        self._clock = clock
        self._metrics: dict[str, Metric] = {q.key: Metric(q) for q in queries}
        self.range_s = 900

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """In the configured order."""
        return tuple(self._metrics.values())

    def asks(self, source: str) -> bool:
        """Whether any query goes to this source."""
        return any(m.query.source == source for m in self._metrics.values())

    async def poll(self, store: MetricStore, limit: int = 4) -> None:
        """Ask all of one store's queries, at most ``limit`` at once; raises the first error after all are settled.

        A query that the store refuses is that query's fault and shown on its line alone.
        """
        gate = asyncio.Semaphore(limit)
        mine = [m.query for m in self._metrics.values() if m.query.source == store.name]
        errors = [e for e in await asyncio.gather(*(self._ask(store, q, gate) for q in mine)) if e]
        serious = [e for e in errors if not isinstance(e, Rejected)]
        if serious:
            raise serious[0]

    async def _ask(self, store: MetricStore, query: MetricQuery, gate: asyncio.Semaphore) -> BackendError | None:
        step = max(1000, self.range_s * 1000 // POINTS // 1000 * 1000)
        end = self._clock.now() // step * step
        async with gate:
            try:
                curves = await store.range(query, end - self.range_s * 1000, end, step)
            except BackendError as error:
                self._metrics[query.key] = replace(self._metrics[query.key], error=error.what)
                return error
        self._metrics[query.key] = self._judge(query, curves)
        return None

    def _judge(self, query: MetricQuery, curves: Sequence[Curve]) -> Metric:
        now = self._clock.now()
        if not curves:
            return Metric(query, fresh_at=now, error="no series")
        curve = worst(query, curves)
        at, normal = onset(curve)
        return Metric(query, curve, at, normal, breached(query, curve.last), now)


def worst(query: MetricQuery, curves: Sequence[Curve]) -> Curve:
    """Of several series the one that matters: the highest last value, or the lowest where low is bad."""
    sign = 1 if query.above else -1
    return max(curves, key=lambda c: (c.last is not None, sign * c.last if c.last is not None else 0.0))
