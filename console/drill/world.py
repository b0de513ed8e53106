"""The world put together: story, samples, both backends and the port from which drills are steered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from console.clock import Clock, SystemClock
from console.drill.alertmanager import Alertmanager
from console.drill.crowd import Crowd
from console.drill.faults import KINDS, Faults, FaultySender
from console.drill.httpd import Request, Response, Server
from console.drill.prometheus import Prometheus
from console.drill.store import SampleStore
from console.drill.story import Story, StoryTime

BACKENDS = ("prometheus", "alertmanager")
LONGEST_FAULT_S = 3600.0


class Plan(msgspec.Struct, frozen=True):
    """What kind of world it is."""

    seed: int = 1
    speed: float = 1.0
    scenario: str = "cascade"
    at_s: float = 0.0
    """Second of the story at which it begins."""
    alerts: int = 0
    churn: float = 0.0


class World:
    """One drill: everything it serves follows from plan and clock."""

    def __init__(self, plan: Plan, clock: Clock | None = None) -> None:
        clock = clock or SystemClock()
        self.plan = plan
        self.time = StoryTime(clock, plan.speed, plan.at_s)
        self.story = Story(plan.scenario, self.time)
        self.faults = Faults(clock)
        self.prometheus = Prometheus(self.story, SampleStore(self.story, plan.seed))
        crowd = Crowd(plan.alerts, plan.churn, plan.seed, self.time.begun)
        self.alertmanager = Alertmanager(self.story, crowd, plan.seed)
        self.alertmanager.crowd_now(self.time.begun)
        self.servers = {
            "prometheus": Server(self.prometheus.handle, FaultySender("prometheus", self.faults)),
            "alertmanager": Server(self.alertmanager.handle, FaultySender("alertmanager", self.faults)),
            "admin": Server(self.steer),
        }

    async def start(self, host: str = "127.0.0.1", port_base: int = 0) -> Mapping[str, str]:
        """Listen on three ports, from ``port_base`` on or wherever is room; the addresses by name."""
        for number, server in enumerate(self.servers.values()):
            await server.start(host, port_base + number if port_base else 0)
        self.alertmanager.generator = self.servers["prometheus"].url
        return {name: server.url for name, server in self.servers.items()}

    async def close(self) -> None:
        """Stop serving."""
        self.faults.clear()
        for server in self.servers.values():
            await server.close()

    # Steering

    async def steer(self, request: Request) -> Response:
        """The admin port: faults, remedies, where the story stands."""
        try:
            return Response(msgspec.json.encode(self._steered(request)) + b"\n")
        except LookupError:
            return Response(b'{"error":"not found"}\n', 404)
        except (ValueError, TypeError, msgspec.DecodeError) as error:
            return Response(msgspec.json.encode({"error": str(error)}) + b"\n", 400)

    def _steered(self, request: Request) -> object:
        route = (request.method, request.path)
        if route == ("POST", "/faults"):
            self._set_fault(_object(request.body))
        elif route == ("DELETE", "/faults"):
            self.faults.clear()
        elif route == ("POST", "/remedy"):
            self._remedy(_object(request.body))
        elif request.method != "GET" or request.path not in ("/faults", "/state"):
            raise LookupError(request.path)
        return self.faults.left() if request.path == "/faults" else self.state()

    def _set_fault(self, body: Mapping[str, Any]) -> None:
        backend, kind, for_s = body.get("backend"), str(body.get("kind")), float(body.get("for_s", 30.0))
        if backend not in (*BACKENDS, "all"):
            raise ValueError(f"backend is one of {', '.join(BACKENDS)}, all")
        if kind not in KINDS:
            raise ValueError(f"kind is one of {', '.join(KINDS)}")
        if not 0 < for_s <= LONGEST_FAULT_S:
            raise ValueError(f"for_s is over 0 and at most {LONGEST_FAULT_S:g}")
        for one in BACKENDS if backend == "all" else (backend,):
            self.faults.set(str(one), kind, for_s)

    def _remedy(self, body: Mapping[str, Any]) -> None:
        chain = body.get("chain", "cascade")
        if chain not in self.story.chains:
            raise ValueError(f"chain is one of {', '.join(self.story.chains) or '(none here)'}")
        self.story.remedy(chain)

    def state(self) -> dict[str, object]:
        """Where the story stands."""
        now = self.time.now()
        return {
            "scenario": self.plan.scenario,
            "second": round(self.time.second(now), 3),
            "firing": len(self.story.firing(now)),
            "remedied": dict(self.story.remedied),
            "faults": self.faults.left(),
            "addresses": {name: server.url for name, server in self.servers.items()},
        }


def _object(body: bytes) -> Mapping[str, Any]:
    value = msgspec.json.decode(body or b"{}")
    if not isinstance(value, dict):
        raise TypeError("a JSON object is expected")
    return value
