"""Every way of leaving: quit, hang-up, SIGTERM, kill -9; and coming back."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from tests.pty_screen import PtyScreen
from tests.terminal.backend import alert, serve
from tests.terminal.sitting import READY, Sitting

pytestmark = pytest.mark.terminal


def declared(sitting: Sitting) -> None:
    done = sitting.command(
        "do", "incident.declare", "--arg", "title=payments failing", "--arg", "severity=SEV2", "--arg", "command=yes"
    )
    assert done.returncode == 0, done.stderr + done.stdout


def in_room(sitting: Sitting, **env: str) -> PtyScreen:
    """A console in the war room of the first incident."""
    screen = sitting.console(**env)
    screen.until(READY)
    screen.until("payments failing")
    screen.settle()
    screen.send("\r")
    screen.until("Runbook")
    screen.settle()
    return screen


def start_step(screen: PtyScreen) -> None:
    screen.send("b")
    screen.until("Test book")
    screen.settle()
    screen.send("\x1b[F")
    screen.settle()
    screen.send("\r")
    screen.until("marker")
    screen.settle()
    screen.send("\r")
    screen.until("write a file")
    screen.settle()
    screen.send("4")
    screen.settle()
    screen.send("r")


def wait_for(what: Path, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end and not what.exists():
        time.sleep(0.05)
    return what.exists()


def ended(pid: int, seconds: float) -> int | None:
    """The exit status within that time, else ``None``."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    return None


def test_ctrl_q_leaves_with_a_whole_terminal(tmp_path: Path) -> None:
    with Sitting(tmp_path).console() as screen:
        screen.until(READY)
        screen.settle()
        screen.send("\x11")
        end = screen.settle(0.5, 5)
        assert ended(screen.pid, 5) == 0
        assert b"\x1b[?1049l" in bytes(screen.data)
        assert b"\x1b[?25h" in end


def test_sigterm_is_bounded_by_a_terminal_that_reads_nothing(tmp_path: Path) -> None:
    alerts = [alert(f"Alert{n}", service=f"s{n}", cluster=f"c{n}") for n in range(200)]
    with serve(alerts) as backend, Sitting(tmp_path, backend.url).console() as screen:
        screen.until(READY)
        screen.read(2.0)
        for _ in range(60):
            screen.send("\x1b[6~\x1b[5~" * 8)
            time.sleep(0.02)
        time.sleep(1.5)
        screen.kill(signal.SIGTERM)
        begin = time.monotonic()
        assert ended(screen.pid, 4) == 143
        assert time.monotonic() - begin < 2.5


def test_a_hang_up_lets_the_running_step_end(tmp_path: Path) -> None:
    sitting = Sitting(tmp_path)
    declared(sitting)
    screen = in_room(sitting)
    start_step(screen)
    time.sleep(0.8)
    assert not sitting.marker.exists()
    screen.hang_up()
    assert wait_for(sitting.marker, 8)
    assert ended(screen.pid, 10) == 129
    kinds = sitting.kinds()
    assert kinds.index("step.started") < kinds.index("step.done")
    assert kinds[-1] == "console.detached"
    with in_room_again(sitting) as back:
        back.until("left")


def in_room_again(sitting: Sitting) -> PtyScreen:
    """A console started after another one: it comes back to the room by itself."""
    screen = sitting.console()
    screen.until(READY)
    screen.until("Runbook")
    return screen


def test_after_kill_9_everything_acknowledged_is_there_and_the_unknown_is_named(tmp_path: Path) -> None:
    sitting = Sitting(tmp_path)
    declared(sitting)
    screen = in_room(sitting)
    screen.send("n")
    screen.settle()
    screen.send("pool looks exhausted\r")
    screen.until("pool looks exhausted")
    screen.settle(0.5)
    start_step(screen)
    time.sleep(1.0)
    screen.kill(signal.SIGKILL)
    os.waitpid(screen.pid, 0)
    with in_room_again(sitting) as back:
        back.until("pool looks exhausted")
        back.settle(0.5)
    kinds = sitting.kinds()
    assert "note.added" in kinds
    assert "step.started" in kinds
    assert kinds.count("action.unknown") == 1
