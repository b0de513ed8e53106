"""The bridge: one wake at a time, the latest snapshot, every reply to who asked."""

from __future__ import annotations

import asyncio
import threading

from console.bridge import Bridge
from console.engine.handle import Handle
from console.model.action import Action, Reply
from console.model.snapshot import Snapshot


def test_however_long_the_loop_is_stuck_one_callback_waits_and_brings_the_latest() -> None:
    shown: list[int] = []

    async def run() -> None:
        handle = Handle()
        bridge = Bridge(handle, lambda snapshot: shown.append(snapshot.version))
        loop = asyncio.get_running_loop()
        bridge.open(loop)
        calls = 0
        schedule = loop.call_soon_threadsafe

        def counted(*args: object, **more: object) -> object:
            nonlocal calls
            calls += 1
            return schedule(*args, **more)  # type: ignore[arg-type]

        loop.call_soon_threadsafe = counted  # type: ignore[assignment, method-assign]
        engine = threading.Thread(target=lambda: [handle.publish(Snapshot(n)) for n in range(1, 500)])
        engine.start()
        engine.join()
        assert calls == 1
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        loop.call_soon_threadsafe = schedule  # type: ignore[method-assign]

    asyncio.run(run())
    assert shown == [499]


def test_a_handle_that_wakes_too_often_still_leaves_one_callback() -> None:
    async def run() -> None:
        handle = Handle()
        shown: list[Snapshot] = []
        bridge = Bridge(handle, shown.append)
        bridge.open(asyncio.get_running_loop())
        for _ in range(50):
            bridge._wake()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert len(shown) == 1

    asyncio.run(run())


def test_replies_find_who_asked_in_any_order() -> None:
    async def run() -> None:
        handle = Handle()
        bridge = Bridge(handle, lambda _: None)
        bridge.open(asyncio.get_running_loop())
        one, two = bridge.ask(Action("r1", "alert.ack")), bridge.ask(Action("r2", "alert.ack"))
        handle.answer(Reply("r2", True, "two"))
        handle.answer(Reply("r9", True, "nobody's"))
        handle.answer(Reply("r1", False, "one"))
        assert (await one).text == "one"
        assert (await two).text == "two"
        assert [request.request_id for request in handle.requests() if isinstance(request, Action)] == ["r1", "r2"]

    asyncio.run(run())


def test_news_after_the_screen_is_gone_is_harmless() -> None:
    handle = Handle()
    shown: list[Snapshot] = []
    bridge = Bridge(handle, shown.append)

    async def open_only() -> None:
        bridge.open(asyncio.get_running_loop())

    asyncio.run(open_only())
    handle.publish(Snapshot(1))
    bridge.close()
    handle.publish(Snapshot(2))
    assert shown == []
