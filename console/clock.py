"""Time and identity, injected everywhere, so that every test is repeatable."""

from __future__ import annotations

import os
import time
from typing import Protocol

Millis = int
"""Milliseconds since the epoch, UTC."""


class Clock(Protocol):
    """Tells the time: wall time for records, monotonic time for intervals."""

    def now(self) -> Millis:
        """Wall time, milliseconds since the epoch, UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds on a clock that never goes backwards."""
        ...


class Ids(Protocol):
    """Makes identifiers that never repeat."""

    def new(self, prefix: str) -> str:
        """An identifier such as ``op-06f2c0e1a7b3d4958``: prefix, dash, lower-case hex."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> Millis:
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        return time.monotonic()


class RandomIds:
    """Random identifiers, 72 bits, from the operating system."""

    def new(self, prefix: str) -> str:
        return f"{prefix}-{os.urandom(9).hex()}"
