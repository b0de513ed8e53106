from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from console.clock import RandomIds, SystemClock
from console.config import Config
from console.engine import feeds, wiring
from console.engine.publish import Publisher
from console.engine.signals import SignalWatch
from console.engine.viewstate import ViewState, load, place, save
from console.model.alert import AlertDelta
from console.model.entry import Actor


def test_changes_are_published_at_once_and_then_coalesced() -> None:
    made: list[int] = []
    naps: list[asyncio.Event] = []

    async def sleep(_s: float) -> None:
        naps.append(asyncio.Event())
        await naps[-1].wait()

    async def go() -> None:
        publisher = Publisher(lambda: made.append(1), sleep=sleep)
        running = asyncio.create_task(publisher.run())
        publisher.touch()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert len(made) == 1
        for _ in range(100):
            publisher.touch()
            await asyncio.sleep(0)
        assert len(made) == 1
        naps[-1].set()
        for _ in range(5):
            await asyncio.sleep(0)
        assert len(made) == 2
        running.cancel()

    asyncio.run(go())


def test_view_state_survives_and_rubbish_is_an_empty_one(tmp_path: Path) -> None:
    file = place(tmp_path / "shared")
    assert file is not None
    assert load(file) == ViewState()
    save(file, ViewState("INC-0001", 42))
    assert load(file) == ViewState("INC-0001", 42)
    assert file.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in file.parent.iterdir()] == [file.name]
    file.write_bytes(b"\x00{")
    assert load(file) == ViewState()
    assert load(None) == ViewState()
    save(None, ViewState("x", 1))


def test_view_state_is_private_to_a_user_of_a_host_and_apart_for_each_folder(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o3770)
    one, other = place(shared), place(tmp_path / "other")
    assert one is not None
    assert other is not None
    assert one.parent == other.parent
    assert one != other
    assert shared not in one.parents
    assert f".{os.geteuid()}." in one.parent.name
    save(one, ViewState("INC-0001", 42))
    assert one.parent.stat().st_mode & 0o7777 == 0o700
    one.parent.chmod(0o755)
    save(one, ViewState("INC-0002", 42))
    assert one.parent.stat().st_mode & 0o7777 == 0o700


def test_view_state_is_not_kept_where_somebody_planted_its_folder(tmp_path: Path) -> None:
    file = place(tmp_path)
    assert file is not None
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    file.parent.parent.mkdir(parents=True)
    file.parent.symlink_to(elsewhere)
    save(file, ViewState("INC-0001", 42))
    assert list(elsewhere.iterdir()) == []


def test_a_signal_is_heard_while_the_main_thread_is_stuck() -> None:
    heard: list[signal.Signals] = []
    arrived = threading.Event()

    def hear(number: signal.Signals) -> None:
        heard.append(number)
        arrived.set()

    old = signal.getsignal(signal.SIGUSR1)
    watch = SignalWatch((signal.SIGUSR1,), hear)
    watch.start()
    try:
        os.kill(os.getpid(), signal.SIGUSR1)
        assert arrived.wait(5)
        assert heard == [signal.SIGUSR1]
    finally:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGUSR1, old)


def test_a_poll_that_is_cut_short_is_closed_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "ADAPTERS", {})
    closed: list[bool] = []

    class Source:
        name = "am"

        async def poll(self) -> AsyncGenerator[AlertDelta, None]:
            try:
                while True:
                    yield AlertDelta(last=False)
            finally:
                closed.append(True)

    async def go() -> None:
        parts = wiring.Wiring(
            Config(folder=str(tmp_path)), Actor("ana"), SystemClock(), RandomIds(), changed=str, current=str
        )
        task = asyncio.create_task(parts.feeds.read_alerts(Source()))
        seen: list[bool] = []
        task.add_done_callback(lambda _: seen.append(bool(closed)))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        await asyncio.sleep(0)
        assert seen == [True]

    asyncio.run(go())
