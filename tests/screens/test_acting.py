"""From a key to an action: what is sent, on what, and what is said of it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from textual import events

from console.model.incident import Status
from console.model.lifecycle import reason_for, ways
from console.model.rows import Rows
from console.model.runbook import StepState
from console.model.snapshot import Snapshot
from screens.ask import Ask
from screens.choose import Choose
from screens.commands import Commands
from screens.confirm import Confirm
from screens.declare import Declare
from screens.runbook import RunbookScreen
from screens.war_room import WarRoom
from tests.screens import world
from tests.screens.driving import Hand, drive
from tests.screens.fake import DESTROY, PREVIEW


def test_ack_acts_at_once_and_shows_its_way_back() -> None:
    async def play(hand: Hand) -> None:
        await hand.press("a")
        await hand.settle()
        (done,) = hand.engine.done()
        assert (done.id, done.args, done.actor.id) == ("alert.ack", {"group": "g1", "incident": "INC-0042"}, "ana")
        assert hand.said() == "alert.ack is done"
        assert "u take it back" in hand.text()
        assert hand.engine.looked == ["g1"]

    drive(play)


@pytest.mark.parametrize(("held", "to"), [(False, "on"), (True, "off")])
def test_h_asks_for_the_other_of_what_is_shown(held: bool, to: str) -> None:
    async def play(hand: Hand) -> None:
        await hand.press("H")
        await hand.settle()
        (done,) = hand.engine.done()
        assert (done.id, done.args) == ("desk.hold", {"to": to, "incident": "INC-0042"})

    drive(play, replace(world.ROOM, held=held, held_by="ben" if held else ""))


def test_redacting_asks_why_and_then_for_the_entry_by_name() -> None:
    async def play(hand: Hand) -> None:
        hand.engine.previews["entry.redact"] = DESTROY
        await hand.press("2", "home", "colon")
        await hand.type("redact")
        await hand.press("enter")
        await hand.settle()
        assert isinstance(hand.app.screen, Ask)
        await hand.type("leaked")
        await hand.press("enter", "enter")
        await hand.settle()
        assert isinstance(hand.app.screen, Confirm)
        (asked,) = hand.engine.actions
        assert asked.preview
        assert asked.args["entry"] == world.TIMELINE[0].key
        assert asked.args["reason"] == "leaked"
        assert hand.engine.done() == []

    drive(play)


def test_undo_is_always_asked_of_the_desk() -> None:
    async def play(hand: Hand) -> None:
        await hand.press("a")
        await hand.settle()
        await hand.press("u")
        await hand.settle()
        await hand.press("u")
        await hand.settle()
        assert [(a.id, a.args) for a in hand.engine.done()] == [
            ("alert.ack", {"group": "g1", "incident": "INC-0042"}),
            ("desk.undo", {"incident": "INC-0042"}),
            ("desk.undo", {"incident": "INC-0042"}),
        ], "which deed is next in turn is known to the desk alone: twice is no redo"

    drive(play)


def test_undo_on_a_line_of_the_timeline_takes_that_back() -> None:
    async def play(hand: Hand) -> None:
        await hand.press("2", "home", "down", "down", "down", "u")
        await hand.settle()
        assert [(a.id, a.args) for a in hand.engine.done()] == [
            ("desk.undo", {"incident": "INC-0042", "operation": "op-1"})
        ]

    drive(play)


def test_silence_asks_how_long_and_why_then_shows_what_it_mutes() -> None:
    async def play(hand: Hand) -> None:
        await hand.press("s")
        await hand.settle()
        assert isinstance(hand.app.screen, Ask)
        await hand.press("enter")
        assert isinstance(hand.app.screen, Ask), "a reason is needed"
        await hand.type("deploy")
        await hand.press("enter")
        await hand.settle()
        (asked,) = hand.engine.actions
        assert asked.preview
        assert asked.args == {"group": "g1", "duration": "1h", "reason": "deploy", "incident": "INC-0042"}
        await hand.confirm()
        assert [(a.id, a.digest) for a in hand.engine.done()] == [("alert.silence", "d1")]

    drive(play)


def test_a_duration_must_be_one() -> None:
    async def play(hand: Hand) -> None:
        await hand.press("s", "shift+tab", "backspace", "backspace")
        await hand.type("soon")
        await hand.press("enter")
        assert "a duration looks like" in hand.text()
        await hand.press("down")
        assert "15m" in hand.text()

    drive(play)


def test_marked_groups_become_their_alerts() -> None:
    async def play(hand: Hand) -> None:
        await hand.press("space", "a")
        await hand.settle()
        (done,) = hand.engine.done()
        assert sorted(done.args["keys"]) == sorted(m.key for m in world.MEMBERS)  # type: ignore[call-overload]

    drive(play)


def test_all_that_the_filter_lets_through_is_silenced_by_the_filter() -> None:
    async def play(hand: Hand) -> None:
        await hand.press("asterisk", "s")
        await hand.settle()
        await hand.type("known")
        await hand.press("enter")
        await hand.settle()
        assert hand.engine.actions[0].args["filter"] == "service=payments"

    alerts = replace(world.ALERTS, filter="service=payments", matching=12)
    drive(play, replace(world.ROOM, alerts=alerts))


def test_the_target_is_the_row_that_was_painted() -> None:
    """News that slides another row under the cursor just before the key does not make it the target."""

    async def play(hand: Hand) -> None:
        gone = replace(world.ALERTS, major=Rows.of((world.WAREHOUSE,)))
        await hand.news(replace(world.ROOM, alerts=gone, version=9))
        await hand.press("a", apart=0.3)
        await hand.settle()
        assert hand.engine.done() == []
        assert "has just changed" in hand.said()
        await hand.press("a", apart=2.0)
        await hand.settle()
        assert hand.engine.done()[0].args == {"group": "g2", "incident": "INC-0042"}

    drive(play)


def test_keys_right_behind_a_paste_do_nothing() -> None:
    async def play(hand: Hand) -> None:
        hand.app.post_message(events.Paste("whatever"))
        await hand.settle()
        await hand.press("a", apart=0.005)
        await hand.settle()
        assert hand.engine.done() == []
        assert "faster than a hand" in hand.said()

    drive(play)


def test_two_lines_and_enter_declare() -> None:
    async def play(hand: Hand) -> None:
        await hand.press("tab", "d")
        await hand.settle()
        assert isinstance(hand.app.screen, Declare)
        await hand.press("down", "enter")
        await hand.settle()
        (done,) = hand.engine.done()
        assert done.id == "incident.declare"
        assert done.args == {
            "group": "g1", "title": "payments failing at checkout", "severity": "SEV2", "command": "yes",
            "services": "orders-db, payments, checkout, cart, storefront",
        }  # fmt: skip

    drive(play, world.LOBBY)


def test_a_declaration_needs_its_symptom() -> None:
    async def play(hand: Hand) -> None:
        await hand.press("d", "enter")
        assert "what users notice" in hand.text()
        assert isinstance(hand.app.screen, Declare)
        await hand.type("no orders")
        await hand.press("ctrl+t", "enter")
        await hand.settle()
        assert hand.engine.done()[0].args == {"title": "no orders", "severity": "SEV2", "command": "no"}

    drive(play, world.CALM)


def test_lowering_the_severity_wants_a_reason() -> None:
    async def play(hand: Hand) -> None:
        await hand.press("v", "down", "enter")
        await hand.settle()
        await hand.type("only cart")
        await hand.press("enter")
        await hand.settle()
        assert hand.engine.done()[0].args == {"incident": "INC-0042", "severity": "SEV2", "reason": "only cart"}

    drive(play)


def test_the_next_state_is_proposed() -> None:
    async def play(hand: Hand) -> None:
        await hand.press("t")
        await hand.settle()
        assert isinstance(hand.app.screen, Choose)
        await hand.press("enter")
        await hand.settle()
        assert hand.engine.done()[0].args == {"incident": "INC-0042", "status": "identified"}

    drive(play)


def test_what_turns_out_riskier_than_its_line_in_the_table_is_shown_and_asked_for() -> None:
    async def play(hand: Hand) -> None:
        hand.engine.previews["incident.status"] = replace(PREVIEW, title="Resolve while 3 alerts fire", digest="d7")
        await hand.press("t")
        await hand.settle()
        await hand.press("enter")
        await hand.settle()
        assert isinstance(hand.app.screen, Confirm)
        assert "Resolve while 3 alerts fire" in hand.text()
        hand.clock.move(1.0)
        await hand.confirm()
        assert [a.digest for a in hand.engine.done()] == ["", "d7"]
        assert hand.said() == "incident.status is done"

    drive(play)


def test_a_note_and_a_runbook() -> None:
    async def play(hand: Hand) -> None:
        await hand.press("n")
        await hand.type("db team joined")
        await hand.press("enter")
        await hand.settle()
        await hand.press("b", "enter")
        await hand.settle()
        await hand.press("enter")
        await hand.settle()
        note, start = hand.engine.done()
        assert note.args == {"incident": "INC-0042", "text": "db team joined"}
        assert start.args == {"incident": "INC-0042", "runbook": "rollback", "params": {"service": "payments"}}

    drive(play)


def test_a_skip_wants_a_reason_and_a_manual_step_asks_what_was_found() -> None:
    async def play(hand: Hand) -> None:
        await hand.press("k")
        await hand.type("not ours")
        await hand.press("enter")
        await hand.settle()
        assert hand.engine.done()[0].args == {
            "incident": "INC-0042", "run": "run-1", "step": "s5", "reason": "not ours",
        }  # fmt: skip

    drive(play)


def test_a_command_is_found_by_its_words() -> None:
    async def play(hand: Hand) -> None:
        await hand.press("colon")
        await hand.settle()
        assert isinstance(hand.app.screen, Commands)
        await hand.type("ack")
        await hand.press("enter")
        await hand.settle()
        assert hand.engine.done()[0].id == "alert.ack"

    drive(play)


def test_an_engine_that_does_not_answer_is_told_of() -> None:
    async def play(hand: Hand) -> None:
        hand.engine.mute = True
        await hand.press("a")
        await hand.pilot.pause(0.8)
        assert hand.said() == "ack: waiting for an answer, 1 s"

    drive(play)


def test_read_only_changes_nothing_and_says_so() -> None:
    async def play(hand: Hand) -> None:
        await hand.press("a", "s", "r", "d", "n")
        await hand.settle()
        assert hand.engine.actions == []
        assert "read-only" in hand.said()
        assert "ack" not in hand.text().splitlines()[-1]

    drive(play, replace(world.ROOM, read_only=True))


def test_copy_goes_to_the_terminal_only_on_the_key() -> None:
    async def play(hand: Hand) -> None:
        assert hand.app.clipboard == ""
        await hand.press("c")
        assert hand.app.clipboard == "payments failing at checkout"

    drive(play)


@pytest.mark.parametrize("status", list(Status))
def test_the_status_menu_offers_only_moves_that_there_are(status: Status) -> None:
    async def play(hand: Hand) -> None:
        await hand.press("t")
        await hand.settle()
        screen = hand.app.screen
        if not isinstance(screen, Choose):
            assert "final" in hand.said()
            assert not set(ways(status)) - {Status.MERGED}
            return
        offered = {Status(choice.key) for choice in screen.choices}
        assert offered == set(ways(status)) - {Status.MERGED}
        assert all(bool(c.right) is bool(reason_for(status, Status(c.key))) for c in screen.choices)

    incident = replace(world.INCIDENT, status=status, resolved_at=world.NOW - 1000)
    drive(play, replace(world.ROOM, incident=incident))


def test_a_move_that_wants_a_reason_asks_for_it_before_it_is_sent() -> None:
    async def play(hand: Hand) -> None:
        await hand.press("t", "down", "down", "enter")
        await hand.settle()
        assert isinstance(hand.app.screen, Ask)
        assert "how it ended" in hand.text()
        await hand.type("rolled back")
        await hand.press("enter")
        await hand.settle()
        (done,) = hand.engine.done()
        assert done.args == {"incident": "INC-0042", "status": "resolved", "reason": "rolled back"}

    drive(play)


def test_where_nobody_can_move_the_incident_the_key_says_what_comes_first() -> None:
    async def play(hand: Hand) -> None:
        await hand.press("t")
        await hand.settle()
        assert hand.said() == "nobody commands INC-0042, and it is major: take command first, with i"
        assert hand.engine.actions == []

    drive(play, replace(world.ROOM, incident=replace(world.INCIDENT, ic="")))


def test_what_is_refused_comes_back_with_the_words_that_were_typed() -> None:
    async def play(hand: Hand) -> None:
        hand.engine.refuses["alert.silence"] = "none of these alerts is known any more"
        await hand.press("s")
        await hand.type("deploy")
        await hand.press("enter")
        await hand.settle()
        screen = hand.app.screen
        assert isinstance(screen, Ask)
        assert "none of these alerts is known any more" in hand.text()
        assert screen.inputs["reason"].value == "deploy"
        del hand.engine.refuses["alert.silence"]
        await hand.type("ment")
        await hand.press("enter")
        await hand.settle()
        assert isinstance(hand.app.screen, Confirm)
        assert hand.engine.actions[-1].args["reason"] == "deployment"

    drive(play)


def test_what_failed_outside_finds_its_words_in_the_next_question_for_the_same_target() -> None:
    async def play(hand: Hand) -> None:
        hand.engine.fails["incident.note"] = "the journal could not be written"
        await hand.press("n")
        await hand.type("pool leaks")
        await hand.press("enter")
        await hand.settle()
        assert not isinstance(hand.app.screen, Ask)
        del hand.engine.fails["incident.note"]
        await hand.press("n")
        await hand.settle()
        assert "pool leaks" in hand.text()
        await hand.press("enter")
        await hand.settle()
        await hand.press("n")
        await hand.settle()
        assert "pool leaks" not in hand.text(), "what was done is not typed again"

    drive(play)


def test_a_declaration_that_is_refused_keeps_its_symptom() -> None:
    async def play(hand: Hand) -> None:
        hand.engine.refuses["incident.declare"] = "this console is read-only"
        await hand.press("d")
        await hand.type("no orders")
        await hand.press("down", "ctrl+t", "enter")
        await hand.settle()
        screen = hand.app.screen
        assert isinstance(screen, Declare)
        assert (screen.title_input.value, screen.severity.name, screen.command) == ("no orders", "SEV3", False)
        assert "read-only" in hand.text()

    drive(play, world.CALM)


def test_a_step_out_of_order_asks_why_and_is_the_one_under_the_cursor() -> None:
    async def play(hand: Hand) -> None:
        await hand.press("4", "down", "r")
        await hand.settle()
        assert isinstance(hand.app.screen, Ask)
        assert "step 5 deploy/checkout to rev 811 comes first; why now" in hand.text()
        await hand.type("db is back")
        await hand.press("enter")
        await hand.settle()
        (asked,) = hand.engine.actions
        assert asked.args == {"incident": "INC-0042", "run": "run-1", "step": "s6", "reason": "db is back"}

    drive(play)


def test_a_manual_step_out_of_order_asks_why_and_what_was_found() -> None:
    async def play(hand: Hand) -> None:
        await hand.press("4", "down", "down", "r")
        await hand.type("asked to")
        await hand.press("tab")
        await hand.type("told")
        await hand.press("enter")
        await hand.settle()
        assert hand.engine.actions[0].args | {"run": ""} == {
            "incident": "INC-0042", "run": "", "step": "s7", "reason": "asked to", "result": "told",
        }  # fmt: skip

    drive(play)


def test_a_step_that_was_done_is_done_again_only_with_a_reason() -> None:
    async def play(hand: Hand) -> None:
        await hand.press("4", "home", "r")
        await hand.settle()
        assert "it has been done already; why now" in hand.text()
        await hand.press("escape", "k")
        assert hand.said() == "step 1 is done already"

    drive(play)


def test_from_another_pane_the_key_is_about_the_step_whose_turn_it_is() -> None:
    async def play(hand: Hand) -> None:
        await hand.press("4", "down", "1", "r")
        await hand.settle()
        assert hand.engine.actions[0].args["step"] == "s5"

    drive(play)


def test_the_cursor_stays_with_the_step_whose_turn_it_is_until_it_is_taken_elsewhere() -> None:
    def done(number: int) -> Snapshot:
        steps = tuple(replace(v, state=StepState.DONE) if v.number <= number else v for v in world.RUN.steps)
        incident = replace(world.INCIDENT, runs=(replace(world.RUN, steps=steps),))
        return replace(world.ROOM, incident=incident, version=10 + number)

    async def play(hand: Hand) -> None:
        room = hand.app.top
        assert isinstance(room, WarRoom)
        await hand.press("4")
        await hand.news(done(5))
        assert room.runbook.cursor_key == "s6"
        await hand.press("up")
        await hand.news(done(6))
        assert room.runbook.cursor_key == "s5"
        await hand.press("z")
        await hand.settle()
        zoomed = hand.app.top
        assert isinstance(zoomed, RunbookScreen)
        await hand.press("down", "down")
        await hand.news(done(7))
        assert zoomed.rows.cursor_key == "s8"

    drive(play)
