"""One source's own task: duties, each with its own interval and back-off, and the health line that comes of them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

from msgspec.structs import replace

from console.clock import Clock, Millis
from console.engine.pace import Pace, health_of
from console.errors import TimedOut, WarroomError
from console.model.source import Health, SourceHealth

log = logging.getLogger("warroom.engine")

_WORST = (
    Health.UNAUTHORISED, Health.FAILING, Health.LIMITED, Health.PARTIAL, Health.SLOW, Health.STARTING, Health.OK,
)  # fmt: skip
IDLE_S = 60.0
"""How long a duty that nobody looks at sleeps; whoever begins to look hurries it."""


class Duty:
    """Something to ask of a source every so often; a failure of one leaves the others' pace alone."""

    def __init__(
        self,
        name: str,
        every_s: float,
        work: Callable[[], Awaitable[None]],
        wanted: Callable[[], bool] = lambda: True,
        odd: Callable[[], str] = str,
    ) -> None:
        """``wanted`` says whether anyone looks at it, ``odd`` what of the last answer could not be read."""
        self.name = name
        self.work = work
        self.wanted = wanted
        self.odd = odd
        self.pace = Pace(every_s)
        self.health = Health.STARTING
        self.detail = ""
        self.fresh_at: Millis = 0
        self.retry_at: Millis = 0
        self.latency_ms = 0
        self.hurry = asyncio.Event()


class SourceTask:
    """Asks one source for ever; a hang, an error or a slow answer touches this source's health and nothing else."""

    def __init__(
        self,
        health: SourceHealth,
        duties: list[Duty],
        *,
        limit_s: float,
        clock: Clock,
        changed: Callable[[], None],
    ) -> None:
        """The first duty is the one whose freshness counts: a pane is as old as its alerts or curves."""
        self.health = health
        self.duties = duties
        self._limit_s = limit_s
        self._clock = clock
        self._changed = changed
        self.running = False

    def hurry(self) -> None:
        """Ask at once, whatever was to be waited for: the operator said so, or credentials were renewed.

        What is being asked at this moment is asked once more: it may still have begun with the old credentials.
        """
        for duty in self.duties:
            duty.hurry.set()

    def look(self) -> None:
        """Ask at once, for someone begins to look; a duty that waits after a failure goes on waiting."""
        for duty in self.duties:
            if duty.retry_at <= self._clock.now():
                duty.hurry.set()

    async def run(self) -> None:
        """Never returns; cancel it to end."""
        self.running = True
        async with asyncio.TaskGroup() as group:
            for duty in self.duties:
                group.create_task(self._attend(duty), name=f"{self.health.name} {duty.name}")

    async def _attend(self, duty: Duty) -> None:
        while True:
            duty.hurry.clear()
            wait = await self.ask(duty) if duty.wanted() else IDLE_S
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await duty.hurry.wait()

    async def ask_all(self) -> SourceHealth:
        """Ask every duty that is wanted once, where no task does; the health that comes of it."""
        for duty in self.duties:
            if duty.wanted():
                await self.ask(duty)
        return self.health

    async def ask(self, duty: Duty) -> float:
        """Ask once and note what came of it; seconds until the next time."""
        begin = self._clock.monotonic()
        try:
            async with asyncio.timeout(self._limit_s):
                await duty.work()
        except TimeoutError:
            wait = self._failed(duty, TimedOut(f"{duty.name}: no whole answer in {self._limit_s:g} s"))
        except Exception as error:
            wait = self._failed(duty, error)
        else:
            wait = self._succeeded(duty, self._clock.monotonic() - begin)
        self._tell()
        return wait

    def _succeeded(self, duty: Duty, took_s: float) -> float:
        rest = duty.pace.succeeded(took_s)
        slow, odd = took_s > duty.pace.interval_s / 2, duty.odd()
        duty.health = Health.PARTIAL if odd else Health.SLOW if slow else Health.OK
        duty.detail = "; ".join(filter(None, (odd, f"{duty.name} take {took_s:.1f} s to answer" if slow else "")))
        duty.fresh_at, duty.retry_at = self._clock.now(), 0
        duty.latency_ms = round(took_s * 1000)
        return max(rest, duty.pace.interval_s - took_s, 0.05)

    def _failed(self, duty: Duty, error: Exception) -> float:
        wait = duty.pace.failed(error)
        duty.health, detail = health_of(error)
        duty.detail = detail if duty is self.duties[0] else f"{duty.name}: {detail}"
        duty.retry_at = self._clock.now() + round(wait * 1000)
        if not isinstance(error, WarroomError):
            log.error("source %s failed", self.health.name, exc_info=error)
        return wait

    def _tell(self) -> None:
        """The line of the whole source: the worst of its duties, as fresh as the first."""
        asked = [d for d in self.duties if d.health is not Health.STARTING and (d.wanted() or d is self.duties[0])]
        if not asked:
            return
        worst = min(asked, key=lambda d: _WORST.index(d.health))
        self.health = replace(
            self.health,
            health=worst.health,
            detail=worst.detail,
            fresh_at=self.duties[0].fresh_at,
            latency_ms=self.duties[0].latency_ms,
            failures=worst.pace.failures,
            retry_at=worst.retry_at,
        )
        self._changed()
