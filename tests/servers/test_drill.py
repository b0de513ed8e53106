"""The drill world answers as the real servers do: the same samples, queries and requests go to both."""

from __future__ import annotations

import json
import math
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from console.drill.world import Plan, World
from tests.servers.conftest import binary, free_port, server
from tests.unit.clocks import ManualClock
from tests.unit.drill import queries
from tests.unit.drill.support import Drill

pytestmark = pytest.mark.server

NAMES = (
    "http_requests_total", "http_request_duration_seconds_bucket", "db_pool_connections_in_use",
    "db_pool_connections_max", "node_filesystem_avail_bytes", "node_filesystem_size_bytes",
    "container_cpu_usage_seconds_total", "orders_created_total", "up", "scrape_duration_seconds",
    "node_load1",
)  # fmt: skip
QUERIES = (
    *queries.all_of_them().values(),
    "up", "sum(up) - 3", "count(up == 1)", "count without (host, instance) (up)", 'up{missing=""}', "time()",
    'rate(http_requests_total{code="500",service="orders"}[37s])', "sum by (service) (rate(http_requests_total[1m]))",
    "increase(orders_created_total[5m])", "irate(orders_created_total[1m])", "rate(orders_created_total[5s])",
    "rate(orders_created_total[11s])", "orders_created_total offset 3m", "delta(db_pool_connections_in_use[1m])",
    "avg_over_time(db_pool_connections_in_use[2m])", "min_over_time(up[1m])", "vector(1) * 2", "2 > bool 1",
    "max by (cluster) (node_filesystem_avail_bytes) / 1e9", "-db_pool_connections_in_use % 7",
    "histogram_quantile(0.5, sum by (le, service) (rate(http_request_duration_seconds_bucket[1m])))",
    "histogram_quantile(0.999, http_request_duration_seconds_bucket)", "db_pool_connections_in_use > 150",
    "db_pool_connections_in_use > bool 150", 'db_pool_connections_in_use{host=~"web-0[14]",host!="web-04"}',
    "topk(2, db_pool_connections_in_use)", "bottomk by (cluster) (1, node_filesystem_avail_bytes)",
    "quantile(0.9, scrape_duration_seconds)", "stddev by (job) (up)", "group(up)", "2 ^ 3 ^ 2 - -2 ^ 2",
    "predict_linear(node_filesystem_avail_bytes[10m], 4 * 3600) < 1e11", "deriv(db_pool_connections_in_use[1m])",
    "changes(up[2m]) > 0", "resets(orders_created_total[2m])", "quantile_over_time(0.9, up[1m])",
    "stddev_over_time(db_pool_connections_in_use[1m])", "last_over_time(up[1m])", "present_over_time(up[1m])",
    "idelta(db_pool_connections_in_use[1m])", "round(scrape_duration_seconds, 0.005)", "sgn(up) + ceil(up) + ln(up)",
    "scalar(sum(up)) / 2", 'absent(up{job="nobody"})', "absent(up)", "clamp(db_pool_connections_in_use, 60, 80)",
    "timestamp(up)", "sum(up) or vector(0)", "count(up == 3) or vector(0)", "up == 0 or node_load1 > 3",
    "up and on (host) node_filesystem_avail_bytes", 'up unless on (host) up{job="node"} == 1',
    "SUM BY (host) (up) / on (host) group_right () db_pool_connections_max", "up[5m:1m]", "topk(up)", "topk(1, up[5m])",
    "db_pool_connections_in_use / ignoring (host, instance) group_left () sum without (host, instance) (up)",
    "up and 1", "sum(1, up)", "sum(up) by (job) offset 5m", "increase(orders_created_total[5m] offset -1m)",
    'up * on (instance) group_left (service) up{job="orders"}', "{__name__=~'up|db_pool_connections_max'} + up",
    "clamp_max(db_pool_connections_in_use, 100)", '{__name__="up",job="node"}',
    "", "sum((", "foo(up)", "rate(up)", "up up", "up[5m]", "1 > 2", 'up{a="}', "histogram_quantile(0.9)", "up[0s]",
)  # fmt: skip


