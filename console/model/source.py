"""Sources and their health: what each pane may say about how fresh its data is."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from console.clock import Millis


class Health(StrEnum):
    """The state of one source."""

    STARTING = "starting"
    OK = "ok"
    PARTIAL = "partial"
    """Answers, but not all that it listed could be read."""
    SLOW = "slow"
    """Answers, but takes over half of its interval."""
    FAILING = "failing"
    UNAUTHORISED = "unauthorised"
    LIMITED = "limited"
    """The service asked to wait."""


class SourceHealth(Struct, frozen=True):
    """One source's health line."""

    name: str
    type: str
    health: Health = Health.STARTING
    detail: str = ""
    """What is wrong and what to do, one clause."""
    fresh_at: Millis = 0
    """Last good answer; 0 = none yet."""
    interval_ms: int = 5000
    latency_ms: int = 0
    failures: int = 0
    """In a row."""
    retry_at: Millis = 0
    serves: tuple[str, ...] = ()
    """``alerts``, ``metrics``, ``silences`` …"""

    @property
    def key(self) -> str:
        return self.name

    @property
    def answers(self) -> bool:
        """Whether its last answer arrived, be it late or in part."""
        return self.health in (Health.OK, Health.SLOW, Health.PARTIAL)

    def stale(self, now: Millis) -> bool:
        """Older than three polls."""
        return now - self.fresh_at > 3 * self.interval_ms


class Probe(Struct, frozen=True):
    """What ``warroom doctor`` says of one backend."""

    name: str
    type: str
    url: str
    reachable: bool
    authorised: bool
    version: str = ""
    latency_ms: int = 0
    detail: str = ""
    next: str = ""
