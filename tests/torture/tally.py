"""What a scenario came to, and what it was given to run with."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from random import Random

from msgspec import Struct

INCIDENT = "INC-0001"


class Skipped(Exception):
    """This machine cannot run the scenario; the text says why."""


class Tally(Struct):
    """Counts of one scenario; ``bad`` fails the run."""

    scenario: str
    trials: int = 0
    wanted: int = 0
    """How many trials were to be made; 0 = that is not known before."""
    cut_short: bool = False
    """Whether its time was over before its trials were."""
    acknowledged: int = 0
    """Entries, or effects, whose append or call had returned."""
    lost: int = 0
    strange: int = 0
    """What stands there and was never asked for, or stands there twice."""
    seconds: float = 0.0
    skipped: str = ""
    faults: list[str] = []
    """Everything else that is not as it should be, in words; at most a few are kept."""
    counts: dict[str, int] = {}
    notes: dict[str, object] = {}

    @property
    def bad(self) -> bool:
        return bool(self.lost or self.strange or self.faults)

    def fault(self, text: str) -> None:
        """Something is wrong that is neither lost nor strange."""
        if len(self.faults) < 20:
            self.faults.append(text)

    def count(self, what: str, number: int = 1) -> None:
        """One more of something."""
        self.counts[what] = self.counts.get(what, 0) + number

    def take(self, counts: Counter[str]) -> None:
        """Many more of something."""
        for what, number in counts.items():
            self.count(what, number)


class Run:
    """One scenario's means: its share of the time, its chance, its folder."""

    def __init__(self, tally: Tally, folder: Path, seed: int, *, short: bool, limit_s: float) -> None:
        self.tally = tally
        self.folder = folder
        self.short = short
        self.chance = Random(f"{seed}/{tally.scenario}")
        self._end = time.monotonic() + limit_s
        self._folders = 0

    def trials(self, full: int, short: int) -> range:
        """Numbers of the trials; ends early when the time is over."""
        self.tally.wanted = short if self.short else full
        return range(self.tally.wanted)

    @property
    def over(self) -> bool:
        """Whether the time is used up; the tally says so then."""
        self.tally.cut_short = time.monotonic() > self._end
        return self.tally.cut_short

    def fresh(self, name: str = "t") -> Path:
        """A folder that is not there yet, in one of its own."""
        self._folders += 1
        return self.folder / f"{name}{self._folders}" / INCIDENT
