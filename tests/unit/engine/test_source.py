from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

from console.engine.pace import Pace
from console.engine.source import Duty, SourceTask
from console.errors import ServerFailed
from console.model.source import Health, SourceHealth
from tests.unit.clocks import ManualClock


def task(clock: ManualClock, *duties: Duty, limit_s: float = 5.0) -> SourceTask:
    health = SourceHealth("am", "alertmanager")
    pace = Pace(5.0, rng=random.Random(1))
    return SourceTask(health, list(duties), pace=pace, limit_s=limit_s, clock=clock, changed=lambda: None)


def rounds(source: SourceTask, count: int = 1) -> list[float]:
    async def go() -> list[float]:
        return [await source._round() for _ in range(count)]

    return asyncio.run(go())


def work(clock: ManualClock, seconds: float = 0.0, error: Exception | None = None) -> Callable[[], Awaitable[None]]:
    async def do() -> None:
        clock.move(seconds)
        if error is not None:
            raise error

    return do


def test_an_answer_makes_the_source_fresh() -> None:
    clock = ManualClock()
    source = task(clock, Duty("alerts", 5.0, work(clock, 0.3)))
    (wait,) = rounds(source)
    assert source.health.health is Health.OK
    assert source.health.fresh_at == clock.now()
    assert 4.6 < wait < 4.71


def test_a_failure_keeps_the_last_good_time_and_says_what_is_wrong() -> None:
    clock = ManualClock()
    duty = Duty("alerts", 5.0, work(clock))
    source = task(clock, duty)
    rounds(source)
    fresh = source.health.fresh_at
    clock.move(10)
    duty.work = work(clock, 0, ServerFailed("alertmanager answered 500", next="look at its log"))
    (wait,) = rounds(source)
    assert source.health.health is Health.FAILING
    assert source.health.fresh_at == fresh
    assert source.health.detail == "alertmanager answered 500; look at its log"
    assert 4 <= wait <= 6
    assert source.health.stale(clock.now() + 60_000)


def test_a_slow_answer_is_named() -> None:
    clock = ManualClock()
    source = task(clock, Duty("alerts", 5.0, work(clock, 4.0)))
    (wait,) = rounds(source)
    assert source.health.health is Health.SLOW
    assert wait == 4.0


def test_a_hang_is_cut() -> None:
    clock = ManualClock()

    async def hang() -> None:
        await asyncio.Event().wait()

    source = task(clock, Duty("alerts", 5.0, hang), limit_s=0.01)
    rounds(source)
    assert source.health.health is Health.FAILING
    assert "no whole answer" in source.health.detail


def test_what_nobody_looks_at_is_not_asked() -> None:
    clock, asked = ManualClock(), []

    async def note() -> None:
        asked.append(1)

    source = task(clock, Duty("targets", 5.0, note, wanted=lambda: False))
    rounds(source, 3)
    assert asked == []


def test_an_unforeseen_error_shows_its_type_only() -> None:
    clock = ManualClock()
    source = task(clock, Duty("alerts", 5.0, work(clock, 0, ValueError("token=hunter22"))))
    rounds(source)
    assert "hunter22" not in source.health.detail
    assert "ValueError" in source.health.detail
