"""What comes from outside: hostile labels, dead backends, small and plain terminals."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.pty_screen import plain
from tests.terminal.backend import alert, serve
from tests.terminal.sitting import READY, Sitting

pytestmark = pytest.mark.terminal

TITLE = "\x1b]0;owned\x07 title [/red] [@click=app.quit]x"
EVIL = [
    alert("A\x1b]52;c;cm0gLXJm\x07B", service="pay\x1b[2Jments", cluster="eu", summary=TITLE),
    alert("Bidi\u202eevil", service="\u200bzero", cluster="us", summary="\x9b31mC1 \x00NUL \x7fDEL"),
    alert("N" * 10_000, service="long", cluster="ap", summary="n" * 10_000),
]


def test_escape_sequences_in_labels_are_shown_not_sent(tmp_path: Path) -> None:
    with serve(EVIL) as backend, Sitting(tmp_path, backend.url).console(columns=200, lines=50) as screen:
        screen.until(READY)
        screen.until("owned")
        screen.settle()
        for key in ("\r", "\x1b", "z", "\x1b", "w", "\x1b"):
            screen.send(key)
            screen.settle(0.3, 3)
        data = bytes(screen.data)
        assert b"\x1b]52;" not in data
        assert b"]0;owned\x07" not in data
        assert b"\x1b[2Jments" not in data
        assert "\u202e" not in data.decode("utf-8", "replace")
        assert b"\x00" not in data
        assert b"\x7f" not in data
        assert b"\xc2\x9b" not in data
        assert screen.alive()


@pytest.mark.parametrize("mood", ["hang", "401", "429", "500", "half"])
def test_a_sick_backend_changes_its_own_health_only(tmp_path: Path, mood: str) -> None:
    with (
        serve([alert("DiskWillFill", service="warehouse", cluster="eu")]) as sick,
        serve([alert("PoolExhausted", service="orders-db", cluster="us")]) as well,
    ):
        sitting = Sitting(tmp_path, well.url)
        text = sitting.config.read_text()
        sitting.config.write_text(
            f"{text}  sick:\n    type: alertmanager\n    url: {sick.url}\n    poll: 1s\n    timeout: 1s\n"
        )
        with sitting.console() as screen:
            screen.until("DiskWillFill")
            sick.mood = mood
            before = well.asked
            screen.read(5.0)
            assert well.asked - before >= 3
            screen.send("\x1b[B")
            assert screen.settle()
            assert screen.alive()


def test_a_plain_console_gets_ascii_only(tmp_path: Path) -> None:
    with serve([alert("DiskWillFill", service="warehouse", cluster="eu")]) as backend:
        sitting = Sitting(tmp_path, backend.url)
        with sitting.console(columns=80, lines=24, TERM="linux", LANG="C", COLORTERM="", LC_ALL="C") as screen:
            screen.until("DiskWillFill")
            screen.settle()
            text = plain(bytes(screen.data))
            assert re.fullmatch(r"[\x00-\x7f]*", text), sorted(set(re.findall(r"[^\x00-\x7f]", text)))


def test_a_terminal_too_small_says_so(tmp_path: Path) -> None:
    with Sitting(tmp_path).console(columns=39, lines=11) as screen:
        screen.until("40")
        screen.resize(100, 30)
        screen.until(READY)
        assert screen.alive()
