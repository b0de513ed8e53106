from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from itertools import count
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from console.alerts import store as store_module
from console.alerts.grouping import WindowCorrelator
from console.alerts.store import AlertStore
from console.errors import Refused
from console.model.alert import Alert, AlertRow
from console.model.snapshot import AlertsView
from tests.unit.alerts.made import FIRING, PENDING, RESOLVED, after, alert, delta


def made(*alerts: Alert, single: bool = True, at: float = 60) -> AlertStore:
    store = AlertStore(WindowCorrelator(), single=single)
    store.ingest(delta(*alerts), after(at))
    return store


def flat(store: AlertStore) -> list[str]:
    return [row.key for row in store.view().flat]


def row(store: AlertStore, key: str = "am/1") -> AlertRow:
    found = store.row(key)
    assert found is not None
    return found


# What becomes of an alert.


def test_what_its_source_no_longer_lists_is_resolved_at_that_time() -> None:
    store = made(alert("1"), alert("2"))
    store.ingest(delta(gone=["am/1", "am/unknown"]), after(90))
    assert (row(store).alert.state, row(store).alert.ended_at) == (RESOLVED, after(90))
    assert (store.view().firing, store.view().total) == (1, 2)


def test_a_resolved_alert_is_kept_for_a_quarter_of_an_hour_and_then_let_go() -> None:
    store = made(alert("1"))
    store.ingest(delta(gone=["am/1"]), after(100))
    assert not store.expire(after(100 + 900))
    assert flat(store) == ["am/1"]
    assert store.expire(after(101 + 900))
    assert (flat(store), store.alert("am/1"), store.view().minor) == ([], None, made().view().minor)


def test_a_source_whose_clock_is_ahead_does_not_keep_an_alert_for_ever() -> None:
    store = made(alert("1"))
    store.ingest(delta(alert("1", state=RESOLVED, ended=7200)), after(100))
    assert store.expire(after(1100))
    assert flat(store) == []


def test_resolved_members_stay_while_their_group_fires() -> None:
    store = made(alert("1"), alert("2", name="Latency", at=5))
    store.ingest(delta(gone=["am/1"]), after(100))
    store.expire(after(1100))
    (group,) = store.view().major
    assert (group.total, group.firing, group.root) == (2, 1, "orders fails in eu-1")
    store.ingest(delta(gone=["am/2"]), after(1200))
    for later in (2000, 2101, 3002):
        store.expire(after(later))
    assert store.view().total == 0


def test_an_alert_that_returns_is_not_let_go() -> None:
    store = made(alert("1"))
    store.ingest(delta(gone=["am/1"]), after(100))
    store.ingest(delta(alert("1", at=200)), after(200))
    store.expire(after(1100))
    assert flat(store) == ["am/1"]


def test_flapping_is_six_changes_in_25_minutes_and_passes() -> None:
    store = made(alert("1"))
    for turn in range(6):
        assert not row(store).flapping
        store.ingest(delta(alert("1", state=FIRING if turn % 2 else RESOLVED)), after(100 + turn * 60))
    assert row(store).flapping
    store.expire(after(400 + 1400))
    assert row(store).flapping
    store.expire(after(400 + 1501))
    assert not row(store).flapping


def test_slow_changes_are_no_flapping() -> None:
    store = made(alert("1"))
    for turn in range(12):
        store.ingest(delta(alert("1", state=FIRING if turn % 2 else RESOLVED)), after(100 + turn * 301))
    assert not row(store).flapping


def test_a_flapping_member_does_not_make_its_group_worse() -> None:
    store = made(alert("1", severity=1), alert("2", severity=3, at=1))
    for turn in range(6):
        store.ingest(delta(alert("1", severity=1, state=FIRING if turn % 2 else RESOLVED)), after(100 + turn))
    (group,) = store.view().minor
    assert group.severity == 3


# The operator's word.


