"""A backend inside the process: lists what it is given, silences, fails on demand. Fulfils the ports."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Any

from console.config import SourceConfig
from console.errors import BackendError
from console.model.alert import Alert, AlertDelta, AlertState, Matcher, Silence
from console.model.metric import Curve, MetricQuery
from console.model.severity import Severity
from console.model.source import Probe

WORLD: dict[str, FakeBackend] = {}
"""The backends of the test that runs, by name."""


def alert(name: str, service: str, *, cluster: str = "eu-1", severity: int = 1, at: int = 1_795_000_000_000) -> Alert:
    key = f"{service}-{name}"
    labels = {"alertname": name, "service": service, "cluster": cluster, "severity": str(severity)}
    return Alert(
        f"am/{key}", "am", key, name, f"{service} {name}", Severity(severity), AlertState.FIRING, at,
        service=service, cluster=cluster, labels=labels,
    )  # fmt: skip


class FakeBackend:
    """Alerts and metrics of one backend."""

    type = "alertmanager"

    def __init__(self, config: SourceConfig, **_: Any) -> None:
        self.name = config.name
        self.alerts: dict[str, Alert] = {}
        self.made: list[Silence] = []
        self.error: BackendError | None = None
        self.polls = 0
        self.closed = False
        self._told: dict[str, Alert] = {}
        WORLD[config.name] = self

    def put(self, *alerts: Alert) -> None:
        self.alerts |= {a.key: a for a in alerts}

    async def poll(self) -> AsyncGenerator[AlertDelta, None]:
        self.polls += 1
        if self.error is not None:
            raise self.error
        changed = tuple(a for a in self.alerts.values() if self._told.get(a.key) != a)
        gone = tuple(k for k in self._told if k not in self.alerts)
        self._told = dict(self.alerts)
        yield AlertDelta(changed, gone)

    async def range(self, query: MetricQuery, start: int, end: int, step_ms: int) -> Sequence[Curve]:
        if self.error is not None:
            raise self.error
        return [Curve(start, step_ms, (1.0,) * ((end - start) // step_ms + 1))]

    async def silences(self) -> Sequence[Silence]:
        return [s for s in self.made if s.state != "expired"]

    async def create_silence(
        self, matchers: Sequence[Matcher], starts_at: int, ends_at: int, created_by: str, comment: str, id: str = ""
    ) -> str:
        if self.error is not None:
            raise self.error
        name = id or f"s{len(self.made) + 1}"
        self.made = [s for s in self.made if s.id != name]
        self.made.append(Silence(name, self.name, tuple(matchers), starts_at, ends_at, created_by, comment))
        return name

    async def expire_silence(self, id: str) -> None:
        self.made = [s for s in self.made if s.id != id]

    def describe_silence(self, matchers: Sequence[Matcher], ends_at: int) -> str:
        return "POST /api/v2/silences " + ", ".join(map(str, matchers))

    async def probe(self) -> Probe:
        return Probe(self.name, self.type, "http://127.0.0.1", True, True, "1")

    async def close(self) -> None:
        self.closed = True
