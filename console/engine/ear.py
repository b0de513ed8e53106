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
"""How often journals are looked at that the kernel does not tell of."""
ANYWAY_S = 2.0
"""How often they are looked at however silent it is: a folder may be replaced, a notice lost."""


class Ear:
    """Listens at several journals; owned by one loop."""

    def __init__(self) -> None:
        self._heard = asyncio.Event()
        self._notices: dict[Place, Notice | None] = {}

    async def wait(self, places: Iterable[Place]) -> None:
        """Return when there may be news in one of these."""
        self._listen(set(places))
        deaf = not self._notices or None in self._notices.values()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_S if deaf and self._notices else ANYWAY_S):
                await self._heard.wait()
        self._heard.clear()

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