def test_an_acknowledgement_lasts_until_the_alert_resolves() -> None:
    store = made(alert("1"))
    store.ack(["am/1", "am/none"], "ana", after(70))
    assert (row(store).acked_by, row(store).acked_at) == ("ana", after(70))
    store.ingest(delta(alert("1", summary="worse")), after(80))
    assert row(store).acked_by == "ana"
    store.ingest(delta(gone=["am/1"]), after(90))
    assert row(store).acked_by == ""
    store.ingest(delta(alert("1", at=100)), after(100))
    assert row(store).acked_by == ""


def test_a_return_between_two_polls_is_unacknowledged() -> None:
    store = made(alert("1"))
    store.ack(["am/1"], "ana", after(70))
    store.ingest(delta(alert("1", at=75)), after(80))
    assert row(store).acked_by == ""


def test_unack() -> None:
    store = made(alert("1"))
    store.ack(["am/1"], "ana", after(70))
    store.unack(["am/1", "am/none"])
    assert row(store).acked_by == ""


def test_marks_of_a_journal_are_set_once_the_alert_is_known() -> None:
    store = made()
    store.set_acks({"am/1": "ana", "am/2": "ana"}, after(10))
    store.ingest(delta(alert("1", at=5), alert("2", at=20)), after(30))
    assert row(store).acked_by == "ana"
    assert row(store, "am/2").acked_by == "", "it began after the mark was made"


def test_a_mark_that_ended_with_its_alert_is_not_set_again() -> None:
    store = made(alert("1"))
    store.ack(["am/1"], "ana", after(70))
    store.ingest(delta(gone=["am/1"]), after(80))
    store.ingest(delta(alert("1", at=90)), after(90))
    store.set_acks({"am/1": "ana"}, after(100))
    assert row(store).acked_by == ""
    store.ack(["am/1"], "bob", after(110))
    assert row(store).acked_by == "bob"


def test_a_mark_that_was_taken_back_is_not_set_again_by_the_same_journal() -> None:
    store = made(alert("1"))
    store.set_acks({"am/1": "ana"}, after(70))
    store.unack(["am/1"])
    store.set_acks({"am/1": "ana"}, after(80))
    assert row(store).acked_by == ""


def test_with_times_a_mark_holds_for_what_began_before_it() -> None:
    store = made(alert("1", at=50), alert("2", at=50))
    store.set_acks({"am/1": "ana", "am/2": "ana"}, after(100), {"am/1": after(49), "am/2": after(51)})
    assert [row(store, f"am/{n}").acked_by for n in (1, 2)] == ["", "ana"]


def test_with_times_a_later_mark_of_a_colleague_counts_again() -> None:
    store = made(alert("1"))
    store.ack(["am/1"], "ana", after(70))
    store.ingest(delta(gone=["am/1"]), after(80))
    store.ingest(delta(alert("1", at=90)), after(90))
    store.set_acks({"am/1": "ana"}, after(100), {"am/1": after(70)})
    assert row(store).acked_by == ""
    store.set_acks({"am/1": "bob"}, after(110), {"am/1": after(105)})
    assert row(store).acked_by == "bob"


def test_what_joined_since_one_looked() -> None:
    store = made(alert("1"), alert("2", at=1))
    (group,) = store.view().major
    assert group.joined == 0
    store.ingest(delta(alert("3", at=2), alert("1", summary="worse")), after(70))
    assert store.view().major[0].joined == 1
    store.look(group.key)
    assert store.view().major[0].joined == 0
    store.look("none")


def test_a_group_can_be_linked_to_an_incident() -> None:
    store = made(alert("1"))
    (group,) = store.view().major
    store.link(group.key, "INC-0001")
    assert store.view().major[0].incident == "INC-0001"
    store.link("none", "INC-0001")


# Views.


def test_grave_groups_then_others_then_single_ones() -> None:
    store = made(
        alert("1", service="a", cluster="x", severity=2),
        alert("2", service="b", cluster="y", severity=1),
        alert("3", service="c", cluster="z", severity=4),
        alert("4", service="c", cluster="z", severity=5),
        alert("5", service="d", cluster="w", severity=4),
    )
    view = store.view()
    assert [g.services for g in view.major] == [("b",), ("a",)]
    assert [(g.services, g.attributed) for g in view.minor] == [(("c",), True)]
    assert [(g.services, g.attributed) for g in view.loose] == [(("d",), False)]
    assert (view.firing, view.total, view.matching) == (5, 5, 5)


