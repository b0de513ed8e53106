"""The journal against the bare disk: durable appends, and reading 100,000 entries back.

``append``: milliseconds of one awaited append of one entry, of the same through the lane without the thread, and of a
raw write and fdatasync of as many bytes to a file beside it; the three take turns, so that all meet the same disk.
``load``: seconds to read, verify and index a lane, and to decode all its entries.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from pathlib import Path

from console.clock import RandomIds, SystemClock
from console.journal.disk import Disk
from console.journal.journal import Journal
from console.journal.lane import Lane, open_lane
from console.journal.places import places
from console.journal.stamp import HybridClock
from console.model.entry import Draft, Kind


def measure(short: bool = False) -> dict[str, object]:
    """Figures of appends and of a load."""
    with tempfile.TemporaryDirectory(prefix="warroom-bench-", dir=os.environ.get("WARROOM_BENCH")) as folder:
        return {
            "append": asyncio.run(_appends(Path(folder) / "a", 200 if short else 2000)),
            "cpu_ms_per_append": _cpu(Path(folder) / "c", 2_000 if short else 20_000),
            "load": _load(Path(folder) / "b", 10_000 if short else 100_000),
        }


def _draft(number: int) -> Draft:
    body: dict[str, object] = {
        "text": f"checkout answers 503 in eu-1, {number} requests failed",
        "source": "alertmanager",
    }
    return Draft(Kind.NOTE_ADDED, body)


async def _appends(folder: Path, count: int) -> dict[str, object]:
    journal = await Journal.open(folder, "INC-0001", clock=SystemClock(), ids=RandomIds(), host="a")
    lane = _lane(folder, Disk())
    path = folder / f"{journal.lane}.lane"
    before = path.stat().st_size
    await journal.append([_draft(0)])
    data = b"x" * (path.stat().st_size - before)
    raw_fd = os.open(folder / "raw", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    raw: list[float] = []
    bare: list[float] = []
    whole: list[float] = []
    for number in range(count):
        start = time.perf_counter()
        os.write(raw_fd, data)
        os.fdatasync(raw_fd)
        middle = time.perf_counter()
        lane.append([[_draft(number)]])
        end = time.perf_counter()
        await journal.append([_draft(number)])
        whole.append(time.perf_counter() - end)
        bare.append(end - middle)
        raw.append(middle - start)
    os.close(raw_fd)
    await journal.close()
    lane.close()
    base = _percentiles(raw)
    out: dict[str, object] = {"entry_bytes": len(data), "appends": count, "raw_ms": base}
    for name, taken in (("lane", bare), ("journal", whole)):
        found = _percentiles(taken)
        out[f"{name}_ms"] = found
        out[f"{name}_to_raw"] = {p: round(found[p] / base[p], 2) for p in base}
    return out


def _percentiles(taken: list[float]) -> dict[str, float]:
    ordered = sorted(taken)
    return {p: round(1000 * ordered[int(len(ordered) * at)], 3) for p, at in (("p50", 0.5), ("p99", 0.99))}


class _NoSync(Disk):
    """Leaves syncing out: what is measured is processor time, and a long lane is made quickly."""

    def sync(self, fd: int) -> None:
        return


def _lane(folder: Path, disk: Disk) -> Lane:
    clock = SystemClock()
    return open_lane(
        places(folder), "INC-0001", clock=clock, hybrid=HybridClock(clock), ids=RandomIds(), host="b", disk=disk
    )


def _cpu(folder: Path, count: int) -> dict[str, float]:
    """Processor time of an append while the lane grows: of its first and of its last tenth."""
    folder.mkdir(0o700)
    lane = _lane(folder, _NoSync())
    tenths = []
    for tenth in range(10):
        start = time.process_time()
        for number in range(count // 10):
            lane.append([[_draft(tenth * number)]])
        tenths.append(1000 * (time.process_time() - start) / (count // 10))
    lane.close()
    return {"first_tenth": round(tenths[0], 4), "last_tenth": round(tenths[-1], 4)}


def _load(folder: Path, count: int) -> dict[str, object]:
    folder.mkdir(0o700)
    lane = _lane(folder, _NoSync())
    for first in range(0, count, 1000):
        lane.append([[_draft(first + number)] for number in range(1000)])
    name, lane = lane.name, lane
    lane.close()
    size = (folder / f"{name}.lane").stat().st_size
    start = time.perf_counter()
    lane = _lane(folder, Disk())
    opened = time.perf_counter()
    entries = sum(1 for _ in lane.storage.entries())
    done = time.perf_counter()
    lane.close()
    return {
        "entries": entries,
        "bytes": size,
        "verify_and_index_s": round(opened - start, 2),
        "decode_s": round(done - opened, 2),
    }
