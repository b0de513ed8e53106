from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest
from msgspec.structs import replace

from console.command.handlers import handlers
from console.desk.handling import Handling
from console.desk.policy import Policy
from console.desk.undo import handlers as undo_handlers
from console.model.action import Reply, Tier
from console.model.alert import Alert, AlertState
from console.model.entry import Actor, Draft, Kind
from console.model.incident import Incident, Status
from console.model.lifecycle import MOVES, reason_for
from console.model.severity import Severity
from console.ports import Handler
from tests.unit.desk.fakes import INC, World, act, desk_of

START = 1_795_000_000_000
WAY: dict[Status, tuple[str, ...]] = {
    Status.INVESTIGATING: (),
    Status.IDENTIFIED: ("identified",),
    Status.MONITORING: ("monitoring",),
    Status.RESOLVED: ("monitoring", "resolved"),
    Status.POSTMORTEM: ("monitoring", "resolved", "postmortem"),
    Status.FALSE_POSITIVE: ("false_positive",),
}
"""How a declared incident gets into a state."""


def alert(number: int, *, started_at: int = START - 60_000) -> Alert:
    return Alert(
        f"am/{number}", "am", str(number), f"Alert{number}", "fails", Severity.SEV2, AlertState.FIRING, started_at,
        service="pay",
    )  # fmt: skip


class Room:
    """A console with incident command's handlers, driven by actions."""

    def __init__(self, world: World | None = None, *, lane: str = "host.1000.0", policy: Policy | None = None) -> None:
        self.world = world or World()
        self.desk, self.ledger = desk_of(self.world, lane=lane, policy=policy)
        self.firing: list[str] = []
        self.groups: dict[str, tuple[list[str], list[Alert]]] = {}
        self.current = INC
        self.opened = 0
        registry: dict[str, Handler] = handlers(
            self.desk,
            state=self.world.state,
            current=lambda: self.current,
            open_incident=self.open,
            group_facts=lambda key: self.groups.get(key, ([], [])),
            firing=lambda _: self.firing,
        )
        registry |= undo_handlers(self.desk, registry, state=self.world.state, current=lambda: self.current)
        self.door = Handling(registry, self.desk, lambda: self.current)

    async def open(self) -> str:
        self.opened += 1
        return INC

    @property
    def state(self) -> Incident:
        return self.world.state(INC)

    def do(self, id: str, who: str = "ana", **args: object) -> Reply:
        """Asks, a second later."""
        self.world.clock.move(1)
        return run(self.door.respond(act(id, who, **args)))

    def confirm(self, id: str, who: str = "ana", **args: object) -> Reply:
        """Asks, looks at the preview, and says yes."""
        asked = self.do(id, who, preview=True, **args)
        assert asked.preview is not None, asked.text
        return run(self.door.respond(act(id, who, digest=asked.preview.digest, **args)))

    def declare(self, severity: str = "SEV2", command: str = "yes", **more: object) -> Reply:
        return self.do("incident.declare", title="payments failing", severity=severity, command=command, **more)

    def go(self, *states: str, who: str = "ana") -> Reply:
        reply = Reply("", False, "")
        for state in states:
            reply = self.confirm("incident.status", who, status=state, reason="seen")
            assert reply.ok, (reply.text, reply.next)
        return reply


def run(work: Coroutine[Any, Any, Reply]) -> Reply:
    return asyncio.run(work)


# Declaring.


def test_declaring_opens_an_incident_with_its_severity_and_command():
    room = Room()
    reply = room.declare("SEV1", services="pay, checkout")
    assert reply.ok
    assert reply.text == "INC-0001 declared SEV1, you command"
    assert reply.data == {"incident": INC}
    state = room.state
    assert (state.severity, state.ic, state.services) == (Severity.SEV1, "ana", ("pay", "checkout"))
    assert len(room.ledger.writes) == 1
    assert [row.text for row in state.timeline] == ["declared SEV1, took command: payments failing"]


def test_declaring_from_a_group_links_its_alerts_however_many():
    room = Room()
    room.groups["g1"] = (["orders-db", "pay"], [alert(n, started_at=START - 1000 * n) for n in range(1, 1201)])
    assert room.declare(group="g1", services="pay").ok
    state = room.state
    assert len(state.linked) == 1200
    assert state.services == ("pay", "orders-db")
    assert state.started_at == START - 1_200_000
    assert len(room.ledger.writes) == 1
    assert max(len(body["alerts"]) for body in room.world.bodies(Kind.ALERT_LINKED)) == 500  # type: ignore[arg-type]