def test_worst_first_and_of_those_the_latest() -> None:
    store = made(
        alert("old", severity=2, at=0),
        alert("new", severity=2, at=9),
        alert("worst", severity=1, at=3),
        alert("over", severity=1, state=RESOLVED, ended=5),
        alert("soon", severity=1, state=PENDING),
    )
    assert flat(store) == ["am/worst", "am/new", "am/old", "am/soon", "am/over"]


def test_a_group_is_as_bad_as_its_worst_member_that_is_heard() -> None:
    store = made(alert("1", severity=1), alert("2", severity=2, at=1), alert("3", severity=3, at=1))
    store.ingest(delta(alert("1", severity=1, silenced_by=("s",))), after(70))
    (group,) = store.view().major
    assert (group.severity, group.muted, group.firing) == (2, 1, 3)
    store.ingest(delta(gone=["am/2"]), after(80))
    (group,) = store.view().minor
    assert (group.severity, group.muted, group.firing, group.total) == (3, 1, 2, 3)


def test_a_group_counts_and_names_in_words() -> None:
    store = made(
        alert("1", service="orders-db", summary="pool exhausted", host="a"),
        alert("2", service="orders", at=14, summary="orders answers 503", host="b", severity=2),
        alert("3", service="orders", at=20, name="Latency", host="b", severity=2),
    )
    store.ack(["am/2"], "ana", after(61))
    (group,) = store.view().major
    assert group.title == "orders-db: pool exhausted"
    assert group.root == "orders-db in eu-1"
    assert set(group.services) == {"orders", "orders-db"}
    assert (group.acked, group.hosts, group.clusters) == (1, 2, ("eu-1",))
    assert group.why[0] == "orders 14 s after orders-db in eu-1"
    assert group.started_at == after(0)
    assert group.changed_at == after(20)


def test_a_view_shares_what_did_not_change() -> None:
    store = made(*(alert(str(n), service=f"s{n % 50}", cluster=f"c{n % 50}", severity=1 + n % 5) for n in range(3000)))
    asyncio.run(store.settle())
    before = store.view()
    store.ingest(delta(alert("7", service="s7", cluster="c7", severity=3, summary="worse")), after(70))
    later = store.view()
    shared = {id(c) for c in before.flat.chunks} & {id(c) for c in later.flat.chunks}
    assert len(shared) == len(before.flat.chunks) - 1
    assert later.loose is before.loose
    assert store.view().flat is later.flat


def test_a_filter_narrows_all_lists() -> None:
    store = made(alert("1", service="a", cluster="x"), alert("2", service="b", cluster="y"))
    asyncio.run(store.refilter("service=a"))
    view = store.view()
    assert ([g.services for g in view.major], flat(store)) == ([("a",)], ["am/1"])
    assert (view.matching, view.total, view.filter) == (1, 2, "service=a")
    store.ingest(delta(alert("3", service="a", cluster="x", at=3), alert("4", service="b", cluster="y")), after(70))
    assert store.view().matching == 2
    asyncio.run(store.refilter(""))
    assert store.view().matching == 4
    assert len(store.view().major) == 2


def test_a_wrong_filter_says_so_and_the_list_stays() -> None:
    store = made(alert("1"), alert("2", service="b"))
    asyncio.run(store.refilter("service=b"))
    asyncio.run(store.refilter("is:nothing"))
    view = store.view()
    assert "is:nothing" in view.filter_error
    assert (view.filter, view.matching) == ("service=b", 1)
    asyncio.run(store.refilter("service=b"))
    assert store.view().filter_error == ""
    with pytest.raises(Refused):
        store.matching("is:nothing")