def drill_at(now: int) -> Drill:
    """A world two minutes into its story at this time."""
    drill = Drill.__new__(Drill)
    drill.clock = ManualClock(now - 120_000)
    drill.world = World(Plan(), drill.clock)
    drill.clock.move(120)
    return drill


def exported(drill: Drill) -> str:
    """Every sample of some families as text that blocks are made from."""
    lines = []
    for name in NAMES:
        lines.append(f"# TYPE {name} unknown")
        for series in drill.world.prometheus._store.select(name, ()):
            labels = ",".join(f'{k}="{v}"' for k, v in series.labels.items() if k != "__name__")
            lines += [
                f"{name}{{{labels}}} {v!r} {(series.base + i * 5000) / 1000}" for i, v in enumerate(series.values)
            ]
    return "\n".join([*lines, "# EOF\n"])


def fetch(url: str, method: str = "GET", body: object = None) -> tuple[int, Any]:
    """Status and JSON, or text, of an answer."""
    data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            status, raw = answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            status, raw = error.code, error.read()
    return status, json.loads(raw) if raw.strip() else None


def rows(answer: Any) -> dict[tuple[tuple[str, str], ...], dict[float, float]]:
    return {
        tuple(sorted(row["metric"].items())): {at: float(value) for at, value in row["values"]}
        for row in answer["data"]["result"]
    }


def ranked(answer: Any) -> dict[tuple[tuple[str, str], ...], dict[float, float]]:
    """What was chosen at each moment, by rank: which of equal values it is is left open, and versions differ."""
    chosen: dict[float, list[float]] = {}
    for values in rows(answer).values():
        for at, value in values.items():
            chosen.setdefault(at, []).append(value)
    return {(("at", str(at)),): dict(enumerate(sorted(values))) for at, values in chosen.items()}


@pytest.mark.slow
def test_queries_have_the_results_of_a_real_prometheus(tmp_path: Path) -> None:
    now = int(time.time()) // 60 * 60_000
    drill = drill_at(now)
    (tmp_path / "samples").write_text(exported(drill))
    make = [binary("promtool"), "tsdb", "create-blocks-from", "openmetrics", "-q", "samples", "data"]
    subprocess.run(make, cwd=tmp_path, check=True, capture_output=True, timeout=120)
    (tmp_path / "prometheus.yml").write_text("global: {}\n")
    flags = ("--config.file=prometheus.yml", "--storage.tsdb.path=data", "--storage.tsdb.retention.time=100d")
    # Off the samples' grid: version 3 leaves out a sample on a range's lower edge, which version 2 takes.
    grid = {"start": now / 1000 - 897.7, "end": now / 1000 - 30, "step": 17}
    with server("prometheus", tmp_path, free_port(), *flags) as url:
        for query in QUERIES:
            path = "/api/v1/query_range?" + urlencode({"query": query, **grid})
            status, real = fetch(url + path)
            ours = drill.ask("prom", path)
            answer = json.loads(ours.body)
            assert (ours.status, answer["status"], answer.get("errorType")) == (
                status, real["status"], real.get("errorType"),
            ), query  # fmt: skip
            if status == 200:
                choose = ranked if query.startswith(("topk", "bottomk")) else rows
                got, wanted = choose(answer), choose(real)
                assert got.keys() == wanted.keys(), query
                for labels, values in wanted.items():
                    assert got[labels].keys() == values.keys(), query
                    for at, value in values.items():
                        assert math.isclose(got[labels][at], value, rel_tol=1e-9, abs_tol=1e-12), (query, labels, at)


Ask = Callable[[str, str, object], tuple[int, Any]]


