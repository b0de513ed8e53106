"""Children forked from a process that has loaded everything and has no second thread: a trial costs milliseconds."""

from __future__ import annotations

import asyncio
import json
import os
import select
import signal
import time
import traceback
from collections.abc import Callable, Coroutine
from typing import Any

Tell = Callable[..., None]
"""Says something to the parent at once: what was told before a SIGKILL is not lost with the process."""
Work = Callable[[Tell], Coroutine[Any, Any, None]]


class Child:
    """A running child and the pipe in which it says what happened."""

    def __init__(self, pid: int, fd: int) -> None:
        self.pid = pid
        self._fd = fd
        self._data = bytearray()
        self._ended = False

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal; a child that is dead already is left."""
        if not self._ended:
            os.kill(self.pid, number)

    def wait(self, seconds: float) -> bool:
        """Listen for so long; whether the child's end came."""
        end = time.monotonic() + seconds
        while not self._ended:
            ready, _, _ = select.select([self._fd], [], [], max(0.0, end - time.monotonic()))
            if not ready:
                return False
            self._read()
        return True

    def until(self, word: str, seconds: float = 30.0) -> list[Any]:
        """Listen until it says this; what it said with it. ``TimeoutError`` if it does not."""
        end = time.monotonic() + seconds
        while True:
            for line in self.lines():
                if line[0] == word:
                    return line
            if self._ended or time.monotonic() > end:
                raise TimeoutError(f"the child never said {word!r}: {self.lines()[-3:]}")
            if select.select([self._fd], [], [], 0.05)[0]:
                self._read()

    def end(self) -> list[list[Any]]:
        """Wait until it is dead; all that it said."""
        while not self._ended:
            self._read()
        return self.lines()

    def lines(self) -> list[list[Any]]:
        """What it has said so far, a list a line."""
        return [json.loads(line) for line in bytes(self._data).split(b"\n")[:-1]]

    def _read(self) -> None:
        piece = os.read(self._fd, 1 << 16)
        self._data += piece
        if not piece:
            self._ended = True
            os.close(self._fd)
            os.waitpid(self.pid, 0)


def start(work: Work) -> Child:
    """Fork a child that does the work on a loop of its own and never comes back."""
    read, write = os.pipe()
    pid = os.fork()
    if pid:
        os.close(write)
        return Child(pid, read)
    code = 70
    try:
        os.close(read)

        def tell(*what: object) -> None:
            os.write(write, json.dumps(what).encode() + b"\n")

        try:
            asyncio.run(work(tell))
            code = 0
        except BaseException:
            tell("failed", traceback.format_exc())
    finally:
        os._exit(code)
