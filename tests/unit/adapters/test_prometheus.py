"""Prometheus's adapter on faults and odd answers, and on answers recorded from others."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.adapters.prometheus import MOST_CURVES, MOST_POINTS, Prometheus
from console.errors import BadAnswer, Rejected
from console.model.alert import AlertDelta, AlertState
from console.model.metric import MetricQuery
from console.model.normal import Normaliser
from tests.unit.adapters.loopback import Answering, Asked, Server, Vault, config, serving
from tests.unit.adapters.samples import recorded
from tests.unit.adapters.test_alert_forms import HOSTILE, JSON, assert_harmless
from tests.unit.clocks import ManualClock

T = TypeVar("T")
START = 1_795_000_000_000
QUERY = MetricQuery("m", "a metric", "src", "up")


def asking(answering: Answering, play: Callable[[Prometheus, Server], Awaitable[T]], **more: Any) -> T:
    async def main() -> T:
        async with serving(answering) as server:
            vault = Vault()
            adapter = Prometheus(
                config(server.url, "prometheus", **more), secrets=vault, clock=ManualClock(START),
                normaliser=Normaliser(), redact=vault.redact,
            )  # fmt: skip
            try:
                return await play(adapter, server)
            finally:
                await adapter.close()

    return asyncio.run(main())


def data(value: object) -> Answering:
    return lambda asked: asked.json({"status": "success", "data": value})


def matrix(*values: object, metric: object = None) -> Answering:
    return data({"resultType": "matrix", "result": [{"metric": metric or {}, "values": list(values)}]})


def curve(answering: Answering) -> tuple[float | None, ...]:
    async def play(adapter: Prometheus, _server: Server) -> tuple[float | None, ...]:
        (found,) = await adapter.range(QUERY, START, START + 4000, 1000)
        return found.values

    return asking(answering, play)


def test_samples_take_their_places_and_the_rest_are_holes() -> None:
    at = START / 1000
    values = [[at + 3, "NaN"], [at + 1, "1.5"], [at, "+Inf"], [at + 2, "rubbish"], [at + 9, "7"], [at - 5, "7"]]
    assert curve(matrix(*values, [at + 4, "-2"], [1e308, "1"], [-1e308, "1"])) == (None, 1.5, None, None, -2.0)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=5)), max_size=6))
def test_any_samples_fit_the_grid(values: list[tuple[float, str]]) -> None:
    assert len(curve(matrix(*values))) == 5


def test_what_is_asked_for_a_range() -> None:
    async def play(adapter: Prometheus, server: Server) -> None:
        await adapter.range(QUERY, START, START + 4500, 500)
        assert server.asked[0].path == (
            "/api/v1/query_range?query=up&start=1795000000.0&end=1795000004.5&step=0.5"
        )  # fmt: skip

    asking(matrix(), play)


def test_too_many_curves_are_refused() -> None:
    many = [{"metric": {}, "values": []}] * (MOST_CURVES + 1)

    async def play(adapter: Prometheus, _server: Server) -> None:
        with pytest.raises(BadAnswer, match="curves") as caught:
            await adapter.range(QUERY, START, START + 4000, 1000)
        assert caught.value.next

    asking(data({"resultType": "matrix", "result": many}), play)


def test_a_status_of_error_is_rejected_in_its_words_whatever_the_code() -> None:
    body = json.dumps({"status": "error", "errorType": "bad_data", "error": f"no {HOSTILE}"}).encode()
    for line in ("200 OK", "400 Bad Request", "422 Unprocessable Entity"):

        async def play(adapter: Prometheus, _server: Server) -> None:
            with pytest.raises(Rejected, match="no ␛") as caught:
                await adapter.targets()
            assert_harmless(caught.value.what)

        asking(lambda asked, line=line: asked.answer(body, line), play)


def test_labels_of_curves_targets_and_rules_are_cleaned() -> None:
    async def answer(asked: Asked) -> None:
        if "query_range" in asked.path:
            await matrix(metric={HOSTILE: HOSTILE})(asked)
        elif "targets" in asked.path:
            target = {"labels": {"job": HOSTILE, "instance": HOSTILE}, "lastError": HOSTILE, "health": "down"}
            await data({"activeTargets": [target]})(asked)
        else:
            rule = {"name": HOSTILE, "query": HOSTILE, "labels": {"severity": HOSTILE}, "state": HOSTILE}
            await data({"groups": [{"name": HOSTILE, "rules": [rule, {"type": "recording"}]}]})(asked)

    async def play(adapter: Prometheus, _server: Server) -> None:
        (found,) = await adapter.range(QUERY, START, START, 1000)
        (target,) = await adapter.targets()
        (rule,) = await adapter.rules()
        parts = [*found.labels, *found.labels.values(), target.job, target.instance, target.error]
        for text in (*parts, rule.name, rule.group, rule.expr, rule.severity, rule.state):
            assert_harmless(text)
            assert "␛" in text

    asking(answer, play)


def test_alerts_can_be_left_out() -> None:
    async def play(adapter: Prometheus, server: Server) -> None:
        assert [delta async for delta in adapter.poll()] == [AlertDelta()]
        assert server.asked == []

    asking(data({}), play, options={"alerts": False})


def test_an_alert_that_stops_pending_is_told_and_one_that_ends_is_gone() -> None:
    states = iter([["pending"], ["firing"], ["firing"], []])

    async def answer(asked: Asked) -> None:
        await data({"alerts": [{"labels": {"alertname": "X"}, "state": s} for s in next(states)]})(asked)

    async def play(adapter: Prometheus, _server: Server) -> None:
        told = [[d async for d in adapter.poll()] for _ in range(4)]
        assert [[a.state for d in poll for a in d.changed] for poll in told] == [
            [AlertState.PENDING], [AlertState.FIRING], [], [],
        ]  # fmt: skip
        assert len(told[3][0].gone) == 1

    asking(answer, play, options={"external_labels": {}})


@settings(max_examples=40, deadline=None)
@given(JSON, st.sampled_from(["alerts", "groups", "activeTargets", "result", "version", "x"]), st.booleans())
def test_any_json_is_an_answer_or_a_bad_one(value: object, name: str, wrapped: bool) -> None:
    whole = {"status": "success", "data": {name: value}} if wrapped else value

    async def play(adapter: Prometheus, _server: Server) -> None:
        async def poll() -> None:
            async for _ in adapter.poll():
                continue

        for call in (poll, adapter.targets, adapter.rules, lambda: adapter.range(QUERY, START, START, 1000)):
            try:
                await call()
            except (BadAnswer, Rejected) as error:
                assert_harmless(error.what)
        assert (await adapter.probe()).reachable

    asking(lambda asked: asked.json(whole), play)


def test_a_large_list_of_alerts_comes_through_the_decoder_process() -> None:
    alerts = [{"labels": {"alertname": "X", "n": str(n), "note": "x" * 400}, "state": "firing"} for n in range(12_000)]
    refused = {"status": "error", "error": "no such thing", "data": "x" * 5_000_000}

    async def play(adapter: Prometheus, _server: Server) -> None:
        assert sum([len(d.changed) async for d in adapter.poll()]) == 12_000
        assert [d async for d in adapter.poll() if d.changed or d.gone] == []
        alerts.pop()
        assert len([key async for d in adapter.poll() for key in d.gone]) == 1
        kept = alerts[:]
        alerts.clear()
        with pytest.raises(Rejected, match="no such thing"):
            await anext(adapter.poll())
        alerts.extend(kept)
        assert [d async for d in adapter.poll() if d.changed or d.gone] == []

    asking(
        lambda a: a.json({"status": "success", "data": {"alerts": alerts}} if alerts else refused), play, timeout_s=30.0
    )


@pytest.mark.parametrize(
    "answer", [{"alerts": None}, {"groups": None}, {"groups": [{"rules": None}]}, {"activeTargets": None}, {}]
)
def test_null_stands_for_an_empty_list(answer: object) -> None:
    async def play(adapter: Prometheus, _server: Server) -> None:
        assert [d async for d in adapter.poll()] == [AlertDelta()]
        assert (await adapter.rules(), await adapter.targets()) == ([], [])
        assert await adapter.range(QUERY, START, START, 1000) == []

    asking(data(answer), play)


def test_warnings_and_infos_are_passed_over() -> None:
    whole = {"status": "success", "warnings": ["w"], "infos": [{"x": 1}], "data": {"result": [{"values": [[1, "2"]]}]}}

    async def play(adapter: Prometheus, _server: Server) -> None:
        (found,) = await adapter.range(QUERY, 1000, 1000, 1000)
        assert found.values == (2.0,)

    asking(lambda a: a.json(whole), play)


def test_a_finer_grid_than_allowed_is_thinned_and_says_so() -> None:
    async def play(adapter: Prometheus, server: Server) -> None:
        (found,) = await adapter.range(QUERY, START, START + 30_000 * 1000, 1000)
        assert found.step_ms == 3000
        assert len(found.values) == 10_001
        assert found.end == START + 30_000_000
        assert server.asked[0].path.endswith("step=3.0")

    asking(matrix(), play)


@given(st.integers(0, 10**9), st.integers(1, 10**7))
@settings(max_examples=30, deadline=None)
def test_never_more_points_than_allowed(length: int, step_ms: int) -> None:
    async def play(adapter: Prometheus, _server: Server) -> None:
        (found,) = await adapter.range(QUERY, START, START + length, step_ms)
        assert len(found.values) <= MOST_POINTS
        assert found.step_ms % step_ms == 0
        assert START + length - found.step_ms < found.end <= START + length

    asking(matrix(), play)


@pytest.mark.parametrize(("end", "step_ms"), [(START + 1000, 0), (START + 1000, -5), (START - 1, 1000)])
def test_a_range_that_is_none_is_refused_unasked(end: int, step_ms: int) -> None:
    async def play(adapter: Prometheus, server: Server) -> None:
        with pytest.raises(Rejected):
            await adapter.range(QUERY, START, end, step_ms)
        assert server.asked == []

    asking(matrix(), play)


@pytest.mark.parametrize(
    ("build", "ready", "version", "fine"),
    [("200 OK", "200 OK", "2.42.0", True), ("200 OK", "404 Not Found", "2.42.0", True),
     ("200 OK", "503 Service Unavailable", "", False), ("404 Not Found", "200 OK", "", True),
     ("503 Service Unavailable", "200 OK", "", False)],
)  # fmt: skip
def test_the_probe_asks_whether_it_is_ready(build: str, ready: str, version: str, fine: bool) -> None:
    async def answer(asked: Asked) -> None:
        if asked.path.endswith("/buildinfo"):
            await asked.answer(b'{"status":"success","data":{"version":"2.42.0"}}', build)
        elif asked.path.endswith("/-/ready"):
            await asked.answer(b"Service Unavailable", ready)
        else:
            await asked.json({"status": "success", "data": {"resultType": "scalar", "result": [1, "1"]}})

    async def play(adapter: Prometheus, _server: Server) -> None:
        probe = await adapter.probe()
        assert probe.reachable
        assert (probe.version, probe.detail == "") == (version, fine)

    asking(answer, play)


# Recorded answers

READ = ("get_alerts_200", "get_rules_200", "get_targets_200", "get_query_range_200", "status_buildinfo_200")


@pytest.mark.parametrize("path", recorded("prometheus", "golden_*.json"))
def test_recorded_answers_are_read_or_refused_in_words(path: str) -> None:
    body, name = Path(path).read_bytes(), Path(path).stem
    whole = json.loads(body)
    refused = BadAnswer if not isinstance(whole, dict) else Rejected if whole["status"] == "error" else None

    async def play(adapter: Prometheus, _server: Server) -> int:
        if "get_alerts_200" in name:
            return len([a async for d in adapter.poll() for a in d.changed])
        if "get_rules" in name:
            return len(await adapter.rules())
        if "get_targets_200" in name:
            return len(await adapter.targets())
        if "query_range" in name:
            found = await adapter.range(QUERY, 1_767_433_020_000, 1_767_436_620_000, 1_800_000)
            return sum(v is not None for v in found[0].values)
        if "buildinfo" in name:
            return len((await adapter.probe()).version.split("."))
        if refused is not None:
            with pytest.raises(refused):
                await adapter.targets()
        return 0

    count = asking(lambda asked: asked.answer(body), play)
    assert count == (3 if "query_range_200" in name or "buildinfo" in name else int(any(r in name for r in READ)))


@pytest.mark.parametrize("path", recorded("prometheus", "keep_*.json"))
def test_recorded_alerts_in_anothers_wrapping_parse(path: str) -> None:
    payloads = [entry["payload"] for entry in json.loads(Path(path).read_bytes())["ALERTS"].values()]

    async def play(adapter: Prometheus, _server: Server) -> None:
        alerts = [a async for d in adapter.poll() for a in d.changed]
        assert len(alerts) == len({json.dumps(p["labels"], sort_keys=True) for p in payloads})

    asking(data({"alerts": payloads}), play)


CONFIG = """\
global:
  scrape_interval: 15s
  external_labels:
    cluster: eu-1
    prometheus_replica: "0"
    service: never
    odd: "a\\e]0;owned\\ab"
  evaluation_interval: 15s
