from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from console.engine.source import Duty, SourceTask
from console.errors import RateLimited, ServerFailed, Unauthorised
from console.model.source import Health, SourceHealth
from tests.unit.clocks import ManualClock


def task(clock: ManualClock, *duties: Duty, limit_s: float = 5.0) -> SourceTask:
    return SourceTask(
        SourceHealth("am", "alertmanager"), list(duties), limit_s=limit_s, clock=clock, changed=lambda: None
    )


def ask(source: SourceTask, duty: Duty) -> float:
    return asyncio.run(source.ask(duty))


def work(clock: ManualClock, seconds: float = 0.0, error: Exception | None = None) -> Callable[[], Awaitable[None]]:
    async def do() -> None:
        clock.move(seconds)
        if error is not None:
            raise error

    return do


def test_an_answer_makes_the_source_fresh() -> None:
    clock = ManualClock()
    duty = Duty("alerts", 5.0, work(clock, 0.3))
    source = task(clock, duty)
    wait = ask(source, duty)
    assert source.health.health is Health.OK
    assert source.health.fresh_at == clock.now()
    assert 4.6 < wait < 4.71


def test_a_failure_keeps_the_last_good_time_and_says_what_is_wrong() -> None:
    clock = ManualClock()
    duty = Duty("alerts", 5.0, work(clock))
    source = task(clock, duty)
    ask(source, duty)
    fresh = source.health.fresh_at
    clock.move(10)
    duty.work = work(clock, 0, ServerFailed("alertmanager answered 500", next="look at its log"))
    wait = ask(source, duty)
    assert source.health.health is Health.FAILING
    assert source.health.fresh_at == fresh
    assert source.health.detail == "alertmanager answered 500; look at its log"
    assert 4 <= wait <= 6
    assert source.health.stale(clock.now() + 60_000)


def test_one_duty_that_fails_leaves_the_others_pace_and_freshness_alone() -> None:
    clock = ManualClock()
    alerts = Duty("alerts", 5.0, work(clock, 0.1))
    silences = Duty("silences", 10.0, work(clock, 0, ServerFailed("500")))
    source = task(clock, alerts, silences)
    for _ in range(6):
        ask(source, silences)
        assert 4.8 < ask(source, alerts) < 4.91
    assert source.health.health is Health.FAILING
    assert source.health.detail == "silences: 500"
    assert source.health.fresh_at == clock.now()
    assert not source.health.stale(clock.now())


def test_a_slow_answer_is_named_and_rested_from() -> None:
    clock = ManualClock()
    duty = Duty("alerts", 5.0, work(clock, 4.0))
    source = task(clock, duty)
    assert ask(source, duty) == 4.0
    assert source.health.health is Health.SLOW


def test_what_could_not_be_read_stands_in_the_health_line() -> None:
    clock = ManualClock()
    told = "12 of 400 alerts unreadable: Expected `object`, got `int`"
    duty = Duty("alerts", 5.0, work(clock, 0.1), odd=lambda: told)
    source = task(clock, duty, Duty("silences", 10.0, work(clock)))
    for each in source.duties:
        ask(source, each)
    assert source.health.health is Health.PARTIAL
    assert source.health.detail == told
    assert source.health.answers
    told = ""
    ask(source, duty)
    assert source.health.health is Health.OK
    assert source.health.detail == ""


def test_what_is_hurried_while_it_is_asked_is_asked_once_more() -> None:
    clock, asked = ManualClock(), []

    async def go() -> None:
        begun, go_on = asyncio.Event(), asyncio.Event()

        async def hang() -> None:
            asked.append(1)
            begun.set()
            await go_on.wait()
            raise Unauthorised("the login has expired")

        source = task(clock, Duty("alerts", 5.0, hang))
        running = asyncio.create_task(source.run())
        await begun.wait()
        begun.clear()
        source.hurry()
        go_on.set()
        await asyncio.wait_for(begun.wait(), 5)
        running.cancel()

    asyncio.run(go())
    assert len(asked) == 2


def test_the_operator_is_obeyed_at_once_where_whoever_begins_to_look_has_to_wait() -> None:
    clock = ManualClock()
    duty = Duty("alerts", 5.0, work(clock, 0, RateLimited("wait", retry_after=40)))
    source = task(clock, duty)
    ask(source, duty)
    source.look()
    assert not duty.hurry.is_set()
    source.hurry()
    assert duty.hurry.is_set()


def test_a_wish_to_wait_is_obeyed() -> None:
    clock = ManualClock()
    duty = Duty("alerts", 5.0, work(clock, 0, RateLimited("wait", retry_after=40)))
    source = task(clock, duty)
    assert 40 <= ask(source, duty) <= 41
    assert source.health.health is Health.LIMITED
    assert source.health.retry_at >= clock.now() + 40_000


def test_a_hang_is_cut() -> None:
    clock = ManualClock()

    async def hang() -> None:
        await asyncio.Event().wait()

    duty = Duty("alerts", 5.0, hang)
    source = task(clock, duty, limit_s=0.01)
    ask(source, duty)
    assert source.health.health is Health.FAILING
    assert "no whole answer" in source.health.detail


def test_what_nobody_looks_at_is_not_asked_until_somebody_does() -> None:
    clock, asked = ManualClock(), []
    looked_at = False

    async def go() -> None:
        nonlocal looked_at
        came = asyncio.Event()

        async def note() -> None:
            asked.append(1)
            came.set()

        source = task(clock, Duty("targets", 5.0, note, wanted=lambda: looked_at))
        running = asyncio.create_task(source.run())
        for _ in range(5):
            await asyncio.sleep(0)
        assert asked == []
        looked_at = True
        source.hurry()
        await asyncio.wait_for(came.wait(), 5)
        running.cancel()

    asyncio.run(go())
    assert asked == [1]


def test_an_unforeseen_error_shows_its_type_only() -> None:
    clock = ManualClock()
    duty = Duty("alerts", 5.0, work(clock, 0, ValueError("token=hunter22")))
    source = task(clock, duty)
    ask(source, duty)
    assert "hunter22" not in source.health.detail
    assert "ValueError" in source.health.detail
