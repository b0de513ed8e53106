from __future__ import annotations

import time
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.alerts import grouping
from console.alerts.grouping import WindowCorrelator
from console.model.alert import Alert
from console.ports import GroupFacts
from tests.unit.alerts.made import PENDING, RESOLVED, after, alert


def fire(correlator: WindowCorrelator, *alerts: Alert, now: float | None = None) -> list[str]:
    """Each alert taken in at its onset, one by one; the groups they stand in then."""
    for one in alerts:
        correlator.apply([one], (), one.started_at if now is None else after(now))
    return [correlator.group_of(a.key) for a in alerts]


def facts(correlator: WindowCorrelator) -> list[GroupFacts]:
    return [f for f in correlator.dirty().values() if f is not None]


def test_one_service_in_one_cluster_is_one_group() -> None:
    correlator = WindowCorrelator()
    first, second = fire(correlator, alert("1"), alert("2", name="Latency", at=200))
    assert first == second != ""
    assert facts(correlator)[0].why == ("same service and cluster: orders eu-1",)


@pytest.mark.parametrize("severity", [1, 5])
def test_the_window_is_the_configured_one(severity: int) -> None:
    correlator = WindowCorrelator(window_s=150)
    groups = fire(correlator, alert("1", severity=severity), alert("2", at=151, severity=severity))
    assert len(set(groups)) == 2
    correlator = WindowCorrelator(window_s=152)
    groups = fire(correlator, alert("1", severity=severity), alert("2", at=151, severity=severity))
    assert len(set(groups)) == 1


def test_a_failure_that_cascades_is_one_group_and_says_how() -> None:
    correlator = WindowCorrelator()
    groups = fire(
        correlator,
        alert("1", service="orders-db"),
        alert("2", service="orders", at=14),
        alert("3", service="checkout", at=110, severity=3),
        alert("4", service="payments", at=220, severity=2),
    )
    assert len(set(groups)) == 1
    (found,) = facts(correlator)
    assert found.root == "am/1"
    assert found.why == (
        "orders 14 s after orders-db in eu-1",
        "checkout 110 s after orders-db in eu-1",
        "payments 220 s after orders-db in eu-1",
    )


@pytest.mark.parametrize(
    "other",
    [
        alert("2", service="orders", at=14, severity=4),
        alert("2", service="orders", at=14, cluster="us-1"),
        alert("2", service="orders", at=121),
        alert("2", service="orders", at=14, cluster=""),
        alert("2", service="", at=14, cluster=""),
    ],
    ids=["low", "other cluster", "late", "no cluster", "nothing known"],
)
def test_what_does_not_cascade_stays_apart(other: Alert) -> None:
    groups = fire(WindowCorrelator(), alert("1", service="orders-db"), other)
    assert len(set(groups)) == 2


def test_a_cascade_does_not_start_from_a_low_alert() -> None:
    groups = fire(WindowCorrelator(), alert("1", service="batch", severity=5), alert("2", service="orders", at=14))
    assert len(set(groups)) == 2


def test_alerts_of_which_nothing_is_known_are_no_pile() -> None:
    unknown = [alert(str(n), service="", cluster="", at=n) for n in range(20)]
    assert len(set(fire(WindowCorrelator(), *unknown))) == 20


def test_the_same_symptom_again_does_not_hold_a_cascade_open() -> None:
    correlator = WindowCorrelator()
    fire(correlator, alert("1", service="orders-db"))
    fire(correlator, *(alert(f"r{n}", service="orders-db", at=n * 30) for n in range(1, 8)))
    (late,) = fire(correlator, alert("2", service="orders", at=215))
    assert late != correlator.group_of("am/1")


def test_many_low_groups_do_not_hide_a_grave_one() -> None:
    correlator = WindowCorrelator()
    (grave,) = fire(correlator, alert("1", service="orders-db"))
    fire(correlator, *(alert(f"l{n}", service=f"batch-{n}", severity=5, at=1) for n in range(50)))
    assert fire(correlator, alert("2", service="orders", at=14)) == [grave]


def test_alerts_told_out_of_order_find_the_group_of_their_time() -> None:
    correlator = WindowCorrelator()
    early, late, between = fire(
        correlator, *(alert(str(n), name=f"N{n}", at=at, severity=4) for n, at in enumerate((0, 7200, 60))), now=7200
    )
    assert early == between != late


def test_the_root_is_the_earliest_and_of_those_the_worst() -> None:
    correlator = WindowCorrelator()
    correlator.apply(
        [alert("3", severity=2), alert("2", severity=1), alert("1", severity=3), alert("4", at=-5, severity=4)],
        (),
        after(9),
    )
    assert facts(correlator)[0].root == "am/4"
    correlator = WindowCorrelator()
    correlator.apply([alert("3", severity=2), alert("2", severity=1), alert("1", severity=3)], (), after(9))
    assert facts(correlator)[0].root == "am/2"


def test_a_group_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grouping, "MOST", 10)
    correlator = WindowCorrelator()
    sizes = Counter(fire(correlator, *(alert(str(n), at=n) for n in range(25))))
    assert sorted(sizes.values()) == [5, 10, 10]


def test_resolved_members_stay_and_a_quick_return_changes_nothing() -> None:
    correlator = WindowCorrelator()
    group, _ = fire(correlator, alert("1"), alert("2", at=5))
    correlator.apply([alert("1", state=RESOLVED)], (), after(60))
    assert correlator.group_of("am/1") == group
    correlator.apply([alert("1", at=500)], (), after(500))
    assert correlator.group_of("am/1") == group


