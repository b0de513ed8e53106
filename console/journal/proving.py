"""Verifying behind one's back: what a cache vouched for is read again while the console already works."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from console.journal.cache import Mark
from console.journal.disk import Disk
from console.journal.follow import Damage, Follower
from console.journal.places import Places

SLICE = 64
"""Entries between two pauses (about 1 ms of work)."""
PAUSE_S = 0.001
"""A thread that never pauses would hold up the loop by the interpreter's switch interval at every turn."""


class Proving:
    """Reads every lane from its first byte up to where the cache said it had come; runs on a thread of its own."""

    def __init__(
        self,
        marks: Mapping[str, Mark],
        places: Places,
        incident: str,
        disk: Disk,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._marks = dict(marks)
        self._places = places
        self._incident = incident
        self._disk = disk
        self._pause = pause
        self._all = sum(mark.count for mark in marks.values())
        self._read = 0
        self.done = not marks
        self.stopped = False
        self.damages: dict[str, list[Damage]] = {}
        """What was found, by lane; a lane that is not here was as the cache said."""

    @property
    def percent(self) -> int:
        """How much is verified."""
        return 100 if self.done else min(99, 100 * self._read // max(1, self._all))

    def run(self) -> bool:
        """Whether all was as the cache said; ``False`` also if it was stopped. Blocks for seconds."""
        lanes = self._places.lanes()
        for lane, mark in self._marks.items():
            if not self._lane(lane, mark, lanes.get(lane, [])):
                return False
        self.done = True
        return not self.damages

    def _lane(self, lane: str, mark: Mark, files: list[tuple[int, Path]]) -> bool:
        follower = Follower(lane, self._incident, self._disk)
        until = {number: size for number, (_, size, _) in mark.segments.items()}
        for number, _ in enumerate(follower.advance(files, until), 1):
            if number % SLICE == 0:
                self._read += SLICE
                self._pause(PAUSE_S)
                if self.stopped:
                    return False
        found = list(follower.damages)
        if not found and (follower.head, follower.seq, follower.count) != (mark.head, mark.seq, mark.count):
            name = files[-1][1].name if files else lane
            found = [Damage(name, 0, 0, "is not what it was when it was read last")]
        if found:
            self.damages[lane] = found
        return True
