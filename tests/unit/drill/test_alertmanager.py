"""The drill's Alertmanager: matchers, silences and their states, refusals as the real one words them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.drill.matchers import parse_matcher
from tests.unit.drill.support import Drill


def stamp(drill: Drill, seconds: float = 0) -> str:
    return datetime.fromtimestamp(drill.clock.wall / 1000 + seconds, UTC).isoformat()


def silence(
    drill: Drill, matchers: list[dict[str, Any]], start: float = 0, end: float = 600, **more: Any
) -> dict[str, Any]:
    body = {"matchers": matchers, "startsAt": stamp(drill, start), "endsAt": stamp(drill, end), "createdBy": "ana"}
    return {**body, "comment": "why", **more}


def eq(name: str, value: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "value": value, "isRegex": False, **more}


def create(drill: Drill, matchers: list[dict[str, Any]], start: float = 0, end: float = 600, **more: Any) -> str:
    made: str = drill.json("am", "/api/v2/silences", "POST", silence(drill, matchers, start, end, **more))["silenceID"]
    return made


@pytest.fixture
def drill() -> Drill:
    drill = Drill()
    drill.clock.move(30)
    return drill


def test_filters_are_real_matchers(drill: Drill) -> None:
    everything = drill.alerts()
    assert len(drill.alerts("?filter=service%3D%22orders%22")) == 5
    assert len(drill.alerts("?filter=service%3D~%22orders.*%22&filter=severity%21%3Dcritical")) == 3
    assert drill.alerts("?filter=service%3D~%22order%22") == []
    assert len(drill.alerts("?filter=pod%3D%22%22")) == len(everything)
    assert drill.ask("am", "/api/v2/alerts?filter=nonsense!!").status == 400
    assert drill.json("am", "/api/v2/alerts?filter=nonsense!!", status=400) == "bad matcher format: nonsense!!"
    assert drill.ask("am", "/api/v2/alerts?filter=a%3D~%22(%22").status == 400
    assert drill.alerts("?active=maybe") == []


def test_a_silence_mutes_what_it_matches_for_as_long_as_it_holds(drill: Drill) -> None:
    id = create(drill, [{"name": "service", "value": "orders|payments", "isRegex": True}], end=60)
    muted = [a for a in drill.alerts() if a["status"]["state"] == "suppressed"]
    assert {a["labels"]["service"] for a in muted} == {"orders", "payments"}
    assert all(a["status"]["silencedBy"] == [id] for a in muted)
    assert len(drill.alerts("?silenced=false")) == len(drill.alerts()) - len(muted)
    assert len(drill.alerts("?active=false")) == len(muted)
    drill.clock.move(59)
    assert drill.alerts("?active=false")
    drill.clock.move(1)
    assert drill.alerts("?active=false") == []
    assert drill.json("am", f"/api/v2/silence/{id}")["status"]["state"] == "expired"


def test_a_negative_matcher_and_a_missing_label(drill: Drill) -> None:
    create(
        drill, [eq("cluster", "eu-1", isEqual=False), eq("pod", ""), {"name": "job", "value": ".+", "isRegex": True}]
    )
    muted = [a for a in drill.alerts() if a["status"]["silencedBy"]]
    assert muted
    assert {a["labels"]["cluster"] for a in muted} == {"dc-2"}


def test_a_silence_that_begins_later_waits(drill: Drill) -> None:
    id = create(drill, [eq("service", "orders")], start=100, end=200)
    assert drill.json("am", f"/api/v2/silence/{id}")["status"]["state"] == "pending"
    assert drill.alerts("?active=false") == []
    assert drill.json("am", "/api/v2/silences?pending=false") == []
    drill.clock.move(100)
    assert {a["labels"]["service"] for a in drill.alerts("?active=false")} == {"orders"}


def test_expiring_is_at_once_and_twice_is_no_error(drill: Drill) -> None:
    id = create(drill, [eq("service", "orders")])
    for _ in range(2):
        assert drill.ask("am", f"/api/v2/silence/{id}", "DELETE").status == 200
        assert drill.alerts("?active=false") == []
    assert drill.json("am", f"/api/v2/silence/{id}")["status"]["state"] == "expired"


def test_changing_keeps_the_id_where_the_matchers_stay_and_replaces_where_not(drill: Drill) -> None:
    id = create(drill, [eq("service", "orders")])
    shown = drill.json("am", f"/api/v2/silence/{id}")
    drill.clock.move(10)
    longer = silence(drill, [eq("service", "orders")], end=900, id=id, startsAt=shown["startsAt"], comment="longer")
    assert drill.json("am", "/api/v2/silences", "POST", longer) == {"silenceID": id}
    after = drill.json("am", f"/api/v2/silence/{id}")
    assert (after["startsAt"], after["comment"]) == (shown["startsAt"], "longer")
    other = silence(drill, [eq("service", "payments")], id=id)
    replaced = drill.json("am", "/api/v2/silences", "POST", other)["silenceID"]
    assert replaced != id
    states = {s["id"]: s["status"]["state"] for s in drill.json("am", "/api/v2/silences")}
    assert states == {id: "expired", replaced: "active"}


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({"matchers": []}, 422, "matchers in body should have at least 1 items"),
        ({"createdBy": None}, 422, "createdBy in body is required"),
        ({"matchers": [{"name": "a", "value": "b"}]}, 422, "matchers.0.isRegex in body is required"),
        ({"matchers": [eq("a", "")]}, 400, "at least one matcher must not match the empty string"),
        ({"matchers": [{"name": "a", "value": "(", "isRegex": True}]}, 400, "invalid regular expression"),
        ({"endsAt": "2020-01-01T00:00:00Z"}, 400, "start time must be before end time"),
        ({"startsAt": "2020-01-01T00:00:00Z", "endsAt": "2020-01-02T00:00:00Z"}, 400, "end time can't be in the past"),
        ({"startsAt": "soon"}, 400, "parsing silence body"),
        ({"id": "11111111-1111-1111-1111-111111111111"}, 404, "silence not found"),
    ],
)
def test_refusals(drill: Drill, change: dict[str, Any], status: int, said: str) -> None:
    body = {**silence(drill, [eq("service", "orders")]), **change}
    answer = drill.json("am", "/api/v2/silences", "POST", body, status=status)
    assert said in (answer if isinstance(answer, str) else answer["message"])
    assert drill.json("am", "/api/v2/silences") == []


def test_other_refusals(drill: Drill) -> None:
    assert drill.ask("am", "/api/v2/silences", "POST", b"{bad").status == 400
    assert drill.ask("am", "/api/v2/silences", "POST", b"[]").status == 400
    assert drill.ask("am", "/api/v2/silence/abc").status == 422
    assert drill.ask("am", "/api/v2/silence/11111111-1111-1111-1111-111111111111").status == 404
    assert drill.ask("am", "/api/v2/silence/11111111-1111-1111-1111-111111111111", "PUT").status == 405
    assert drill.json("am", "/api/v2/nothing", status=404)["code"] == 404


def test_groups_hold_every_alert_once(drill: Drill) -> None:
    groups = drill.json("am", "/api/v2/alerts/groups")
    assert sorted(a["fingerprint"] for g in groups for a in g["alerts"]) == sorted(
        a["fingerprint"] for a in drill.alerts()
    )
    assert all(a["labels"]["service"] == g["labels"]["service"] for g in groups for a in g["alerts"])


def test_posted_alerts_stand_until_they_end(drill: Drill) -> None:
    hostile = "\x1b]0;owned\x07 [bold]x[/bold] \u202e"
    posted = [{"labels": {"alertname": "Mine", "service": hostile}, "annotations": {"summary": hostile}}]
    drill.ask("am", "/api/v2/alerts", "POST", posted)
    (mine,) = drill.alerts("?filter=alertname%3DMine")
    assert mine["labels"]["service"] == hostile
    drill.clock.move(200)
    drill.ask("am", "/api/v2/alerts", "POST", posted)
    assert drill.alerts("?filter=alertname%3DMine")[0]["startsAt"] == mine["startsAt"]
    drill.clock.move(301)
    assert drill.alerts("?filter=alertname%3DMine") == []
    assert drill.ask("am", "/api/v2/alerts", "POST", [{"labels": {}}]).status == 400


def test_a_crowd_is_as_large_as_asked_changes_as_often_as_asked_and_is_silenced_too() -> None:
    drill = Drill(alerts=500, churn=50, scenario="calm")
    story = len(drill.alerts("?filter=cluster%21~%22load.*%22"))
    first = {a["fingerprint"]: a for a in drill.alerts()}
    assert len(first) == 500 + story
    drill.clock.move(2)
    second = {a["fingerprint"]: a for a in drill.alerts("?filter=cluster%3D~%22load.*%22")}
    crowd = {key: a for key, a in first.items() if a["labels"]["cluster"].startswith("load")}
    assert sum(second.get(key) != alert for key, alert in crowd.items()) == 100
    create(drill, [{"name": "cluster", "value": "load-0.*", "isRegex": True}])
    muted = drill.alerts("?active=false")
    assert {a["labels"]["cluster"][:6] for a in muted} == {"load-0"}
    drill.clock.move(90)
    assert 400 < len(drill.alerts("?filter=cluster%3D~%22load.*%22")) < 500


@given(st.text(max_size=30))
def test_any_filter_is_a_matcher_or_refused(text: str) -> None:
    outcome: object
    try:
        outcome = parse_matcher(text).matches({"a": "b"})
    except ValueError as error:
        outcome = str(error)
    assert isinstance(outcome, bool | str)
