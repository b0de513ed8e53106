"""Metrics: what is asked, and the curve that came back."""

from __future__ import annotations

from msgspec import Struct

from console.clock import Millis


class MetricQuery(Struct, frozen=True):
    """One line of the metrics pane: what to ask of which source and how to judge it."""

    key: str
    title: str
    source: str
    expr: str
    unit: str = ""
    """``%``, ``s``, ``/s``, ``B`` …; a ratio with ``%`` is shown times 100."""
    limit: float | None = None
    """The threshold."""
    above: bool = True
    """``True``: bad above the limit, ``False``: bad below it."""
    service: str = ""


class Curve(Struct, frozen=True):
    """Values on a fixed grid; ``None`` where there was none."""

    start: Millis
    step_ms: int
    values: tuple[float | None, ...]
    labels: dict[str, str] = {}

    @property
    def end(self) -> Millis:
        return self.start + self.step_ms * max(0, len(self.values) - 1)

    @property
    def last(self) -> float | None:
        return next((v for v in reversed(self.values) if v is not None), None)


class Metric(Struct, frozen=True):
    """A metric as the pane and its screen show it."""

    query: MetricQuery
    curve: Curve | None = None
    onset_at: Millis = 0
    """Where it left its usual range; 0 = it did not."""
    usual: float | None = None
    """Median before the onset, or of the whole curve."""
    breached: bool = False
    fresh_at: Millis = 0
    error: str = ""

    @property
    def key(self) -> str:
        return self.query.key


class Target(Struct, frozen=True):
    """A scrape target: what a metrics source itself watches."""

    job: str
    instance: str
    up: bool
    error: str = ""
    scraped_at: Millis = 0


class Rule(Struct, frozen=True):
    """An alerting rule at its source."""

    name: str
    group: str
    expr: str
    severity: str = ""
    for_s: float = 0.0
    state: str = ""
    health: str = ""
    error: str = ""
