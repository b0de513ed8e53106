"""Duty: what happens by itself happens in one console only.

Among the consoles that hold a lane of the same journal, duty is with the live lane that comes first by name; the lock a
writer holds for life is the election. Lanes of single commands do not stand for it: whoever runs one does nothing by
itself, and a long one would leave everybody without. Taking duty is written down.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from console.journal.places import guest


class DutyRoster:
    """Who is on duty for a journal."""

    def __init__(self, alive: Callable[[str], bool]) -> None:
        self._alive = alive
        self.held = False

    def decide(self, own: str, lanes: Sequence[str]) -> bool:
        """Whether duty passes to us with this look at the lanes; ``held`` says whether we have it."""
        before = self.held
        first = not any(lane < own and not guest(lane) and self._alive(lane) for lane in lanes)
        self.held = first and not guest(own)
        return self.held and not before
