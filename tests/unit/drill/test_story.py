"""The story: when what stands, the same for the same seed, and figures that follow it."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from console.configfile import parse
from console.drill.estate import BY_NAME, SERVICES
from console.drill.scenarios import SCENARIOS
from tests.unit.drill.queries import DEMO
from tests.unit.drill.support import Drill

WATCHED = parse(DEMO.read_bytes(), DEMO)


def curve(drill: Drill, query: str, seconds: int = 900) -> list[float]:
    now = drill.clock.wall / 1000
    fields = urlencode({"query": query, "start": now - seconds, "end": now, "step": 10})
    data: dict[str, Any] = drill.json("prom", f"/api/v1/query_range?{fields}")["data"]
    assert len(data["result"]) == 1, data
    return [float(value) for _, value in data["result"][0]["values"]]


def test_the_estate_is_twelve_services_on_four_hosts_without_a_circle() -> None:
    assert len(SERVICES) == 12
    assert all(len(service.hosts) == 4 for service in SERVICES)

    def depth(name: str, above: tuple[str, ...] = ()) -> int:
        assert name not in above
        return 1 + max((depth(called, (*above, name)) for called in BY_NAME[name].calls), default=0)

    assert depth("storefront") == 5
    assert {wave.service for chains in SCENARIOS.values() for waves in chains.values() for wave in waves} <= set(
        BY_NAME
    )


def test_a_group_of_several_services_stands_within_seven_seconds_and_grows_for_minutes() -> None:
    drill = Drill()
    before = drill.services()
    assert before == {"storefront", "accounts", "catalog", "search"}
    drill.clock.move(7)
    assert {"orders-db", "orders", "payments", "checkout"} <= drill.services()
    counts = []
    for _ in range(6):
        drill.clock.move(50)
        counts.append(sum(e.event.chain == "cascade" for e in drill.world.story.firing(drill.clock.wall)))
    assert counts == sorted(counts)
    assert counts[0] < 30 < counts[-1] == 37


def test_two_worlds_of_one_seed_and_time_are_the_same_and_of_another_seed_are_not() -> None:
    answers = []
    for seed in (3, 3, 4):
        drill = Drill(seed=seed)
        drill.clock.move(61.3)
        query = "/api/v1/query?" + urlencode({"query": "sum by (service) (rate(http_requests_total[1m]))"})
        answers.append((drill.alerts(), drill.json("prom", query)))
    assert answers[0] == answers[1]
    assert answers[0][0] == answers[2][0]
    assert answers[0][1] != answers[2][1]


def test_asking_often_or_once_gives_the_same_figures() -> None:
    often, once = Drill(), Drill()
    query = "sum(rate(orders_created_total[1m]))"
    for _ in range(20):
        often.clock.move(7)
        curve(often, query)
    once.clock.move(140)
    assert curve(often, query) == pytest.approx(curve(once, query))


@pytest.mark.parametrize("metric", WATCHED.metrics, ids=lambda m: m.title)
def test_every_example_query_is_calm_for_an_hour_and_then_shows_what_happens(metric: Any) -> None:
    drill = Drill()
    sign = 1 if metric.above else -1
    calm = curve(drill, metric.query, 3000)[:-6]
    assert len(calm) > 290
    if "h4" not in metric.query:
        assert all(sign * value < sign * metric.limit for value in calm)
    drill.clock.move(300)
    now = curve(drill, metric.query)[-1]
    if metric.title == "cpu checkout":
        assert now == pytest.approx(calm[len(calm) // 2], rel=0.2), "one curve shows that not all moves"
    else:
        assert sign * now > sign * metric.limit


def test_speed_hurries_the_story_and_leaves_times_real() -> None:
    drill = Drill(speed=60.0)
    begun = drill.clock.wall
    drill.clock.move(5)
    assert sum(e.event.chain == "cascade" for e in drill.world.story.firing(drill.clock.wall)) == 37
    stamps = [a["startsAt"] for a in drill.alerts() if a["labels"]["alertname"] == "CartsAbandoned"]
    assert stamps == [drill.json("am", "/api/v2/status")["uptime"][:-5] + ".000Z"] or len(stamps) == 1
    assert drill.world.time.wall(240.0) == begun + 4000


def test_a_frozen_world_stands_still() -> None:
    drill = Drill(speed=0.0, at_s=200.0)
    first = {(a["fingerprint"], a["startsAt"]) for a in drill.alerts()}
    drill.clock.move(500)
    assert {(a["fingerprint"], a["startsAt"]) for a in drill.alerts()} == first
    assert len(first) > 40


def test_what_flaps_comes_and_goes_with_a_fresh_start_each_time() -> None:
    drill = Drill(scenario="calm")
    seen = []
    for _ in range(8):
        seen += [{a["startsAt"] for a in drill.alerts() if a["labels"]["alertname"] == "ExporterDown"}]
        drill.clock.move(25)
    assert [bool(s) for s in seen] == [True, False] * 4
    assert len(set().union(*seen)) == 4


def test_a_remedy_resolves_its_chain_and_leaves_the_other() -> None:
    drill = Drill()
    drill.clock.move(120)
    error_rate = WATCHED.metrics[0].query
    assert curve(drill, error_rate)[-1] > 0.05
    assert drill.json("admin", "/remedy", "POST", {"chain": "cascade"})["remedied"].keys() == {"cascade"}
    drill.clock.move(240)
    chains = {e.event.chain for e in drill.world.story.firing(drill.clock.wall)}
    assert chains == {"disk", "noise"}
    assert curve(drill, error_rate)[-1] < 0.01


def test_rules_targets_and_alerts_tell_the_same_story() -> None:
    drill = Drill()
    drill.clock.move(20)
    groups = drill.json("prom", "/api/v1/rules")["data"]["groups"]
    states = {rule["name"]: rule["state"] for rule in groups[0]["rules"]}
    assert states["HighErrorRate"] == "firing"
    assert states["CartsAbandoned"] == "inactive"
    assert states["SlowQueries"] == "pending"
    alerts = drill.json("prom", "/api/v1/alerts")["data"]["alerts"]
    assert {a["state"] for a in alerts if a["labels"]["alertname"] == "SlowQueries"} == {"pending"}
    firing = {json.dumps(a["labels"], sort_keys=True) for a in alerts if a["state"] == "firing"}
    assert firing == {json.dumps(a["labels"], sort_keys=True) for a in drill.alerts()}
    targets = drill.json("prom", "/api/v1/targets")["data"]["activeTargets"]
    assert len(targets) == 12 * 4 + 8


def test_samples_are_let_go_after_six_hours() -> None:
    drill = Drill(scenario="calm")
    for _ in range(9):
        drill.clock.move(3600)
        drill.json("prom", "/api/v1/query?query=node_load1")
    rows = list(drill.world.prometheus._store.select("node_load1", ()))
    assert len(rows[0].values) <= 7 * 720
    assert rows[0].base + len(rows[0].values) * 5000 > drill.clock.wall
