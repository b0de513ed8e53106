"""The link: a dialog listens once the terminal says that it shows it; no key and no other answer passes for that."""

from __future__ import annotations

import re

import pytest
from textual import events

from screens.confirm import Confirm
from screens.deaf import DEAF_S
from screens.link import LINE_S, Link, multiplexed
from tests.screens.driving import Hand, drive

PLACE = re.compile(r"\x1b7\x1b\[(\d+);(\d+)H\x1b\[6n\x1b8\Z")


class Far:
    """A terminal that answers when a test says so."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def write(self, text: str) -> bool:
        self.asked.append(text)
        return True

    def place(self, number: int = -1) -> tuple[int, int]:
        """Where a question put the cursor, counted from 0: x, y."""
        match = PLACE.match(self.asked[number])
        assert match is not None
        return int(match[2]) - 1, int(match[1]) - 1


def test_only_the_answer_to_the_last_question_counts_and_only_once() -> None:
    far, seen = Far(), []
    link = Link(far.write)
    link.answered(1, 0)
    assert link.ask(lambda: seen.append("first"))
    first = far.place()
    assert link.ask(lambda: seen.append("second"))
    link.answered(*first)
    assert seen == []
    link.answered(*far.place())
    link.answered(*far.place())
    assert seen == ["second"]


def test_places_fit_the_smallest_terminal_and_are_no_function_key_and_differ_for_long() -> None:
    far = Far()
    link = Link(far.write)
    for _ in range(600):
        link.ask(lambda: None)
    places = [far.place(n) for n in range(600)]
    assert all(0 <= x < 40 and 1 <= y < 12 for x, y in places)
    assert len(set(places[:256])) == 256


def test_without_a_terminal_what_is_painted_is_seen() -> None:
    seen: list[int] = []
    assert not Link(lambda _: False).ask(lambda: seen.append(1))
    assert seen == [1]


@pytest.mark.parametrize(
    ("environ", "stands"),
    [
        ({"TERM": "xterm-256color"}, False), ({"TERM": "linux"}, False), ({"TERM": "screen-256color"}, True),
        ({"TERM": "tmux"}, True), ({"TMUX": "/tmp/tmux-0/default,1,0"}, True), ({"STY": "1.pts"}, True), ({}, False),
    ],
)  # fmt: skip
def test_what_answers_in_the_terminals_place_is_allowed_a_round_trip(environ: dict[str, str], stands: bool) -> None:
    assert multiplexed(environ) is stands
    assert Link(lambda _: False, multiplexed=stands).deaf_s == DEAF_S + (LINE_S if stands else 0)


async def _asked(hand: Hand) -> tuple[Confirm, Far]:
    far = Far()
    hand.app.link = Link(far.write)
    await hand.press("r")
    await hand.settle()
    screen = hand.app.screen
    assert isinstance(screen, Confirm)
    return screen, far


def test_a_confirmation_hears_nothing_until_the_terminal_shows_it_and_400_ms_after() -> None:
    async def play(hand: Hand) -> None:
        screen, far = await _asked(hand)
        await hand.press("y", apart=2.9)
        assert "too early" in hand.text()
        x, y = far.place()
        hand.app.post_message(events.CursorPosition(x + 1, y))
        await hand.settle()
        await hand.press("y", apart=0.5)
        hand.app.post_message(events.CursorPosition(x, y))
        await hand.settle()
        await hand.press("y", apart=0.39)
        await hand.settle()
        assert hand.app.screen is screen
        assert hand.engine.done() == []
        await hand.confirm()
        assert len(hand.engine.done()) == 1

    drive(play)


def test_a_terminal_that_never_answers_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("screens.confirm.UNANSWERED_S", 0.01)

    async def play(hand: Hand) -> None:
        screen, _ = await _asked(hand)
        await hand.pilot.pause(0.05)
        await hand.confirm()
        assert hand.app.screen is not screen
        assert len(hand.engine.done()) == 1

    drive(play)


def test_what_changes_its_shape_is_asked_about_again() -> None:
    async def play(hand: Hand) -> None:
        screen, far = await _asked(hand)
        early, before = far.place(), len(far.asked)
        await hand.pilot.resize_terminal(100, 30)
        await hand.settle()
        assert len(far.asked) > before
        hand.app.post_message(events.CursorPosition(*early))
        await hand.settle()
        await hand.press("y", apart=5)
        assert hand.app.screen is screen
        hand.app.post_message(events.CursorPosition(*far.place()))
        await hand.settle()
        await hand.confirm()
        assert len(hand.engine.done()) == 1

    drive(play)
