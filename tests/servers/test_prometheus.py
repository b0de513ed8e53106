"""The adapter against a real Prometheus that scrapes itself, and an alert on its way through both servers."""

from __future__ import annotations

import time

import pytest

from console.adapters.alertmanager import Alertmanager
from console.adapters.prometheus import MOST_POINTS, Prometheus
from console.errors import Rejected
from console.model.alert import Alert, AlertState
from console.model.metric import MetricQuery
from console.model.severity import Severity
from tests.servers.asking import Held, asking, until

pytestmark = pytest.mark.server


def query(expr: str) -> MetricQuery:
    return MetricQuery("m", "a metric", "real", expr)


def test_a_range_lies_on_the_grid(prometheus: str) -> None:
    async def play(adapter: Prometheus) -> None:
        end = time.time_ns() // 1_000_000 // 60_000 * 60_000 + 120_000
        start = end - 3_600_000
        (curve,) = await until(
            lambda: adapter.range(query('up{job="itself"}'), start, end, 60_000),
            lambda found: any(curve.last == 1.0 for curve in found),
        )
        assert (curve.start, curve.step_ms, len(curve.values), curve.end) == (start, 60_000, 61, end)
        assert curve.values[0] is None, "the server did not run an hour ago"
        assert curve.labels == {
            "__name__": "up",
            "cluster": "eu-1",
            "job": "itself",
            "instance": adapter_host(prometheus),
        }

    asking(Prometheus, prometheus, play)


def adapter_host(url: str) -> str:
    return url.removeprefix("http://")


def test_every_place_of_the_grid_holds_its_own_time(prometheus: str) -> None:
    async def play(adapter: Prometheus) -> None:
        start = 1_795_000_000_000
        (curve,) = await adapter.range(query("time()"), start, start + 100_000, 10_000)
        assert curve.values == tuple(1_795_000_000.0 + 10 * n for n in range(11))

    asking(Prometheus, prometheus, play)


def test_what_is_not_finite_is_a_hole(prometheus: str) -> None:
    async def play(adapter: Prometheus) -> None:
        for expr in ("vector(0) / 0", "vector(1) / 0", "vector(-1) / 0"):
            (curve,) = await adapter.range(query(expr), 1_795_000_000_000, 1_795_000_002_000, 1000)
            assert curve.values == (None, None, None)
        assert await adapter.range(query("absent_metric"), 1_795_000_000_000, 1_795_000_002_000, 1000) == []

    asking(Prometheus, prometheus, play)


def test_a_bad_query_is_rejected_in_the_servers_words(prometheus: str) -> None:
    async def play(adapter: Prometheus) -> None:
        with pytest.raises(Rejected, match="parse error: unclosed left parenthesis") as caught:
            await adapter.range(query("rate(x"), 0, 1000, 1000)
        assert "{" not in caught.value.what

    asking(Prometheus, prometheus, play)


def test_the_most_points_are_granted_and_a_finer_grid_is_thinned(prometheus: str) -> None:
    async def play(adapter: Prometheus) -> None:
        end = 1_795_000_000_000
        (curve,) = await adapter.range(query("vector(1)"), end - (MOST_POINTS - 1) * 1000, end, 1000)
        assert len(curve.values) == MOST_POINTS
        start = end - 3 * MOST_POINTS * 1000
        (curve,) = await adapter.range(query("time()"), start, end, 1000)
        assert curve.step_ms == 4000
        assert len(curve.values) == 3 * MOST_POINTS // 4 + 1
        assert curve.values[:2] == (start / 1000, start / 1000 + 4)

    asking(Prometheus, prometheus, play)


def test_targets_up_and_down(prometheus: str) -> None:
    async def play(adapter: Prometheus) -> None:
        targets = await until(adapter.targets, lambda found: all(t.scraped_at for t in found) and len(found) == 2)
        states = {t.job: t for t in targets}
        assert states["itself"].up
        assert states["itself"].instance == adapter_host(prometheus)
        assert not states["nobody"].up
        assert "refused" in states["nobody"].error

    asking(Prometheus, prometheus, play)


def test_rules_and_their_states(prometheus: str) -> None:
    async def play(adapter: Prometheus) -> None:
        rules = await until(adapter.rules, lambda found: {r.state for r in found} == {"firing", "pending"})
        down, yet = sorted(rules, key=lambda r: r.name, reverse=True)
        assert (down.name, down.group, down.severity, down.state, down.health) == (
            "TargetDown", "of the test", "page", "firing", "ok",
        )  # fmt: skip
        assert (yet.name, yet.for_s, yet.state) == ("NotYet", 3600.0, "pending")
        assert yet.expr == 'up{job="itself"} == 1'

    asking(Prometheus, prometheus, play)


def test_an_alert_that_fires_arrives_through_both(prometheus: str, alertmanager: str) -> None:
    async def here(adapter: Prometheus) -> None:
        found = await until(Held(adapter).poll, lambda f: {"TargetDown/payments", "NotYet/itself"} <= set(f))
        alert = found["TargetDown/payments"]
        assert (alert.state, alert.severity) == (AlertState.FIRING, Severity(1))
        assert alert.summary == "nobody does not answer"
        assert alert.started_at > 1_600_000_000_000
        assert found["NotYet/itself"].state is AlertState.PENDING

    async def there(adapter: Alertmanager) -> None:
        found = await until(Held(adapter).poll, lambda f: "TargetDown/payments" in f)
        alert = found["TargetDown/payments"]
        assert (alert.state, alert.severity, alert.host) == (AlertState.FIRING, Severity(1), "127.0.0.1")
        assert alert.summary == "nobody does not answer"
        assert not any(a.name == "NotYet" for a in found.values())

    asking(Prometheus, prometheus, here)
    asking(Alertmanager, alertmanager, there)


def test_both_tell_an_alert_with_the_same_labels_although_some_are_added_on_the_way(
    prometheus: str, alertmanager: str
) -> None:
    async def held(adapter: Prometheus | Alertmanager) -> Alert:
        found = await until(Held(adapter).poll, lambda f: "TargetDown/payments" in f)
        return found["TargetDown/payments"]

    here, there = asking(Prometheus, prometheus, held), asking(Alertmanager, alertmanager, held)
    assert here.labels["datacentre"] == "fra-2"
    assert here.labels == there.labels


def test_the_probe_tells_the_version(prometheus: str) -> None:
    async def play(adapter: Prometheus) -> None:
        probe = await adapter.probe()
        assert (probe.reachable, probe.authorised, probe.detail) == (True, True, "")
        assert probe.version[:2] in ("2.", "3.")

    asking(Prometheus, prometheus, play)


def test_the_wrong_server_is_told_apart(alertmanager: str) -> None:
    async def play(adapter: Prometheus) -> None:
        probe = await adapter.probe()
        assert probe.reachable
        assert not probe.authorised
        assert probe.detail

    asking(Prometheus, alertmanager, play)
