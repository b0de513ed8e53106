"""Signals, heard off the screen's loop: a terminal that does not read blocks that loop, and every handler on it.

The C-level handler writes the signal's number into a pipe at once, whichever thread is stuck; a thread of our own reads
it (measured: a handler on the screen's loop ran 5 s late under a stalled terminal).
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterable


class SignalWatch:
    """Calls ``heard(signum)`` on its own thread for each of the signals, from ``start()`` on."""

    def __init__(self, signals: Iterable[signal.Signals], heard: Callable[[signal.Signals], None]) -> None:
        self._signals = tuple(signals)
        self._heard = heard
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)
        self._thread = threading.Thread(target=self._listen, name="warroom-signals", daemon=True)

    def start(self) -> None:
        """Take the signals over; on the main thread only."""
        signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        for number in self._signals:
            signal.signal(number, _noted)
        self._thread.start()

    def _listen(self) -> None:
        while data := os.read(self._read, 16):
            for number in data:
                if number in self._signals:
                    self._heard(signal.Signals(number))


def _noted(_number: int, _frame: object) -> None:
    """The Python-level handler has nothing left to do: the byte is in the pipe."""
