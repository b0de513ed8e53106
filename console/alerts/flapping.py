"""Flapping: an alert whose state changes so often that its changes say nothing."""

from __future__ import annotations

from console.clock import Millis

FLIPS, FLIP_MS = 6, 25 * 60_000
"""So many changes of state within this time are flapping."""


class Flaps:
    """Remembers the last changes of state of each alert; a storm changes all of them, so by a tuple, not a deque."""

    def __init__(self) -> None:
        self._flips: dict[str, tuple[Millis, ...]] = {}

    def flip(self, key: str, now: Millis, times: int = 1) -> bool:
        """Its state changed; whether it flaps."""
        flips = (*self._flips.pop(key, ()), *[now] * times)[-FLIPS:]
        self._flips[key] = flips
        return len(flips) == FLIPS and now - flips[0] <= FLIP_MS

    def calm(self, now: Millis, most: int) -> list[str]:
        """Alerts that have not changed for so long that they flap no more, at most so many; forgotten by this."""
        out: list[str] = []
        for key, flips in self._flips.items():
            if 0 <= now - flips[-1] <= FLIP_MS or len(out) == most:
                break
            out.append(key)
        for key in out:
            del self._flips[key]
        return out

    def forget(self, key: str) -> None:
        """The alert is gone."""
        self._flips.pop(key, None)
