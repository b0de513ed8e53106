"""The application's own promises: no values in a crash's message, no escape sequence past the gate, little loaded."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from console.app import WarroomApp
from console.config import Config, SourceConfig
from tests.screens import world
from tests.screens.driving import Hand, drive
from tests.screens.fake import console

ROOT = Path(__file__).parents[3]


def test_a_crash_prints_no_values(capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    app, _, _ = console(world.ROOM)

    def fails(*_: object) -> None:
        secret = "hunter2"
        raise RuntimeError(f"no place for {secret}")

    async def run() -> None:
        async with app.run_test() as pilot:
            app.call_later(fails)
            await pilot.pause()

    with caplog.at_level(logging.CRITICAL, "warroom.app"), pytest.raises(RuntimeError):
        asyncio.run(run())
    said = capsys.readouterr()
    assert "hunter2" not in said.out + said.err
    assert "the screen failed (RuntimeError)" in said.err.replace("\n", " ")
    assert "no place for" in caplog.text


def test_an_errand_that_fails_does_not_end_the_console() -> None:
    async def play(hand: Hand) -> None:
        async def fails() -> None:
            raise ValueError("inside")

        hand.app.begin(fails())
        await hand.settle()
        assert "failed inside the console (ValueError)" in hand.said()
        assert hand.app.is_running

    drive(play)


def test_a_login_gives_the_terminal_away_and_takes_it_back() -> None:
    source = SourceConfig("datadog", "datadog", login=("true",))

    async def play(hand: Hand) -> None:
        await hand.press("f5", "down", "down")
        assert "l runs true in this terminal" in hand.text()
        ran: list[str] = []
        hand.app.log_in = ran.append  # type: ignore[method-assign]
        await hand.press("l")
        assert ran == ["datadog"]

    drive(play, sources=(source,))


def test_a_login_that_cannot_run_says_so() -> None:
    async def play(hand: Hand) -> None:
        hand.app.log_in("datadog")
        await hand.settle()
        assert "the login command could not be run" in hand.said()

    drive(play, sources=(SourceConfig("datadog", "datadog", login=("/nowhere/login",)),))


def test_after_a_login_the_source_is_asked_at_once_and_the_way_back_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(WarroomApp, "suspend", contextlib.nullcontext)

    async def play(hand: Hand) -> None:
        await hand.press("a")
        await hand.settle()
        undo = hand.app.undo
        assert undo is not None
        hand.app.log_in("datadog")
        await hand.settle()
        asked = hand.engine.done()[-1]
        assert (asked.id, asked.args) == ("source.ask", {"source": "datadog"})
        assert hand.app.undo == undo
        hand.app.logins = {"datadog": ("false",)}
        hand.app.log_in("datadog")
        await hand.settle()
        assert hand.engine.done()[-1] is asked
        assert "ended with 1" in hand.said()

    drive(play, sources=(SourceConfig("datadog", "datadog", login=("true",)),))


def test_a_source_is_asked_now_by_a_key_that_its_screen_shows() -> None:
    async def play(hand: Hand) -> None:
        await hand.press("f5", "down")
        assert "a ask now" in hand.text()
        await hand.press("a")
        await hand.settle()
        asked = hand.engine.done()[-1]
        assert (asked.id, asked.args) == ("source.ask", {"source": world.SOURCES[1].name})

    drive(play)


def test_a_source_is_asked_now_by_name_from_anywhere() -> None:
    async def play(hand: Hand) -> None:
        await hand.press("colon")
        await hand.type("ask now")
        await hand.press("enter")
        await hand.settle()
        assert world.SOURCES[0].name in hand.text()
        await hand.press("enter")
        await hand.settle()
        assert hand.engine.done()[-1].args == {"source": world.SOURCES[0].name}

    drive(play)


def test_what_is_painted_first_loads_neither_zoomed_screens_nor_forms() -> None:
    code = "import console.app, sys; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    late = {"alerts", "timeline", "metrics", "runbook", "silences", "sources", "declare", "confirm", "choose", "help"}
    assert not {f"screens.{name}" for name in late} & loaded
    assert not {"httpx", "kubernetes", "plotext", "tinydb", "yaml", "console.engine"} & loaded


def test_the_engine_starts_after_the_first_paint() -> None:
    app, _, _ = console(world.CALM)
    painted: list[bool] = []
    app._on_painted = lambda: painted.append(bool(app.screen.size))

    async def run() -> None:
        async with app.run_test() as pilot:
            await pilot.pause()

    asyncio.run(run())
    assert painted == [True]


def test_ascii_only_where_the_terminal_needs_it() -> None:
    from console.app import WarroomApp
    from tests.screens.fake import FakeEngine
    from tests.unit.clocks import ManualClock

    app = WarroomApp(
        FakeEngine(replace(world.ROOM)),
        config=Config(utc=True),
        clock=ManualClock(world.NOW),
        environ={"TERM": "linux"},
    )

    async def run() -> None:
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            gate = app.get_line_filters()[-1]
            from textual.color import Color

            for strip in app.screen._compositor.render_strips():
                assert all(s.text.isascii() for s in gate.apply(list(strip), Color(0, 0, 0)))

    asyncio.run(run())
