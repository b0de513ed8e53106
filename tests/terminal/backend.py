"""A very small Alertmanager for terminal tests: serves what it is given, misbehaves on demand."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


def alert(name: str, severity: str = "critical", **labels: str) -> dict[str, Any]:
    """One alert as API v2 lists it."""
    labels = {"alertname": name, "severity": severity, **labels}
    mark = f"{abs(hash(tuple(sorted(labels.items())))):016x}"[:16]
    return {
        "annotations": {"summary": labels.pop("summary", name)},
        "startsAt": "2026-11-23T14:00:00.000Z",
        "updatedAt": "2026-11-23T14:00:00.000Z",
        "endsAt": "2099-01-01T00:00:00.000Z",
        "fingerprint": mark,
        "receivers": [{"name": "default"}],
        "status": {"state": "active", "silencedBy": [], "inhibitedBy": []},
        "generatorURL": "http://127.0.0.1/graph",
        "labels": labels,
    }


class Backend:
    """Its alerts and its mood; ``mood`` is ``ok``, ``hang``, ``401``, ``500``, ``half`` or ``off``."""

    def __init__(self, alerts: list[dict[str, Any]]) -> None:
        self.alerts = alerts
        self.mood = "ok"
        self.asked = 0
        self.written: list[tuple[str, str]] = []
        """Method and path of all that would have changed something."""
        self.url = ""


@contextmanager
def serve(alerts: list[dict[str, Any]]) -> Iterator[Backend]:
    """The backend on a free loopback port."""
    backend = Backend(alerts)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            return

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            backend.written.append((self.command, self.path))
            self._say({"silenceID": f"s{len(backend.written)}"})

        do_DELETE = do_POST

        def do_GET(self) -> None:
            backend.asked += 1
            if backend.mood == "hang":
                time.sleep(30)
            body: Any = []
            if self.path.startswith("/api/v2/alerts"):
                body = backend.alerts
            elif self.path.startswith("/api/v2/status"):
                names = ("version", "branch", "buildDate", "buildUser", "goVersion", "revision")
                body = {
                    "cluster": {"status": "disabled", "peers": []},
                    "versionInfo": dict.fromkeys(names, "0.25.0"),
                    "config": {"original": ""},
                    "uptime": "2026-11-23T14:00:00.000Z",
                }
            self._say(body)

        def _say(self, body: Any) -> None:
            data = json.dumps(body).encode()
            self.send_response(int(backend.mood) if backend.mood.isdigit() else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[: len(data) // 2] if backend.mood == "half" else data)
            if backend.mood == "half":
                self.close_connection = True

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    backend.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield backend
    finally:
        server.shutdown()
        server.server_close()
