"""The cursor is with the most urgent row until a hand moves it, and the advice is about the row that a key takes."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from console.model.group import Group
from console.model.rows import Rows
from console.model.severity import Severity
from console.model.snapshot import Snapshot
from screens.ask import Words
from screens.lobby import Lobby
from screens.war_room import WarRoom
from tests.screens import world
from tests.screens.driving import Hand, drive

CORE = world.group("g0", "core router down", 1, 80, 1, services=("core",))


def alerts(base: Snapshot, *major: Group, version: int) -> Snapshot:
    return replace(base, alerts=replace(world.ALERTS, major=Rows.of(major)), version=version)


BEFORE = alerts(replace(world.LOBBY, incidents=()), world.WAREHOUSE, version=11)
AFTER = alerts(BEFORE, CORE, world.WAREHOUSE, version=12)


def lobby(hand: Hand) -> Lobby:
    assert isinstance(hand.app.top, Lobby)
    return hand.app.top


def advice(hand: Hand) -> str:
    """The lines over the lists."""
    return "\n".join(hand.text().splitlines()[1:4])


def test_until_it_is_moved_the_cursor_follows_the_most_urgent_row() -> None:
    async def play(hand: Hand) -> None:
        assert lobby(hand).alerts.cursor_key == "g2"
        await hand.news(AFTER)
        assert lobby(hand).alerts.cursor_key == "g0"
        assert "core router down" in advice(hand)
        await hand.press("a", apart=0.2)
        assert "has just changed" in hand.said()
        await hand.press("a", apart=2.0)
        await hand.settle()
        assert [a.args for a in hand.engine.done()] == [{"group": "g0"}]

    drive(play, BEFORE)


@pytest.mark.parametrize("key", ["down up", "w escape", "a"])
def test_once_a_hand_has_placed_it_news_leave_the_cursor_and_the_advice_is_about_its_row(key: str) -> None:
    async def play(hand: Hand) -> None:
        await hand.press(*key.split())
        await hand.settle()
        await hand.news(AFTER)
        assert lobby(hand).alerts.cursor_key == "g2"
        assert "warehouse disk filling" in advice(hand)
        assert "home goes to the most urgent: core router down" in advice(hand)
        hand.engine.actions.clear()
        await hand.press("d", apart=2.0)
        await hand.press("enter")
        await hand.settle()
        assert [a.args["group"] for a in hand.engine.done()] == ["g2"]
        await hand.press("home")
        assert "core router down" in advice(hand)
        assert "home" not in advice(hand)

    drive(play, BEFORE)


def test_a_list_that_was_empty_begins_anew() -> None:
    async def play(hand: Hand) -> None:
        await hand.press("down")
        await hand.news(replace(world.CALM, version=12))
        await hand.news(replace(BEFORE, version=13))
        await hand.news(replace(AFTER, version=14))
        assert lobby(hand).alerts.cursor_key == "g0"

    drive(play, BEFORE)


def test_the_advice_is_about_the_list_that_has_the_focus() -> None:
    async def play(hand: Hand) -> None:
        assert "INC-0042 payments failing at checkout" in advice(hand)
        assert "goes into it" in advice(hand)
        await hand.press("down")
        assert "INC-0041 search slow in eu" in advice(hand)
        assert "home goes to the worst: INC-0042" in advice(hand)
        await hand.press("tab")
        assert "declares another from it" in advice(hand)
        assert "goes to INC-0042" in advice(hand)

    drive(play, world.LOBBY)


def test_with_the_cursor_on_a_past_incident_the_way_to_the_alerts_is_told() -> None:
    async def play(hand: Hand) -> None:
        await hand.press("tab")
        assert "warehouse disk filling" in advice(hand)
        assert "goes to it" in advice(hand)
        assert "acknowledges" not in advice(hand)

    past = replace(world.LINES[2], severity=Severity.SEV2)
    drive(play, replace(BEFORE, incidents=(past,)))


def test_what_is_acknowledged_or_part_of_an_incident_is_not_advised_again() -> None:
    async def play(hand: Hand) -> None:
        assert "part of INC-0042" in advice(hand)
        assert "acknowledges" not in advice(hand)
        assert "from it" not in advice(hand)

    mine = replace(world.WAREHOUSE, acked=20, incident="INC-0042")
    drive(play, alerts(BEFORE, mine, version=11))


def test_the_room_follows_the_most_urgent_group_too() -> None:
    async def play(hand: Hand) -> None:
        room = hand.app.top
        assert isinstance(room, WarRoom)
        await hand.news(alerts(world.ROOM, CORE, world.PAYMENTS, version=12))
        assert room.alerts.cursor_key == "g0"
        assert not any(isinstance(w, Words) for w in room.query("#advice *"))

    drive(play, world.ROOM)
