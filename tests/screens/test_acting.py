"""From a key to an action: what is sent, on what, and what is said of it."""

from __future__ import annotations

from msgspec.structs import replace
from textual import events

from console.model.rows import Rows
from screens.ask import Ask
from screens.choose import Choose
from screens.commands import Commands
from screens.confirm import Confirm
from screens.declare import Declare
from tests.screens import world
from tests.screens.driving import Hand, drive
from tests.screens.fake import PREVIEW


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


def test_undo_takes_back_what_was_just_done() -> None:
    async def play(hand: Hand) -> None:
        await hand.press("a")
        await hand.settle()
        await hand.press("u")
        await hand.settle()
        assert [(a.id, a.args) for a in hand.engine.done()] == [
            ("alert.ack", {"group": "g1", "incident": "INC-0042"}),
            ("alert.unack", {"group": "g1", "incident": "INC-0042"}),
        ]

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
        await hand.press("f6", "enter")
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
