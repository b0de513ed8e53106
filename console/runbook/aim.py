"""Which run and which step an action means, and what speaks against running it now."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct, convert, to_builtins

from console.errors import Refused
from console.model.action import Action, OperationState, Tier
from console.model.incident import Incident
from console.model.runbook import Run, Step, StepState, StepView
from console.runbook.fill import fill_step, shown
from console.runbook.shelf import Shelf
from console.secret import MASK, Redactor
from console.text import clean, nearest


class Aim(Struct, frozen=True):
    """A step of a run of an incident."""

    incident: Incident
    run: Run
    view: StepView
    step: Step
    """Its filled form, with what the journal does not hold."""

    @property
    def target(self) -> str:
        """What is pinned and typed: ``disk-full/vacuum``."""
        return f"{self.run.runbook_id}/{self.step.id}"

    @property
    def words(self) -> str:
        return f"step {self.view.number} {self.step.title}"

    @property
    def earlier(self) -> tuple[StepView, ...]:
        """Steps before this one that are not settled."""
        return tuple(v for v in self.run.steps[: self.view.number - 1] if not v.settled)

    @property
    def unsure(self) -> bool:
        """Whether it may have taken effect already, and twice would be once too often."""
        operation = self.incident.operations.get(self.view.operation_id)
        lost = operation is not None and operation.state is OperationState.UNKNOWN
        return not self.step.idempotent and self.step.tier > Tier.R0 and (lost or self.view.state is StepState.UNKNOWN)

    @property
    def doubts(self) -> str:
        """What the operator should know before running it, ``""`` = nothing."""
        doubts = []
        if self.unsure:
            doubts.append("nobody can say whether it took effect the last time; look first")
        elif self.view.state is StepState.DONE:
            doubts.append("it has been done already")
        if self.earlier:
            first = self.earlier[0]
            more = f" and {len(self.earlier) - 1} more" if len(self.earlier) > 1 else ""
            doubts.append(f"step {first.number} {first.step.title} is {_stands(first)}{more}")
        return "; ".join(doubts)


def _stands(view: StepView) -> str:
    return "not done yet" if view.state is StepState.TODO else str(view.state)


class Finder:
    """Finds what an action means."""

    def __init__(
        self, shelf: Shelf, redact: Redactor, state: Callable[[str], Incident], current: Callable[[], str]
    ) -> None:
        self._shelf = shelf
        self._redact = redact
        self._state = state
        self._current = current

    def incident(self, action: Action) -> Incident:
        """The incident named, else the one on screen."""
        key = str(action.args.get("incident") or self._current())
        if not key:
            raise Refused("no incident is open", next="open one in the lobby, or declare one")
        return self._state(key)

    def step(self, action: Action) -> Aim:
        """The step named by id or number, else the current one of the run named, else of the last run."""
        incident = self.incident(action)
        run = _run(incident, str(action.args.get("run") or ""))
        name = str(action.args.get("step") or "")
        if not name and run.current >= len(run.steps):
            raise Refused(f"every step of {run.title} is settled", next="name a step to run it again")
        view = _view(run, name) if name else run.steps[run.current]
        return Aim(incident, run, view, self._filled(run, view.step))

    def running(self, action: Action) -> Aim:
        """The step named, else the one that runs, in any run."""
        incident = self.incident(action)
        if not action.args.get("step"):
            for run in reversed(incident.runs):
                for view in run.steps:
                    if view.state is StepState.RUNNING:
                        return Aim(incident, run, view, view.step)
            raise Refused("no step is running")
        return self.step(action)

    def _filled(self, run: Run, journalled: Step) -> Step:
        """The step as it was journalled; from the shelf where the journal left a secret's place out.

        What a step runs is fixed when its run starts. Redaction may have masked a part of it: the file gives that
        back, but only if it says the same in all else.
        """
        book = self._shelf.get(run.runbook_id)
        for step in book.steps if book is not None else ():
            if step.id == journalled.id:
                try:
                    filled = fill_step(step, run.params)
                except Refused:
                    break
                if convert(self._redact.value(to_builtins(filled)), Step) == journalled:
                    return filled
        return journalled


def whole(step: Step) -> Step:
    """The step, if nothing of it was masked in the journal; else ``Refused``."""
    if any(MASK in part for part in (*step.argv, *step.undo, *step.env.values())):
        raise Refused(
            f"step {step.id} holds something that is not kept in the journal, and its file has changed since",
            next="start the runbook again",
        )
    return step


def _run(incident: Incident, name: str) -> Run:
    if not incident.runs:
        raise Refused("no runbook runs in this incident", next="start one first")
    if not name:
        return incident.runs[-1]
    for run in reversed(incident.runs):
        if name in (run.id, run.runbook_id):
            return run
    raise Refused(f"{incident.key} has no run {clean(name, 60)!r}", next=f"the last one is {incident.runs[-1].id}")


def _view(run: Run, name: str) -> StepView:
    for view in run.steps:
        if name in (view.step.id, str(view.number)):
            return view
    near = nearest(name, [v.step.id for v in run.steps])
    raise Refused(f"{run.title} has no step {clean(name, 60)!r}", next=f"did you mean {near!r}?" if near else "")


def display(step: Step) -> str:
    """What a step runs, for eyes; ``""`` of one done by hand."""
    return shown(step, step.argv) if step.argv else ""
