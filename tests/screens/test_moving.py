"""Going from screen to screen; what news and a change of size leave as they are."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from textual import events

from console.model.action import Reply
from console.model.rows import Rows
from console.model.snapshot import Away, Snapshot
from screens.alerts import AlertsScreen
from screens.lobby import Lobby
from screens.metrics import MetricsScreen
from screens.runbook import RunbookScreen
from screens.silences import SilencesScreen
from screens.small import Small
from screens.sources import SourcesScreen
from screens.timeline import TimelineScreen
from screens.war_room import WarRoom
from tests.screens import world
from tests.screens.driving import Hand, drive

Size = tuple[int, int]


def test_the_engine_leads_into_the_room_and_out_of_it() -> None:
    async def play(hand: Hand) -> None:
        assert isinstance(hand.app.screen, Lobby)
        await hand.press("enter")
        await hand.settle()
        assert [(a.id, a.args) for a in hand.engine.done()] == [("incident.open", {"incident": "INC-0042"})]
        await hand.news(world.ROOM)
        assert isinstance(hand.app.screen, WarRoom)
        await hand.news(replace(world.LOBBY, version=9))
        assert isinstance(hand.app.screen, Lobby)

    drive(play, world.LOBBY)


def test_the_lobby_is_a_key_away_and_the_room_is_as_it_was_left() -> None:
    async def play(hand: Hand) -> None:
        room = hand.app.screen
        await hand.press("3", "down", "f3")
        assert isinstance(hand.app.screen, Lobby)
        assert hand.app.snapshot.incident is not None
        await hand.news(replace(world.ROOM, version=20))
        assert isinstance(hand.app.screen, Lobby), "news does not lead back"
        await hand.press("enter")
        await hand.settle()
        assert hand.app.screen is room
        assert isinstance(room, WarRoom)
        assert room.here is room.metrics
        assert room.metrics.cursor_key == "p99"
        assert hand.engine.done() == []

    drive(play)


@pytest.mark.parametrize(
    ("keys", "screen"),
    [
        (("enter",), AlertsScreen), (("z",), AlertsScreen), (("2", "up", "enter"), TimelineScreen),
        (("2", "z"), TimelineScreen), (("3", "enter"), MetricsScreen), (("4", "enter"), RunbookScreen),
        (("f4",), SilencesScreen), (("f5",), SourcesScreen),
    ],
)  # fmt: skip
@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60), (40, 12)])
def test_every_screen_opens_and_escape_comes_back(keys: tuple[str, ...], screen: type, size: Size) -> None:
    async def play(hand: Hand) -> None:
        room = hand.app.screen
        await hand.press(*keys)
        await hand.settle()
        assert isinstance(hand.app.screen, screen)
        await hand.press("enter", "escape")
        await hand.settle()
        if hand.app.screen is not room:
            await hand.press("escape")
            await hand.settle()
        assert hand.app.screen is room

    drive(play, size=size)


def test_refresh_moves_neither_cursor_nor_focus() -> None:
    async def play(hand: Hand) -> None:
        room = hand.app.screen
        assert isinstance(room, WarRoom)
        await hand.press("down", "down")
        assert room.alerts.cursor_key == "g3"
        more = world.group("g9", "something worse", 1, 99, 1)
        alerts = replace(world.ALERTS, major=Rows.of((more, *world.ALERTS.major)), firing=158)
        await hand.news(replace(world.ROOM, alerts=alerts, version=9))
        assert room.alerts.cursor_key == "g3"
        assert room.here is room.alerts
        assert "something worse" in hand.text()

    drive(play)


def test_a_change_of_size_keeps_everything() -> None:
    async def play(hand: Hand) -> None:
        room = hand.app.screen
        assert isinstance(room, WarRoom)
        await hand.press("4", "1", "down", "space")
        for size in ((80, 24), (39, 11), (200, 60), (40, 12), (120, 40)):
            await hand.pilot.resize_terminal(*size)
            await hand.settle()
            assert isinstance(hand.app.screen, Small) == (size == (39, 11))
        assert hand.app.screen is room
        assert room.here is room.alerts
        assert room.alerts.cursor_key == "g3"
        assert room.alerts.marked == {"g2"}

    drive(play)


def test_a_terminal_too_small_says_so_and_ctrl_q_still_leaves() -> None:
    async def play(hand: Hand) -> None:
        assert "too small" in hand.text()
        await hand.press("a", "s", "y")
        assert hand.engine.actions == []
        await hand.press("ctrl+q")
        await hand.settle()
        assert hand.app.return_value == 0

    drive(play, size=(39, 11))


def test_panes_by_number_in_a_narrow_terminal() -> None:
    async def play(hand: Hand) -> None:
        room = hand.app.screen
        assert isinstance(room, WarRoom)
        for key, each in zip("1234", room.lists(), strict=True):
            await hand.press(key)
            assert room.here is each
            assert each.size.height > 3
        await hand.press("tab")
        assert room.here is room.alerts
        await hand.press("shift+tab")
        assert room.here is room.runbook

    drive(play, size=(80, 24))


def test_filter_is_applied_while_typing_and_taken_back() -> None:
    async def play(hand: Hand) -> None:
        await hand.press("slash")
        await hand.type("cart")
        await hand.pilot.pause(0.3)
        assert hand.engine.views[-1].filter == "cart"
        assert hand.engine.actions == [], "letters of a filter are no keys"
        await hand.press("escape")
        assert hand.engine.views[-1].filter == ""
        await hand.press("slash")
        await hand.type("cart")
        await hand.press("enter")
        assert hand.engine.views[-1].filter == "cart"
        await hand.press("escape")
        assert hand.engine.views[-1].filter == "", "escape takes a kept filter away before it leaves"
        assert isinstance(hand.app.screen, WarRoom)

    drive(play)


def test_a_longer_time_is_asked_of_the_engine() -> None:
    async def play(hand: Hand) -> None:
        await hand.press("3", "plus")
        assert hand.engine.views[-1].range_s == 3600
        await hand.press("minus", "minus")
        assert hand.engine.views[-1].range_s == 300

    drive(play)


def test_targets_are_polled_only_while_they_are_seen() -> None:
    async def play(hand: Hand) -> None:
        await hand.press("f5")
        await hand.settle()
        assert hand.engine.views[-1].targets
        await hand.press("escape")
        await hand.settle()
        assert not hand.engine.views[-1].targets

    drive(play)


def test_ctrl_c_kills_nothing() -> None:
    async def play(hand: Hand) -> None:
        await hand.press("ctrl+c")
        assert "ctrl+q" in hand.said()
        assert hand.app.is_running

    drive(play)


def test_leaving_while_work_is_under_way_says_what_goes_on() -> None:
    async def play(hand: Hand) -> None:
        await hand.press("ctrl+q")
        await hand.settle()
        assert "page the database on-call" in hand.text()
        await hand.press("enter")
        await hand.settle()
        assert hand.app.return_value is None, "staying is what enter does"
        await hand.press("ctrl+q", "down", "enter")
        await hand.settle()
        assert hand.app.return_value == 0

    drive(play)


def test_leaving_with_nothing_under_way_asks_nothing() -> None:
    async def play(hand: Hand) -> None:
        await hand.press("ctrl+q")
        await hand.settle()
        assert hand.app.return_value == 0

    drive(play, world.LOBBY)


def test_since_you_left_is_told_and_marked() -> None:
    away = Away(world.at("14:04:00"), tuple(world.TIMELINE[7:]), 1)

    async def play(hand: Hand) -> None:
        assert "since you left: 3 entries, 1 of unknown outcome" in hand.said()
        assert "since you left at 14:04" in hand.text()

    drive(play, replace(world.ROOM, away=away))


def test_an_empty_list_is_good_news_only_when_all_answered() -> None:
    async def silent(hand: Hand) -> None:
        assert "not all clear: no answer from datadog" in hand.text()
        assert "nothing fires" not in hand.text()

    async def calm(hand: Hand) -> None:
        assert "nothing fires" in hand.text()

    drive(silent, replace(world.CALM, sources=world.SOURCES))
    drive(calm, world.CALM)


def test_the_first_paint_says_how_to_leave() -> None:
    async def play(hand: Hand) -> None:
        assert "starting" in hand.text()
        assert "ctrl+q" in hand.text()

    drive(play, Snapshot())


def test_times_switch_to_utc_and_back() -> None:
    async def play(hand: Hand) -> None:
        await hand.press("f2")
        assert "times are" in hand.said()
        await hand.press("f2")
        assert hand.said() == "times are UTC"

    drive(play)


def test_a_reply_nobody_waits_for_does_no_harm() -> None:
    async def play(hand: Hand) -> None:
        hand.engine._replies.append(Reply("unknown", True, "late"))
        await hand.news(replace(world.ROOM, version=9))
        assert isinstance(hand.app.screen, WarRoom)

    drive(play)


def test_a_terminal_that_loses_the_focus_changes_nothing() -> None:
    async def play(hand: Hand) -> None:
        before = hand.text()
        room = hand.app.screen
        assert isinstance(room, WarRoom)
        hand.app.post_message(events.AppBlur())
        await hand.settle()
        assert room.here is room.alerts
        assert hand.text() == before
        hand.app.post_message(events.AppFocus())
        await hand.press("a")
        await hand.settle()
        assert hand.engine.done()[0].args == {"group": "g1", "incident": "INC-0042"}

    drive(play)


def test_a_result_moves_nothing_and_gives_its_line_back() -> None:
    async def play(hand: Hand) -> None:
        lists = hand.app.screen.query("LineList").results()
        before = [(each.id, each.region) for each in lists]
        await hand.press("ctrl+c")
        await hand.settle()
        assert "ctrl+q leaves" in hand.text()
        assert [(each.id, each.region) for each in hand.app.screen.query("LineList").results()] == before
        hand.clock.move(11)
        hand.app._tick()
        await hand.settle()
        assert "ctrl+q leaves" not in hand.text()

    drive(play)
