"""Ingest: a large Alertmanager answer end to end (``published``); its adapter alone, to the last delta; and memory."""

from __future__ import annotations

import asyncio
import contextlib
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tests.bench.large_list import alerts, heard, serving

if TYPE_CHECKING:
    from console.adapters.alertmanager import Alertmanager

BEAT_S = 0.002
"""The loop is asked for a turn this often; what is over it is a gap."""


async def beat(gaps: list[float]) -> None:
    """Note how late each turn of the loop came, in ms."""
    while True:
        due = time.perf_counter() + BEAT_S
        await asyncio.sleep(BEAT_S)
        gaps.append((time.perf_counter() - due) * 1000)


@contextlib.contextmanager
def slices(longest: list[float]) -> Iterator[None]:
    """Note processor time of the longest callback of the loop, in ms: what a gap is without what others took."""
    run = asyncio.Handle._run

    def timed(handle: asyncio.Handle) -> None:
        begin = time.thread_time()
        run(handle)
        longest[0] = max(longest[0], (time.thread_time() - begin) * 1000)

    asyncio.Handle._run = timed  # type: ignore[method-assign]
    try:
        yield
    finally:
        asyncio.Handle._run = run  # type: ignore[method-assign]


def cpu() -> float:
    """Seconds of processor time of this process, its threads included."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def _poll(adapter: Alertmanager, process: subprocess.Popen[bytes]) -> dict[str, float]:
    gaps: list[float] = []
    beating = asyncio.create_task(beat(gaps))
    used, count, longest = cpu(), 0, [0.0]
    with slices(longest):
        async for delta in adapter.poll():
            count += len(delta.changed)
            await asyncio.sleep(0)
    end, used = time.monotonic_ns(), cpu() - used
    beating.cancel()
    return {"changed": count, "s": (end - heard(process)[1]) / 1e9, "cpu_s": used, "gap_ms": max(gaps, default=0.0),
            "slice_ms": longest[0]}  # fmt: skip


def _adapter(url: str) -> Alertmanager:
    from console.adapters.alertmanager import Alertmanager
    from console.clock import SystemClock
    from console.config import SourceConfig
    from console.model.normal import Normaliser
    from console.secret import Redactor, Secret

    config = SourceConfig("bench", "alertmanager", url, timeout_s=120.0)
    return Alertmanager(config, secrets=Secret, clock=SystemClock(), normaliser=Normaliser(), redact=Redactor())


async def _polls(url: str, process: subprocess.Popen[bytes], again: int) -> list[dict[str, float]]:
    adapter = _adapter(url)
    try:
        await adapter.probe()
        return [await _poll(adapter, process) for _ in range(1 + again)]
    finally:
        await adapter.close()


def hold(count: int) -> dict[str, float]:
    """Resident memory of a process that polled such a list and holds its alerts, and of its decoder process."""
    held: dict[str, object] = {}
    out: dict[str, float] = {}

    async def play(url: str) -> None:
        adapter = _adapter(url)
        await adapter.probe()
        before = resident("self")
        for _ in range(2):
            async for delta in adapter.poll():
                held.update((alert.key, alert) for alert in delta.changed)
        out["idle_mb"] = round(before / 1e6, 1)
        out["parent_mb"] = round(resident("self") / 1e6, 1)
        out["bytes_per_alert"] = round((resident("self") - before) / count)
        process = adapter._decoder.process
        out["decoder_mb"] = round(resident(str(process.pid)) / 1e6, 1) if process else 0.0
        out["decoder_most_mb"] = round(resident(str(process.pid), "VmHWM") / 1e6, 1) if process else 0.0
        await adapter.close()

    with serving(count) as (url, _):
        asyncio.run(play(url))
    assert len(held) == count, "not every alert is held"
    return out


def resident(process: str, field: str = "VmRSS") -> int:
    """Bytes of memory that a process has, or the most that it had."""
    with open(f"/proc/{process}/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith(field))


def held_apart(count: int) -> dict[str, float]:
    """The same in a process that did nothing else."""
    argv = [sys.executable, "-m", "tests.bench.ingest", str(count)]
    found: dict[str, float] = json.loads(subprocess.run(argv, stdout=subprocess.PIPE, check=True).stdout)
    return found


def measure(short: bool = False) -> dict[str, object]:
    """The first list and the median of the unchanged ones after it; the decoder process is counted apart."""
    from tests.bench import published  # it loads the screen, whose memory is not to be counted in ``hold``

    count, again = (5_000, 3) if short else (50_000, 5)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    with serving(count) as (url, process):
        first, *rest = asyncio.run(_polls(url, process, again))
        decoder = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert first["changed"] == count, "not every alert was told"
    assert not any(poll["changed"] for poll in rest), "an unchanged alert was told again"
    used = decoder.ru_utime + decoder.ru_stime - children.ru_utime - children.ru_stime
    middle = {key: statistics.median(poll[key] for poll in rest) for key in ("s", "cpu_s")}
    return {
        "published": published.measure(short),
        "alerts": count,
        "megabytes": round(len(alerts(count)) / 1e6, 1),
        "last_byte_to_last_delta_s": round(first["s"], 3),
        "parent_cpu_s": round(first["cpu_s"], 3),
        "longest_slice_ms": round(first["slice_ms"], 1),
        "longest_gap_ms": round(first["gap_ms"], 1),
        "decoder_cpu_s_all_polls": round(used, 3),
        "unchanged_polls": again,
        "unchanged_last_byte_to_last_delta_s": round(middle["s"], 3),
        "unchanged_parent_cpu_ms_per_1k": round(middle["cpu_s"] * 1e6 / count, 3),
        "unchanged_longest_slice_ms": round(max(poll["slice_ms"] for poll in rest), 1),
        "unchanged_longest_gap_ms": round(max(poll["gap_ms"] for poll in rest), 1),
        "memory": {str(held): held_apart(held) for held in ((1_000, 10_000) if short else (10_000, 100_000))},
    }


if __name__ == "__main__":
    print(json.dumps(hold(int(sys.argv[1]))))
