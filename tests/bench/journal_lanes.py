"""Four consoles that append at once: a lane each, against one file that all of them lock.

The same four processes take turns, each for the same time: every append durable through its own journal (``journals``),
the same without the journal's thread (``lanes``), a raw write and fdatasync of as many bytes to one file under one
flock (``shared``), and the same to a file each (``apart``): what the disk gives to those who wait for nobody.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from console.journal.disk import Disk
from console.journal.journal import Journal
from console.journal.reading import read
from console.model.entry import Kind
from tests.bench.journal_parts import (
    Part,
    Row,
    apart,
    collecting,
    draft,
    entry_bytes,
    journal_in,
    lane_in,
    spread,
    tell,
)

PROCESSES = 4
MODES = ("journals", "shared", "lanes", "apart")
LEAD_S = 0.05
"""Between the word to begin and the beginning, so that all begin at once."""


def measure(folder: Path, turns: int, seconds: float) -> Part:
    """Appends a second of all processes, medians over turns."""
    folder.mkdir(0o700)
    rates: dict[str, list[float]] = {mode: [] for mode in MODES}
    counts: Counter[str] = Counter()
    with ExitStack() as stack:
        children = [stack.enter_context(apart("journal_lanes", folder, f"h{n}")) for n in range(PROCESSES)]
        lanes = [child.hear() for child in children]
        for names in lanes:
            assert isinstance(names, dict)
            counts[names["journals"]] += 1  # each learnt the length of an entry by appending one
        for turn in range(turns):
            for mode in MODES if turn % 2 else reversed(MODES):
                begin = time.monotonic() + LEAD_S
                for child in children:
                    child.say(mode, begin, begin + seconds)
                done = [int(str(child.hear())) for child in children]
                rates[mode].append(sum(done) / seconds)
                for names, count in zip(lanes, done, strict=True):
                    assert isinstance(names, dict)
                    counts[names[mode]] += count
    _check(folder, counts)
    middle = {mode: round(statistics.median(found)) for mode, found in rates.items()}
    out: dict[str, object] = {"processes": PROCESSES, "turns": turns, "turn_s": seconds, "appends_per_s": middle}

    ratios = {}
    for mode in ("journals", "lanes", "apart"):
        pairs = zip(rates[mode], rates["shared"], strict=True)
        out[f"{mode}_to_shared"] = ratios[mode] = spread([own / shared for own, shared in pairs])
    return out, [
        Row("throughput, four journals, of one locked file", ratios["journals"]["median"], 2.0, least=True),
        Row("throughput, four lanes without threads, of one locked file", ratios["lanes"]["median"]),
        Row("throughput, four raw files, of one locked file", ratios["apart"]["median"]),
    ]


def _check(folder: Path, counts: Counter[str]) -> None:
    """Everything that was told durable is there, and nothing else."""
    found = Counter(entry.stamp.lane for entry in read(folder, None) if entry.kind == Kind.NOTE_ADDED)
    for path in folder.glob("*.raw"):
        found[path.name] = path.read_bytes().count(b"\n")
    assert found == +counts, f"appended {counts}, read {found}"


class Raw:
    """A file that is appended to and synced, under a lock if others write it too."""

    def __init__(self, path: Path, size: int, *, locked: bool) -> None:
        self.name = path.name
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._data = b"x" * (size - 1) + b"\n"
        self._locked = locked

    def append(self) -> None:
        if not self._locked:
            self._write()
            return
        fcntl.flock(self._fd, fcntl.LOCK_EX)
        try:
            self._write()
        finally:
            fcntl.flock(self._fd, fcntl.LOCK_UN)

    def _write(self) -> None:
        os.write(self._fd, self._data)
        os.fdatasync(self._fd)


def _meanwhile(append: Callable[[], object], end: float) -> int:
    """How many appends were durable by the end, and the one that was under way."""
    count = 0
    while time.monotonic() < end:
        append()
        count += 1
    return count


async def _awaited(journal: Journal, end: float) -> int:
    """The same through the journal."""
    count = 0
    while time.monotonic() < end:
        await journal.append([draft(count)])
        count += 1
    return count


async def _work(folder: Path, host: str) -> None:
    """One process: does what it is told until its input ends."""
    journal, lane = await journal_in(folder, host), lane_in(folder, Disk(), f"{host}b")
    size = await entry_bytes(folder, journal)
    shared = Raw(folder / "shared.raw", size, locked=True)
    alone = Raw(folder / f"{host}.raw", size, locked=False)
    ways: dict[str, Callable[[], object]] = {
        "lanes": lambda: lane.append([[draft(0)]]), "shared": shared.append, "apart": alone.append,
    }  # fmt: skip
    tell({"journals": journal.lane, "lanes": lane.name, "shared": shared.name, "apart": alone.name})
    for line in sys.stdin:
        mode, begin, end = line.split()
        await asyncio.sleep(max(0.0, float(begin) - time.monotonic()))
        way = ways.get(mode)
        tell(await _awaited(journal, float(end)) if way is None else _meanwhile(way, float(end)))
    await journal.close()
    lane.close()


if __name__ == "__main__":
    with collecting():
        asyncio.run(_work(Path(sys.argv[1]), sys.argv[2]))
