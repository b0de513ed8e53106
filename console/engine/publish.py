"""When snapshots are made: the first change at once, then at most five a second."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

GAP_S = 0.2


class Publisher:
    """Coalesces changes; ``touch()`` is cheap and may be called for every alert."""

    def __init__(
        self, publish: Callable[[], None], *, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    ) -> None:
        self._publish = publish
        self._sleep = sleep
        self._changed = asyncio.Event()

    def touch(self) -> None:
        """Something that screens show has changed."""
        self._changed.set()

    async def run(self) -> None:
        """Never returns; cancel it to end."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            self._publish()
            await self._sleep(GAP_S)
