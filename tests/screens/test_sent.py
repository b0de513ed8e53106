"""What the terminal shows after any keys is what the screen means, though only differences were sent."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from msgspec.structs import replace
from rich.color import ColorSystem
from textual._compositor import Compositor, CompositorUpdate
from textual.geometry import Region, Size

from tests.emulator import Emulator
from tests.screens import world
from tests.screens.driving import Hand, drive
from widgets.compositor import SparingCompositor

WAYS = (
    ("down", "down", "up", "enter", "down", "enter", "escape", "escape"),
    ("question_mark", "pagedown", "escape", "2", "up", "up", "z", "down", "escape"),
    ("s", "escape", "colon", "u", "escape", "r", "escape", "w", "escape"),
    ("slash", "p", "a", "enter", "space", "space", "escape", "f5", "down", "f4", "escape", "f3", "tab", "down"),
)


class Line:
    """Between the application and an emulator: what is sent, and how much of it."""

    def __init__(self, hand: Hand) -> None:
        self.app = hand.app
        self.sent = 0
        width, height = hand.app.size
        self.far = Emulator(width, height)
        self.app.console._color_system = ColorSystem.TRUECOLOR
        self.app._display = self.display  # type: ignore[method-assign]

    def display(self, screen: Any, renderable: Any) -> None:
        if isinstance(renderable, CompositorUpdate):
            text = self.app._frame.update(renderable).render_segments(self.app.console)
            self.sent += len(text.encode())
            self.far.feed(text)

    def check(self) -> None:
        """Compare with a terminal that is sent everything."""
        meant = Emulator(*self.app.size)
        compositor = self.app.screen._compositor
        whole = compositor.render_update(full=True, screen_stack=self.app._background_screens)
        assert isinstance(whole, CompositorUpdate)
        meant.feed(whole.render_segments(self.app.console))
        assert self.far.seen() == meant.seen()
        for crop in crops(compositor.size):
            rows = set(crop.line_range[:: 1 + crop.width % 3])
            ours, plain = (
                lines(draw(compositor, crop, rows.__contains__), compositor.cuts, crop, rows)
                for draw in (SparingCompositor._render_chops, Compositor._render_chops)
            )
            assert ours == plain


def crops(size: Size) -> list[Region]:
    """Parts of a screen: all of it, one line, a column, a box over the borders of widgets."""
    width, height = size
    return [
        size.region, Region(0, 5, width, 1), Region(3, 0, 1, height), Region(width // 3, 2, width // 2, height // 2)
    ]  # fmt: skip


def lines(chops: Any, cuts: Any, crop: Region, rows: set[int]) -> list[list[tuple[str, object]]]:
    """What is drawn in those places of those lines that the crop touches: each character with its style."""
    out = []
    for y in sorted(rows):
        strips = [chops[y][x] for x, end in pairwise(cuts[y]) if x < crop.right and end > crop.x]
        out.append([(char, style) for strip in strips if strip for text, style, _ in strip for char in text])
    return out


SIZES = ((120, 40), (80, 24), (120, 40), (200, 60))


@pytest.mark.parametrize(("keys", "size"), list(zip(WAYS, SIZES, strict=True)), ids=str)
def test_what_is_sent_is_enough(keys: tuple[str, ...], size: tuple[int, int]) -> None:
    async def play(hand: Hand) -> None:
        line = Line(hand)
        await hand.press("ctrl+l")
        line.check()
        for number, key in enumerate(keys):
            await hand.press(key)
            line.check()
            if number % 3 == 0:
                await hand.news(replace(hand.engine.snapshot, version=100 + number, notice="red" * (number % 2)))
                line.check()
        for _ in range(7):
            hand.clock.move(1.0)
            hand.app._tick()
            await hand.settle()
            line.check()

    drive(play, size=size)


def test_a_row_down_costs_at_most_a_kilobyte_and_a_half() -> None:
    async def play(hand: Hand) -> None:
        line = Line(hand)
        await hand.press("ctrl+l")
        for key in ("down",) * 6 + ("up",) * 6:
            before = line.sent
            await hand.press(key)
            assert 0 < line.sent - before <= 1500

    drive(play, world.ROOM, (120, 40))


def test_ctrl_l_sends_every_cell_again() -> None:
    async def play(hand: Hand) -> None:
        line = Line(hand)
        await hand.press("ctrl+l")
        line.far = Emulator(*hand.app.size)
        await hand.press("ctrl+l")
        line.check()

    drive(play, world.ROOM, (80, 24))
