"""The labels that a Prometheus adds to alerts on their way to its Alertmanager, and nowhere else.

Its own list of alerts is without them, so the two copies of an alert would not be known for one, and a silence made for
one would miss the other. Here they are added as Prometheus adds them: where a label of the name is missing or empty
(https://prometheus.io/docs/prometheus/latest/configuration/configuration/, ``global.external_labels``).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

from msgspec import Struct

from console.adapters.http import HttpClient
from console.adapters.prometheus_lists import unwrapped
from console.clock import Clock
from console.errors import BackendError
from console.text import clean
from console.yamltree import Malformed, Scalar, read_tree
from console.yamltree import Mapping as Keys

AGAIN_S = 600.0
"""How often the server's configuration is read: it changes with a deployment."""
RETRY_S = 60.0
PATIENCE_S = 2.0
"""How long the alerts wait for it."""
LARGEST = 8_000_000
MOST_LINES = 2_000
"""Lines of its first part that are read; the rest of a configuration, which may be megabytes, is not taken apart."""


class _Config(Struct):
    yaml: str = ""


class ExternalLabels:
    """Knows them from our configuration, or else asks the server, which need not tell."""

    def __init__(self, http: HttpClient, clock: Clock, given: object = None) -> None:
        self._http = http
        self._clock = clock
        self._given = {clean(str(k)): clean(str(v)) for k, v in given.items()} if isinstance(given, Mapping) else None
        self._known: dict[str, str] = {}
        self._next = float("-inf")

    async def labels(self) -> dict[str, str]:
        """As of now; those that were last known where the server does not answer. Never raises."""
        if self._given is not None:
            return self._given
        now = self._clock.monotonic()
        if now >= self._next:
            self._next = now + RETRY_S
            try:
                async with asyncio.timeout(PATIENCE_S):
                    body = await self._http.get("/api/v1/status/config", largest=LARGEST)
                answer: _Config = unwrapped(body, _Config, "its configuration")
                self._known = external_labels(answer.yaml)
                self._next = now + AGAIN_S
            except (BackendError, TimeoutError, Malformed) as error:
                # Others that speak this API have no such page, and some hide it.
                logging.getLogger("warroom.http").debug("external labels are not known: %s", error)
        return self._known


def external_labels(text: str) -> dict[str, str]:
    """``global.external_labels`` of a configuration as the server prints it, cleaned. Raises ``Malformed``."""
    lines = text.split("\n")
    if "global:" not in lines:
        return {}
    begin = lines.index("global:")
    part = ["global:"]
    for line in lines[begin + 1 : begin + MOST_LINES]:
        if line and not line.startswith((" ", "#")):
            break
        part.append(line)
    tree = read_tree("\n".join(part).encode("utf-8", "surrogatepass"))
    for name in ("global", "external_labels"):
        tree = tree.items.get(name) if isinstance(tree, Keys) else None
    found = tree.items if isinstance(tree, Keys) else {}
    return {clean(k): clean(v.text) for k, v in found.items() if isinstance(v, Scalar)}
