"""Work over many alerts in slices, so that the engine's loop has its turn in between."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from itertools import islice
from typing import TypeVar

T = TypeVar("T")

CHUNK = 64
"""Items between two looks at the clock."""
SLICE_S = 0.005
"""Longest that a piece of work goes on before the loop has its turn."""


class Slices:
    """One piece of work's share of the loop; all its passes over items count together."""

    def __init__(self) -> None:
        self._end = time.perf_counter() + SLICE_S

    async def over(self, items: Iterable[T]) -> AsyncIterator[list[T]]:
        """The items a few at a time; what is iterated over must not change meanwhile."""
        rest = iter(items)
        while chunk := list(islice(rest, CHUNK)):
            yield chunk
            await self.turn()

    async def turn(self) -> None:
        """Let others run, if the slice is used up."""
        if time.perf_counter() >= self._end:
            await asyncio.sleep(0)
            self._end = time.perf_counter() + SLICE_S
