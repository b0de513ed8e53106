"""Keys and the table: the footer tells the truth, everything can be reached, overrides hold."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from console.actions import ACTIONS, TABLE
from console.errors import ConfigError
from console.model.snapshot import Snapshot
from screens.base import WarScreen
from screens.commands import HIDDEN, Commands
from screens.questions import unasked
from screens.situation import why_not
from tests.screens import world
from tests.screens.driving import Hand, drive
from tests.screens.fake import console

PLACES = {
    "lobby": (world.LOBBY, ()),
    "calm lobby": (world.CALM, ()),
    "room": (world.ROOM, ()),
    "room timeline": (world.ROOM, ("2",)),
    "room metrics": (world.ROOM, ("3",)),
    "room runbook": (world.ROOM, ("4",)),
    "empty room": (replace(world.ROOM, incident=replace(world.INCIDENT, runs=(), operations={})), ()),
    "alerts": (world.ROOM, ("z",)),
    "timeline": (world.ROOM, ("2", "z")),
    "metrics": (world.ROOM, ("3", "z")),
    "runbook": (world.ROOM, ("4", "z")),
    "silences": (world.ROOM, ("f4",)),
    "outbox": (world.ROOM, ("f6",)),
    "outbox waiting": (world.ROOM, ("f6", "down")),
    "sources": (world.ROOM, ("f5",)),
}


@pytest.mark.parametrize("place", PLACES)
def test_the_footer_shows_only_keys_that_work(place: str) -> None:
    snapshot, keys = PLACES[place]

    async def play(hand: Hand) -> None:
        await hand.press(*keys)
        await hand.settle()
        screen = hand.app.screen
        assert isinstance(screen, WarScreen)
        hints = [*screen.footer._hints, *screen.footer._always]
        assert hints
        at = screen.situation()
        for _, verb in hints:
            specs = [s for s in screen.specs if s.verb == verb and s.footer]
            assert any(not why_not(s, at) for s in specs), verb
            assert all(not s.screen or hasattr(screen, f"do_{s.id.removeprefix('ui.')}") for s in specs), verb

    drive(play, snapshot, size=(200, 60))


@pytest.mark.parametrize("place", PLACES)
def test_every_key_of_a_screen_does_something_or_says_why_not(place: str) -> None:
    snapshot, keys = PLACES[place]

    async def play(hand: Hand) -> None:
        await hand.press(*keys)
        await hand.settle()
        screen = hand.app.screen
        assert isinstance(screen, WarScreen)
        at = screen.situation()
        for spec in screen.specs:
            if (reason := why_not(spec, at)) and spec.id not in ("ui.open",):
                hand.clock.move(2)
                screen.act(spec)
                assert screen.result.text == reason
            elif spec.screen:
                assert hasattr(screen, f"do_{spec.id.removeprefix('ui.')}"), spec.id

    drive(play, snapshot)


def test_every_action_is_reachable_by_a_key_or_by_its_words() -> None:
    async def play(hand: Hand) -> None:
        await hand.press("colon")
        await hand.settle()
        screen = hand.app.screen
        assert isinstance(screen, Commands)
        listed = {command.key for command in screen._all}
        for spec in ACTIONS:
            assert spec.id in listed or (spec.id in HIDDEN and spec.keys), spec.id

    drive(play)


def test_no_action_lacks_a_question_for_what_it_needs() -> None:
    assert unasked() == []


def test_an_override_moves_a_key() -> None:
    async def play(hand: Hand) -> None:
        assert "g ack" in hand.text()
        await hand.press("a")
        assert hand.engine.done() == []
        await hand.press("g")
        await hand.settle()
        assert hand.engine.done()[0].id == "alert.ack"

    drive(play, keys={"alert.ack": "g"})


def test_two_actions_can_swap_their_keys() -> None:
    async def play(hand: Hand) -> None:
        await hand.press("n")
        await hand.settle()
        assert hand.engine.done()[0].id == "alert.ack"

    drive(play, keys={"alert.ack": "n", "incident.note": "a"})


def test_a_wrong_keymap_stops_the_start_with_a_reason() -> None:
    with pytest.raises(ConfigError, match="did you mean"):
        console(keys={"alert.akc": "g"})


def test_without_an_incident_its_actions_say_what_to_do() -> None:
    async def play(hand: Hand) -> None:
        screen = hand.app.top
        assert screen is not None
        screen.act(TABLE["incident.note"])
        assert hand.said() == "no incident is open: declare one, or open one in the lobby"

    drive(play, Snapshot(1, world.NOW, "ana"))
