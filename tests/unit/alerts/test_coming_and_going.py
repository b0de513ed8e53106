"""Alerts whose state of the moment says little, and silences that are younger than what was last listed."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.alerts.standing import matcher
from console.desk import undo
from console.errors import Refused
from console.model.action import Preview, Reply
from console.model.alert import Alert, Matcher, Silence
from console.ports import Handler
from tests.unit.alerts.made import RESOLVED, alert, mutes
from tests.unit.alerts.staff import FakeSilencer, Staff
from tests.unit.desk.fakes import INC, act

SILENCE = {"duration": "2h", "reason": "failover under way"}


def do(staff: Staff, id: str, **args: object) -> Reply:
    return asyncio.run(staff.perform(id, **args))


def ask(staff: Staff, id: str, **args: object) -> Preview:
    return asyncio.run(staff.preview(id, **args))


def muted(staff: Staff) -> set[str]:
    return {a.key for s in staff.am.kept.values() for a in staff.store.all() if mutes(s.matchers, a.labels)}


def test_named_alerts_are_silenced_whatever_their_state_of_the_moment() -> None:
    staff = Staff(alert("1"), alert("2", state=RESOLVED))
    shown = ask(staff, "alert.silence", keys=["am/2"], **SILENCE)
    assert shown.title == "Silence orders HighErrorRate for 2 h"
    assert shown.blast[0] == "1 alert muted by 1 silence"
    assert shown.blast[1] == "1 of them resolved at this moment: muted when they come back"
    assert do(staff, "alert.silence", keys=["am/2"], **SILENCE).ok
    assert muted(staff) == {"am/2"}


def flapping(*others: Alert) -> Staff:
    """An alert that came and went, and is gone at this moment."""
    staff = Staff(alert("2", name="Latency"), *others)
    for turn in range(3):
        staff.world.clock.move(60)
        staff.tell(alert("2", name="Latency", state=RESOLVED))
        staff.world.clock.move(60)
        staff.tell(alert("2", name="Latency", at=turn + 1))
    staff.tell(alert("2", name="Latency", state=RESOLVED))
    row = staff.store.row("am/2")
    assert row is not None
    assert row.flapping
    return staff


def test_of_a_group_what_flaps_is_silenced_with_what_fires_and_what_resolved_for_good_is_not() -> None:
    staff = flapping(alert("1", service="a"), alert("3", service="b", name="Saturation"))
    staff.tell(alert("3", service="b", name="Saturation", state=RESOLVED))
    row = staff.store.row("am/1")
    assert row is not None
    assert ask(staff, "alert.silence", group=row.group, **SILENCE).blast[0].startswith("2 alerts muted")
    do(staff, "alert.silence", group=row.group, **SILENCE)
    assert muted(staff) == {"am/1", "am/2"}


def test_all_that_a_filter_lets_through_counts_what_flaps() -> None:
    shown = ask(flapping(alert("3", name="Saturation", state=RESOLVED)), "alert.silence", filter="orders", **SILENCE)
    assert shown.title == "Silence 1 alert that matches orders for 2 h"


def test_a_group_that_has_just_resolved_as_a_whole_can_still_be_silenced_but_not_acknowledged() -> None:
    staff = Staff(alert("1"), alert("2", name="Latency"))
    row = staff.store.row("am/1")
    assert row is not None
    staff.tell(alert("1", state=RESOLVED), alert("2", name="Latency", state=RESOLVED))
    assert do(staff, "alert.silence", group=row.group, **SILENCE).ok
    with pytest.raises(Refused) as error:
        do(staff, "alert.ack", group=row.group)
    assert "silenced with s" in error.value.next


# Within seconds.


class Late(Staff):
    """The sources were listed before anything was set, and are not asked again."""

    listed: tuple[Silence, ...] = ()

    def _active(self, silencer: FakeSilencer) -> list[Silence]:
        return [s for s in self.listed if s.source == silencer.name]

    def undo(self) -> Handler:
        registry = dict(self.handlers)
        return undo.handlers(self.desk, registry, state=self.world.state, current=lambda: self.incident)["desk.undo"]


@pytest.mark.parametrize("incident", [INC, ""])
def test_a_silence_can_be_undone_before_its_source_was_listed_again(incident: str) -> None:
    staff = Late(alert("1"), alert("2", name="Latency"), incident=incident)
    do(staff, "alert.silence", keys=["am/1"], **SILENCE)
    shown = asyncio.run(staff.undo().preview(act("desk.undo")))
    assert 'service="orders"' in shown.call
    assert shown.blast == ("1 alert heard again",)
    staff.listed = tuple(staff.am.kept.values())
    reply = asyncio.run(staff.undo().perform(act("desk.undo", digest=shown.digest)))
    assert reply.ok, "what the list said meanwhile is no other silence"
    with pytest.raises(Refused, match="nothing of ana's"):
        asyncio.run(staff.undo().preview(act("desk.undo")))


def test_what_a_second_silence_of_the_last_seconds_mutes_too_is_not_heard_again() -> None:
    staff = Late(alert("1"), alert("2", service="b"))
    do(staff, "alert.silence", keys=["am/1", "am/2"], **SILENCE)
    do(staff, "alert.silence", keys=["am/1"], **SILENCE)
    *_, last = staff.am.kept
    assert ask(staff, "silence.expire", silence=f"am/{last}").blast == ("0 alerts heard again",)


def test_a_silence_that_ran_out_or_was_ended_is_not_undone() -> None:
    staff = Late(alert("1"))
    do(staff, "alert.silence", keys=["am/1"], **SILENCE)
    staff.world.clock.move(1)
    do(staff, "alert.silence", keys=["am/1"], **SILENCE)
    first, last = staff.am.kept
    do(staff, "silence.expire", silence=f"am/{last}")
    assert asyncio.run(staff.undo().preview(act("desk.undo"))).target == f"am/{first}"
    staff.world.clock.move(7201)
    with pytest.raises(Refused, match="has ended already"):
        asyncio.run(staff.undo().preview(act("desk.undo")))


def test_of_a_silence_that_nobody_here_knows_nothing_is_claimed() -> None:
    shown = ask(Late(alert("1")), "silence.expire", silence="am/unheard-of")
    assert shown.blast == ("which alerts it mutes is not known here",)
    assert shown.call == "DELETE /api/v2/silence/unheard-of"


NAMES = st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_.]*", fullmatch=True)


@given(st.builds(Matcher, NAMES, st.text(), st.booleans(), st.booleans()))
def test_a_matcher_is_read_back_from_its_words(one: Matcher) -> None:
    assert matcher(str(one)) == one
