"""Which step of a runbook a key is about, and whether it is its turn."""

from __future__ import annotations

from console.model.incident import Incident
from console.model.runbook import Run, StepState, StepView
from widgets.line_list import LineList

_AGAIN = {StepState.DONE: "it has been done already", StepState.UNDONE: "it was done and taken back"}


def current_run(incident: Incident | None) -> Run | None:
    """The run that is being worked: the latest that is not settled, else the latest."""
    if incident is None or not incident.runs:
        return None
    open_runs = [r for r in incident.runs if r.current < len(r.steps)]
    return (open_runs or list(incident.runs))[-1]


def current_step(run: Run | None) -> StepView | None:
    """The step whose turn it is, ``None`` if all are settled."""
    return run.steps[run.current] if run is not None and run.current < len(run.steps) else None


def running_step(run: Run) -> StepView | None:
    """The step that runs."""
    return next((s for s in run.steps if s.state is StepState.RUNNING), None)


def out_of_order(step: StepView, run: Run) -> str:
    """Why it is not this step's turn, ``""`` if it is."""
    if step.state in _AGAIN:
        return _AGAIN[step.state]
    first = current_step(run)
    if first is None or step.number <= first.number:
        return ""
    stands = "is running" if first.state is StepState.RUNNING else "comes first"
    return f"step {first.number} {first.step.title} {stands}"


class Turn:
    """Keeps the cursor of a checklist on the step whose turn it is, for as long as the operator leaves it there."""

    def __init__(self) -> None:
        self._run = ""
        self._key = ""

    def follow(self, steps: LineList, run: Run, start: str = "") -> None:
        """After ``steps`` show the run: at the first sight of it go to ``start``, or to the step whose turn it is."""
        here = run.steps[min(run.current, len(run.steps) - 1)].key if run.steps else ""
        if run.id != self._run:
            steps.move_to(start or here)
        elif steps.cursor_key == self._key != here:
            steps.move_to(here)
        self._run, self._key = run.id, here
