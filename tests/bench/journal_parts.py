"""What the journal's benches share: drafts, lanes, rows that say what was asked, and processes of their own."""

from __future__ import annotations

import contextlib
import gc
import json
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from console.clock import RandomIds, SystemClock
from console.journal.disk import Disk
from console.journal.journal import Journal
from console.journal.lane import Lane, open_lane
from console.journal.places import places
from console.journal.stamp import HybridClock
from console.model.entry import Draft, Kind
from tests.bench.world import ROOT

INCIDENT = "INC-0001"


class Row(Struct, frozen=True):
    """One figure and what is asked of it."""

    what: str
    found: float
    asked: float | None = None
    """``None``: told to explain another figure."""
    least: bool = False
    """Whether at least so much is asked, not at most."""

    @property
    def met(self) -> bool | None:
        """Whether it is as asked; ``None`` = nothing is asked."""
        if self.asked is None:
            return None
        return self.found >= self.asked if self.least else self.found <= self.asked

    def as_json(self) -> dict[str, object]:
        """The row as it is printed."""
        if self.asked is None:
            return {"what": self.what, "found": self.found}
        bound = f"{'>=' if self.least else '<='} {self.asked:g}"
        return {"what": self.what, "found": self.found, "asked": bound, "met": self.met}


Part = tuple[dict[str, object], list[Row]]
"""Figures of one bench, and which of them are asked for."""


def draft(number: int) -> Draft:
    """A note as an operator or a source would leave it; of one length whatever the number."""
    body: dict[str, object] = {
        "text": f"checkout answers 503 in eu-1, {number:06} requests failed",
        "source": "alertmanager",
    }
    return Draft(Kind.NOTE_ADDED, body)


class NoSync(Disk):
    """Leaves syncing out: what is measured is processor time, and a long lane is made quickly."""

    def sync(self, fd: int) -> None:
        return


def lane_in(folder: Path, disk: Disk, host: str = "b") -> Lane:
    """A lane without the journal's thread."""
    clock, ids = SystemClock(), RandomIds()
    return open_lane(places(folder), INCIDENT, clock=clock, hybrid=HybridClock(clock), ids=ids, host=host, disk=disk)


async def journal_in(folder: Path, host: str, *, disk: Disk | None = None, cache: Path | None = None) -> Journal:
    """A journal as a console opens it."""
    return await Journal.open(
        folder, INCIDENT, clock=SystemClock(), ids=RandomIds(), host=host, disk=disk, cache=cache
    )  # fmt: skip


def fill(lane: Lane, count: int) -> None:
    """Append so many notes, a thousand a transaction."""
    for first in range(0, count, 1000):
        lane.append([[draft(number)] for number in range(first, min(count, first + 1000))])


async def entry_bytes(folder: Path, journal: Journal) -> int:
    """How long an entry is in its lane, learnt by appending one."""
    path = folder / f"{journal.lane}.lane"
    before = path.stat().st_size
    await journal.append([draft(0)])
    return path.stat().st_size - before


def notes(lane: Lane) -> int:
    """How many notes a lane has, read from its files."""
    return sum(entry.kind == Kind.NOTE_ADDED for entry in lane.storage.entries())


def spread(found: Sequence[float]) -> dict[str, float]:
    """Median and range of ratios."""
    said = {"median": statistics.median(found), "from": min(found), "to": max(found)}
    return {name: round(value, 2) for name, value in said.items()}


def at(taken: Sequence[float], share: float) -> float:
    """The value below which this share of all lies."""
    return sorted(taken)[int(len(taken) * share)]


def percentiles(taken: Sequence[float], scale: float = 1000, digits: int = 3) -> dict[str, float]:
    """Median and 99th percentile of seconds, in milliseconds."""
    return {name: round(scale * at(taken, share), digits) for name, share in (("p50", 0.5), ("p99", 0.99))}


@contextlib.contextmanager
def collecting() -> Iterator[None]:
    """The collector as the engine sets it (console/engine/runtime.py)."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


class Child:
    """A process of its own; it is told words and says JSON, a line each."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def say(self, *words: object) -> None:
        assert self._process.stdin is not None
        print(*words, file=self._process.stdin, flush=True)

    def hear(self) -> object:
        """The next that it says; waits for it."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._process.args!r} ended before it had said all")
        return json.loads(line)


@contextlib.contextmanager
def apart(module: str, *arguments: object) -> Iterator[Child]:
    """A module of this folder run in another process until the block is left; it ends when its input does."""
    argv = [sys.executable, "-m", f"tests.bench.{module}", *map(str, arguments)]
    process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield Child(process)
        process.stdin.close()
        if process.wait(60):
            raise RuntimeError(f"{argv!r} failed with {process.returncode}")
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        process.stdin.close()
        process.stdout.close()


def tell(value: object) -> None:
    """Say something to the parent."""
    print(json.dumps(value), flush=True)