def test_while_a_filter_is_worked_on_the_list_is_served_and_keeps_up() -> None:
    async def scenario() -> None:
        store = made(*(alert(str(n), service=f"s{n % 3}") for n in range(5000)))
        work = asyncio.create_task(store.refilter("service=s1"))
        await asyncio.sleep(0)
        assert not work.done()
        assert store.view().matching == 5000
        store.ingest(delta(alert("x", service="s1"), alert("1", service="s2"), gone=["am/4"]), after(70))
        store.expire(after(5000))
        await work
        keys = set(flat(store))
        assert "am/x" in keys
        assert "am/1" not in keys
        assert keys == {a.key for a in store.all() if a.service == "s1"}

    asyncio.run(scenario())


def test_the_last_filter_asked_for_is_the_one_that_holds() -> None:
    async def scenario() -> None:
        store = made(*(alert(str(n), service=f"s{n % 3}") for n in range(5000)))
        first = asyncio.create_task(store.refilter("service=s1"))
        await asyncio.sleep(0)
        await store.refilter("service=s2")
        await first
        assert store.view().filter == "service=s2"
        third = asyncio.create_task(store.refilter("service=s1"))
        await asyncio.sleep(0)
        await store.refilter("")
        await third
        assert store.view().filter == ""

    asyncio.run(scenario())


# Whatever comes in whatever order.

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["fire", "fire", "fire", "rest", "gone", "ack", "unack", "expire", "mute", "view"]),
        st.integers(0, 12),
        st.sampled_from(["am", "prom"]),
        st.integers(1, 5),
        st.sampled_from([0, 1, 30, 400, 1000]),
    ),
    max_size=80,
)


def check(store: AlertStore, view: AlertsView) -> None:
    """Nothing is lost, nothing stands twice, counts add up."""
    rows = list(view.flat)
    keys = [r.key for r in rows]
    assert len(set(keys)) == len(keys) == view.total == view.matching
    assert view.firing == sum(r.alert.firing for r in rows)
    assert {a.key for a in store.all()} == set(keys)
    groups = [*view.major, *view.minor, *view.loose]
    assert len({g.key for g in groups}) == len(groups)
    members = [r for g in groups for r in g.members]
    assert sorted(r.key for r in members) == sorted(r.key for r in rows if r.group)
    assert all(r.group for r in rows if r.alert.firing)
    by_key = {r.key: r for r in rows}
    for group in groups:
        assert group.total == len(group.members) > 0
        assert group.firing == sum(m.alert.firing for m in group.members)
        assert group.acked == sum(bool(m.acked_by) for m in group.members if m.alert.firing)
        assert group.muted == sum(m.alert.muted for m in group.members if m.alert.firing)
        assert all(by_key[m.key] is m and m.group == group.key for m in group.members)
        heard = [m.alert.severity for m in group.members if m.alert.firing and not m.alert.muted and not m.flapping]
        assert not heard or group.severity == min(heard)
    assert all(g.severity <= 2 and g.firing for g in view.major)
    assert not any(g.severity <= 2 and g.firing for g in [*view.minor, *view.loose])


@pytest.mark.parametrize("single", [True, False])
@given(steps=STEPS)
def test_nothing_is_lost_and_counts_add_up(single: bool, steps: Sequence[tuple[str, int, str, int, int]]) -> None:
    store, now = AlertStore(WindowCorrelator(), single=single), 0
    for what, number, source, severity, wait in steps:
        now += wait
        key = f"{source}/{number}"
        one = alert(
            str(number),
            source=source,
            service=f"s{number % 3}",
            cluster=f"c{number % 2}",
            severity=severity,
            at=now if what == "fire" and wait else 0,
            ended=now,
            state=RESOLVED if what == "rest" else FIRING,
            silenced_by=("s1",) if what == "mute" else (),
        )
        if what == "gone":
            store.ingest(delta(gone=[key]), after(now))
        elif what == "ack":
            store.ack([key], "ana", after(now))
        elif what == "unack":
            store.unack([key])
        elif what == "expire":
            store.expire(after(now))
        elif what == "view":
            check(store, store.view())
        else:
            store.ingest(delta(one), after(now))
    asyncio.run(store.settle())
    check(store, store.view())


