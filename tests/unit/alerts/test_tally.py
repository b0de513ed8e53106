from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from console.alerts.tally import Tallies, Tally, group_of_one
from console.model.alert import Alert, AlertRow
from console.model.group import Group
from tests.unit.alerts.made import FIRING, PENDING, RESOLVED, alert

ALERTS = st.builds(
    alert,
    st.just("1"),
    service=st.sampled_from(["", "orders", "Orders"]),
    cluster=st.sampled_from(["", "eu-1"]),
    host=st.sampled_from(["", "h1"]),
    severity=st.integers(1, 5),
    at=st.sampled_from([0, 5, 90]),
    ended=st.sampled_from([0, 60]),
    state=st.sampled_from([FIRING, PENDING, RESOLVED]),
    summary=st.sampled_from(["", "orders fails", "it fails"]),
    silenced_by=st.sampled_from([(), ("s",)]),
)
ROWS = st.builds(AlertRow, ALERTS, st.just("g1"), st.sampled_from(["", "ana"]), st.just(7), st.booleans())
OUT_OF_TIME = st.sampled_from([None, -1, 0, 1 << 62])


@given(ROWS, OUT_OF_TIME)
def test_a_group_of_one_is_told_as_the_general_form_tells_it(row: AlertRow, began: int | None) -> None:
    if began is not None:
        row = replace(row, alert=replace(row.alert, started_at=began))
    general = Tally("g1")
    general.put(row)
    assert group_of_one("g1", row) == general.group(row.alert)


def held(*alerts: Alert) -> Tallies:
    tallies = Tallies()
    for one in alerts:
        tallies.put("g1", AlertRow(one, "g1"))
    return tallies


def shown(tallies: Tallies) -> Group:
    group = tallies.group("g1", None)
    assert group is not None
    return group


def test_who_joins_a_group_of_one_that_was_shown_has_joined() -> None:
    tallies = held(alert("1"))
    assert shown(tallies).joined == 0
    tallies.put("g1", AlertRow(alert("2"), "g1"))
    assert (shown(tallies).joined, shown(tallies).total) == (1, 2)
    tallies.look("g1")
    assert shown(tallies).joined == 0


def test_who_comes_before_a_group_is_first_shown_has_not_joined() -> None:
    assert shown(held(alert("1"), alert("2"))).joined == 0


def test_looking_at_a_group_of_one_is_looking() -> None:
    tallies = held(alert("1"))
    assert tallies.look("g1")
    tallies.put("g1", AlertRow(alert("2"), "g1"))
    assert shown(tallies).joined == 1
    assert not tallies.look("g2")


def test_a_group_of_one_can_be_linked_and_stays_so() -> None:
    tallies = held(alert("1"))
    assert [tallies.link("g1", "INC-1"), tallies.link("g1", "INC-1"), tallies.link("g2", "INC-1")] == [
        True,
        False,
        False,
    ]
    assert (tallies.incident("g1"), shown(tallies).incident) == ("INC-1", "INC-1")
    tallies.put("g1", AlertRow(alert("2"), "g1"))
    assert shown(tallies).incident == "INC-1"


def test_reasons_from_before_the_others_left_are_kept() -> None:
    tallies = held(alert("1"))
    assert tallies.tell("g1", "am/0", ("same service",))
    assert (shown(tallies).why, tallies.root("g1")) == (("same service",), "am/0")
    assert not tallies.tell("g2", "am/0", ())


def test_a_change_of_the_only_member_is_shown_and_its_firing_counts() -> None:
    tallies = held(alert("1"))
    assert tallies.firing("g1")
    tallies.put("g1", AlertRow(alert("1", state=RESOLVED, summary="over"), "g1"))
    assert (tallies.firing("g1"), shown(tallies).title) == (False, "orders: over")
    tallies.put("g1", AlertRow(alert("2"), "g1"))
    assert (tallies.firing("g1"), tallies.firing("g2")) == (True, False)


def test_a_group_without_members_is_none_until_one_comes_back() -> None:
    tallies = held(alert("1"))
    tallies.drop("g1", "am/1")
    assert tallies.group("g1", None) is None
    tallies.put("g1", AlertRow(alert("2"), "g1"))
    assert shown(tallies).total == 1
    tallies.forget("g1")
    assert tallies.group("g1", None) is None
    tallies.drop("g2", "am/1")
