from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from console.alerts.grouping import WindowCorrelator
from console.alerts.store import AlertStore
from console.alerts.twins import Twins
from console.model.alert import Alert
from tests.unit.alerts.made import FIRING, PENDING, RESOLVED, after, alert, delta


def both(prefer: Sequence[str] = ("am",)) -> AlertStore:
    """A store to which Prometheus told an alert first, and its Alertmanager then."""
    store = AlertStore(WindowCorrelator(), prefer=prefer)
    store.ingest(delta(alert("1", source="prom")), after(10))
    store.ingest(delta(alert("1", source="am", prometheus="monitoring/k8s")), after(11))
    return store


def shown(store: AlertStore) -> Alert:
    (row,) = store.view().flat
    return row.alert


def test_an_alert_of_two_sources_counts_once_and_answers_to_both_names() -> None:
    store = both()
    view = store.view()
    assert (view.total, view.firing, len(view.major)) == (1, 1, 1)
    assert store.alert("am/1") == store.alert("prom/1") == shown(store)


def test_what_is_shown_comes_from_the_source_in_which_it_can_be_silenced() -> None:
    assert (shown(both()).key, shown(both()).source) == ("prom/1", "am")


def test_a_silence_shows_although_prometheus_knows_nothing_of_it() -> None:
    for prefer in ((), ("am",)):
        store = both(prefer)
        store.ingest(delta(alert("1", source="am", silenced_by=("s1",))), after(20))
        store.ingest(delta(alert("1", source="prom", summary="worse")), after(21))
        assert shown(store).muted
        assert store.view().major[0].muted == 1


def test_an_alert_is_muted_when_every_alertmanager_that_has_it_mutes_it() -> None:
    store = AlertStore(WindowCorrelator(), prefer=("am1", "am2"))
    store.ingest(delta(alert("1", source="prom"), alert("1", source="am1", silenced_by=("s1",))), after(10))
    assert shown(store).muted
    store.ingest(delta(alert("1", source="am2")), after(11))
    assert not shown(store).muted
    assert shown(store).source == "am2"
    store.ingest(delta(alert("1", source="am2", silenced_by=("s2",))), after(12))
    assert shown(store).muted
    store.ingest(delta(alert("1", source="am1")), after(13))
    assert not shown(store).muted
    store.ingest(delta(alert("1", source="am1", silenced_by=("s1",)), gone=["am2/1"]), after(14))
    assert shown(store).muted, "the one that no longer has it does not count"


def test_the_other_copy_takes_over_with_group_and_acknowledgement() -> None:
    store = both()
    store.ack(["am/1"], "ana", after(12))
    group = store.view().major[0].key
    store.ingest(delta(gone=["am/1"]), after(900))
    (row,) = store.view().flat
    assert (row.alert.firing, row.alert.source, row.acked_by, row.group) == (True, "prom", "ana", group)
    store.ingest(delta(gone=["prom/1"]), after(910))
    (row,) = store.view().flat
    assert (row.alert.state, row.alert.ended_at, row.acked_by) == (RESOLVED, after(910), "")
    assert store.alert("am/1") is not None


def test_the_onset_of_another_copy_is_no_return() -> None:
    store = both()
    store.ack(["prom/1"], "ana", after(12))
    store.ingest(delta(gone=["am/1"]), after(20))
    store.ingest(delta(alert("1", source="am", at=30)), after(31))
    assert store.view().flat[0].acked_by == "ana"


def test_pending_at_one_and_firing_at_the_other_is_firing() -> None:
    store = AlertStore(WindowCorrelator())
    store.ingest(delta(alert("1", source="prom", state=PENDING)), after(10))
    store.ingest(delta(alert("1", source="am")), after(11))
    assert shown(store).firing


def test_alerts_of_one_source_are_never_copies() -> None:
    store = AlertStore(WindowCorrelator())
    same = [alert("1", prometheus_replica="a"), alert("2", prometheus_replica="b")]
    one, other = (Alert(**{**_fields(a), "labels": {**a.labels, "id": "x"}}) for a in same)
    store.ingest(delta(one, other), after(10))
    assert store.view().total == 2


def _fields(one: Alert) -> dict[str, object]:
    return {name: getattr(one, name) for name in one.__struct_fields__}


def test_other_labels_are_another_alert() -> None:
    store = AlertStore(WindowCorrelator())
    store.ingest(delta(alert("1", source="am", mount="/"), alert("1", source="prom", mount="/var")), after(10))
    assert store.view().total == 2


def test_nothing_is_kept_of_what_is_gone() -> None:
    store = both()
    store.ingest(delta(gone=["am/1", "prom/1"]), after(20))
    store.expire(after(2000))
    assert store.view().total == 0
    twins = store._twins
    assert isinstance(twins, Twins)
    assert not twins._held
    assert not twins._mark


@given(
    st.lists(
        st.tuples(st.sampled_from(["am", "prom"]), st.integers(0, 3), st.sampled_from(["fire", "mute", "gone"])),
        max_size=40,
    )
)
def test_it_fires_as_long_as_one_source_says_so(steps: list[tuple[str, int, str]]) -> None:
    store, firing, known = AlertStore(WindowCorrelator()), set[tuple[str, int]](), set[int]()
    for now, (source, number, what) in enumerate(steps):
        if what == "gone":
            store.ingest(delta(gone=[f"{source}/{number}"]), after(now))
            firing.discard((source, number))
        else:
            silenced = ("s",) if what == "mute" else ()
            store.ingest(delta(alert(str(number), source=source, silenced_by=silenced)), after(now))
            firing.add((source, number))
            known.add(number)
        rows = list(store.view().flat)
        assert sorted(r.alert.vendor_id for r in rows) == sorted(map(str, known))
        fires = {r.alert.vendor_id for r in rows if r.alert.state is FIRING}
        assert fires == {str(n) for _, n in firing}
