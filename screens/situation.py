"""The situation in which a key is pressed: whether an action can work, and what it would act on."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain

from msgspec import Struct

from console.actions import ActionSpec, Scope
from console.model.action import OperationState, Tier, Undo
from console.model.alert import AlertRow, Silence
from console.model.group import Group
from console.model.incident import Incident, IncidentLine, Mark, Operation, TimelineRow
from console.model.outbox import OutboxRow
from console.model.runbook import Run, StepState, StepType, StepView
from console.model.snapshot import AlertsView, Snapshot
from console.model.source import SourceHealth
from screens.filing import NO_INCIDENT, filed, why_not_filed, why_not_shown
from screens.moves import stuck
from screens.steps import current_run, current_step, running_step


class Situation(Struct, frozen=True):
    """What is on screen at the moment of a key."""

    snapshot: Snapshot
    focus: Scope
    """The scope of the pane or screen that has the focus."""
    row: object = None
    """The row under the cursor there."""
    marked: frozenset[str] = frozenset()
    all_of_filter: bool = False
    """The marks are everything that the filter lets through."""
    undo: Undo | None = None
    """The way back of the last action of this sitting."""
    logins: frozenset[str] = frozenset()
    """Sources whose credentials can be renewed from here."""

    @property
    def incident(self) -> Incident | None:
        return self.snapshot.incident

    @property
    def run(self) -> Run | None:
        return current_run(self.snapshot.incident)

    @property
    def step(self) -> StepView | None:
        """The step that a key of the runbook is about: under the cursor there, else the one whose turn it is."""
        row, run = self.row, self.run
        if self.focus is Scope.RUNBOOK and isinstance(row, StepView) and run is not None:
            return next((s for s in run.steps if s.key == row.key), current_step(run))
        return current_step(run)


def groups(view: AlertsView) -> dict[str, Group]:
    """All groups by key."""
    return {g.key: g for g in chain(view.major, view.minor, view.loose)}


def find_group(view: AlertsView, key: str) -> Group | None:
    """The group of this key, if it is still there."""
    for rows in (view.major, view.minor, view.loose):
        at = rows.find(key) if key and rows else -1
        if at >= 0:
            return rows[at]
    return None


def undoable(incident: Incident | None) -> list[Operation]:
    """Operations that have a way back which nobody took yet, the latest last."""
    if incident is None:
        return []
    return [
        o
        for o in incident.operations.values()
        if o.outcome is not None and o.outcome.undo is not None and not o.undone_by and not o.intent.undoes
    ]


def undoable_step(at: Situation) -> StepView | None:
    """The step under the cursor if it can be taken back, else the latest that can."""
    if isinstance(at.row, StepView) and at.row.undoable:
        return at.row
    return next((s for s in reversed(at.run.steps) if s.undoable), None) if at.run is not None else None


# Whether an action can work


def why_not(spec: ActionSpec, at: Situation) -> str:
    """Why this action cannot work here and now, ``""`` if it can."""
    if at.snapshot.read_only and spec.tier >= Tier.R1:
        return "read-only: this console was started so, nothing is changed from here"
    if spec.scope is Scope.ALERTS and at.focus not in (Scope.ALERTS, Scope.LOBBY):
        return f"{spec.verb} works on alerts: go to the alerts first"
    check = _CHECKS.get(spec.id)
    if check is not None and (reason := check(at)):
        return reason
    if spec.scope is Scope.ROOM and not spec.screen and spec.id != "desk.undo" and at.incident is None:
        return "no incident is open: declare one, or open one in the lobby"
    return ""


def _alerts_here(at: Situation) -> str:
    return "" if at.marked or isinstance(at.row, Group | AlertRow) else "there is no alert under the cursor"


def _acked_here(at: Situation) -> str:
    if reason := _alerts_here(at):
        return reason
    row = at.row
    acked = row.acked if isinstance(row, Group) else isinstance(row, AlertRow) and bool(row.acked_by)
    return "" if acked or at.marked else "nothing here is acknowledged"


def _unacked_here(at: Situation) -> str:
    if reason := _alerts_here(at):
        return reason
    row = at.row
    if at.marked:
        return ""
    if isinstance(row, AlertRow) and row.acked_by:
        return f"{row.acked_by} acknowledged this already"
    if isinstance(row, Group) and row.firing and row.acked >= row.firing:
        return "all of this group is acknowledged already"
    return ""


def _can_silence(at: Situation) -> str:
    if not any("silences" in s.serves for s in at.snapshot.sources):
        return "no configured source can silence"
    return _alerts_here(at)


def _step(at: Situation) -> str:
    if at.incident is None:
        return "no incident is open: declare one, or open one in the lobby"
    if at.run is None:
        return "no runbook runs in this incident: start one first"
    if at.step is None:
        return "every step of this runbook is settled"
    return ""


def _runnable(at: Situation) -> str:
    if reason := _step(at):
        return reason
    step = at.step
    if step is not None and step.state is StepState.RUNNING:
        return f"step {step.number} is running; stop it first, or wait"
    return ""


def _skippable(at: Situation) -> str:
    if reason := _runnable(at):
        return reason
    settled = at.step is not None and at.step.state in (StepState.DONE, StepState.SKIPPED)
    return f"step {at.step.number} is {at.step.state} already" if settled and at.step is not None else ""


def _stoppable(at: Situation) -> str:
    if at.incident is None or at.run is None:
        return _step(at)
    return "" if running_step(at.run) is not None else "no step is running"


def _undoable_step(at: Situation) -> str:
    return "" if undoable_step(at) is not None else "no step here has a way back left"


def _undo(at: Situation) -> str:
    if at.undo is not None or undoable(at.incident) or (at.incident is not None and at.incident.reversible):
        return ""
    if at.run is not None and any(s.undoable for s in at.run.steps):
        return ""
    if any(row.who == at.snapshot.operator and row.mark is not Mark.SYSTEM for row in at.snapshot.watch):
        return ""
    return "there is nothing to undo: no action here has a way back left"


def _command(at: Situation) -> str:
    incident = at.incident
    if incident is not None and incident.ic and incident.ic == at.snapshot.operator:
        return "you are in command already"
    return ""


def _status(at: Situation) -> str:
    incident = at.incident
    return stuck(incident, at.snapshot.operator, at.snapshot.at) if incident is not None else ""


def _wants(kind: type, text: str) -> Callable[[Situation], str]:
    return lambda at: "" if isinstance(at.row, kind) else text


def _why_grouped(at: Situation) -> str:
    row = at.row
    if isinstance(row, Group) and not row.attributed:
        return "a single alert: nothing it was grouped with"
    return "" if isinstance(row, Group | AlertRow) else "there is no alert under the cursor"


def _login(at: Situation) -> str:
    if not isinstance(at.row, SourceHealth):
        return "go to a source first: its login command is run"
    return "" if at.row.name in at.logins else f"no login command is configured for {at.row.name}"


def _effect(at: Situation, *states: OperationState) -> str:
    if not isinstance(at.row, OutboxRow):
        return "there is no effect under the cursor"
    if at.row.state not in states:
        return f"it is {at.row.state}: this is for what is {' or '.join(states)}"
    waits_elsewhere = at.row.state is OperationState.QUEUED and not at.row.here
    return f"it waits in the console of {at.row.operation.by}" if waits_elsewhere else ""


def _retry(at: Situation) -> str:
    if reason := _effect(at, OperationState.QUEUED, OperationState.UNKNOWN, OperationState.FAILED):
        return reason
    sendable = isinstance(at.row, OutboxRow) and at.row.operation.intent.effect
    return "" if sendable else "it cannot be sent again from here: do it once more where it was begun"


def _edit(at: Situation) -> str:
    if reason := _effect(at, OperationState.QUEUED, OperationState.FAILED):
        return reason
    return "" if isinstance(at.row, OutboxRow) and at.row.fields else "there is nothing in it that could be changed"


_CHECKS: dict[str, Callable[[Situation], str]] = {
    "alert.ack": _unacked_here,
    "alert.unack": _acked_here,
    "alert.silence": _can_silence,
    "silence.expire": _wants(Silence, "there is no silence under the cursor"),
    "incident.open": lambda at: "" if at.snapshot.incidents else "there is no incident yet: declare one",
    "incident.status": _status,
    "incident.command": _command,
    "runbook.start": lambda at: (
        "" if at.snapshot.runbooks else "no runbook is known: see runbooks in the configuration"
    ),
    "step.run": _runnable,
    "step.skip": _skippable,
    "step.stop": _stoppable,
    "step.undo": _undoable_step,
    "desk.undo": _undo,
    "entry.redact": lambda at: "" if isinstance(at.row, TimelineRow) else "there is no entry under the cursor",
    "ui.select": _alerts_here,
    "ui.select_all": lambda at: "" if at.snapshot.alerts.total else "there is no alert to mark",
    "ui.why": _why_grouped,
    "ui.open": lambda at: "" if at.row is not None else "there is nothing under the cursor to open",
    "ui.copy": lambda at: "" if at.row is not None else "there is no row to copy",
    "ui.login": _login,
    "outbox.retry": _retry,
    "outbox.edit": _edit,
    "outbox.drop": lambda at: _effect(at, OperationState.QUEUED),
    "outbox.settle": lambda at: _effect(at, OperationState.UNKNOWN),
    "evidence.file": why_not_filed,
    "evidence.screen": lambda at: "" if at.incident is not None else NO_INCIDENT,
    "evidence.show": why_not_shown,
    "ui.evidence": lambda at: "" if at.incident is not None else NO_INCIDENT,
    "source.ask": lambda at: "" if at.snapshot.sources else "no source is configured",
}


# What it would act on


def aim(spec: ActionSpec, at: Situation) -> dict[str, object]:
    """The arguments that follow from what is under the cursor, marked or open; frozen at the moment of the key."""
    names = {arg.name for arg in spec.args}
    args: dict[str, object] = {}
    if at.incident is not None and "incident" in names and spec.id != "incident.open":
        args["incident"] = at.incident.key
    if "keys" in names:
        args |= _alerts(spec, at)
    if spec.id == "entry.redact" and isinstance(at.row, TimelineRow):
        args["entry"] = at.row.key
    args |= filed(spec, at)
    if spec.id == "desk.hold":
        args["to"] = "off" if at.snapshot.held else "on"
    if spec.id == "silence.expire" and isinstance(at.row, Silence):
        args["silence"] = at.row.key
    if spec.id == "source.ask" and isinstance(at.row, SourceHealth):
        args["source"] = at.row.name
    if spec.scope is Scope.OUTBOX and isinstance(at.row, OutboxRow):
        args |= {"operation": at.row.key, "incident": at.row.incident}
    if spec.id == "incident.open" and isinstance(at.row, IncidentLine):
        args["incident"] = at.row.key
    step = _aimed(spec, at)
    if spec.scope is Scope.RUNBOOK and at.run is not None and step is not None:
        args |= {"run": at.run.id, "step": step.step.id}
    if spec.id == "desk.undo" and (operation := _operation(at)):
        args["operation"] = operation
    if spec.id == "incident.declare" and isinstance(at.row, Group):
        args["group"] = at.row.key
    return args


def _aimed(spec: ActionSpec, at: Situation) -> StepView | None:
    if spec.id == "step.undo":
        return undoable_step(at)
    running = running_step(at.run) if spec.id == "step.stop" and at.run is not None else None
    return running or at.step


def _alerts(spec: ActionSpec, at: Situation) -> dict[str, object]:
    view = at.snapshot.alerts
    if at.marked:
        if at.all_of_filter and view.filter and any(a.name == "filter" for a in spec.args):
            return {"filter": view.filter}
        known = groups(view)
        keys = [m.key for key in sorted(at.marked) for m in (known[key].members if key in known else ())]
        return {"keys": keys + sorted(k for k in at.marked if k not in known)}
    if isinstance(at.row, Group):
        return {"group": at.row.key}
    return {"keys": [at.row.key]} if isinstance(at.row, AlertRow) else {}


def _operation(at: Situation) -> str:
    """The operation under the cursor: a line of the timeline, or a step that can be taken back."""
    row, incident = at.row, at.incident
    if isinstance(row, StepView) and row.undoable:
        return row.operation_id
    if isinstance(row, TimelineRow) and incident is not None and at.focus is Scope.TIMELINE:
        known = row.operation in incident.operations
        return row.operation if known else row.key if any(r.key == row.key for r in incident.reversible) else ""
    return ""


def in_flight(snapshot: Snapshot) -> list[str]:
    """What goes on outside if the operator leaves now, a line each."""
    incident = snapshot.incident
    if incident is None:
        return []
    lines = [
        f"step {s.number} {s.step.title}"
        for run in incident.runs
        for s in run.steps
        if s.state is StepState.RUNNING and s.step.type is not StepType.MANUAL
    ]
    waiting = (OperationState.QUEUED, OperationState.SENDING)
    return lines + [o.intent.words for o in incident.operations.values() if o.state in waiting]