@given(STEPS, st.sampled_from(["service=s1", "sev<=2", "is:acked", "is:firing -service=s1", "is:muted"]))
def test_under_a_filter_all_lists_agree_whatever_comes(
    steps: Sequence[tuple[str, int, str, int, int]], text: str
) -> None:
    async def scenario() -> None:
        store, now = AlertStore(WindowCorrelator(), single=True), 0
        monkey_slice, store_module.SIFT_S = store_module.SIFT_S, -1.0
        try:
            work = None
            for number, (what, id, _, severity, wait) in enumerate(steps):
                now += wait
                if number == len(steps) // 2:
                    work = asyncio.create_task(store.refilter(text))
                silenced = ("s",) if what == "mute" else ()
                one = alert(
                    str(id), service=f"s{id % 3}", cluster=f"c{id % 2}", severity=severity, silenced_by=silenced
                )
                if what in ("gone", "rest"):
                    store.ingest(delta(gone=[one.key]), after(now))
                elif what == "ack":
                    store.ack([one.key], "ana", after(now))
                elif what == "expire":
                    store.expire(after(now))
                elif what == "view":
                    store.view()
                else:
                    store.ingest(delta(one), after(now))
                await asyncio.sleep(0)
            await (work or store.refilter(text))
            await store.settle()
        finally:
            store_module.SIFT_S = monkey_slice
        view = store.view()
        wanted = {a.key for a in store.matching(text)}
        assert {r.key for r in view.flat} == wanted
        groups = {g.key for part in (view.major, view.minor, view.loose) for g in part}
        assert groups == {r.group for r in view.flat if r.group}
        await store.refilter("")
        check(store, store.view())

    asyncio.run(scenario())


@given(st.integers(0, 999), st.integers(1, 7))
def test_the_order_of_what_is_told_does_not_matter_to_the_list(seed: int, size: int) -> None:
    alerts = [alert(str(n), service=f"s{n % 4}", cluster=f"c{n % 2}", severity=1 + n % 5, at=n % 9) for n in range(30)]
    gone = [f"am/{n}" for n in range(0, 30, 7)]
    views = []
    for shuffled in (alerts, random.Random(seed).sample(alerts, len(alerts))):
        store = made()
        for start in range(0, len(shuffled), size):
            store.ingest(delta(*shuffled[start : start + size]), after(60))
        store.ingest(delta(gone=gone), after(90))
        asyncio.run(store.settle())
        view = store.view()
        views.append(([(r.key, r.alert) for r in view.flat], view.firing, view.total))
    assert views[0] == views[1]


def test_a_view_never_takes_long_and_what_is_left_comes_with_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    store = made(*(alert(str(n), service=f"s{n}", cluster=f"c{n}", severity=1 + n % 5) for n in range(400)))
    monkeypatch.setattr(store_module, "ARRANGE_S", 0.0)
    assert len(store.view().flat) == 400
    assert store.behind
    monkeypatch.setattr(store_module, "ARRANGE_S", 10.0)
    check(store, store.view())
    assert not store.behind


def test_what_is_left_while_a_list_comes_waits_for_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    store = made(alert("1"))
    monkeypatch.setattr(store_module, "ARRANGE_S", 0.0)
    with store.listing():
        store.view()
        with store.listing():
            assert not store.behind
        assert not store.behind
    assert store.behind


def test_large_groups_do_not_make_a_view_long_either(monkeypatch: pytest.MonkeyPatch) -> None:
    store = made(*(alert(str(n), service=f"s{n}", cluster=f"c{n}") for n in range(8)))
    clock = count(step=0.4 * store_module.ARRANGE_S)
    monkeypatch.setattr(store_module, "time", SimpleNamespace(perf_counter=lambda: next(clock)))
    assert 1 <= len(store.view().major) <= 3
    assert store.behind


