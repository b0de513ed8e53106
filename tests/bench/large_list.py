"""A large Alertmanager on the loopback, in a process of its own, which says when each answer was asked for and sent."""

from __future__ import annotations

import contextlib
import json
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime

SERVICES = 400
MOMENT = struct.Struct("qq")


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
    """Answer for alerts with the same list each time, for anything else with an empty one."""
    import http.server

    body = alerts(count)

    class Answering(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked, listed = time.monotonic_ns(), self.path.endswith("/alerts")
            content = body if listed else b"[]"
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            if listed:
                _say(asked, time.monotonic_ns())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    _say(server.server_port, 0)
    server.serve_forever()


def _say(first: int, second: int) -> None:
    sys.stdout.buffer.write(MOMENT.pack(first, second))
    sys.stdout.buffer.flush()


@contextlib.contextmanager
def serving(count: int) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Its address and its process, so that its work is not counted."""
    process = subprocess.Popen([sys.executable, "-m", "tests.bench.large_list", str(count)], stdout=subprocess.PIPE)
    try:
        yield f"http://127.0.0.1:{heard(process)[0]}", process
    finally:
        process.kill()
        process.communicate()


def heard(process: subprocess.Popen[bytes]) -> tuple[int, int]:
    """What it said next: when a list was asked for and when its last byte was sent, ns of the monotonic clock."""
    assert process.stdout is not None
    asked, sent = MOMENT.unpack(process.stdout.read(MOMENT.size))
    return asked, sent


if __name__ == "__main__":
    serve(int(sys.argv[1]))
