"""Prometheus's HTTP API v1 over the samples and the story: queries, alerts, rules, targets, labels, status."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from itertools import groupby

import msgspec

from console.clock import Millis
from console.drill.estate import NODE_PORT, instances, nodes
from console.drill.evaluate import EvaluationError, Vector, evaluate
from console.drill.httpd import Request, Response
from console.drill.promql import QueryError, parse
from console.drill.rfc3339 import format_time
from console.drill.scenarios import RULES
from console.drill.store import STEP_MS, SampleStore
from console.drill.story import Story
from console.drill.syntax import Expr, Selector, type_of

MOST_POINTS = 11_000
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w|)\Z")
_UNITS = {"ms": 1, "s": 1000, "": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}


class BadData(Exception):
    """A parameter is refused."""


class Prometheus:
    """One Prometheus."""

    def __init__(self, story: Story, store: SampleStore) -> None:
        self._story = story
        self._store = store
        self._routes: dict[str, Callable[[Request, Millis], object]] = {
            "/api/v1/query": self._query,
            "/api/v1/query_range": self._query_range,
            "/api/v1/alerts": self._alerts,
            "/api/v1/rules": self._rules,
            "/api/v1/targets": self._targets,
            "/api/v1/labels": self._labels,
            "/api/v1/status/buildinfo": self._buildinfo,
            "/api/v1/status/runtimeinfo": self._runtimeinfo,
        }

    async def handle(self, request: Request) -> Response:
        """One request answered."""
        if request.path in ("/-/ready", "/-/healthy"):
            return Response(b"Prometheus Server is Ready.\n", kind="text/plain; charset=utf-8")
        route = self._routes.get(request.path)
        if route is None and request.path.startswith("/api/v1/label/") and request.path.endswith("/values"):
            route = self._label_values
        if route is None:
            return Response(b"404 page not found\n", 404, "text/plain; charset=utf-8")
        try:
            data = route(request, self._story.time.now())
        except BadData as error:
            return _failure(400, "bad_data", str(error))
        except QueryError as error:
            return _failure(400, "bad_data", f'invalid parameter "query": {error}')
        except EvaluationError as error:
            return _failure(422, "execution", str(error))
        return Response(msgspec.json.encode({"status": "success", "data": data}))

    # Queries

    def _query(self, request: Request, now: Millis) -> object:
        at = _time(request, "time", now)
        expr = parse(request.one("query"))
        kind = type_of(expr)
        if kind == "range vector":
            assert isinstance(expr, Selector)
            return {"resultType": "matrix", "result": self._raw(expr, at)}
        vectors = evaluate(expr, self._store, [at])
        if kind == "scalar":
            return {"resultType": "scalar", "result": [at / 1000, _figure(vectors[0].values[0])]}
        result = [
            {"metric": v.labels, "value": [at / 1000, _figure(v.values[0])]}
            for v in vectors
            if v.values[0] == v.values[0]
        ]
        return {"resultType": "vector", "result": result}

    def _raw(self, selector: Selector, at: Millis) -> list[dict[str, object]]:
        end = at - selector.offset_ms
        out: list[dict[str, object]] = []
        for series in self._store.select(selector.name, selector.matchers):
            first = max(0, (end - selector.range_ms - series.base) // STEP_MS + 1)
            last = min(len(series.values), (end - series.base) // STEP_MS + 1)
            samples = [
                [(series.base + i * STEP_MS) / 1000, _figure(series.values[i])] for i in range(first, max(first, last))
            ]
            if samples:
                out.append({"metric": series.labels, "values": samples})
        return out

    def _query_range(self, request: Request, now: Millis) -> object:
        start, end = _time(request, "start"), _time(request, "end")
        if end < start:
            raise BadData('invalid parameter "end": end timestamp must not be before start time')
        step = _step(request.one("step"))
        if (end - start) / step > MOST_POINTS:
            raise BadData(
                "exceeded maximum resolution of 11,000 points per timeseries. "
                "Try decreasing the query resolution (?step=XX)"
            )
        expr: Expr = parse(request.one("query"))
        if type_of(expr) == "range vector":
            raise BadData('invalid expression type "range vector" for range query, must be Scalar or instant Vector')
        times = range(start, end + 1, step)
        rows = [(vector.labels, _samples(vector, times)) for vector in evaluate(expr, self._store, times)]
        return {"resultType": "matrix", "result": [{"metric": m, "values": v} for m, v in rows if v]}

    # Alerts and rules

    def _alerts(self, request: Request, now: Millis) -> object:
        return {"alerts": self._standing(now)}

    def _standing(self, now: Millis) -> list[dict[str, object]]:
        wall = self._story.time.wall
        firing = [_alert(f.event.labels, f.event.summary, "firing", wall(f.since_s)) for f in self._story.firing(now)]
        pending = [_alert(e.labels, e.summary, "pending", wall(e.at_s - 5)) for e in self._story.pending(now)]
        return firing + pending

    def _rules(self, request: Request, now: Millis) -> object:
        by_name: dict[object, list[dict[str, object]]] = {}
        for alert in self._standing(now):
            labels = alert["labels"]
            assert isinstance(labels, dict)
            by_name.setdefault(labels["alertname"], []).append(alert)
        rules = []
        for name in sorted({e.wave.name for e in self._story.events}):
            expr, hold = RULES.get(name, (f'probe_result{{check="{name}"}} == 0', 60.0))
            wave = next(e.wave for e in self._story.events if e.wave.name == name)
            standing = by_name.get(name, [])
            states = {str(a["state"]) for a in standing}
            rules.append(
                {
                    "state": next((s for s in ("firing", "pending") if s in states), "inactive"),
                    "name": name, "query": expr, "duration": hold, "keepFiringFor": 0,
                    "labels": {"severity": wave.severity}, "annotations": {"summary": wave.summary},
                    "alerts": standing, "health": "ok", "evaluationTime": 0.0004,
                    "lastEvaluation": format_time(now // STEP_MS * STEP_MS), "type": "alerting",
                }
            )  # fmt: skip
        group = {
            "name": "estate", "file": "/etc/prometheus/estate.yml", "rules": rules, "interval": STEP_MS / 1000,
            "limit": 0, "evaluationTime": 0.006, "lastEvaluation": format_time(now // STEP_MS * STEP_MS),
        }  # fmt: skip
        return {"groups": [group]}

    # What it watches

    def _targets(self, request: Request, now: Millis) -> object:
        flapping = {f.event.labels["host"] for f in self._story.firing(now) if f.event.wave.flap_s}
        rows = [(service.labels(host), True) for service, host in instances()]
        rows += [
            ({"cluster": c, "host": h, "instance": f"{h}:{NODE_PORT}", "job": "node"}, h not in flapping)
            for c, h in nodes()
        ]
        return {"activeTargets": [_target(labels, up, now) for labels, up in rows], "droppedTargets": []}

    def _labels(self, request: Request, now: Millis) -> object:
        return sorted({name for series in self._store.select("", ()) for name in series.labels})

    def _label_values(self, request: Request, now: Millis) -> object:
        label = request.path.split("/")[4]
        if label == "__name__":
            return self._store.names
        return sorted({s.labels[label] for s in self._store.select("", ()) if label in s.labels})

    def _buildinfo(self, request: Request, now: Millis) -> object:
        return {
            "version": "3.7.3", "revision": "drill", "branch": "HEAD", "buildUser": "drill",
            "buildDate": "20251030-07:26:10", "goVersion": "go1.25.3",
        }  # fmt: skip

    def _runtimeinfo(self, request: Request, now: Millis) -> object:
        begun = format_time(self._story.time.begun)
        return {
            "startTime": begun, "CWD": "/", "hostname": "drill", "serverTime": format_time(now),
            "reloadConfigSuccess": True, "lastConfigTime": begun, "corruptionCount": 0, "goroutineCount": 32,
            "GOMAXPROCS": 2, "GOMEMLIMIT": 0, "GOGC": "75", "GODEBUG": "", "storageRetention": "6h",
        }  # fmt: skip


def _alert(labels: Mapping[str, str], summary: str, state: str, since: Millis) -> dict[str, object]:
    return {
        "labels": labels,
        "annotations": {"summary": summary},
        "state": state,
        "activeAt": format_time(since),
        "value": "1e+00",
    }


def _target(labels: Mapping[str, str], up: bool, now: Millis) -> dict[str, object]:
    url = f"http://{labels['instance']}/metrics"
    return {
        "discoveredLabels": {"__address__": labels["instance"], "__metrics_path__": "/metrics", "__scheme__": "http"},
        "labels": labels, "scrapePool": labels["job"], "scrapeUrl": url, "globalUrl": url,
        "lastError": "" if up else f'Get "{url}": dial tcp: connect: connection refused',
        "lastScrape": format_time(now // STEP_MS * STEP_MS), "lastScrapeDuration": 0.004,
        "health": "up" if up else "down", "scrapeInterval": "5s", "scrapeTimeout": "5s",
    }  # fmt: skip


def _samples(vector: Vector, times: range) -> list[list[object]]:
    pairs = zip(times, vector.values, strict=True)
    there = [pair for is_there, group in groupby(pairs, lambda p: p[1] == p[1]) if is_there for pair in group]
    return [[at / 1000, _figure(value)] for at, value in there]


def _figure(value: float) -> str:
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if value != value:
        return "NaN"
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def _failure(status: int, kind: str, what: str) -> Response:
    return Response(msgspec.json.encode({"status": "error", "errorType": kind, "error": what}), status)


def _time(request: Request, name: str, default: Millis | None = None) -> Millis:
    text = request.one(name)
    if not text and default is not None:
        return default
    try:
        value = float(text)
        if not abs(value) < 1e12:
            raise ValueError(text)
        return round(value * 1000)
    except ValueError:
        pass
    try:
        return round(datetime.fromisoformat(text).timestamp() * 1000)
    except ValueError:
        raise BadData(f'invalid parameter "{name}": cannot parse "{text}" to a valid timestamp') from None


def _step(text: str) -> int:
    match = _DURATION.match(text)
    if not match:
        raise BadData(f'invalid parameter "step": cannot parse "{text}" to a valid duration')
    step = round(float(match[1]) * _UNITS[match[2]])
    if step <= 0:
        raise BadData(
            'invalid parameter "step": zero or negative query resolution step widths are not accepted. '
            "Try a positive integer"
        )
    return step