def conversation(ask: Ask, now: float) -> list[tuple[str, int, str]]:
    """A fixed talk with an Alertmanager: what was asked, the status, and the answer without ids and times."""

    def stamp(seconds: float) -> str:
        return datetime.fromtimestamp(now + seconds, UTC).isoformat()

    heard: list[tuple[str, int, str]] = []

    def say(method: str, path: str, body: object = None, *, words: bool = True) -> Any:
        status, answer = ask(method, path, body)
        told = answer if isinstance(answer, str) else f"code {answer['code']}" if "code" in (answer or {}) else ""
        heard.append((f"{method} {path.split('/silence/')[0]} {len(heard)}", status, told if words else ""))
        return answer

    def silence(**change: Any) -> dict[str, Any]:
        matchers = [{"name": "service", "value": "talk-one", "isRegex": False}]
        body = {"matchers": matchers, "startsAt": stamp(0), "endsAt": stamp(600), "createdBy": "a", "comment": "b"}
        return {**body, **change}

    alerts = [
        {"labels": {"alertname": f"T{n}", "service": f"talk-{n}"}, "generatorURL": "http://p/"} for n in ("one", "two")
    ]
    say("POST", "/api/v2/alerts", alerts)
    mine = "&filter=" + 'service=~"talk.*"'.replace('"', "%22").replace("=~", "%3D~")
    listed = say("GET", f"/api/v2/alerts?active=true{mine}")
    heard.append(("names", len(listed), " ".join(sorted(a["labels"]["service"] for a in listed))))
    for filter in ("nonsense!!", "a%3D~(", "a%3Db", "%7Ba%3Db%7D"):
        say("GET", f"/api/v2/alerts?filter={filter}", words=False)
    say("GET", "/api/v2/alerts?silenced=maybe", words=False)
    say("POST", "/api/v2/silences", silence(matchers=[]))
    say("POST", "/api/v2/silences", silence(endsAt=stamp(-600)))
    say("POST", "/api/v2/silences", silence(matchers=[{"name": "a", "value": "", "isRegex": False}]))
    say("POST", "/api/v2/silences", silence(matchers=[{"name": "a", "value": "(", "isRegex": True}]), words=False)
    say("POST", "/api/v2/silences", {k: v for k, v in silence().items() if k != "createdBy"})
    say("POST", "/api/v2/silences", b"{bad")
    say("POST", "/api/v2/silences", silence(id="11111111-1111-4111-8111-111111111111"))
    say("GET", "/api/v2/silence/abc")
    id = say("POST", "/api/v2/silences", silence())["silenceID"]
    shown = say("GET", f"/api/v2/silence/{id}")
    heard.append(("state", len(shown["matchers"]), shown["status"]["state"]))
    muted = say("GET", f"/api/v2/alerts?active=false{mine}")
    heard.append(("muted", len(muted), " ".join(a["labels"]["service"] + a["status"]["state"] for a in muted)))
    same = say("POST", "/api/v2/silences", silence(id=id, startsAt=shown["startsAt"], endsAt=stamp(900)))["silenceID"]
    other = [{"name": "service", "value": "talk-two", "isRegex": False}]
    moved = say("POST", "/api/v2/silences", silence(id=id, matchers=other))["silenceID"]
    heard.append(("ids", int(same == id), str(moved == id)))
    for _ in range(2):
        say("DELETE", f"/api/v2/silence/{moved}")
    states = {s["id"]: s["status"]["state"] for s in say("GET", "/api/v2/silences")}
    heard.append(("end", 0, f"{states[id]} {states[moved]}"))
    heard.append(
        ("keys", 0, " ".join(sorted({"labels", "status", "startsAt", "endsAt", "fingerprint"} & listed[0].keys())))
    )
    return heard


def test_an_alertmanager_is_talked_to_alike(alertmanager: str) -> None:
    now = float(int(time.time()))
    drill = drill_at(int(now * 1000))

    def ours(method: str, path: str, body: object) -> tuple[int, Any]:
        response = drill.ask("am", path, method, body)
        return response.status, json.loads(response.body) if response.body.strip() else None

    real = conversation(lambda method, path, body: fetch(alertmanager + path, method, body), now)
    assert conversation(ours, now) == real
