"""Ingest: a large Alertmanager answer on the loopback, from its last byte to the last delta, and what that costs."""

from __future__ import annotations

import asyncio
import contextlib
import json
import resource
import statistics
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.adapters.alertmanager import Alertmanager

BEAT_S = 0.002
"""The loop is asked for a turn this often; what is over it is a gap."""

SERVICES = 400


def alerts(count: int) -> bytes:
    """An answer of ``GET /api/v2/alerts`` with the fields and sizes of a busy one, about 800 B an alert."""
    at = datetime(2026, 11, 18, 9, 0, tzinfo=UTC).isoformat()
    return json.dumps([_alert(n, at) for n in range(count)]).encode()


def _alert(n: int, at: str) -> dict[str, object]:
    service = f"service-{n % SERVICES}"
    labels = {
        "alertname": f"HighErrorRate{n % 40}", "cluster": f"eu-{n % 6}", "instance": f"10.0.{n % 250}.{n % 199}:9100",
        "job": service, "namespace": f"team-{n % 30}", "pod": f"{service}-{n:x}", "service": service,
        "severity": ("critical", "warning", "info")[n % 3],
    }  # fmt: skip
    return {
        "annotations": {
            "description": f"{service} has answered over 5 % of its requests with an error for ten minutes",
            "runbook_url": f"https://runbooks.example.net/{service}",
            "summary": f"{service} fails",
        },
        "endsAt": "2999-01-01T00:00:00.000Z",
        "fingerprint": f"{n:016x}",
        "receivers": [{"name": "on-call"}],
        "startsAt": at,
        "status": {"inhibitedBy": [], "silencedBy": [], "state": "active"},
        "updatedAt": at,
        "generatorURL": f"http://prometheus.example.net/graph?g0.expr=errors%7Bservice%3D%22{service}%22%7D&g0.tab=1",
        "labels": labels,
    }


def serve(count: int) -> None:
    """Answer every request with the same list; after each, eight bytes on standard output say when it was sent."""
    import http.server

    body = alerts(count)

    class Answering(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            _say(time.monotonic_ns())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = http.server.HTTPServer(("127.0.0.1", 0), Answering)
    _say(server.server_port)
    server.serve_forever()


def _say(number: int) -> None:
    sys.stdout.buffer.write(struct.pack("q", number))
    sys.stdout.buffer.flush()


@contextlib.contextmanager
def serving(count: int) -> Iterator[subprocess.Popen[bytes]]:
    """The server as a process of its own, so that its work is not counted."""
    process = subprocess.Popen([sys.executable, "-m", "tests.bench.ingest", str(count)], stdout=subprocess.PIPE)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def heard(process: subprocess.Popen[bytes]) -> int:
    """What the server said next."""
    assert process.stdout is not None
    return int(struct.unpack("q", process.stdout.read(8))[0])


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
    return {"changed": count, "s": (end - heard(process)) / 1e9, "cpu_s": used, "gap_ms": max(gaps, default=0.0),
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
        heard(process)
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

    with serving(count) as process:
        asyncio.run(play(f"http://127.0.0.1:{heard(process)}"))
    assert len(held) == count, "not every alert is held"
    return out


def resident(process: str, field: str = "VmRSS") -> int:
    """Bytes of memory that a process has, or the most that it had."""
    with open(f"/proc/{process}/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith(field))


def held_apart(count: int) -> dict[str, float]:
    """The same in a process that did nothing else."""
    argv = [sys.executable, "-m", "tests.bench.ingest", "hold", str(count)]
    found: dict[str, float] = json.loads(subprocess.run(argv, stdout=subprocess.PIPE, check=True).stdout)
    return found


def measure(short: bool = False) -> dict[str, object]:
    """The first list and the median of the unchanged ones after it; the decoder process is counted apart."""
    count, again = (5_000, 3) if short else (50_000, 5)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    with serving(count) as process:
        url = f"http://127.0.0.1:{heard(process)}"
        first, *rest = asyncio.run(_polls(url, process, again))
        decoder = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert first["changed"] == count, "not every alert was told"
    assert not any(poll["changed"] for poll in rest), "an unchanged alert was told again"
    used = decoder.ru_utime + decoder.ru_stime - children.ru_utime - children.ru_stime
    middle = {key: statistics.median(poll[key] for poll in rest) for key in ("s", "cpu_s")}
    return {
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
    if sys.argv[1] == "hold":
        print(json.dumps(hold(int(sys.argv[2]))))
    else:
        serve(int(sys.argv[1]))
