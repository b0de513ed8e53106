"""The story: which alert stands when, and how far each trouble has come, as functions of time alone."""

from __future__ import annotations

import math
from collections.abc import Iterator
from hashlib import blake2b

from msgspec import Struct

from console.clock import Clock, Millis
from console.drill.estate import BY_NAME
from console.drill.scenarios import SCENARIOS, Wave

HEALS_S = 25.0
"""Time constant in which figures come back to normal after a remedy."""


class StoryTime:
    """Turns wall time into seconds of the story and back; before the start both run alike."""

    def __init__(self, clock: Clock, speed: float = 1.0, at_s: float = 0.0) -> None:
        self._clock = clock
        self._speed = speed
        self._at = at_s
        self.begun = clock.now()

    def now(self) -> Millis:
        """Wall time."""
        return self._clock.now()

    def second(self, at: Millis) -> float:
        """Second of the story at a wall time; with speed 0 it stands still."""
        passed = (at - self.begun) / 1000
        return self._at + (passed * self._speed if passed > 0 else passed)

    def wall(self, second: float) -> Millis:
        """Wall time of a second of the story that has been reached."""
        passed = second - self._at
        return self.begun + round((passed / self._speed if passed > 0 and self._speed else passed) * 1000)


class Event(Struct, frozen=True):
    """One alert of the story."""

    chain: str
    order: int
    wave: Wave
    at_s: float
    labels: dict[str, str]
    summary: str
    fingerprint: str


class Firing(Struct, frozen=True):
    """An alert that stands."""

    event: Event
    since_s: float


class Story:
    """The chains of one scenario, and the remedies that were applied."""

    def __init__(self, scenario: str, time: StoryTime) -> None:
        self.scenario = scenario
        self.time = time
        self.events = tuple(_events(scenario))
        self.remedied: dict[str, float] = {}

    @property
    def chains(self) -> tuple[str, ...]:
        """Chains that a remedy can end."""
        return tuple(chain for chain in SCENARIOS[self.scenario] if chain != "noise")

    def remedy(self, chain: str) -> None:
        """End a chain from now on: its alerts resolve one after the other, its figures heal."""
        self.remedied.setdefault(chain, self.time.second(self.time.now()))

    def firing(self, at: Millis) -> list[Firing]:
        """Alerts that stand at a wall time, in the order of the story."""
        second = self.time.second(at)
        return [f for event in self.events if (f := self._stands(event, second)) is not None]

    def pending(self, at: Millis) -> list[Event]:
        """Alerts whose rule holds, but not yet for long enough: the last five seconds before they fire."""
        second = self.time.second(at)
        return [e for e in self.events if 0 < e.at_s - second <= 5 and e.chain not in self.remedied]

    def _stands(self, event: Event, second: float) -> Firing | None:
        since = event.at_s
        if second < since:
            return None
        healed = self.remedied.get(event.chain)
        if healed is not None and (since > healed or second >= healed + 5 + 1.5 * event.order):
            return None
        flap = event.wave.flap_s
        if flap:
            turn = math.floor((second - since) / flap)
            if turn % 2:
                return None
            since += turn * flap
        return Firing(event, since)

    def level(self, chain: str, second: float, onset: float, ramp: float = 240.0) -> float:
        """How bad, 0 … 1: a quick first part within 20 s of the onset, the rest over ``ramp`` seconds."""
        if chain not in SCENARIOS[self.scenario] or second <= onset:
            return 0.0
        healed = self.remedied.get(chain)
        reached = second if healed is None else min(second, healed)
        since = reached - onset
        level = 0.45 * _smooth(since / 20) + 0.55 * _smooth(since / ramp)
        return level if healed is None or second <= healed else level * math.exp((healed - second) / HEALS_S)


def _smooth(x: float) -> float:
    x = min(1.0, max(0.0, x))
    return x * x * (3 - 2 * x)


def fingerprint(labels: dict[str, str]) -> str:
    """Sixteen hex digits that tell label sets apart."""
    text = "\xff".join(f"{name}\xfe{labels[name]}" for name in sorted(labels))
    return blake2b(text.encode(), digest_size=8).hexdigest()


def _events(scenario: str) -> Iterator[Event]:
    for chain, waves in SCENARIOS[scenario].items():
        order = 0
        for wave in waves:
            hosts = BY_NAME[wave.service].hosts
            first = hosts.index(wave.host) if wave.host else 0
            for number in range(wave.hosts):
                host = hosts[(first + number) % len(hosts)]
                yield _event(chain, order, wave, wave.at_s + number * wave.every_s, host)
                order += 1


def _event(chain: str, order: int, wave: Wave, at_s: float, host: str) -> Event:
    service = BY_NAME[wave.service]
    labels = {"alertname": wave.name, "severity": wave.severity, **service.labels(host)}
    if wave.pod:
        labels["pod"] = f"{service.name}-{blake2b(host.encode(), digest_size=3).hexdigest()}-{host[-1]}x7k"
    summary = wave.summary.format(service=service.name, host=host, cluster=service.cluster)
    return Event(chain, order, wave, at_s, labels, summary, fingerprint(labels))
