"""Rows of the model with every field set, for widgets to draw."""

from __future__ import annotations

from console.model.action import Tier
from console.model.alert import Alert, AlertRow, AlertState
from console.model.group import Group
from console.model.incident import Mark, TimelineRow, Tone
from console.model.metric import Curve, Metric, MetricQuery
from console.model.runbook import Run, Step, StepState, StepType, StepView
from console.model.severity import Severity

NOW = 1_795_442_754_000
"""2026-11-23 14:05:54 UTC."""


def group(key: str, severity: int = 1, title: str = "", **changes: object) -> Group:
    fields: dict[str, object] = {
        "key": key, "title": title or f"group {key}", "severity": Severity(severity), "root": "pool exhausted",
        "firing": 37, "total": 40, "acked": 0, "muted": 0, "joined": 12, "services": ("a", "b"), "clusters": ("eu",),
        "hosts": 3, "started_at": NOW - 245_000, "changed_at": NOW, "why": (),
    }  # fmt: skip
    return Group(**(fields | changes))  # type: ignore[arg-type]


def alert(key: str, severity: int = 2, summary: str = "disk filling", **changes: object) -> AlertRow:
    own = {name: changes.pop(name) for name in ("acked_by",) if name in changes}
    fields: dict[str, object] = {
        "key": key, "source": "am", "vendor_id": key, "name": "DiskWillFill", "summary": summary,
        "severity": Severity(severity), "state": AlertState.FIRING, "started_at": NOW - 245_000,
        "service": "warehouse", "cluster": "eu-1", "host": "h4",
    }  # fmt: skip
    return AlertRow(Alert(**(fields | changes)), **own)  # type: ignore[arg-type]


def entry(key: str, at: int = NOW, mark: Mark = Mark.PERSON, text: str = "noted", **changes: object) -> TimelineRow:
    fields: dict[str, object] = {"who": "ana", "result": "", "tone": Tone.PLAIN}
    return TimelineRow(key, at, mark, text=text, **(fields | changes))  # type: ignore[arg-type]


def metric(values: tuple[float | None, ...] | None, **changes: object) -> Metric:
    query = MetricQuery("m", "p99 payments", "prom", "x", "s", 0.5)
    curve = None if values is None else Curve(NOW - 900_000, 900_000 // max(1, len(values)), values)
    return Metric(query, curve, **changes)  # type: ignore[arg-type]


def step(number: int, state: StepState = StepState.TODO, tier: Tier = Tier.R2, **changes: object) -> StepView:
    undo = ("kubectl", "rollout", "undo", "deploy/a b")
    made = Step(f"s{number}", StepType.COMMAND, f"step {number}", tier, argv=("true",), undo=undo)
    return StepView(made, number, state, shows="kubectl rollout undo", **changes)  # type: ignore[arg-type]


def run(*states: StepState) -> Run:
    return Run("r", "rb", "Rollback", tuple(step(n, state) for n, state in enumerate(states, 1)))
