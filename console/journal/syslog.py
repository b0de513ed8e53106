"""The machine's log: lines as datagrams of RFC 3164 to its socket, where journald listens too."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterable
from pathlib import Path

from console.clock import Clock
from console.errors import BackendError, TimedOut, Unreachable

DEV_LOG = Path("/dev/log")
FACILITIES = {"user": 1, "auth": 4, "authpriv": 10, **{f"local{n}": 16 + n for n in range(8)}}
ERROR, NOTICE = 3, 5
MOST = 1024
"""Bytes that every receiver takes in one datagram (RFC 3164, 4.1)."""
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


class Syslog:
    """Sends lines under one facility and severity; holds nothing open."""

    def __init__(self, facility: str, severity: int, clock: Clock, path: Path | None = None) -> None:
        self.path = path or DEV_LOG
        self._priority = FACILITIES[facility] * 8 + severity
        self._clock = clock

    def send(self, lines: Iterable[str], limit_s: float) -> tuple[int, BackendError | None]:
        """Send a datagram a line; how many the log took in, and what kept it from taking all. Blocks for the limit."""
        sent, end = 0, time.monotonic() + limit_s
        head = self._head()
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
                channel.settimeout(limit_s)
                channel.connect(str(self.path))
                for line in lines:
                    channel.settimeout(max(0.001, end - time.monotonic()))
                    channel.send(f"{head}{line}".encode("ascii", "replace"))
                    sent += 1
        except TimeoutError:
            return sent, TimedOut(f"{self.path} takes nothing in")
        except OSError as error:
            return sent, Unreachable(f"no log daemon at {self.path}: {error.strerror}")
        return sent, None

    def _head(self) -> str:
        moment = time.localtime(self._clock.now() / 1000)
        at = f"{_MONTHS[moment.tm_mon - 1]} {moment.tm_mday:2} {time.strftime('%H:%M:%S', moment)}"
        return f"<{self._priority}>{at} warroom[{os.getpid()}]: "
