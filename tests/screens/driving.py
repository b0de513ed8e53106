"""Driving the application in a test as a hand does: a key, a moment, the next key."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from textual.pilot import Pilot

from console.app import WarroomApp
from console.model.snapshot import Snapshot
from screens.confirm import Confirm
from tests.screens import world
from tests.screens.fake import FakeEngine, console
from tests.unit.clocks import ManualClock


class Hand:
    """A test's hand on the keyboard."""

    def __init__(self, app: WarroomApp, engine: FakeEngine, clock: ManualClock, pilot: Pilot[Any]) -> None:
        self.app = app
        self.engine = engine
        self.clock = clock
        self.pilot = pilot

    async def press(self, *keys: str, apart: float = 1.0) -> None:
        """Keys, ``apart`` seconds from each other on the test's clock."""
        for key in keys:
            self.clock.move(apart)
            await self.pilot.press(key)
            await self.pilot.pause()

    async def type(self, text: str, apart: float = 0.2) -> None:
        """Letters."""
        names = {" ": "space", "-": "minus", "/": "slash", "=": "equals_sign", ".": "full_stop"}
        await self.press(*(names.get(c, c) for c in text), apart=apart)

    async def settle(self) -> None:
        """Until nothing is left to do."""
        for _ in range(4):
            await self.pilot.pause()

    async def news(self, snapshot: Snapshot) -> None:
        """The engine has news."""
        self.engine.publish(snapshot)
        await self.settle()

    async def confirm(self) -> None:
        """``y`` after reading, and the quiet time after it."""
        await self.press("y")
        self.clock.move(0.1)
        if isinstance(self.app.screen, Confirm):
            self.app.screen.settle(self.app.screen.ear.last)
        await self.settle()

    def text(self) -> str:
        """What the terminal shows, line by line."""
        lines = self.app.screen._compositor.render_strips()
        return "\n".join(strip.text for strip in lines)

    def said(self) -> str:
        """What the result line says."""
        assert self.app.top is not None
        return self.app.top.result.text


def drive(
    play: Callable[[Hand], Awaitable[None]],
    snapshot: Snapshot = world.ROOM,
    size: tuple[int, int] = (120, 40),
    **config: Any,
) -> None:
    """Run the application headless and let the test play."""

    async def run() -> None:
        app, engine, clock = console(snapshot, **config)
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await pilot.pause()
            await play(Hand(app, engine, clock, pilot))

    asyncio.run(run())


def before(keys: Sequence[str]) -> Callable[[Pilot[Any]], Awaitable[None]]:
    """What a snapshot presses first; the wall clock stands still, so that ages do too."""

    async def press(pilot: Pilot[Any]) -> None:
        app = pilot.app
        assert isinstance(app, WarroomApp)
        assert isinstance(app.clock, ManualClock)
        await pilot.pause()
        for key in keys:
            app.clock.mono += 1.0
            await pilot.press(key)
            await pilot.pause()
        await pilot.pause()

    return press
