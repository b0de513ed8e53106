from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from console.alerts import acks
from console.alerts.acks import ACK_MARK
from console.config import AckConfig
from console.desk import undo
from console.errors import JournalError, PolicyRefused, Refused, Rejected, TimedOut
from console.model.action import Preview, Reply, Tier
from console.model.entry import Kind
from tests.unit.alerts.made import PENDING, alert, mutes
from tests.unit.alerts.staff import DEAD, Staff
from tests.unit.desk.fakes import act


def do(staff: Staff, id: str, **args: object) -> Reply:
    return asyncio.run(staff.perform(id, **args))


def ask(staff: Staff, id: str, **args: object) -> Preview:
    return asyncio.run(staff.preview(id, **args))


SILENCE = {"duration": "2h", "reason": "failover under way"}


# Acknowledging.


def test_hundreds_are_acknowledged_with_one_entry_and_one_note() -> None:
    staff = Staff(*(alert(str(n), service=f"s{n % 7}") for n in range(400)))
    keys = [f"am/{n}" for n in range(400)]
    reply = do(staff, "alert.ack", keys=keys, note="looking")
    assert reply.ok
    assert reply.text == "acknowledged 400 alerts"
    (body,) = staff.world.bodies(Kind.ALERT_ACKED)
    assert (body["keys"], body["note"]) == (keys, "looking")
    assert staff.acked() == dict.fromkeys(keys, "ana")
    assert staff.am.calls == []


def test_the_entry_goes_to_the_watch_where_no_incident_is_open() -> None:
    staff = Staff(alert("1"), incident="")
    do(staff, "alert.ack", keys=["am/1"])
    assert staff.world.kinds("") == ["alert.acked"]


def test_a_group_and_its_way_back() -> None:
    staff = Staff(alert("1"), alert("2", name="Latency", at=5), alert("x", cluster="us-1"))
    group = staff.store.row("am/1")
    assert group is not None
    reply = do(staff, "alert.ack", group=group.group)
    assert set(staff.acked()) == {"am/1", "am/2"}
    assert reply.undo is not None
    do(staff, reply.undo.action, **reply.undo.args)
    assert staff.acked() == {}
    assert staff.world.kinds() == ["alert.acked", "alert.unacked"]


def test_what_a_colleague_acknowledged_stays_theirs() -> None:
    staff = Staff(alert("1"), alert("2"))
    staff.store.ack(["am/1"], "bob", 0)
    reply = do(staff, "alert.ack", keys=["am/1", "am/2"])
    assert staff.acked() == {"am/1": "bob", "am/2": "ana"}
    assert reply.text == "acknowledged 1 alert, 1 was already"
    assert reply.undo is not None
    assert reply.undo.args["keys"] == ["am/2"]
    assert "already, by ana, bob" in do(staff, "alert.ack", keys=["am/1", "am/2"]).text


def test_a_journal_that_cannot_be_written_acknowledges_nothing() -> None:
    staff = Staff(alert("1"))
    staff.ledger.broken.add(Kind.ALERT_ACKED)
    with pytest.raises(JournalError):
        do(staff, "alert.ack", keys=["am/1"])
    assert staff.acked() == {}


@pytest.mark.parametrize(
    "args", [{}, {"keys": []}, {"keys": ["am/none"]}, {"group": "none"}, {"filter": "nothing-at-all"}]
)
def test_nothing_chosen_is_refused_with_what_to_do(args: dict[str, object]) -> None:
    with pytest.raises(Refused) as error:
        do(Staff(alert("1")), "alert.ack", **args)
    assert error.value.next


def test_the_preview_says_whether_anything_is_sent() -> None:
    staff = Staff(alert("1"))
    assert "nothing is sent" in ask(staff, "alert.ack", keys=["am/1"]).call
    shown = ask(staff, "alert.ack", keys=["am/1"], silence="yes")
    assert "silence of 15 min" in shown.call
    assert shown.tier is Tier.R1
    assert staff.am.calls == []