def test_the_service_in_which_it_began_is_written_down_where_that_is_clear():
    def began(*times: int, services: str = "") -> str:
        room = Room()
        found = [
            replace(alert(n, started_at=at), service=name)
            for n, (name, at) in enumerate(zip(("checkout", "orders-db", "pay"), times, strict=True))
        ]
        room.groups["g1"] = (["checkout", "orders-db", "pay"], found)
        assert room.declare(group="g1", services=services).ok
        return room.state.service

    assert began(START - 9_000, START - 12_000, START - 10_000) == "orders-db"
    assert began(START - 9_000, START - 12_000, START - 12_000) == ""
    assert began(0, START - 12_000, START - 10_000) == "orders-db"
    room = Room()
    assert room.declare(services="pay, checkout").ok
    assert room.state.service == ""


def test_what_would_be_declared_is_shown_and_nothing_is_opened():
    room = Room()
    room.groups["g1"] = (["pay"], [alert(1), alert(2)])
    asked = room.do("incident.declare", title="x", severity="SEV1", group="g1", preview=True)
    assert asked.preview is not None
    assert asked.preview.blast == ("2 alerts", "pay")
    assert "Incident Commander" in asked.preview.warning
    assert room.opened == 0
    assert room.world.entries == {}


def test_a_declaration_can_be_withdrawn_by_who_commands():
    room = Room()
    undo = room.declare().undo
    assert undo is not None
    assert room.do(undo.action, **undo.args).ok
    assert room.state.status is Status.FALSE_POSITIVE
    assert Room().declare("SEV1", "no").undo is None


def test_a_declaration_is_the_last_that_undo_takes_back_and_it_asks_first():
    room = Room()
    room.declare()
    room.go("identified")
    assert room.confirm("desk.undo").ok
    asked = room.do("desk.undo")
    assert not asked.ok
    assert asked.preview is None, "once it was moved on, a declaration is no slip of the hand"
    fresh = Room()
    fresh.declare()
    asked = fresh.do("desk.undo")
    assert not asked.ok
    assert asked.preview is not None
    assert (asked.preview.title, asked.preview.tier) == ("Undo: declare SEV2", Tier.R2)
    assert fresh.confirm("desk.undo").ok
    assert fresh.state.status is Status.FALSE_POSITIVE


def test_read_only_opens_nothing():
    room = Room(policy=Policy(read_only=True))
    assert "read-only" in room.declare().text
    assert room.opened == 0


# Notes.


def test_a_note_stands_in_the_timeline():
    room = Room()
    room.declare()
    assert room.do("incident.note", text="pool looks leaky\nsecond line").ok
    row = room.state.timeline[-1]
    assert (row.who, row.text) == ("ana", "pool looks leaky second line")
    assert "second line" in row.detail
    assert "needs text" in room.do("incident.note", text="  ").text


def test_without_an_open_incident_there_is_nothing_to_act_on():
    room = Room()
    room.current = ""
    reply = room.do("incident.note", text="x")
    assert not reply.ok
    assert "no incident is open" in reply.text
    assert not room.do("incident.note", text="x", incident="INC-0999").ok


# States.


def test_the_usual_way_from_declared_to_closed():
    room = Room()
    room.declare("SEV3")
    room.go("identified", "monitoring")
    room.world.clock.move(11 * 60)
    assert room.do("incident.status", status="resolved").ok
    asked = room.do("incident.status", status="closed", reason="small")
    assert asked.preview is not None
    assert asked.preview.tier is Tier.R2
    room.go("closed")
    assert room.state.status is Status.CLOSED
    assert room.state.conflicts == ()
    assert "is the end" in room.do("incident.status", status="investigating", reason="x").next


@pytest.mark.parametrize(("before", "after"), [pair for pair in MOVES if pair[1] is not Status.MERGED])
def test_a_reason_is_demanded_exactly_where_the_table_says(before: Status, after: Status):
    if before is Status.TRIAGE:
        return
    room = Room()
    room.declare("SEV4")
    room.go(*WAY[before])
    reply = room.do("incident.status", status=str(after), preview=True)
    assert reply.ok is not bool(reason_for(before, after)), reply.text
    assert room.do("incident.status", status=str(after), preview=True, reason="seen").ok


def test_a_major_incident_is_not_moved_on_while_nobody_commands():
    room = Room()
    room.declare("SEV1", "no")
    reply = room.do("incident.status", status="identified")
    assert not reply.ok
    assert "nobody commands" in reply.text
    assert "take command" in reply.next
    room.do("incident.command")
    assert room.do("incident.status", status="identified").ok


