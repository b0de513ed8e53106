"""Prometheus and what speaks its API v1: range queries, alerts, rules, targets."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import msgspec
from msgspec import Raw, Struct

from console.adapters.alert_forms import UNREADABLE, instant, prometheus_form
from console.adapters.http import HttpClient
from console.adapters.listing import Listing
from console.adapters.probing import probe
from console.clock import Clock, Millis
from console.config import SourceConfig
from console.errors import BadAnswer, Rejected
from console.model.alert import AlertDelta
from console.model.metric import Curve, MetricQuery, Rule, Target
from console.model.normal import Normaliser
from console.model.source import Probe
from console.secret import Redactor, Secret
from console.text import clean

MOST_POINTS = 11_000
"""Prometheus refuses range queries of more points a series."""

MOST_CURVES = 200
"""Curves of one query; a pane shows a few, and each has a place for every point."""


class _Answer(Struct):
    status: str = "success"
    data: Raw = Raw(b"null")
    error: str = ""
    errorType: str = ""


class _Series(Struct):
    metric: dict[str, str] = {}
    values: list[tuple[float, str]] = []


class _Matrix(Struct):
    resultType: str = ""
    result: list[_Series] = []


class _Alerts(Struct):
    alerts: list[Raw] = []


class _Target(Struct):
    labels: dict[str, str] = {}
    scrapeUrl: str = ""
    lastError: str = ""
    lastScrape: str = ""
    health: str = ""


class _Targets(Struct):
    activeTargets: list[_Target] = []


class _Rule(Struct):
    name: str = ""
    query: str = ""
    type: str = "alerting"
    duration: float = 0.0
    labels: dict[str, str] = {}
    state: str = ""
    health: str = ""
    lastError: str = ""


class _RuleGroup(Struct):
    name: str = ""
    rules: list[_Rule] = []


class _Rules(Struct):
    groups: list[_RuleGroup] = []


class _Build(Struct):
    version: str = ""


class Prometheus:
    """A Prometheus as metric store, alert source and watcher; ``alerts: false`` in its options leaves alerts out."""

    type = "prometheus"

    def __init__(
        self,
        config: SourceConfig,
        *,
        secrets: Callable[[str], Secret],
        clock: Clock,
        normaliser: Normaliser,
        redact: Redactor,
    ) -> None:
        self.name = config.name
        self._config = config
        self._clock = clock
        self._http = HttpClient(config, secrets, redact)
        self._listing = Listing(prometheus_form(config.name, normaliser))
        self._alerts = config.options.get("alerts", True) is not False

    async def poll(self) -> AsyncIterator[AlertDelta]:
        """Pending and firing alerts of its rules, compared with the last poll."""
        if not self._alerts:
            yield AlertDelta()
            return
        data = await self._ask("/api/v1/alerts", _Alerts)
        for delta in self._listing.compare(data.alerts):
            yield delta
            await asyncio.sleep(0)

    async def range(self, query: MetricQuery, start: Millis, end: Millis, step_ms: int) -> Sequence[Curve]:
        """Curves on the grid from ``start``; samples that are not finite, and missing ones, are ``None``."""
        count = (end - start) // step_ms + 1
        if count > MOST_POINTS:
            raise Rejected(f"{self.name}: {count} points a curve, at most {MOST_POINTS} are allowed")
        params = {"query": query.expr, "start": start / 1000, "end": end / 1000, "step": step_ms / 1000}
        data = await self._ask("/api/v1/query_range", _Matrix, params)
        if data.resultType not in ("matrix", ""):
            raise BadAnswer(f"{self.name}: a range query answered with {clean(data.resultType, 40)}")
        if len(data.result) > MOST_CURVES:
            raise BadAnswer(
                f"{self.name}: {len(data.result)} curves, at most {MOST_CURVES}", next="aggregate the query"
            )
        return [_curve(series, start, step_ms, count) for series in data.result]

    async def targets(self) -> Sequence[Target]:
        """What it scrapes."""
        data = await self._ask("/api/v1/targets", _Targets, {"state": "active"})
        return [
            Target(
                clean(t.labels.get("job", "")),
                clean(t.labels.get("instance", t.scrapeUrl)),
                t.health == "up",
                clean(t.lastError, 300),
                instant(t.lastScrape),
            )
            for t in data.activeTargets
        ]

    async def rules(self) -> Sequence[Rule]:
        """Its alerting rules."""
        data = await self._ask("/api/v1/rules", _Rules, {"type": "alert"})
        return [
            Rule(
                clean(r.name),
                clean(g.name),
                clean(r.query, 1000),
                clean(r.labels.get("severity", ""), 40),
                r.duration,
                clean(r.state, 20),
                clean(r.health, 20),
                clean(r.lastError, 300),
            )
            for g in data.groups
            for r in g.rules
            if r.type == "alerting"
        ]

    async def probe(self) -> Probe:
        """Reachable, authorised, version, latency; never raises."""
        return await probe(self._config, self._clock, self._version)

    async def _version(self) -> str:
        return clean((await self._ask("/api/v1/status/buildinfo", _Build)).version, 40)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()

    async def _ask(self, path: str, form: Any, params: dict[str, object] | None = None) -> Any:
        body = await self._http.get(path, params)
        try:
            answer = msgspec.json.decode(body, type=_Answer)
            if answer.status != "success":
                raise Rejected(f"{self.name}: {clean(answer.error or answer.errorType, 300)}")
            return msgspec.json.decode(answer.data, type=form)
        except UNREADABLE as error:
            raise BadAnswer(
                f"{self.name} {path}: {clean(str(error), 200)}", next="is this address a Prometheus?"
            ) from None


def _curve(series: _Series, start: Millis, step_ms: int, count: int) -> Curve:
    values: list[float | None] = [None] * count
    for at, text in series.values:
        place = (at * 1000 - start) / step_ms
        try:
            value = float(text)
        except ValueError:
            continue
        if not -1 < place < count:
            continue
        place = round(place)
        if 0 <= place < count and math.isfinite(value):
            values[place] = value
    labels = {clean(k): clean(v) for k, v in series.metric.items()}
    return Curve(start, step_ms, tuple(values), labels)