@pytest.mark.parametrize("configured", [True, False])
def test_a_marked_silence_on_the_exact_labels(configured: bool) -> None:
    staff = Staff(alert("1", mount="/"), alert("2", mount="/var"), ack=AckConfig(silence=configured))
    reply = do(staff, "alert.ack", keys=["am/1"], silence="" if configured else "yes")
    (silence,) = staff.am.kept.values()
    assert [a.key for a in staff.store.all() if mutes(silence.matchers, a.labels)] == ["am/1"]
    assert silence.ends_at - staff.world.clock.now() == 900_000
    assert silence.comment.startswith(ACK_MARK)
    assert "ana" in silence.comment
    assert "INC-0001" in silence.comment
    assert "lapses" in silence.comment
    assert "1 silenced for 15 min" in reply.text
    assert staff.world.kinds() == ["alert.acked", "action.intended", "action.sending", "action.sent"]


def test_un_acknowledging_ends_its_silences_and_no_others() -> None:
    staff = Staff(alert("1"), alert("2"), ack=AckConfig(silence=True))
    do(staff, "alert.ack", keys=["am/1", "am/2"])
    do(staff, "alert.silence", keys=["am/1"], **SILENCE)
    assert "1 silence of theirs" in ask(staff, "alert.unack", keys=["am/1"]).blast[1]
    reply = do(staff, "alert.unack", keys=["am/1"])
    assert reply.text == "un-acknowledged 1 alert; 1 silence ended"
    left = asyncio.run(staff.am.silences())
    assert [s.comment.startswith(ACK_MARK) for s in left] == [True, False]


def test_an_alertmanager_that_does_not_answer_is_asked_once_and_the_acknowledgement_stands() -> None:
    staff = Staff(*(alert(str(n)) for n in range(9)), ack=AckConfig(silence=True))
    staff.am.error = DEAD
    reply = do(staff, "alert.ack", keys=[f"am/{n}" for n in range(9)])
    assert reply.ok
    assert len(staff.acked()) == 9
    assert staff.am.calls == ["create"]
    assert "9 could not be (am: am does not answer)" in reply.text


def test_too_many_for_a_silence_each_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acks, "MOST", 3)
    staff = Staff(*(alert(str(n)) for n in range(4)), ack=AckConfig(silence=True))
    reply = do(staff, "alert.ack", keys=[f"am/{n}" for n in range(4)])
    assert "too many" in reply.text
    assert staff.am.calls == []


# Silencing.


def test_the_preview_shows_all_that_would_happen_and_does_nothing() -> None:
    staff = Staff(*(alert(str(n), service="orders", host=f"h{n}") for n in range(12)), alert("x", service="other"))
    shown = ask(staff, "alert.silence", filter="service=orders", **SILENCE)
    assert shown.title == "Silence 12 alerts that match service=orders for 2 h"
    assert 'am {service="orders"}' in shown.call
    assert shown.environment == "prod eu-1"
    assert shown.tier is Tier.R2
    assert shown.blast[:2] == ("12 alerts muted by 1 silence", "12 of orders")
    assert shown.sample[0].startswith("POST am/api/v2/silences")
    assert shown.sample[-1] == "and 4 more"
    assert shown.undo
    assert shown.warning == ""
    assert (staff.am.calls, staff.world.entries) == ([], {})


def test_the_call_stands_still_while_the_clock_goes() -> None:
    staff = Staff(alert("1"))
    before = ask(staff, "alert.silence", keys=["am/1"], **SILENCE)
    staff.world.clock.move(7)
    assert ask(staff, "alert.silence", keys=["am/1"], **SILENCE).call == before.call


def test_what_else_would_be_muted_is_warned_of() -> None:
    staff = Staff(*(alert(str(n), name=f"N{n}") for n in range(25)), alert("other", name="Zz"))
    shown = ask(staff, "alert.silence", keys=[f"am/{n}" for n in range(25)], **SILENCE)
    assert "also mutes 1 alert not chosen: orders Zz" in shown.warning


