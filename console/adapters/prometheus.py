"""Prometheus and what speaks its API v1: range queries, alerts, rules, targets."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from collections.abc import AsyncGenerator, Callable, Sequence

from msgspec import Raw, Struct

from console.adapters.decode import AlertDecoder, whole
from console.adapters.decode_child import SetUp
from console.adapters.external_labels import ExternalLabels
from console.adapters.http import HttpClient
from console.adapters.probing import probe
from console.adapters.prometheus_lists import RULES, TARGETS, WRONG_PLACE, unwrapped
from console.adapters.readers import decoded
from console.clock import Clock, Millis
from console.config import SourceConfig
from console.errors import BadAnswer, Rejected, ServerFailed
from console.model.alert import AlertDelta
from console.model.metric import Curve, MetricQuery, Rule, Target
from console.model.normal import Normaliser
from console.model.source import Probe
from console.ports import Answer
from console.secret import Redactor, Secret
from console.text import clean

log = logging.getLogger("warroom.http")

MOST_POINTS = 11_000
"""Prometheus refuses range queries of more points a series."""

MOST_CURVES = 200
"""Curves of one query; a pane shows a few, and each has a place for every point."""

MOST_BYTES = 6_000_000
"""Of the answer to a range query; taking it apart takes under 10 ms, each of its curves as well."""


class _Series(Struct):
    metric: dict[str, str] = {}
    values: list[tuple[float, str]] = []


class _Matrix(Struct):
    resultType: str = ""
    result: list[Raw] | None = None


class _Build(Struct):
    version: str = ""


class Prometheus:
    """A Prometheus as metric store, alert source and watcher.

    Options: ``alerts: false`` leaves its alerts out; ``external_labels`` says what it adds to them towards its
    Alertmanager, where its configuration cannot be read or its Alertmanager gets others.
    """

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
        self._decoder = AlertDecoder(SetUp(config.name, self.type, normaliser.grouping), clock.now)
        self._external = ExternalLabels(self._http, clock, config.options.get("external_labels"))
        self._alerts = config.options.get("alerts", True) is not False

    @property
    def odd(self) -> str:
        """Alerts of the last poll that could be read in part or not at all, in words; ``""`` = there were none."""
        return str(self._decoder.odd)

    async def poll(self) -> AsyncGenerator[AlertDelta, None]:
        """Pending and firing alerts of its rules as it sends them on, compared with the last poll."""
        if not self._alerts:
            yield AlertDelta()
            return
        self._decoder.add(await self._external.labels())
        async with contextlib.aclosing(self._decoder.read(self._http.stream("GET", "/api/v1/alerts"))) as deltas:
            async for delta in deltas:
                yield delta

    async def range(self, query: MetricQuery, start: Millis, end: Millis, step_ms: int) -> Sequence[Curve]:
        """Curves on the grid from ``start``; samples that are not finite, and missing ones, are ``None``.

        A grid finer than the server allows is thinned: each curve says its step, a multiple of ``step_ms``.
        """
        if step_ms <= 0 or end < start:
            raise Rejected(f"{self.name}: a range from {start} to {end} in steps of {step_ms} ms is none")
        step_ms *= (end - start) // step_ms // MOST_POINTS + 1
        count = (end - start) // step_ms + 1
        params = {"query": query.expr, "start": start / 1000, "end": end / 1000, "step": step_ms / 1000}
        body = await self._http.get("/api/v1/query_range", params, largest=MOST_BYTES)
        data: _Matrix = unwrapped(body, _Matrix, f"{self.name} query_range")
        if data.resultType not in ("matrix", ""):
            raise BadAnswer(f"{self.name}: a range query answered with {clean(data.resultType, 40)}")
        result = data.result or []
        if len(result) > MOST_CURVES:
            raise BadAnswer(f"{self.name}: {len(result)} curves, at most {MOST_CURVES}", next="aggregate the query")
        curves = []
        for raw in result:
            series: _Series = decoded(raw, _Series, f"{self.name} query_range", WRONG_PLACE)
            curves.append(_curve(series, start, step_ms, count))
            await asyncio.sleep(0)
        return curves

    async def targets(self) -> Sequence[Target]:
        """What it scrapes."""
        return await whole(self._http.stream("GET", "/api/v1/targets", params={"state": "active"}), TARGETS, self.name)

    async def rules(self) -> Sequence[Rule]:
        """Its alerting rules; servers that know how leave their alerts out."""
        params = {"type": "alert", "exclude_alerts": "true"}
        return await whole(self._http.stream("GET", "/api/v1/rules", params=params), RULES, self.name)

    def answers(self) -> Sequence[Answer]:
        """What it answered last, as it came."""
        return self._http.answers.kept()

    async def probe(self) -> Probe:
        """Reachable, authorised, version, latency; never raises."""
        return await probe(self._config, self._clock, self._version)

    async def _version(self) -> str:
        """The version; others that speak its API may have no such page, nor one that says whether they are ready."""
        try:
            answer = await self._http.get("/api/v1/status/buildinfo")
        except Rejected:
            unwrapped(await self._http.get("/api/v1/query", {"query": "1"}), Raw, f"{self.name} query")
            return ""
        build: _Build = unwrapped(answer, _Build, f"{self.name} buildinfo")
        try:
            await self._http.get("/-/ready")
        except ServerFailed as error:
            raise ServerFailed(f"not ready: {error.what}", next="wait until it has started") from None
        except (Rejected, BadAnswer):
            log.debug("%s has no page that says whether it is ready", self.name)
        return clean(build.version, 40)

    async def close(self) -> None:
        """End the decoder process and the connections."""
        await self._decoder.close()
        await self._http.close()


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
