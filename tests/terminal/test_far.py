"""A round trip of 600 ms with doubled keys: what was pressed before it could be seen does nothing that is not meant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.terminal.backend import Backend, alert, serve
from tests.terminal.far import FarTerminal
from tests.terminal.sitting import READY, Sitting

pytestmark = pytest.mark.terminal

ALERTS = [
    alert("DiskWillFill", service="warehouse", cluster="eu"),
    alert("PoolExhausted", service="orders-db", cluster="us"),
]
DIALOG = "R2  users may see it"
PASTE = b"\x1b[200~y\ny\rdsy\x1b[201~"


@contextmanager
def far(
    tmp_path: Path, *, answers: bool = True, doubles: bool = False
) -> Iterator[tuple[FarTerminal, Backend, Sitting]]:
    with serve(ALERTS) as backend:
        sitting = Sitting(tmp_path, backend.url)
        with sitting.console(answers=False) as screen:
            terminal = FarTerminal(screen, answers=answers)
            terminal.until("DiskWillFill")
            terminal.until(READY)
            terminal.wait(1.0)
            terminal.doubles = doubles
            yield terminal, backend, sitting
            assert screen.alive()


def ask_for_a_silence(terminal: FarTerminal) -> int:
    """Up to the key after which the confirmation comes; where in the bytes that is."""
    terminal.type("s")
    terminal.until("for how long")
    terminal.wait(0.2)
    for keys in ("\r", "why", "\r"):
        start = len(terminal.shown)
        terminal.type(keys)
        terminal.wait(0.1)
    return start


def test_no_key_that_was_pressed_before_the_dialog_could_be_seen_confirms_it(tmp_path: Path) -> None:
    with far(tmp_path) as (terminal, backend, _):
        start = ask_for_a_silence(terminal)
        # One every 80 ms, so that none is taken for the double of another, until the dialog stands before the operator.
        for _ in range(60):
            terminal.type("y")
            terminal.wait(0.08)
            if DIALOG in terminal.shown[start:].decode("utf-8", "replace"):
                break
        else:
            pytest.fail("the dialog was not shown")
        # Nobody reacts within 300 ms to what they have not read: pressed already, as it were.
        for _ in range(3):
            terminal.type("y")
            terminal.wait(0.1)
        terminal.wait(1.5)
        assert backend.written == []
        terminal.type("y")
        terminal.wait(2.0)
        assert [path for _, path in backend.written] == ["/api/v2/silences"], (
            "one that was read is confirmed by one key"
        )


def test_doubled_keys_and_pastes_do_nothing_that_is_not_meant(tmp_path: Path) -> None:
    with far(tmp_path, doubles=True) as (terminal, backend, sitting):
        for keys in ("d", "s", "y", "\x1b[B", "\x1b[A", PASTE, "y", "s", "d", "y"):
            terminal.type(keys)
            terminal.wait(0.12)
        terminal.wait(1.5)
        terminal.type("\x1b")
        terminal.wait(1.5)
        terminal.type("\x1b")
        terminal.wait(1.5)
        assert backend.written == []
        assert not (sitting.folder / "state" / "warroom" / "incidents").exists()


def test_doubled_keys_and_pastes_on_a_confirmation_leave_it_open(tmp_path: Path) -> None:
    with far(tmp_path) as (terminal, backend, _):
        start = ask_for_a_silence(terminal)
        terminal.until(DIALOG, start=start)
        terminal.wait(1.5)
        terminal.doubles = True
        for keys in ("y", "d", "s", "\x1b[B", PASTE, "y"):
            terminal.type(keys)
            terminal.wait(0.7)
        terminal.wait(1.0)
        assert backend.written == []
        terminal.doubles = False
        terminal.type("y")
        terminal.wait(2.0)
        assert len(backend.written) == 1


def test_a_terminal_that_never_reports_can_confirm_all_the_same(tmp_path: Path) -> None:
    with far(tmp_path, answers=False) as (terminal, backend, _):
        start = ask_for_a_silence(terminal)
        terminal.until(DIALOG, start=start)
        terminal.wait(1.0)
        terminal.type("y")
        terminal.wait(3.5)
        assert backend.written == []
        terminal.type("y")
        terminal.wait(2.0)
        assert len(backend.written) == 1


def test_the_terminal_is_asked_when_a_dialog_is_painted_and_never_else(tmp_path: Path) -> None:
    with far(tmp_path) as (terminal, _, _):
        terminal.wait(3.0)
        assert b"\x1b[6n" not in terminal.shown
        ask_for_a_silence(terminal)
        terminal.until(DIALOG)
        terminal.wait(2.0)
        asked = len(re.findall(rb"\x1b\[6n", terminal.shown))
        assert asked >= 1
        # Behind the paint, on the same way.
        assert terminal.shown.index(DIALOG.encode()) < terminal.shown.rindex(b"\x1b[6n")
        terminal.wait(2.0)
        assert len(re.findall(rb"\x1b\[6n", terminal.shown)) == asked
