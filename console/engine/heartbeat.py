"""The loop's own pulse: how long it was ever away, for benches and for the log."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import time
from pathlib import Path

log = logging.getLogger("warroom.engine")

BEAT_S = 0.02
REPORT_S = 1.0
LATE_S = 0.5


async def watch_gaps(file: str) -> None:
    """Measure the longest gap between two beats and keep it in ``file``; never returns."""
    longest, beats = 0.0, 0
    last = reported = time.monotonic()
    while True:
        await asyncio.sleep(BEAT_S)
        at = time.monotonic()
        gap, last, beats = at - last - BEAT_S, at, beats + 1
        longest = max(longest, gap)
        if gap > LATE_S:
            log.warning("the engine's loop was away for %.2f s", gap)
        if at - reported >= REPORT_S:
            reported = at
            await asyncio.to_thread(_report, Path(file), longest, beats)


def _report(file: Path, longest: float, beats: int) -> None:
    spare = file.with_suffix(".part")
    spare.write_text(json.dumps({"longest_s": round(longest, 3), "beats": beats}))
    spare.replace(file)


def wanted() -> str:
    """The file named by ``WARROOM_GAPS``, ``""`` if gaps are not to be measured."""
    return os.environ.get("WARROOM_GAPS", "")
