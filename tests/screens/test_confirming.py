"""A confirmation acts on one key, pressed by hand, on what could be read; on nothing else."""

from __future__ import annotations

from msgspec.structs import replace
from textual import events

from console.model.action import Tier
from screens.confirm import Confirm
from tests.screens import world
from tests.screens.driving import Hand, drive
from tests.screens.fake import DESTROY, ROLLBACK


async def ask(hand: Hand) -> Confirm:
    """Ask for the current step, and look at the dialog for a second."""
    await hand.press("r")
    await hand.settle()
    screen = hand.app.screen
    assert isinstance(screen, Confirm)
    return screen


def test_y_runs_exactly_what_was_shown() -> None:
    async def play(hand: Hand) -> None:
        await ask(hand)
        await hand.confirm()
        (done,) = hand.engine.done()
        assert (done.id, done.digest, done.args["step"]) == ("step.run", "d1", "s5")
        assert hand.said() == "step.run is done"

    drive(play)


def test_y_within_400_ms_of_the_paint_does_nothing() -> None:
    async def deaf(hand: Hand) -> None:
        screen = await ask(hand)
        await hand.press("y", apart=0.39)
        await hand.settle()
        assert hand.app.screen is screen
        assert hand.engine.done() == []
        await hand.confirm()
        assert len(hand.engine.done()) == 1

    drive(deaf)


def test_doubled_keys_over_a_slow_link_do_nothing() -> None:
    async def play(hand: Hand) -> None:
        await hand.press("r", "y", "y", apart=0.0)
        await hand.settle()
        assert isinstance(hand.app.screen, Confirm)
        hand.clock.move(5)
        await hand.press("y", "y", apart=0.0)
        screen = hand.app.screen
        assert isinstance(screen, Confirm)
        hand.clock.move(1)
        screen.settle(screen.ear.last - 1)
        await hand.settle()
        assert hand.app.screen is screen
        assert hand.engine.done() == []

    drive(play)


def test_a_doubled_key_that_asks_asks_once() -> None:
    async def play(hand: Hand) -> None:
        await hand.press("r", "r", apart=0.0)
        await hand.settle()
        assert sum(isinstance(s, Confirm) for s in hand.app.screen_stack) == 1

    drive(play)


def test_pasted_text_does_nothing() -> None:
    async def play(hand: Hand) -> None:
        screen = await ask(hand)
        hand.clock.move(5)
        hand.app.post_message(events.Paste("y\n"))
        await hand.settle()
        assert hand.app.screen is screen
        await hand.press("y", apart=0.01)
        await hand.settle()
        assert hand.app.screen is screen
        assert hand.engine.done() == []

    drive(play)


def test_a_paste_that_leaked_as_keys_does_nothing() -> None:
    async def play(hand: Hand) -> None:
        screen = await ask(hand)
        hand.clock.move(5)
        await hand.press(*"xyz", apart=0.001)
        hand.clock.move(1)
        screen.settle(screen.ear.last - 1)
        await hand.settle()
        assert hand.app.screen is screen
        assert hand.engine.done() == []

    drive(play)


def test_escape_and_enter_leave_everything_as_it_is() -> None:
    async def play(hand: Hand) -> None:
        screen = await ask(hand)
        await hand.press("enter")
        assert hand.app.screen is screen
        await hand.press("escape")
        await hand.settle()
        assert hand.app.screen is not screen
        assert hand.engine.done() == []
        assert hand.said() == "left: nothing was done"

    drive(play)


def test_the_irreversible_wants_its_target_typed_by_hand() -> None:
    async def play(hand: Hand) -> None:
        hand.engine.previews["step.run"] = DESTROY
        screen = await ask(hand)
        await hand.press("y")
        await hand.settle()
        assert hand.app.screen is screen, "y is only a letter here"
        await hand.press("backspace")
        await hand.type("prod-eu")
        await hand.press("enter")
        assert hand.app.screen is screen, "not the whole target"
        await hand.type("-1")
        await hand.press("enter")
        await hand.settle()
        assert [a.id for a in hand.engine.done()] == ["step.run"]

    drive(play)


def test_the_irreversible_target_cannot_be_pasted_or_leaked() -> None:
    async def play(hand: Hand) -> None:
        hand.engine.previews["step.run"] = DESTROY
        screen = await ask(hand)
        hand.clock.move(5)
        hand.app.post_message(events.Paste("prod-eu-1"))
        await hand.settle()
        await hand.press("enter")
        assert hand.app.screen is screen
        await hand.type("prod-eu-1", apart=0.001)
        await hand.press("enter")
        await hand.settle()
        assert hand.app.screen is screen
        assert hand.engine.done() == []

    drive(play)


def test_news_never_covers_or_closes_it() -> None:
    async def play(hand: Hand) -> None:
        screen = await ask(hand)
        other = replace(world.INCIDENT, key="INC-0043")
        await hand.news(replace(world.ROOM, incident=other, notice="journal: disk full", version=9))
        assert hand.app.screen is screen
        await hand.news(replace(world.LOBBY, version=10))
        assert hand.app.screen is screen
        await hand.press("escape")
        hand.app._tick()
        await hand.settle()
        assert type(hand.app.screen).__name__ == "Lobby"

    drive(play)


def test_all_of_it_is_on_the_smallest_screen() -> None:
    async def play(hand: Hand) -> None:
        screen = await ask(hand)
        text = hand.text()
        assert "deploy/checkout" in text
        assert "prod eu-1" in text
        assert "y do it" in text
        assert "esc leave" in text
        for widget in (screen.box, screen.keys):
            assert screen.region.contains_region(widget.region)
        await hand.press("pagedown", "pagedown")
        assert "--to-revision=811" in hand.text()

    drive(play, size=(40, 12))


def test_a_resize_makes_it_deaf_again() -> None:
    async def play(hand: Hand) -> None:
        screen = await ask(hand)
        hand.clock.move(5)
        await hand.pilot.resize_terminal(60, 20)
        await hand.settle()
        await hand.press("y", apart=0.1)
        await hand.settle()
        assert hand.app.screen is screen
        assert hand.engine.done() == []

    drive(play)


def test_a_step_of_low_risk_runs_without_a_dialog() -> None:
    async def play(hand: Hand) -> None:
        hand.engine.previews["step.run"] = replace(ROLLBACK, tier=Tier.R1)
        await hand.press("r")
        await hand.settle()
        assert [(a.id, a.preview) for a in hand.engine.actions] == [("step.run", True), ("step.run", False)]

    drive(play)


def test_a_refused_preview_says_why() -> None:
    async def play(hand: Hand) -> None:
        hand.engine.refuses["step.run"] = "prod-eu-1 cannot be reached"
        await hand.press("r")
        await hand.settle()
        assert hand.said() == "prod-eu-1 cannot be reached"
        assert hand.engine.done() == []

    drive(play)


def test_a_decision_on_old_data_says_so() -> None:
    async def play(hand: Hand) -> None:
        await hand.press("r")
        assert "from 2 m ago: datadog does not answer" in hand.text()

    drive(play)


def test_fresh_data_needs_no_words() -> None:
    async def play(hand: Hand) -> None:
        await hand.press("r")
        assert "does not answer" not in hand.text()

    drive(play, replace(world.ROOM, sources=world.SOURCES[:2]))