def test_an_onset_far_in_the_future_does_not_stand_above_what_is_worse() -> None:
    late = replace(alert("1", severity=5), started_at=253_402_300_799_000)
    assert flat(made(late, alert("2"), alert("3", severity=5), replace(alert("4", severity=1), started_at=0))) == [
        "am/2",
        "am/4",
        "am/1",
        "am/3",
    ]


def test_what_begins_to_fire_counts_in_the_rate_wherever_it_came_from() -> None:
    store = made(alert("1", state=PENDING), alert("2"))
    assert store.view().rate_per_min == 1
    store.ingest(delta(alert("1")), after(70))
    assert store.view().rate_per_min == 2
    store.ingest(delta(alert("1", summary="other words")), after(71))
    assert store.view().rate_per_min == 2
    store.expire(after(132))
    assert store.view().rate_per_min == 0


def test_a_mark_that_waits_under_the_name_of_a_copy_finds_the_alert_when_the_copy_is_told() -> None:
    store = made(alert("1", source="prom"), single=False)
    store.set_acks({"am/1": "bob"}, after(70))
    assert row(store, "prom/1").acked_by == ""
    store.ingest(delta(alert("1", source="am")), after(80))
    assert (row(store, "prom/1").acked_by, row(store, "am/1").acked_at) == ("bob", after(70))


def test_many_thousand_rows_are_filtered_without_a_half_view_and_without_a_long_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def scenario() -> None:
        monkeypatch.setattr(store_module, "SIFT_S", 0.0)
        store = made(*(alert(str(n), service=f"s{n % 300}", cluster=f"c{n % 7}") for n in range(20_000)))
        await store.settle()
        whole = store.view()
        work = asyncio.create_task(store.refilter("service=s7"))
        seen = set()
        turns = 0
        while not work.done():
            view = store.view()
            seen.add((view.filter, view.matching, len(view.flat)))
            if not view.filter:
                assert view.flat is whole.flat
            turns += 1
            await asyncio.sleep(0)
        assert turns > 100
        matching = sum(n % 300 == 7 for n in range(20_000))
        assert seen | {("service=s7", matching, matching)} == {
            ("", 20_000, 20_000),
            ("service=s7", matching, matching),
        }
        assert store.view().matching == matching

    asyncio.run(scenario())


def test_an_unknown_onset_does_not_hide_when_the_group_began() -> None:
    store = made(alert("1", at=5), replace(alert("2", name="Latency"), started_at=0))
    store.ingest(delta(replace(alert("3", cluster="x"), started_at=0)), after(60))
    known, unknown = (store.group(row(store, key).group) for key in ("am/1", "am/3"))
    assert known is not None
    assert unknown is not None
    assert (known.total, known.started_at, unknown.started_at) == (2, after(5), 0)


def test_a_clock_that_was_set_back_keeps_nothing_for_longer() -> None:
    store = made(alert("1"), alert("2", service="b"), at=7200)
    store.ingest(delta(gone=["am/1"]), after(7200))
    store.ingest(delta(gone=["am/2"]), after(60))
    store.expire(after(90))
    store.expire(after(90 + 901))
    assert flat(store) == []
    assert store.view().rate_per_min == 0


@given(st.lists(st.tuples(st.sampled_from(["fire", "fire", "gone"]), st.integers(0, 5), st.sampled_from([1, 60, 900]))))
def test_a_quiet_hour_leaves_nothing_behind(steps: list[tuple[str, int, int]]) -> None:
    store, now = AlertStore(WindowCorrelator()), 0
    for what, number, wait in steps:
        now += wait
        key = f"am/{number}"
        store.ingest(delta(gone=[key]) if what == "gone" else delta(alert(str(number), at=now)), after(now))
        store.expire(after(now))
    store.ingest(delta(gone=[f"am/{n}" for n in range(6)]), after(now))
    for minutes in (16, 32, 48):
        store.expire(after(now + 60 * minutes))
    asyncio.run(store.settle())
    view = store.view()
    assert (view.total, view.firing, len(view.flat), len(view.major), len(view.minor), len(view.loose)) == (0,) * 6
    assert list(store.all()) == []
