"""The ear: wakes the tail as soon as another console writes; without the kernel's help it looks now and then."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable
from pathlib import Path

from console.journal.notice import Notice

Place = tuple[tuple[Path, ...], str]
"""Folders of one journal, and our own lane in it (``""`` = none)."""

LOOK_S = 0.05
"""How often journals are looked at that the kernel does not tell of, while something is going on in them."""
CALM_S = 0.2
"""How often while nothing is: what another console does is still seen within 250 ms, at a quarter of the cost."""
ANYWAY_S = 2.0
"""How often they are looked at however silent it is: a folder may be replaced, a notice lost."""


class Ear:
    """Listens at several journals; owned by one loop."""

    def __init__(self) -> None:
        self._heard = asyncio.Event()
        self._notices: dict[Place, Notice | None] = {}

    async def wait(self, places: Iterable[Place], *, lively: bool = True) -> None:
        """Return when there may be news in one of these; ``lively``: something is going on in them."""
        self._listen(set(places))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.patience(lively=lively)):
                await self._heard.wait()
        self._heard.clear()

    def patience(self, *, lively: bool) -> float:
        """Seconds for which nothing is looked at that is not told."""
        if all(notice is not None and not notice.deaf for notice in self._notices.values()):
            return ANYWAY_S
        return LOOK_S if lively else CALM_S

    def close(self) -> None:
        """Listen no more."""
        self._listen(set())

    def _listen(self, places: set[Place]) -> None:
        loop = asyncio.get_running_loop()
        for place in self._notices.keys() - places:
            notice = self._notices.pop(place)
            if notice is not None:
                loop.remove_reader(notice.fd)
                notice.close()
        for place in places - self._notices.keys():
            notice = Notice.open(*place)
            self._notices[place] = notice
            self._heard.set()  # what was written before we listened
            if notice is not None:
                loop.add_reader(notice.fd, self._told, notice)

    def _told(self, notice: Notice) -> None:
        notice.clear()
        self._heard.set()
