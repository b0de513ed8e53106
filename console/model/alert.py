"""Alerts: one shape for every vendor's, the operator's word beside it."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from console.clock import Millis
from console.model.severity import Severity


class AlertState(StrEnum):
    """Where an alert stands at its source."""

    PENDING = "pending"
    FIRING = "firing"
    RESOLVED = "resolved"


class Alert(Struct, frozen=True, gc=False):
    """One alert as its source tells it, cleaned and normalised; ``""`` and 0 mean unknown."""

    key: str
    """Unique across sources: ``<source>/<vendor id>``."""
    source: str
    """The configured source's name."""
    vendor_id: str
    """The source's own identity (Alertmanager: fingerprint)."""
    name: str
    summary: str
    """The symptom in one line of words."""
    severity: Severity
    state: AlertState
    started_at: Millis
    ended_at: Millis = 0
    service: str = ""
    cluster: str = ""
    host: str = ""
    """Host name without a port."""
    pod: str = ""
    silenced_by: tuple[str, ...] = ()
    inhibited: bool = False
    labels: dict[str, str] = {}
    """The vendor's labels, cleaned; never changed after creation."""
    annotations: dict[str, str] = {}
    link: str = ""
    """Address of the alert at its source; printed, never fetched."""

    @property
    def firing(self) -> bool:
        return self.state is AlertState.FIRING

    @property
    def muted(self) -> bool:
        """Silenced or inhibited at its source."""
        return bool(self.silenced_by) or self.inhibited


class AlertDelta(Struct, frozen=True):
    """A slice of what changed at a source since its last poll; the last slice of a poll has ``last``."""

    changed: tuple[Alert, ...] = ()
    gone: tuple[str, ...] = ()
    """Keys that the source no longer lists."""
    last: bool = True


class AlertRow(Struct, frozen=True, gc=False):
    """An alert as lists show it: the source's fact and the console's word side by side."""

    alert: Alert
    group: str = ""
    acked_by: str = ""
    acked_at: Millis = 0
    flapping: bool = False
    """Six changes of state in 25 minutes."""

    @property
    def key(self) -> str:
        return self.alert.key


class Silence(Struct, frozen=True):
    """A silence at a source: exact matchers, who, why, until when."""

    id: str
    source: str
    matchers: tuple[Matcher, ...]
    starts_at: Millis
    ends_at: Millis
    created_by: str
    comment: str
    state: str = "active"
    """``active``, ``pending`` or ``expired``."""

    @property
    def key(self) -> str:
        return f"{self.source}/{self.id}"


class Matcher(Struct, frozen=True):
    """One condition of a silence, as Alertmanager's API v2 has it."""

    name: str
    value: str
    is_regex: bool = False
    is_equal: bool = True

    def __str__(self) -> str:
        sign = ("=~" if self.is_equal else "!~") if self.is_regex else ("=" if self.is_equal else "!=")
        return f'{self.name}{sign}"{self.value}"'
