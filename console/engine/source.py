"""One source's own task: its duties, each at its own interval, and the health line that comes of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from msgspec.structs import replace

from console.clock import Clock
from console.engine.pace import Pace, health_of
from console.errors import WarroomError
from console.model.source import Health, SourceHealth

log = logging.getLogger("warroom.engine")


class Duty:
    """Something to ask of a source every ``every_s`` seconds; ``wanted`` says whether anyone looks at it."""

    def __init__(
        self, name: str, every_s: float, work: Callable[[], Awaitable[None]], wanted: Callable[[], bool] = lambda: True
    ) -> None:
        self.name = name
        self.every_s = every_s
        self.work = work
        self.wanted = wanted
        self.due = 0.0


class SourceTask:
    """Asks one source for ever; a hang, an error or a slow answer touches this source's health and nothing else."""

    def __init__(
        self,
        health: SourceHealth,
        duties: list[Duty],
        *,
        pace: Pace,
        limit_s: float,
        clock: Clock,
        changed: Callable[[], None],
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self.health = health
        self._duties = duties
        self._pace = pace
        self._limit_s = limit_s
        self._clock = clock
        self._changed = changed
        self._sleep = sleep
        self._hurry = asyncio.Event()

    def hurry(self) -> None:
        """Ask at once: after a re-login, or when someone begins to look."""
        self._hurry.set()

    async def run(self) -> None:
        """Never returns; cancel it to end."""
        while True:
            wait = await self._round()
            try:
                await asyncio.wait_for(self._hurry.wait(), wait)
                for duty in self._duties:
                    duty.due = 0.0
            except TimeoutError:
                pass
            self._hurry.clear()

    async def _round(self) -> float:
        """Do all duties that are due; seconds until the next round."""
        begin = self._clock.monotonic()
        due = [d for d in self._duties if d.due <= begin and d.wanted()]
        if due:
            results = await asyncio.gather(*(self._one(d) for d in due), return_exceptions=True)
            took = self._clock.monotonic() - begin
            errors = [r for r in results if isinstance(r, Exception)]
            if errors:
                return self._note_failure(errors[0])
            rest = self._note_success(took)
            for duty in due:
                duty.due = begin + duty.every_s
        else:
            rest = self._pace.interval_s
        end = self._clock.monotonic()
        dues = [max(0.05, d.due - end) for d in self._duties if d.wanted()]
        return max(rest, min(dues)) if dues else self._pace.interval_s

    async def _one(self, duty: Duty) -> None:
        try:
            async with asyncio.timeout(self._limit_s):
                await duty.work()
        except TimeoutError:
            from console.errors import TimedOut

            raise TimedOut(f"{duty.name}: no whole answer in {self._limit_s:g} s") from None

    def _note_success(self, took_s: float) -> float:
        wait = self._pace.succeeded(took_s)
        slow = took_s > self._pace.interval_s / 2
        self._set(
            health=Health.SLOW if slow else Health.OK,
            detail=f"answers take {took_s:.1f} s" if slow else "",
            fresh_at=self._clock.now(),
            latency_ms=round(took_s * 1000),
            failures=0,
            retry_at=0,
        )
        return wait

    def _note_failure(self, error: Exception) -> float:
        wait = self._pace.failed(error)
        health, detail = health_of(error)
        if not isinstance(error, WarroomError):
            log.error("source %s failed", self.health.name, exc_info=error)
        self._set(
            health=health,
            detail=detail,
            failures=self._pace.failures,
            retry_at=self._clock.now() + round(wait * 1000),
        )
        return wait

    def _set(self, **fields: object) -> None:
        self.health = replace(self.health, **fields)
        self._changed()
