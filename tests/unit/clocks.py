"""A clock and ids that tests drive by hand."""

from __future__ import annotations


class ManualClock:
    """Stands still until it is moved; wall and monotonic time move together unless told otherwise."""

    def __init__(self, now: int = 1_795_000_000_000) -> None:
        self.wall = now
        self.mono = 1000.0

    def now(self) -> int:
        return self.wall

    def monotonic(self) -> float:
        return self.mono

    def move(self, seconds: float) -> None:
        self.wall += round(seconds * 1000)
        self.mono += seconds


class CountingIds:
    """``op-1``, ``op-2`` …"""

    def __init__(self) -> None:
        self.count = 0

    def new(self, prefix: str) -> str:
        self.count += 1
        return f"{prefix}-{self.count}"
