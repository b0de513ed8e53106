"""What the commands of this console wrote, kept for whoever files it as evidence; bounded, gone with the console."""

from __future__ import annotations

from collections import OrderedDict

from console.ports import Captured

MOST = 16 << 20
"""Characters of all outputs together; the oldest are let go."""


class Captures:
    """The last outputs by operation; owned by the engine's loop."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._kept: OrderedDict[str, tuple[Captured, int]] = OrderedDict()
        self._size = 0

    def keep(self, operation: str, captured: Captured) -> None:
        """Remember what an operation wrote; of a check that runs again, the last."""
        self.forget(operation)
        size = sum(map(len, captured.result.output))
        self._kept[operation] = captured, size
        self._size += size
        while self._size > self._most and len(self._kept) > 1:
            self.forget(next(iter(self._kept)))

    def forget(self, operation: str) -> None:
        """Let go of one."""
        _, size = self._kept.pop(operation, (None, 0))
        self._size -= size

    def of(self, operation: str) -> Captured | None:
        """What an operation wrote; ``None`` = it did not run here, or long ago."""
        found = self._kept.get(operation)
        return None if found is None else found[0]