def test_a_silence_names_who_and_why_and_ends() -> None:
    staff = Staff(alert("1"))
    reply = do(staff, "alert.silence", keys=["am/1"], **SILENCE)
    (silence,) = staff.am.kept.values()
    assert silence.comment == "failover under way (ana, INC-0001)"
    assert silence.created_by == "ana"
    assert silence.ends_at - staff.world.clock.now() == 7_200_000
    assert reply.undo is not None
    assert do(staff, reply.undo.action, **reply.undo.args).ok
    assert asyncio.run(staff.am.silences()) == []


def test_a_secret_in_the_reason_does_not_leave() -> None:
    staff = Staff(alert("1"))
    do(staff, "alert.silence", keys=["am/1"], duration="2h", reason="Authorization: Bearer abcdefghijklmnop0123456789")
    (silence,) = staff.am.kept.values()
    assert "abcdefghijklmnop0123456789" not in silence.comment


def test_alerts_of_several_sources_are_silenced_in_each() -> None:
    staff = Staff(alert("1"), alert("2", source="am2", service="b"), alert("3", source="prom", service="c"))
    keys = ["am/1", "am2/2", "prom/3"]
    shown = ask(staff, "alert.silence", keys=keys, **SILENCE)
    assert shown.environment == "prod eu-1, prod us-1"
    assert "1 alert of prom cannot be silenced there" in shown.warning
    reply = do(staff, "alert.silence", keys=keys, **SILENCE)
    assert (len(staff.am.kept), len(staff.am2.kept)) == (1, 1)
    assert reply.ok
    assert "cannot be silenced there" in reply.text
    with pytest.raises(Refused) as error:
        ask(staff, "alert.silence", keys=["prom/3"], **SILENCE)
    assert "prom" in error.value.what


def test_an_alert_that_prometheus_told_first_is_silenced_in_its_alertmanager() -> None:
    staff = Staff(alert("1", source="a-prometheus"))
    staff.tell(alert("1", source="am"))
    assert do(staff, "alert.silence", keys=["a-prometheus/1"], **SILENCE).ok
    assert len(staff.am.kept) == 1
    assert do(staff, "alert.ack", keys=["am/1"]).text == "acknowledged 1 alert"
    assert staff.acked() == {"a-prometheus/1": "ana"}


BAD = Rejected("400: no matchers")


@dataclass
class Case:
    """A service that fails from a certain call on."""

    error: Exception
    good: int
    ok: bool
    says: tuple[str, ...]


@pytest.mark.parametrize(
    "case",
    [
        Case(BAD, 0, False, ("not silenced", "1 failed (am: 400: no matchers)", "1 not tried")),
        Case(BAD, 1, True, ("1 of 2 silences set", "1 failed")),
        Case(DEAD, 0, True, ("not silenced yet", "2 waiting (am: am does not answer)")),
        Case(DEAD, 1, True, ("1 of 2 silences set", "1 waiting")),
        Case(TimedOut("am took over 10 s"), 0, False, ("of 1 nobody knows", "1 not tried")),
        Case(TimedOut("am took over 10 s"), 1, True, ("1 of 2 silences set", "of 1 nobody knows")),
    ],
    ids=["all failed", "one failed", "all waiting", "one waiting", "all unknown", "one unknown"],
)
def test_partial_success_is_told_as_it_is(case: Case) -> None:
    staff = Staff(alert("1", service="a"), alert("2", service="b"), alert("3", service="c"))
    staff.am.error, staff.am.errors_from, staff.am.deaf = case.error, case.good, True
    reply = do(staff, "alert.silence", keys=["am/1", "am/2"], **SILENCE)
    assert reply.ok is case.ok
    for words in case.says:
        assert words in reply.text


