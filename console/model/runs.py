"""What the entries of a runbook do to the fold: the checklist, and one line a step."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from console.model.bodies import RunbookStarted, StepEnded, StepStarted
from console.model.entry import Entry, Kind
from console.model.incident import Tone
from console.model.outcome_wording import RESULT, step_line
from console.model.runbook import Run, StepState, StepView, command_line
from console.model.wording import line_of, one_line, took

if TYPE_CHECKING:
    from console.model.folding import Folding

OUTPUT = 40
"""Lines of output that are kept of a step."""
_ENDS = {
    Kind.STEP_DONE: StepState.DONE,
    Kind.STEP_FAILED: StepState.FAILED,
    Kind.STEP_SKIPPED: StepState.SKIPPED,
    Kind.STEP_UNDONE: StepState.UNDONE,
}
_AFTER: dict[StepState, tuple[StepState, ...]] = {
    StepState.DONE: (StepState.TODO, StepState.RUNNING, StepState.UNKNOWN, StepState.FAILED, StepState.UNDONE),
    StepState.FAILED: (StepState.TODO, StepState.RUNNING, StepState.UNKNOWN),
    StepState.SKIPPED: (StepState.TODO, StepState.FAILED, StepState.UNKNOWN, StepState.UNDONE),
    StepState.UNDONE: (StepState.DONE, StepState.FAILED, StepState.UNKNOWN),
}
"""From which states an end has an effect."""


def began(fold: Folding, entry: Entry, body: RunbookStarted) -> None:
    """A run begins; its steps are those that stand in the entry."""
    if body.run in fold.runs:
        fold.void(entry, f"started {body.title} again; that run was begun already")
        return
    steps = tuple(StepView(s, n, shows=command_line(s, body.params)) for n, s in enumerate(body.steps, 1))
    fold.own("runs")[body.run] = Run(
        body.run, body.runbook, body.title, steps, body.params, entry.occurred_at, entry.actor.id
    )
    fold.add(line_of(entry, body))


def started(fold: Folding, entry: Entry, body: StepStarted) -> None:
    """A step begins; two that run at once are a conflict."""
    view = _find(fold, body.run, body.step)
    if view is None:
        fold.add(line_of(entry, None))
        return
    if view.state is StepState.RUNNING:
        fold.void(entry, f"started step {view.number} too; {view.by} was running it")
        return
    fresh = StepView(
        view.step, view.number, StepState.RUNNING, body.shows, entry.actor.id, entry.occurred_at,
        operation_id=body.operation, lane=entry.stamp.lane,
    )  # fmt: skip
    _put(fold, body.run, fresh)
    row = step_line(entry, f"step {view.number}: {view.step.title}", "running", Tone.WAIT, body.shows)
    name = body.operation
    if not name:
        name = _manual(body.run, body.step)
        fold.own("places")[name] = fold.add(row)
    elif name in fold.places:
        before = fold.row(fold.places[name])
        fold.put(fold.places[name], replace(before, text=row.text))
    else:
        fold.own("places")[name] = fold.add(replace(row, operation=name))
    fold.own("steps")[name] = (body.run, body.step)


def ended(fold: Folding, entry: Entry, body: StepEnded) -> None:
    """A step is done, failed, skipped or taken back."""
    view = _find(fold, body.run, body.step)
    state = _ENDS[entry.kind]
    if view is None:
        fold.add(line_of(entry, None))
        return
    other = body.operation and view.operation_id and body.operation != view.operation_id
    if view.state not in _AFTER[state] or (other and state is not StepState.UNDONE):
        fold.void(entry, f"marked step {view.number} {state}; it was {view.state} by then")
        return
    result = one_line(body.reason or body.result)
    fresh = replace(
        view,
        state=state,
        by=entry.actor.id,
        at=entry.occurred_at,
        took_ms=body.took_ms or view.took_ms,
        result=result,
        output=body.output[-OUTPUT:] if body.output else view.output,
        operation_id=view.operation_id or body.operation,
        undoable=state is StepState.DONE and bool(view.step.undo),
    )
    _put(fold, body.run, fresh)
    _tell(fold, entry, body, fresh, bool(view.operation_id))


def lost(fold: Folding, operation: str) -> None:
    """Nobody can say how a step's call ended."""
    run, step = fold.steps.get(operation, ("", ""))
    view = _find(fold, run, step)
    if view is not None and view.state is StepState.RUNNING and view.operation_id == operation:
        _put(fold, run, replace(view, state=StepState.UNKNOWN, undoable=False))


def _tell(fold: Folding, entry: Entry, body: StepEnded, view: StepView, called: bool) -> None:
    """A step that was begun keeps its line; a manual one, a skip and a way back get one of their own."""
    state, title = view.state, f"step {view.number}: {view.step.title}"
    tone = {StepState.DONE: Tone.GOOD, StepState.FAILED: Tone.BAD}.get(state, Tone.PLAIN)
    result = view.result or (took(body.took_ms) if body.took_ms else "")
    name = view.operation_id or _manual(body.run, body.step)
    place = fold.places.get(name)
    if place is not None and state in (StepState.DONE, StepState.FAILED):
        row = fold.row(place)
        shown = replace(row, result=one_line(result or row.result, RESULT), tone=tone)
        fold.put(place, replace(shown, detail=(*row.detail, *body.output[-OUTPUT:])))
        if not called:
            del fold.own("places")[name]
        return
    verb = {StepState.SKIPPED: "skipped ", StepState.UNDONE: "took back ", StepState.DONE: "did "}.get(state, "")
    fold.add(step_line(entry, verb + title, result, tone, body.result, *body.output[-OUTPUT:]))


def _manual(run: str, step: str) -> str:
    return f"{run} {step}"


def _find(fold: Folding, run: str, step: str) -> StepView | None:
    known = fold.runs.get(run)
    return next((v for v in known.steps if v.step.id == step), None) if known else None


def _put(fold: Folding, run: str, view: StepView) -> None:
    known = fold.runs[run]
    steps = tuple(view if v.step.id == view.step.id else v for v in known.steps)
    fold.own("runs")[run] = replace(known, steps=steps)


SERVE: dict[Kind, Callable[[Folding, Entry, Any], None]] = {
    Kind.RUNBOOK_STARTED: began,
    Kind.STEP_STARTED: started,
    **dict.fromkeys(_ENDS, ended),
}
