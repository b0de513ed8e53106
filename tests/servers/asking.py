"""Adapters on real servers, and waiting for what servers do in their own time."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.request
from collections.abc import Awaitable, Callable
from typing import TypeVar

from console.adapters.alertmanager import Alertmanager
from console.adapters.prometheus import Prometheus
from console.clock import SystemClock
from console.config import SourceConfig
from console.model.alert import Alert
from console.model.normal import Normaliser
from console.ports import AlertSource
from console.secret import Redactor, Secret

A = TypeVar("A", Alertmanager, Prometheus)
T = TypeVar("T")

LATEST_S = 30.0


def asking(kind: type[A], url: str, play: Callable[[A], Awaitable[T]]) -> T:
    """What the play gives back; the adapter is closed after it."""

    async def main() -> T:
        config = SourceConfig("real", kind.type, url)
        adapter = kind(config, secrets=Secret, clock=SystemClock(), normaliser=Normaliser(), redact=Redactor())
        try:
            return await play(adapter)
        finally:
            await adapter.close()

    return asyncio.run(main())


class Held:
    """All alerts of a source as its deltas add up."""

    def __init__(self, source: AlertSource) -> None:
        self.source = source
        self.alerts: dict[str, Alert] = {}

    async def poll(self) -> dict[str, Alert]:
        """By alert name and service, after one more poll."""
        async for delta in self.source.poll():
            self.alerts.update((a.key, a) for a in delta.changed)
            for key in delta.gone:
                del self.alerts[key]
        return {f"{a.name}/{a.service}": a for a in self.alerts.values()}


async def until(what: Callable[[], Awaitable[T]], true: Callable[[T], object]) -> T:
    """What is asked for again until it is true; the last answer stands in the error."""
    end = time.monotonic() + LATEST_S
    while not true(value := await what()):
        assert time.monotonic() < end, f"not so within {LATEST_S:g} s: {value!r}"
        await asyncio.sleep(0.1)
    return value


def post(url: str, value: object) -> None:
    """As whoever sends alerts does it, past the adapter."""
    head = {"Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(url, json.dumps(value).encode(), head), timeout=10):
        return
