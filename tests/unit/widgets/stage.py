"""A stage for widgets: an app in the console's look that records what would go to the terminal."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from rich.color import ColorSystem
from textual._compositor import CompositorUpdate
from textual.app import App, ComposeResult
from textual.filter import LineFilter
from textual.pilot import Pilot
from textual.widget import Widget

from console import themes
from widgets.frame import Frame

ENVIRON = {"LANG": "C.UTF-8", "TERM": "xterm-256color"}


class Stage(App[None]):
    """Shows the given widgets one under the other; ``sent`` is what the terminal was sent."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(self, *widgets: Widget, theme: str = "warroom", environ: dict[str, str] | None = None) -> None:
        super().__init__()
        self.animation_level = "none"
        self.console._color_system = ColorSystem.TRUECOLOR  # whatever terminal the tests run in
        self._widgets = widgets
        self.sent: list[str] = []
        self._frame = Frame()
        themes.install(self, theme, ENVIRON if environ is None else environ)

    def get_line_filters(self) -> Sequence[LineFilter]:
        return themes.line_filters(super().get_line_filters())

    def compose(self) -> ComposeResult:
        yield from self._widgets

    def _display(self, screen: Any, renderable: Any) -> None:
        if isinstance(renderable, CompositorUpdate):
            self.sent.append(self._frame.update(renderable).render_segments(self.console))
        super()._display(screen, renderable)

    def take(self) -> str:
        """What was sent since the last call."""
        text = "".join(self.sent)
        self.sent.clear()
        return text

    def lines(self) -> list[str]:
        """The screen as text, blanks at the right dropped."""
        return [strip.text.rstrip() for strip in self.screen._compositor.render_strips()]


def play(app: Stage, scene: Callable[[Pilot[None]], Awaitable[None]], size: tuple[int, int] = (60, 12)) -> None:
    """Run a scene with the app on a terminal of this size."""

    async def run() -> None:
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await scene(pilot)

    asyncio.run(run())


async def sent(app: Stage, pilot: Pilot[None]) -> str:
    """What was sent once all is settled."""
    await pilot.pause()
    return app.take()