def test_a_pending_alert_can_be_silenced() -> None:
    assert do(Staff(alert("1", state=PENDING)), "alert.silence", keys=["am/1"], **SILENCE).ok


def test_a_read_only_console_sends_nothing() -> None:
    staff = Staff(alert("1"))
    staff.desk.policy = type(staff.desk.policy)(read_only=True)
    with pytest.raises(PolicyRefused):
        do(staff, "alert.silence", keys=["am/1"], **SILENCE)
    with pytest.raises(PolicyRefused):
        do(staff, "alert.ack", keys=["am/1"])
    assert (staff.am.calls, staff.acked()) == ([], {})


# Ending a silence.


def test_ending_shows_what_is_heard_again() -> None:
    staff = Staff(alert("1"), alert("2", service="b"))
    do(staff, "alert.silence", keys=["am/1"], **SILENCE)
    do(staff, "alert.silence", keys=["am/1", "am/2"], **SILENCE)
    staff.mute()
    first, *_, last = staff.am.kept
    assert ask(staff, "silence.expire", silence=f"am/{last}").blast == ("1 alert heard again",)
    assert ask(staff, "silence.expire", silence=f"am/{first}").blast == ("0 alerts heard again",)
    assert ask(staff, "silence.expire", silence=f"am/{first}").undo == "", "there is no way back that brings it exactly"


def test_ending_tells_failure_from_not_knowing() -> None:
    staff = Staff(alert("1"))
    do(staff, "alert.silence", keys=["am/1"], **SILENCE)
    (name,) = staff.am.kept
    staff.am.deaf = True
    staff.am.error = BAD
    assert "still holds" in do(staff, "silence.expire", silence=f"am/{name}").text
    staff.am.error = DEAD
    assert "as soon as am answers" in do(staff, "silence.expire", silence=f"am/{name}").text
    staff.am.error = TimedOut("am took over 10 s")
    assert "not known" in do(staff, "silence.expire", silence=f"am/{name}").text


def test_a_silence_that_is_unknown_everywhere_is_refused() -> None:
    with pytest.raises(Refused):
        do(Staff(alert("1")), "silence.expire", silence="elsewhere/1")


def test_ending_twice_is_harmless() -> None:
    staff = Staff(alert("1"))
    do(staff, "alert.silence", keys=["am/1"], **SILENCE)
    (name,) = staff.am.kept
    assert do(staff, "silence.expire", silence=f"am/{name}").ok
    again = do(staff, "silence.expire", silence=f"am/{name}")
    assert again.ok
    assert staff.am.calls == ["create", "expire", "expire"]
    assert asyncio.run(staff.am.silences()) == []


def test_a_silence_is_taken_back_by_undo_once() -> None:
    staff = Staff(alert("1"))
    registry = dict(staff.handlers)
    registry |= undo.handlers(staff.desk, registry, state=staff.world.state, current=lambda: staff.incident)
    do(staff, "alert.silence", keys=["am/1"], **SILENCE)
    shown = asyncio.run(registry["desk.undo"].preview(act("desk.undo")))
    reply = asyncio.run(registry["desk.undo"].perform(act("desk.undo", digest=shown.digest)))
    assert reply.ok
    assert reply.text.startswith("undone: silence orders HighErrorRate for 2 h")
    assert asyncio.run(staff.am.silences()) == []
    with pytest.raises(Refused):
        asyncio.run(registry["desk.undo"].perform(act("desk.undo")))
    assert staff.am.calls == ["create", "expire"]


def test_an_alert_that_is_named_twice_counts_once() -> None:
    staff = Staff(alert("1"), alert("1", source="am2", state=PENDING))
    reply = do(staff, "alert.ack", keys=["am/1", "am/1", "am2/1"])
    assert reply.text == "acknowledged 1 alert"
    assert staff.world.bodies(Kind.ALERT_ACKED)[0]["keys"] == ["am/1"]
