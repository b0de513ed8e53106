"""Processor time of one append to a lane of a thousand entries and to a long one, by turns; syncing is left out."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

from tests.bench.journal_parts import NoSync, Part, Row, draft, fill, lane_in, notes


def measure(folder: Path, size: int, blocks: int, each: int = 100) -> Part:
    """Processor time of an append at 1,000 entries and at ``size``, by turns.

    The long lane stays in ``long``.
    """
    lanes = {}
    for name, long in (("short", 1_000), ("long", size)):
        (folder / name).mkdir(0o700, parents=True)
        lanes[name] = lane_in(folder / name, NoSync())
        fill(lanes[name], long)
    used: dict[str, list[float]] = {name: [] for name in lanes}
    for block in range(blocks):
        for name in sorted(lanes, reverse=bool(block % 2)):
            start = time.process_time()
            for number in range(each):
                lanes[name].append([[draft(number)]])
            used[name].append(1000 * (time.process_time() - start) / each)
    for name, long in (("short", 1_000), ("long", size)):
        assert notes(lanes[name]) == long + blocks * each, "an append was not kept"
        lanes[name].close()
    short, long_ = (round(statistics.median(used[name]), 4) for name in ("short", "long"))
    flat = round(long_ / short, 2)
    out: dict[str, object] = {"at_1000_ms": short, f"at_{size}_ms": long_, "ratio": flat}
    rows = [
        Row(f"append, lane of {size:,}, not synced, processor time, ms", long_, 0.1),
        Row(f"append, lane of {size:,}, processor time, of one of 1,000", flat, 1.2),
    ]
    return out, rows
