"""The samples: every family built on first use, an hour of history behind it, then one sample each step."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence

from console.clock import Millis
from console.drill.figures import Figures, Next
from console.drill.matchers import Matcher, all_match
from console.drill.story import Story

STEP_MS = 5_000
HISTORY_MS = 65 * 60_000
KEPT = 6 * 3_600_000 // STEP_MS
"""Samples of a series that are kept: six hours."""


class Stored:
    """One series: its labels, name included, and its samples from ``base`` on."""

    __slots__ = ("_next", "base", "labels", "values")

    def __init__(self, labels: dict[str, str], base: Millis, next: Next) -> None:
        self.labels = labels
        self.base = base
        self.values = array("d")
        self._next = next

    def extend(self, times: Sequence[Millis], seconds: Sequence[float]) -> None:
        """One sample for each time; lets go of an hour where there are over seven."""
        self.values.extend([self._next(at, second) for at, second in zip(times, seconds, strict=True)])
        over = len(self.values) - KEPT
        if over > 3_600_000 // STEP_MS:
            del self.values[:over]
            self.base += over * STEP_MS


class SampleStore:
    """All series of the estate; samples stand at whole steps, the latest at or before now."""

    step_ms = STEP_MS

    def __init__(self, story: Story, seed: int) -> None:
        self._time = story.time
        self._figures = Figures(story, seed, STEP_MS / 1000)
        self._families: dict[str, list[Stored]] = {}
        self._first = (story.time.begun - HISTORY_MS) // STEP_MS * STEP_MS

    @property
    def names(self) -> list[str]:
        """Every metric's name."""
        return sorted(self._figures.families)

    def select(self, name: str, matchers: Sequence[Matcher]) -> Iterator[Stored]:
        """Series of a name (of any name where it is ``""``) that meet every condition."""
        on_name = [m for m in matchers if m.name == "__name__"]
        for known in [name] if name else self.names:
            if all_match(on_name, {"__name__": known}):
                for row in self._family(known):
                    if all_match(matchers, row.labels):
                        yield row

    def _family(self, name: str) -> list[Stored]:
        """The series of a name, up to now."""
        if name not in self._families and name in self._figures.families:
            for family, labels, following in self._figures.families[name]():
                rows = self._families.setdefault(family, [])
                rows.append(Stored({"__name__": family, **labels}, self._first, following))
        rows = self._families.get(name, [])
        if rows:
            missing = rows[0].base + len(rows[0].values) * STEP_MS
            times = range(missing, self._time.now() + 1, STEP_MS)
            seconds = [self._time.second(at) for at in times]
            for row in rows:
                row.extend(times, seconds)
        return rows
