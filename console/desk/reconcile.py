"""After a crash: what a dead console left under way is looked up where the service can tell, else put to a person."""

from __future__ import annotations

from collections.abc import Callable

from console.clock import Millis
from console.desk.desk import Desk
from console.model.action import OperationState
from console.model.entry import Actor, Draft, Kind
from console.model.incident import Incident, Operation
from console.model.runbook import StepState, StepType, StepView

_UNDER_WAY = (OperationState.QUEUED, OperationState.SENDING)
PAUSES_S = (5, 15, 60, 300, 900, 3600)
"""After so many seconds an effect of unknown outcome is looked up again."""
_DETAIL = {
    OperationState.QUEUED: "the console ended before it was seen to be sent",
    OperationState.SENDING: "the console ended before an answer came",
}


async def reconcile(
    desk: Desk, incident: str, state: Incident, *, alive: Callable[[str], bool], own: str
) -> tuple[Operation, ...]:
    """Write down the end of everything that nobody works on any more; returns what a person must look up.

    ``alive`` tells whether a lane's writer still holds it; live lanes are left alone. ``own`` is our own lane here:
    a lane passes to the next console of the same user, so what stands in it from before this desk was another's.
    """

    def orphaned(lane: str, at: int, operation: str) -> bool:
        if operation in desk.inflight:
            return False
        return at < desk.born if lane == own else not alive(lane)

    drafts, waiting = [], []
    for name, operation in state.operations.items():
        if operation.state in _UNDER_WAY and orphaned(operation.lane, operation.at, name):
            if operation.state is OperationState.QUEUED and operation.intent.effect in desk.effects:
                waiting.append(operation)
                continue
            body: dict[str, object] = {
                "operation_id": name,
                "state": str(OperationState.UNKNOWN),
                "detail": _DETAIL[operation.state],
            }
            drafts.append(Draft(Kind.ACTION_UNKNOWN, body))
    for run in state.runs:
        for view in run.steps:
            if _left_open(view, state) and orphaned(view.lane, view.at, view.operation_id):
                drafts.append(_unjudged(run.id, view, state))
    if drafts:
        await desk.record(incident, drafts)
    for operation in waiting:
        desk.take_over_soon(incident, operation)
    if desk.state is not None:
        state = desk.state(incident)
    return state.unknown


def _left_open(view: StepView, state: Incident) -> bool:
    """A step that runs although its call has an outcome, or never had an intent."""
    if view.state is not StepState.RUNNING or view.step.type is StepType.MANUAL:
        return False
    operation = state.operations.get(view.operation_id)
    return operation is None or operation.state not in (*_UNDER_WAY, OperationState.UNKNOWN)


def _unjudged(run: str, view: StepView, state: Incident) -> Draft:
    operation = state.operations.get(view.operation_id)
    came = operation.state if operation is not None else None
    result = (
        "the console ended before it began"
        if came in (None, OperationState.DROPPED)
        else f"the console ended before the result was judged; the call was {came}"
    )
    body: dict[str, object] = {"run": run, "step": view.step.id, "operation": view.operation_id, "result": result}
    return Draft(Kind.STEP_FAILED, body)


class LookUps:
    """When each effect of unknown outcome is looked up again: soon, then less and less often, then no more."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._tried: dict[str, tuple[int, Millis]] = {}

    async def run(self, incident: str, state: Incident, actor: Actor) -> None:
        """Look up those whose time has come, one after the other."""
        now = self._desk.clock.now()
        unknown = {operation.key: operation for operation in state.unknown}
        for name, operation in unknown.items():
            tries, again_at = self._tried.get(name, (0, 0))
            if operation.intent.effect not in self._desk.effects or tries >= len(PAUSES_S) or now < again_at:
                continue
            self._tried[name] = tries + 1, now + 1000 * PAUSES_S[tries]
            await self._desk.look_again(incident, operation, actor)
