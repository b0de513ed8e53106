"""Durable appends: what one costs beside the bare disk and beside SQLite, and how much of that is handing over.

Five ways take turns, in another order each round, so that all meet the same disk:

``raw``      a write and fdatasync of as many bytes as an entry has
``echo``     the same by a bare thread, for a caller on the loop who waits: what any thread costs, without a journal
``lane``     the entry through the lane, without the thread
``journal``  the entry through the journal, awaited: what a console does
``sqlite``   a row of as many bytes, WAL, synchronous=FULL, one INSERT and COMMIT

Ratios are medians over blocks of rounds, with their range.
"""

from __future__ import annotations

import asyncio
import os
import queue
import sqlite3
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random

from console.journal.disk import Disk
from console.model.entry import Kind
from tests.bench.journal_parts import Part, Row, draft, entry_bytes, journal_in, lane_in, notes, percentiles, spread

Way = Callable[[int], Awaitable[object]]
Taken = dict[str, tuple[list[float], list[float]]]
"""Of each way: seconds of each append, and seconds of processor time of all threads meanwhile."""
WARM = 20
"""Rounds that are not counted."""


class Raw:
    """A file beside the lanes that is appended to and synced."""

    def __init__(self, path: Path, data: bytes) -> None:
        self._data = data
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    async def append(self, _: int) -> None:
        self.write()

    def write(self) -> None:
        os.write(self._fd, self._data)
        os.fdatasync(self._fd)

    def close(self) -> int:
        """How many were written."""
        size = os.fstat(self._fd).st_size
        os.close(self._fd)
        assert size % len(self._data) == 0, "a write was cut short"
        return size // len(self._data)


class Echo:
    """The raw append on a thread of its own; the caller waits on the loop, as the journal's do."""

    def __init__(self, path: Path, data: bytes) -> None:
        self._file = Raw(path, data)
        self._loop = asyncio.get_running_loop()
        self._jobs: queue.SimpleQueue[asyncio.Future[None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="echo", daemon=True)
        self._thread.start()

    async def append(self, _: int) -> None:
        future: asyncio.Future[None] = self._loop.create_future()
        self._jobs.put(future)
        await future

    def _run(self) -> None:
        while (future := self._jobs.get()) is not None:
            self._file.write()
            self._loop.call_soon_threadsafe(future.set_result, None)

    def close(self) -> int:
        self._jobs.put(None)
        self._thread.join()
        return self._file.close()


class Database:
    """A table of rows as long as an entry, each committed on its own."""

    def __init__(self, path: Path, data: bytes) -> None:
        self._row = (data,)
        self._db = sqlite3.connect(path, isolation_level=None)
        (mode,) = self._db.execute("PRAGMA journal_mode=WAL").fetchone()
        self._db.execute("PRAGMA synchronous=FULL")
        (level,) = self._db.execute("PRAGMA synchronous").fetchone()
        assert (mode, level) == ("wal", 2), "SQLite is not as durable as is asked"
        self._db.execute("CREATE TABLE entry (seq INTEGER PRIMARY KEY, frame BLOB NOT NULL)")

    async def append(self, _: int) -> None:
        self._db.execute("INSERT INTO entry (frame) VALUES (?)", self._row)

    def close(self) -> int:
        sizes = [size for (size,) in self._db.execute("SELECT length(frame) FROM entry")]
        self._db.close()
        assert set(sizes) == {len(self._row[0])}, "a row is not as long as an entry"
        return len(sizes)


async def appends(folder: Path, blocks: int, rounds: int) -> Part:
    """All five ways by turns: so many blocks of so many rounds."""
    journal, lane = await journal_in(folder, "a"), lane_in(folder, Disk())
    size = await entry_bytes(folder, journal)
    data = b"x" * (size - 1) + b"\n"
    raw, echo = Raw(folder / "raw", data), Echo(folder / "echo", data)
    database = Database(folder / "rows.sqlite", data)

    async def through_lane(number: int) -> None:
        (result,) = lane.append([[draft(number)]])
        assert not isinstance(result, Exception)

    async def through_journal(number: int) -> None:
        await journal.append([draft(number)])

    ways: dict[str, Way] = {
        "raw": raw.append, "echo": echo.append, "lane": through_lane, "journal": through_journal,
        "sqlite": database.append,
    }  # fmt: skip
    await _turns(ways, WARM, Random(0))
    taken = [await _turns(ways, rounds, Random(block + 1)) for block in range(blocks)]
    count = WARM + blocks * rounds
    assert raw.close() == echo.close() == database.close() == notes(lane) == count, "an append was not kept"
    # The first note was written to learn how long one is.
    assert sum(entry.kind == Kind.NOTE_ADDED for entry in journal.entries()) == count + 1, "an entry was not kept"
    mean = (folder / f"{journal.lane}.lane").stat().st_size / (count + 1)
    assert abs(mean / size - 1) < 0.02, "entries are not as long as what they are compared with"
    await journal.close()
    lane.close()
    return _figures(taken, size)


async def _turns(ways: dict[str, Way], rounds: int, rng: Random) -> Taken:
    """So many appends each way, in another order each round."""
    taken: Taken = {name: ([], []) for name in ways}
    order = list(ways.items())
    for number in range(rounds):
        rng.shuffle(order)
        for name, append in order:
            used = time.process_time()
            start = time.perf_counter()
            await append(number)
            taken[name][0].append(time.perf_counter() - start)
            taken[name][1].append(time.process_time() - used)
    return taken


def _figures(taken: list[Taken], size: int) -> Part:
    blocks = [{name: percentiles(times, digits=6) for name, (times, _) in block.items()} for block in taken]
    out: dict[str, object] = {"entry_bytes": size, "blocks": len(taken), "rounds": len(taken[0]["raw"][0])}
    used = {}
    for name in taken[0]:
        used[name] = percentiles([seconds for block in taken for seconds in block[name][1]])
        waited = percentiles([seconds for block in taken for seconds in block[name][0]])
        out[name] = {"ms": waited, "processor_ms": used[name]}

    def ratio(way: str, to: str, share: str) -> float:
        said = out[f"{way}_to_{to}_{share}"] = spread([block[way][share] / block[to][share] for block in blocks])
        return said["median"]

    rows = [
        Row("append, journal p50, of raw", ratio("journal", "raw", "p50"), 1.4),
        Row("append, journal p99, of raw", ratio("journal", "raw", "p99"), 1.6),
        Row("append, journal p50, of sqlite", ratio("journal", "sqlite", "p50"), 1.05),
    ]
    told = [("journal", "sqlite", "p99"), ("journal", "echo", "p50"), ("journal", "echo", "p99")]
    told += [(way, "raw", share) for way in ("echo", "lane", "sqlite") for share in ("p50", "p99")]
    rows += [Row(f"append, {way} {share}, of {to}", ratio(way, to, share)) for way, to, share in told]
    return out, rows + [Row(f"append, {way}, synced, processor time p50, ms", used[way]["p50"]) for way in used]
