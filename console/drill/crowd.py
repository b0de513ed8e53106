"""A crowd of generated alerts for benches: any number, changing at any rate, the same for the same seed and time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b

import msgspec

from console.clock import Millis
from console.drill.estate import SERVICES
from console.drill.rfc3339 import format_time

NAMES = ("HighLatency", "HighErrorRate", "PodRestarting", "QueueGrowing", "CpuThrottled", "MemoryHigh", "DiskSlow")
SEVERITIES = ("low", "warning", "low", "warning", "info", "high", "warning", "critical")
SPREAD_MS = 3_600_000
"""They began within the hour before the start."""
STRIDE = 7919
"""Alerts change in this order of steps, so that changes spread over the list."""


class Crowd:
    """Alerts 0 … ``count`` - 1; ``churn`` changes a second, every eighth of an alert's changes ends it for a while."""

    def __init__(self, count: int, churn: float, seed: int, begun: Millis) -> None:
        self._count = count
        self._churn = churn
        self._seed = seed
        self._begun = begun
        self._versions = bytearray(count)
        self._changes = 0
        self._written = [b""] * count
        self._silences: object = None

    def fragments(
        self, now: Millis, silences: object, silenced_by: Callable[[dict[str, str]], list[str]]
    ) -> list[bytes]:
        """The JSON of each alert, ``b""`` for those that have ended; only what changed is written again.

        ``silences`` stands for the silences in force: with others every alert is looked at anew.
        """
        changed = self._change(now)
        if silences != self._silences:
            self._silences, changed = silences, range(self._count)
        for index in changed:
            self._written[index] = self._json(index, silenced_by)
        return self._written

    def labels(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Number and labels of each alert that stood when the JSON was last asked for."""
        for index in range(self._count):
            if self._written[index]:
                yield index, self._labels(index)

    def _change(self, now: Millis) -> Iterable[int]:
        """Let the changes happen that are due; the alerts that they touched."""
        due = int(max(0, now - self._begun) / 1000 * self._churn) if self._count else 0
        touched = set()
        for number in range(self._changes, due):
            index = number * STRIDE % self._count
            self._versions[index] = (self._versions[index] + 1) % 256
            touched.add(index)
        self._changes = max(self._changes, due)
        return touched

    def _labels(self, index: int) -> dict[str, str]:
        service = SERVICES[(index * 31 + self._seed) % len(SERVICES)]
        host = f"n{index * 17 % max(8, self._count // 40):04d}"
        return {
            "alertname": NAMES[index % len(NAMES)],
            "cluster": f"load-{index * 13 % 24:02d}",
            "host": host,
            "instance": f"{host}:{service.port}",
            "job": service.name,
            "pod": f"{service.name}-{index:06d}",
            "service": f"{service.name}-{index * 7 % max(1, self._count // 200):03d}",
            "severity": SEVERITIES[(index * 5 + index // 97) % len(SEVERITIES)],
        }

    def _json(self, index: int, silenced_by: Callable[[dict[str, str]], list[str]]) -> bytes:
        version = self._versions[index]
        if version and (version + index) % 8 == 7:
            return b""
        labels = self._labels(index)
        muted = silenced_by(labels)
        began = self._begun - (index * 7907 + 1) % SPREAD_MS
        summary = f"{labels['service']}: {labels['alertname']} at {40 + (index + version) % 60} %"
        changed = format_time(self._begun if not version else self._begun + version * 1000)
        digest = blake2b(f"{self._seed}/{index}".encode(), digest_size=8).hexdigest()
        return msgspec.json.encode(
            {
                "annotations": {"summary": summary},
                "endsAt": format_time(self._begun + 86_400_000),
                "fingerprint": digest,
                "receivers": [{"name": "team"}],
                "startsAt": format_time(began),
                "status": {
                    "inhibitedBy": [], "mutedBy": [], "silencedBy": muted, "state": "suppressed" if muted else "active",
                },
                "updatedAt": changed,
                "generatorURL": "http://127.0.0.1/graph",
                "labels": labels,
            }
        )  # fmt: skip
