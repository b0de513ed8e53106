"""The journal against its yardsticks: appends, processor time, loading, throughput, tailing; each beside what is asked.

``rows`` holds each figure with what is asked of it and whether that is met; the rest is what they come from. Medians,
and ways that take turns: the machine is shared. ``python -m tests.bench.journal [--short]`` prints the rows as a table.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path

from tests.bench import journal_append, journal_lanes, journal_load, journal_processor, journal_tail
from tests.bench.journal_parts import Row, collecting


def measure(short: bool = False) -> dict[str, object]:
    """All figures; the short form is a tenth as long and says less."""
    figures, rows = _all(short)
    return {**figures, "rows": [row.as_json() for row in rows]}


def _all(short: bool) -> tuple[dict[str, object], list[Row]]:
    begin = time.monotonic()
    size = 10_000 if short else 100_000
    with (
        tempfile.TemporaryDirectory(prefix="warroom-bench-", dir=os.environ.get("WARROOM_BENCH")) as name,
        collecting(),
    ):
        root = Path(name)
        parts = {
            "append": asyncio.run(journal_append.appends(root / "append", *((3, 100) if short else (9, 500)))),
            "processor": journal_processor.measure(root / "grown", size, 10 if short else 40),
            "load": journal_load.load(root / "grown" / "long", 3 if short else 7),
            "open": journal_load.reopen(root / "grown" / "long", *((3, 1) if short else (9, 3))),
            "throughput": journal_lanes.measure(root / "lanes", *((2, 0.3) if short else (7, 1.5))),
            "tail": journal_tail.tail(root / "tail", 90 if short else 600),
            "idle": journal_tail.idle(root / "idle", 2.0 if short else 12.0),
        }
    figures: dict[str, object] = {part: found for part, (found, _) in parts.items()}
    figures["seconds"] = round(time.monotonic() - begin, 1)
    return figures, [row for _, found in parts.values() for row in found]


def table(rows: list[Row]) -> str:
    """The rows for people."""
    lines = []
    for row in rows:
        sign = ">=" if row.least else "<="
        asked = "" if row.asked is None else f"{sign} {row.asked:g}"
        met = {None: "", True: "met", False: "NOT MET"}[row.met]
        lines.append(f"{row.what:<62} {row.found:>9g}  {asked:<8} {met}".rstrip())
    return "\n".join(lines)


if __name__ == "__main__":
    found, told = _all("--short" in sys.argv)
    print(table(told))
    print(f"{found['seconds']} s")
