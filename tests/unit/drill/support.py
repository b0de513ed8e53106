"""A drill world on a clock that tests move, asked without a socket."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

from console.drill.httpd import Request, Response
from console.drill.world import Plan, World
from tests.unit.clocks import ManualClock


class Drill:
    """One world and its clock."""

    def __init__(self, **plan: Any) -> None:
        self.clock = ManualClock()
        self.world = World(Plan(**plan), self.clock)

    def ask(self, backend: str, target: str, method: str = "GET", body: object = None) -> Response:
        """One request, as the server would hand it over."""
        parts = urlsplit(target)
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        request = Request(method, parts.path, parse_qs(parts.query, keep_blank_values=True), {"": "HTTP/1.1"}, data)
        handle = {
            "am": self.world.alertmanager.handle, "prom": self.world.prometheus.handle, "admin": self.world.steer,
        }[backend]  # fmt: skip
        return asyncio.run(handle(request))

    def json(self, backend: str, target: str, method: str = "GET", body: object = None, status: int = 200) -> Any:
        """The answer's JSON; its status is what is expected."""
        response = self.ask(backend, target, method, body)
        assert response.status == status, response.body
        return json.loads(response.body) if response.body else None

    def alerts(self, query: str = "") -> list[dict[str, Any]]:
        """Alerts as the Alertmanager lists them."""
        found: list[dict[str, Any]] = self.json("am", f"/api/v2/alerts{query}")
        return found

    def services(self) -> set[str]:
        """Services with an alert of the cluster in which the cascade runs."""
        return {a["labels"]["service"] for a in self.alerts() if a["labels"]["cluster"] == "eu-1"}
