"""Which journal an acknowledgement stands in, and that it is taken back there."""

from __future__ import annotations

import asyncio

from console.config import AckConfig
from console.desk import undo
from console.desk.handling import Handling
from console.model.action import Reply
from console.model.entry import Draft, Kind
from tests.unit.alerts.made import alert
from tests.unit.alerts.staff import Staff
from tests.unit.desk.fakes import INC, act

OTHER = "INC-0002"


def do(staff: Staff, id: str, **args: object) -> Reply:
    return asyncio.run(staff.perform(id, **args))


def staff_of(*linked: str, on_screen: str = INC) -> Staff:
    """Three alerts apart from each other, the named ones part of INC-0001; INC-0002 links nothing yet."""
    staff = Staff(*(alert(str(n), cluster=f"c{n}", service=f"s{n}") for n in (1, 2, 3)), incident=on_screen)
    staff.links_all = False
    for incident, keys in ((INC, linked), (OTHER, ())):
        body: dict[str, object] = {"title": "x", "alerts": [{"key": key} for key in keys]}
        asyncio.run(staff.desk.record(incident, [Draft(Kind.INCIDENT_DECLARED, body)], act("incident.declare", "eve")))
        staff.open.append(incident)
    return staff


def door(staff: Staff) -> Handling:
    registry = dict(staff.handlers)
    registry |= undo.handlers(staff.desk, registry, state=staff.world.state, current=lambda: staff.incident)
    return Handling(registry, staff.desk, lambda: staff.incident)


def test_an_alert_that_is_not_part_of_the_incident_on_screen_is_noted_on_the_watch() -> None:
    staff = staff_of("am/1")
    reply = do(staff, "alert.ack", keys=["am/2"], incident=INC)
    assert staff.world.kinds("") == ["alert.acked"]
    assert staff.world.kinds() == ["incident.declared"]
    assert reply.text == "acknowledged 1 alert; not part of INC-0001, noted on the watch"


def test_what_is_linked_goes_to_its_incident_whichever_is_on_screen() -> None:
    for on_screen in ("", OTHER):
        staff = staff_of("am/1", on_screen=on_screen)
        reply = do(staff, "alert.ack", keys=["am/1"])
        assert staff.world.kinds()[-1] == "alert.acked"
        assert staff.world.kinds("") == []
        assert reply.text.endswith(f"not part of {OTHER}, noted in {INC}" if on_screen else "1 alert")


def test_what_joined_a_linked_group_a_moment_ago_belongs_to_it() -> None:
    staff = staff_of("am/1")
    staff.tell(alert("9", name="Latency", cluster="c1", service="s1", at=5))
    rows = staff.store.row("am/1"), staff.store.row("am/9")
    assert rows[0] is not None
    assert rows[1] is not None
    assert rows[0].group == rows[1].group
    do(staff, "alert.ack", keys=["am/9"])
    assert staff.world.kinds()[-1] == "alert.acked"


def test_one_gesture_over_both_is_an_entry_in_each_and_is_taken_back_in_each() -> None:
    staff = staff_of("am/1", "am/3")
    reply = do(staff, "alert.ack", keys=["am/1", "am/2", "am/3"], incident=INC)
    assert reply.text == "acknowledged 3 alerts; 1 not part of INC-0001, noted on the watch"
    assert (reply.undo, reply.next) == (None, "u takes them back, one part at a time")
    assert [b["keys"] for b in staff.world.bodies(Kind.ALERT_ACKED)] == [["am/1", "am/3"]]
    assert [b["keys"] for b in staff.world.bodies(Kind.ALERT_ACKED, "")] == [["am/2"]]
    do(staff, "alert.unack", keys=["am/1", "am/2", "am/3"], incident=INC)
    assert staff.world.state("").acked == staff.world.state(INC).acked == {}
    assert staff.acked() == {}


def test_an_acknowledgement_before_declaring_is_taken_back_from_the_room_in_the_journal_that_holds_it() -> None:
    staff = staff_of(on_screen="")
    do(staff, "alert.ack", keys=["am/1"])
    staff.incident = INC
    reply = asyncio.run(door(staff).respond(act("desk.undo", incident=INC)))
    assert reply.ok, reply.text
    assert reply.text.startswith("undone: acknowledge 1 alert")
    assert staff.world.kinds("") == ["alert.acked", "alert.unacked"]
    assert staff.world.state("").acked == {}
    assert staff.world.state("").reversible == ()


def test_an_acknowledgement_that_ended_with_its_alert_does_not_stand_in_the_way_of_older_ones() -> None:
    staff = staff_of("am/1")
    do(staff, "alert.ack", keys=["am/1"])
    staff.world.clock.move(1)
    do(staff, "alert.ack", keys=["am/2"])
    staff.tell(gone=["am/2"])
    reply = asyncio.run(door(staff).respond(act("desk.undo")))
    assert reply.ok, reply.text
    assert staff.world.kinds()[-1] == "alert.unacked"
    again = asyncio.run(door(staff).respond(act("desk.undo")))
    assert "nothing" in again.text


def test_taking_an_acknowledgement_back_by_hand_can_itself_be_undone_once() -> None:
    staff = staff_of("am/1")
    do(staff, "alert.ack", keys=["am/1"])
    staff.world.clock.move(1)
    do(staff, "alert.unack", keys=["am/1"])
    assert asyncio.run(door(staff).respond(act("desk.undo"))).ok
    assert staff.acked() == {"am/1": "ana"}
    again = asyncio.run(door(staff).respond(act("desk.undo")))
    assert not again.ok, "undoing the undo of an un-acknowledgement would be a redo"
    assert staff.acked() == {"am/1": "ana"}


def test_marked_silences_stand_with_their_acknowledgement() -> None:
    staff = staff_of("am/1")
    staff.office = type(staff.office)(
        staff.store, staff.desk, staff.office.silencers, {}, staff.office.silences, staff.office.current,
        AckConfig(silence=True), staff.linked,
    )  # fmt: skip
    from console.alerts.acts import handlers

    staff.handlers = handlers(staff.office)
    do(staff, "alert.ack", keys=["am/1", "am/2"])
    assert staff.world.kinds()[-1] == staff.world.kinds("")[-1] == "action.sent"
