"""One sitting at the console: the screen on the main thread, the engine on its own, and how each way of leaving ends.

======================  =======================================================================================
ctrl+q                  the screen ends; what is in flight may finish while a line says so
hang-up (ssh dropped)   the screen ends; the engine goes on without a terminal until what is in flight has ended
                        or ``settle_s`` has passed; commands are never killed by it
SIGTERM                 2 s in all: journal closed, terminal restored without blocking, exit 143
======================  =======================================================================================
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING

from console.config import Config
from console.engine.handle import Handle
from console.engine.runtime import Engine
from console.engine.signals import SignalWatch
from console.model.entry import Actor
from console.model.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

HUNG_UP = "hang-up"
TERM_S = 1.6
"""What SIGTERM leaves the engine; the rest of two seconds is for the terminal."""


class Ending:
    """Ends the process whatever state the screen is in; runs on threads of its own."""

    def __init__(self, engine: Engine, terminal: Terminal, leave_screen: Callable[[], None]) -> None:
        self._engine = engine
        self._terminal = terminal
        self._leave_screen = leave_screen

    def heard(self, number: signal.Signals) -> None:
        """A signal arrived; each is answered on its own thread, so that SIGTERM can cut a hang-up's wait short."""
        act = self._hung_up if number == signal.SIGHUP else self._terminated
        threading.Thread(target=act, name=f"warroom-{number.name.lower()}", daemon=True).start()

    def _hung_up(self) -> None:
        settle = self._engine.config.settle_s
        detach_standard_streams()
        self._engine.end(HUNG_UP, settle)
        self._leave_screen()
        self._engine.ended.wait(settle + 5.0)
        os._exit(129)

    def _terminated(self) -> None:
        self._engine.end("terminated", TERM_S - 0.6)
        self._engine.ended.wait(TERM_S)
        self._terminal.restore()
        os._exit(143)


class Terminal:
    """The terminal as it was, to be put back without waiting for it to read."""

    RESET = b"\x1b[r\x1b[?1049;1000;1002;1003;1006;1015;1004;2004l\x1b[?25h\x1b[<u\x1b[0m"

    def __init__(self) -> None:
        import termios

        self._path = ""
        with contextlib.suppress(OSError, termios.error):
            self._path = os.ttyname(0)
            self._attributes = termios.tcgetattr(0)

    def restore(self) -> None:
        """Drop what is not yet written, leave the alternate screen, set the line discipline back."""
        import termios

        if not self._path:
            return
        with contextlib.suppress(OSError, termios.error):
            # A description of our own: O_NONBLOCK on the inherited one would follow the operator's shell.
            own = os.open(self._path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
            termios.tcflush(own, termios.TCOFLUSH)
            termios.tcsetattr(own, termios.TCSANOW, self._attributes)
            os.write(own, self.RESET)
            os.close(own)


def detach_standard_streams() -> None:
    """Point standard input, output and error at nothing, so that a vanished terminal fails no write."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    os.close(nothing)


def run(config: Config, *, actor: Actor, start: str = "") -> int:
    """The whole sitting; the exit code."""
    from console.app import WarroomApp
    from console.engine.logfile import open_log

    for stale in ("COLUMNS", "LINES"):
        # Textual would believe these over the terminal, and never see it change its size.
        os.environ.pop(stale, None)
        os.unsetenv(stale)
    handle = Handle(Snapshot(operator=actor.id, read_only=config.read_only, drill=config.drill))
    engine = Engine(config, actor, start=start, handle=handle)
    terminal = Terminal()
    app = WarroomApp(handle, config=config, on_painted=engine.start)
    ending = Ending(engine, terminal, lambda: _leave(app))
    SignalWatch((signal.SIGTERM, signal.SIGHUP), ending.heard).start()
    open_log(config)
    code = app.run(mouse=config.mouse) or 0
    return _finish(engine, code)


def _leave(app: object) -> None:
    loop = getattr(app, "_loop", None)
    leave = getattr(app, "exit", None)
    if loop is not None and leave is not None:
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(leave)


def _finish(engine: Engine, code: int) -> int:
    """The screen is gone: let what is in flight end, saying so; ctrl+c cuts the wait."""
    if engine.reason == HUNG_UP:
        engine.ended.wait(engine.config.settle_s + 5.0)
        return 129
    engine.end("left", engine.config.settle_s)
    try:
        if not engine.ended.wait(1.0):
            sys.stderr.write("warroom: finishing what is in flight; ctrl+c to stop waiting\n")
            engine.ended.wait(engine.config.settle_s + 5.0)
    except KeyboardInterrupt:
        engine.end("interrupted", 0.0)
        engine.ended.wait(5.0)
    if engine.crash is not None:
        sys.stderr.write(f"warroom: the engine failed: {type(engine.crash).__name__}; see the log\n")
        return 1
    return code