def test_a_minor_incident_needs_no_commander_to_move_on():
    room = Room()
    room.declare("SEV3", "no")
    assert room.do("incident.status", status="identified").ok


def test_an_incident_without_severity_is_never_resolved():
    room = Room()
    body: dict[str, object] = {"title": "x", "ic": "ana"}
    asyncio.run(room.desk.record(INC, [Draft(Kind.INCIDENT_DECLARED, body, Actor("ana"))]))
    reply = room.do("incident.status", status="resolved", reason="gone")
    assert "without a severity" in reply.text
    assert room.state.status is Status.INVESTIGATING


def test_resolving_what_still_fires_warns_first_and_goes_on_when_confirmed():
    room = Room()
    room.declare("SEV4")
    room.go("monitoring")
    room.firing = ["pay Alert1", "pay Alert2", "db Alert3", "db Alert4"]
    asked = room.do("incident.status", status="resolved")
    assert not asked.ok
    assert room.state.status is Status.MONITORING
    assert asked.preview is not None
    assert asked.preview.tier is Tier.R2
    assert "4 alerts still fire: pay Alert1, pay Alert2, db Alert3 and 1 more" in asked.preview.warning
    room.firing = room.firing[:3]
    done = run(room.door.respond(act("incident.status", digest=asked.preview.digest, status="resolved")))
    assert done.ok, done.text
    assert room.state.status is Status.RESOLVED
    assert room.state.timeline[-1].result == "despite warnings"


def test_a_reason_answers_the_warning_too():
    room = Room()
    room.declare("SEV4")
    room.go("monitoring")
    room.firing = ["pay Alert1"]
    reply = room.do("incident.status", status="resolved", reason="the probe is broken, users are fine")
    assert reply.ok
    assert "1 alert still fires" in reply.text


def test_the_handler_itself_refuses_what_was_not_confirmed():
    room = Room()
    room.declare("SEV4")
    room.go("monitoring")
    room.firing = ["pay Alert1"]
    acts = handlers(
        room.desk,
        state=room.world.state,
        current=lambda: INC,
        open_incident=room.open,
        group_facts=lambda _: ([], []),
        firing=lambda _: room.firing,
    )
    with pytest.raises(Exception, match="still fires"):
        run(acts["incident.status"].perform(act("incident.status", status="resolved")))


def test_resolving_before_the_usual_time_warns():
    room = Room()
    room.declare("SEV1")
    room.go("monitoring")
    asked = room.do("incident.status", status="resolved", preview=True)
    assert asked.preview is not None
    assert "short of the usual time" in asked.preview.warning
    room.world.clock.move(30 * 60)
    assert room.do("incident.status", status="resolved").ok


def test_resolving_straight_away_needs_the_commander_and_a_reason():
    room = Room()
    room.declare("SEV2")
    assert "needs a reason" in room.do("incident.status", status="resolved").text
    assert "for ana" in room.do("incident.status", "ben", status="resolved", reason="gone").text
    assert room.do("incident.status", status="resolved", reason="third party fixed it").ok


def test_a_false_positive_needs_a_reason_and_the_commander():
    room = Room()
    room.declare("SEV3")
    assert "needs a reason" in room.do("incident.status", status="false_positive").text
    assert "for ana" in room.do("incident.status", "ben", status="false_positive", reason="test").text
    assert room.do("incident.status", status="false positive", reason="test").ok


@pytest.mark.parametrize(("severity", "hours"), [("SEV4", 24), ("SEV2", 72)])
def test_reopening_has_its_time(severity: str, hours: int):
    room = Room()
    room.declare(severity)
    room.go("monitoring", "resolved")
    room.world.clock.move(hours * 3600 - 10)
    assert "needs a reason" in room.do("incident.status", status="investigating").text
    assert room.do("incident.status", status="investigating", reason="same errors").ok
    assert (room.state.reopened, room.state.resolved_at) == (1, 0)
    room.go("monitoring", "resolved")
    room.world.clock.move(hours * 3600 + 10)
    late = room.do("incident.status", status="investigating", reason="same errors")
    assert not late.ok
    assert "declare another" in late.next
    assert room.state.status is Status.RESOLVED


def test_a_change_of_state_can_be_taken_back():
    room = Room()
    room.declare("SEV3")
    undo = room.do("incident.status", status="identified").undo
    assert undo is not None
    assert undo.words == "back to investigating"
    done = room.confirm("desk.undo")
    assert done.ok, done.text
    assert room.state.status is Status.INVESTIGATING
    assert "nothing of ana's" in room.do("desk.undo").text