rule_files:
- /etc/rules.yml
scrape_configs:
- job_name: x
  static_configs:
  - targets: ["global:", "external_labels: 7"]
"""


def told(yaml: str | None, alerts: list[dict[str, Any]]) -> Answering:
    """A server with a configuration, or one that does not tell it."""

    async def answer(asked: Asked) -> None:
        if asked.path.startswith("/api/v1/status/config"):
            if yaml is None:
                await asked.answer(b"not here", "404 Not Found")
            else:
                await asked.json({"status": "success", "data": {"yaml": yaml}})
            return
        await asked.json({"status": "success", "data": {"alerts": alerts}})

    return answer


RULE_ALERT = {"labels": {"alertname": "TargetDown", "service": "payments"}, "state": "firing", "activeAt": ""}


async def labels(adapter: Prometheus) -> list[dict[str, str]]:
    return [dict(a.labels) async for delta in adapter.poll() for a in delta.changed]


def test_alerts_have_the_labels_that_are_added_towards_the_alertmanager() -> None:
    async def play(adapter: Prometheus, server: Server) -> None:
        (found,) = await labels(adapter)
        assert found == {
            "alertname": "TargetDown",
            "service": "payments",
            "cluster": "eu-1",
            "prometheus_replica": "0",
            "odd": "a\u241b]0;owned\u2407b",
        }
        assert await labels(adapter) == []
        assert [a.path for a in server.asked] == ["/api/v1/status/config", "/api/v1/alerts", "/api/v1/alerts"]

    asking(told(CONFIG, [RULE_ALERT]), play)


@pytest.mark.parametrize(
    "yaml", [None, "", "global:\n", "global: 7", "global:\n  external_labels: [a]", "global:\n  - [", "\udc80"]
)
def test_a_server_that_does_not_tell_them_lists_its_alerts_all_the_same(yaml: str | None) -> None:
    async def play(adapter: Prometheus, _server: Server) -> None:
        assert await labels(adapter) == [RULE_ALERT["labels"]]

    asking(told(yaml, [RULE_ALERT]), play)


def test_our_configuration_goes_before_the_servers() -> None:
    async def play(adapter: Prometheus, server: Server) -> None:
        (found,) = await labels(adapter)
        assert found == {"alertname": "TargetDown", "service": "payments", "region": "1"}
        assert [a.path for a in server.asked] == ["/api/v1/alerts"]

    asking(told(CONFIG, [RULE_ALERT]), play, options={"external_labels": {"region": "1"}})


def test_labels_that_change_are_told_and_keep_the_alerts_name() -> None:
    values = [CONFIG, CONFIG.replace("eu-1", "eu-2"), None]

    async def answer(asked: Asked) -> None:
        await told(values[0], [RULE_ALERT])(asked)

    async def play(adapter: Prometheus, _server: Server) -> None:
        first = [d async for d in adapter.poll()]
        keys, clusters = set(), []
        for _ in range(3):
            keys |= {a.key for d in first for a in d.changed}
            clusters += [a.cluster for d in first for a in d.changed]
            assert not any(d.gone for d in first)
            adapter._clock.move(601)  # type: ignore[attr-defined]
            values[:-1] = values[1:]
            first = [d async for d in adapter.poll()]
        assert clusters == ["eu-1", "eu-2"]
        assert len(keys) == 1

    asking(answer, play)


def test_a_page_that_hangs_holds_the_alerts_up_for_a_moment_and_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.adapters.external_labels.PATIENCE_S", 0.02)

    async def answer(asked: Asked) -> None:
        if asked.path.endswith("/config"):
            await asyncio.Event().wait()
        await told(None, [RULE_ALERT])(asked)

    async def play(adapter: Prometheus, server: Server) -> None:
        assert len(await labels(adapter)) == 1
        assert await labels(adapter) == []
        assert [a.path for a in server.asked].count("/api/v1/status/config") == 1

    asking(answer, play)
