"""Duty: what happens by itself happens in one console only.

Among the consoles that hold a lane of the same journal, duty is with the live lane that comes first by name; the lock a
writer holds for life is the election. Taking duty is written down.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence


class DutyRoster:
    """Who is on duty for a journal."""

    def __init__(self, alive: Callable[[str], bool]) -> None:
        self._alive = alive
        self.held = False

    def decide(self, own: str, lanes: Sequence[str]) -> bool:
        """Whether duty passes to us with this look at the lanes; ``held`` says whether we have it."""
        before = self.held
        self.held = not any(lane < own and self._alive(lane) for lane in lanes)
        return self.held and not before
