"""Filing evidence with one key: what would be filed of what is under the cursor, and a picture of the screen else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.actions import ActionSpec, Scope
from console.model.evidence import EvidenceItem
from console.model.runbook import StepState
from console.model.source import SourceHealth

if TYPE_CHECKING:
    from screens.questions import Asking
    from screens.situation import Situation

NO_INCIDENT = "no incident is open: evidence belongs to one"
_NAMED = frozenset({"step", "keys", "group", "source"})


def why_not_filed(at: Situation) -> str:
    """Why nothing can be filed here and now, ``""`` if something can."""
    if at.incident is None:
        return NO_INCIDENT
    step = at.step if at.focus is Scope.RUNBOOK else None
    if step is not None and step.state is StepState.RUNNING:
        return f"step {step.number} is running: its output can be filed when it has ended"
    return ""


def why_not_shown(at: Situation) -> str:
    """Why there is nothing to read here, ``""`` if there is."""
    if at.incident is None:
        return NO_INCIDENT
    return "" if isinstance(at.row, EvidenceItem) else "there is no evidence under the cursor: F7 lists it"


def filed(spec: ActionSpec, at: Situation) -> dict[str, object]:
    """What is named besides alerts: a step with output, or a source; else the screen is meant. An item to be read."""
    if spec.id == "evidence.show" and isinstance(at.row, EvidenceItem):
        return {"item": at.row.id}
    if spec.id != "evidence.file":
        return {}
    if isinstance(at.row, SourceHealth):
        return {"source": at.row.name}
    step = at.step if at.focus is Scope.RUNBOOK else None
    if step is not None and step.output and at.run is not None:
        return {"run": at.run.id, "step": step.step.id}
    return {}


async def picture(ask: Asking) -> dict[str, object] | None:
    """The screen as it is at this moment, where nothing else was named."""
    return {} if _NAMED & set(ask.args) else {"picture": ask.host.picture()}