def test_a_state_that_does_not_follow_names_those_that_do():
    room = Room()
    room.declare("SEV3")
    room.go("monitoring", "resolved")
    reply = room.do("incident.status", status="identified")
    assert reply.text == "identified does not follow resolved"
    assert "investigating" in reply.next
    assert "already" in room.do("incident.status", status="resolved").text


# Severity.


def test_anybody_raises_severity_and_only_the_commander_lowers_it():
    room = Room()
    room.declare("SEV3")
    raised = room.do("incident.severity", "ben", severity="SEV1")
    assert raised.ok
    assert raised.undo is None
    assert "only ana" in room.do("incident.severity", "ben", severity="SEV3", reason="x").text
    assert "needs a reason" in room.do("incident.severity", severity="SEV3").text
    assert room.do("incident.severity", severity="SEV3", reason="one tenant").ok
    assert (room.state.severity, room.state.peak_severity) == (Severity.SEV3, Severity.SEV1)
    assert room.world.kinds()[-1] == "self_approved"


def test_a_raise_by_the_commander_can_be_taken_back():
    room = Room()
    room.declare("SEV3")
    undo = room.do("incident.severity", severity="SEV2").undo
    assert undo is not None
    assert undo.words == "severity back to SEV3"
    assert room.confirm("desk.undo").ok
    assert room.state.severity is Severity.SEV3
    assert [kept.words for kept in room.state.reversible] == ["declare SEV3"]


def test_nobody_lowers_severity_where_nobody_commands():
    room = Room()
    room.declare("SEV3", "no")
    assert "nobody commands" in room.do("incident.severity", severity="SEV4", reason="x").text
    assert "already" in room.do("incident.severity", severity="SEV3").text


def test_the_severity_of_what_has_ended_stands():
    room = Room()
    room.declare("SEV4")
    room.go("monitoring", "resolved")
    assert "reopen" in room.do("incident.severity", severity="SEV3").next


# Command.


def test_command_is_claimed_where_it_is_vacant():
    room = Room()
    room.declare("SEV2", "no")
    asked = room.do("incident.command", preview=True)
    assert asked.preview is not None
    assert asked.preview.warning == "nobody commands"
    reply = room.do("incident.command", "ben")
    assert reply.ok
    assert "which was vacant" in reply.text
    assert room.state.ic == "ben"
    assert "already" in room.do("incident.command", "ben").text


def test_command_is_taken_over_by_name_with_a_basis_and_a_confirmation():
    room = Room()
    room.declare()
    assert room.do("incident.command", "ben").text == "ana commands INC-0001"
    asked = room.do("incident.command", "ben", basis="ana agreed")
    assert not asked.ok
    assert asked.preview is not None
    assert asked.preview.title == "Take command of INC-0001 from ana"
    assert room.confirm("incident.command", "ben", basis="ana agreed").ok
    assert room.state.ic == "ben"


def test_a_takeover_is_refused_if_command_changed_hands_while_it_was_asked():
    room = Room()
    room.declare()
    asked = room.do("incident.command", "ben", basis="no answer", preview=True)
    room.confirm("incident.command", "cleo", basis="ana agreed")
    assert asked.preview is not None
    late = run(room.door.respond(act("incident.command", "ben", digest=asked.preview.digest, basis="no answer")))
    assert not late.ok
    assert room.state.ic == "cleo"


def test_of_two_who_claim_at_once_the_second_is_told_who_was_first():
    world = World()
    here, there = Room(world), Room(world, lane="other.1001.0")
    here.declare("SEV2", "no")

    async def both() -> list[Reply]:
        here.ledger.gate = there.ledger.gate = asyncio.Event()
        claims = [
            asyncio.create_task(here.door.respond(act("incident.command", "ana"))),
            asyncio.create_task(there.door.respond(act("incident.command", "ben"))),
        ]
        for _ in range(20):
            await asyncio.sleep(0)
        here.ledger.gate.set()
        return await asyncio.gather(*claims)

    ours, theirs = asyncio.run(both())
    assert (ours.ok, theirs.ok) == (True, False)
    assert theirs.text == "ana took command of INC-0001 first"
    assert world.state(INC).conflicts == ("ben claimed command; ana held it",)


def test_replies_are_in_the_name_of_who_asked():
    room = Room()
    room.declare()
    action = replace(act("incident.note", text="x"), request_id="r77")
    assert run(room.door.respond(action)).request_id == "r77"
    assert room.state.timeline[-1].who == "ana"