def test_a_return_after_ten_quiet_minutes_is_judged_anew_though_the_group_lives() -> None:
    correlator = WindowCorrelator()
    group, _ = fire(correlator, alert("1"), alert("2", at=5))
    correlator.apply([alert("1", state=RESOLVED)], (), after(60))
    moved = correlator.apply([alert("1", at=700)], (), after(700))
    assert moved["am/1"] == correlator.group_of("am/1") != group
    assert correlator.group_of("am/2") == group


def test_a_group_that_was_quiet_for_ten_minutes_takes_nothing() -> None:
    correlator = WindowCorrelator(window_s=3600)
    (group,) = fire(correlator, alert("1"))
    correlator.apply([alert("1", state=RESOLVED)], (), after(60))
    assert fire(correlator, alert("2", at=600)) == [group]
    correlator.apply([alert("2", state=RESOLVED)], (), after(700))
    assert fire(correlator, alert("3", at=1301)) != [group]


def test_a_member_that_vanishes_while_it_fires_leaves_the_group_quiet() -> None:
    correlator = WindowCorrelator(window_s=3600)
    group, _ = fire(correlator, alert("1"), alert("2", at=1))
    correlator.apply([alert("1", state=RESOLVED)], ["am/2"], after(10))
    assert fire(correlator, alert("3", at=700)) != [group]


def test_a_group_that_lost_its_last_member_does_not_come_back() -> None:
    correlator = WindowCorrelator()
    (group,) = fire(correlator, alert("1"))
    correlator.apply((), ["am/1"], after(10))
    assert correlator.dirty() == {group: None}
    (fresh,) = fire(correlator, alert("2", at=20))
    assert correlator.dirty()[fresh] is not None


def test_pending_is_not_yet_a_member() -> None:
    correlator = WindowCorrelator()
    assert fire(correlator, alert("1", state=PENDING)) == [""]


def test_a_group_keeps_its_name_over_a_restart() -> None:
    said = [alert(str(n), service=f"s{n % 5}", cluster=f"c{n % 3}", at=n) for n in range(40)]
    first, second = WindowCorrelator(), WindowCorrelator()
    first.apply(said, (), after(60))
    fire(second, alert("other", service="x", cluster="y"))
    second.apply(said, (), after(60))
    assert [first.group_of(a.key) for a in said] == [second.group_of(a.key) for a in said]


def test_what_is_over_is_let_go() -> None:
    correlator = WindowCorrelator()
    many = [alert(str(n), service=f"s{n}", cluster=f"c{n % 9}") for n in range(500)]
    correlator.apply(many, (), after(0))
    correlator.apply((), [a.key for a in many], after(1))
    assert all(f is None for f in correlator.dirty().values())
    for _ in range(5):
        correlator.expire(after(2))
    held = {k: len(v) for k, v in vars(correlator).items() if hasattr(v, "__len__")}
    assert sum(held.values()) == 0, held


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["fire", "fire", "fire", "rest", "gone", "expire"]),
        st.integers(0, 25),
        st.integers(0, 400),
        st.sampled_from(["", "a", "b", "c"]),
        st.sampled_from(["", "x", "y"]),
        st.integers(1, 5),
    ),
    max_size=120,
)


@given(STEPS)
def test_every_alert_that_fires_has_one_group_and_what_is_told_adds_up(
    steps: list[tuple[str, int, int, str, str, int]],
) -> None:
    correlator, now, live, told = WindowCorrelator(), 0, set[str](), dict[str, str]()
    seen = set[str]()
    for what, number, wait, service, cluster, severity in steps:
        now += wait
        key = f"am/{number}"
        if what == "expire":
            correlator.expire(after(now))
        elif what == "gone":
            correlator.apply((), [key], after(now))
            live.discard(key)
            told.pop(key, None)
        else:
            state = alert().state if what == "fire" else RESOLVED
            one = alert(str(number), service=service, cluster=cluster, severity=severity, at=now, state=state)
            told.update(correlator.apply([one], (), after(now)))
            if what == "fire":
                live.add(key)
        for group, fact in correlator.dirty().items():
            (seen.add if fact is not None else seen.discard)(group)
            assert fact is None or (fact.key == group and correlator.group_of(fact.root) in ("", group))
        assert all(correlator.group_of(k) for k in live)
        assert {k: correlator.group_of(k) for k in told} == told
        assert set(told.values()) <= seen


def test_one_service_without_a_cluster_is_one_group_and_apart_from_the_same_service_in_one() -> None:
    correlator = WindowCorrelator()
    first, second, other, third = fire(
        correlator,
        alert("1", cluster=""),
        alert("2", cluster="", name="Latency", at=5),
        alert("3", cluster="", service="payments", at=6),
        alert("4", at=7),
    )
    assert first == second
    assert len({first, other, third}) == 3
    assert facts(correlator)[0].why == ("same service and cluster: orders",)


def test_a_change_costs_about_the_same_among_few_and_among_many() -> None:
    def cost(size: int) -> float:
        correlator = WindowCorrelator()
        for n in range(size):
            correlator.apply([alert(str(n), service=f"s{n % 300}", cluster=f"c{n % 9}", at=n % 600)], (), after(600))
        best = 9.0
        for _ in range(5):
            made = [alert(f"x{n}", service=f"s{n}", cluster=f"c{n % 9}", at=n) for n in range(200)]
            begin = time.process_time()
            for one in made:
                correlator.apply([one], (), after(601))
                correlator.apply((), [one.key], after(602))
            best = min(best, time.process_time() - begin)
        return best

    # What looks at every alert, or at every group, costs twenty times as much.
    assert cost(40_000) < 6 * cost(2_000)
