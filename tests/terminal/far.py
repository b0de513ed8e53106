"""A terminal at the far end of a slow line: each byte takes its time there and back, and keys may come twice."""

from __future__ import annotations

import re
import select
import time
from collections import deque

from tests.pty_screen import PtyScreen, plain, report

_WHERE = re.compile(rb"\x1b\[(\d+);(\d+)H\x1b\[6n")
DOUBLE_S = 0.005
"""How long after a key its double follows."""


class FarTerminal:
    """What the operator has before them; ``screen`` is the console's own end of the line."""

    def __init__(self, screen: PtyScreen, *, delay_s: float = 0.3, doubles: bool = False, answers: bool = True) -> None:
        """``delay_s`` is that of one direction. ``screen`` must not answer by itself."""
        self.screen = screen
        self.delay_s = delay_s
        self.doubles = doubles
        self.answers = answers
        self.shown = bytearray()
        """All that has arrived at the operator's terminal."""
        self._up: deque[tuple[float, bytes]] = deque()
        self._down: deque[tuple[float, bytes]] = deque()
        self._answered = 0

    def type(self, keys: str | bytes) -> None:
        """Press a key, or send what one sends; it arrives later, and perhaps twice."""
        data = keys.encode() if isinstance(keys, str) else keys
        now = time.monotonic()
        self._up.append((now + self.delay_s, data))
        if self.doubles:
            self._up.append((now + self.delay_s + DOUBLE_S, data))

    def wait(self, seconds: float) -> None:
        """Let time pass on both ends of the line."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._carry(left)

    def until(self, word: str, limit: float = 20.0, start: int = 0) -> None:
        """Wait until the operator sees the word."""
        end = time.monotonic() + limit
        while word not in plain(bytes(self.shown[start:])):
            if time.monotonic() > end:
                raise TimeoutError(f"{word!r} was not shown; the end was {plain(bytes(self.shown[-2000:]))!r}")
            self._carry(0.1)

    def _carry(self, longest: float) -> None:
        now = time.monotonic()
        due = min((at for line in (self._up, self._down) for at, _ in list(line)[:1]), default=now + longest)
        ready, _, _ = select.select([self.screen.fd], [], [], min(max(0.0, due - now), longest, 0.05))
        if ready:
            before = len(self.screen.data)
            self.screen.read(0.0001)
            if len(self.screen.data) > before:
                self._down.append((time.monotonic() + self.delay_s, bytes(self.screen.data[before:])))
        now = time.monotonic()
        while self._down and self._down[0][0] <= now:
            self.shown += self._down.popleft()[1]
        if self.answers:
            for match in _WHERE.finditer(self.shown, self._answered):
                self._answered = match.end()
                self._up.append((now + self.delay_s, report(match)))
        while self._up and self._up[0][0] <= now:
            self.screen.send(self._up.popleft()[1])
