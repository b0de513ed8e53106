"""The operator's word on effects that wait, or of which nobody knows: try, drop, say what happened."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from console.desk.desk import Desk
from console.errors import Refused
from console.model.action import Action, OperationState, Outcome, Preview, Reply, Tier
from console.model.incident import Incident, Operation
from console.ports import Handler

_S = OperationState
_ENDED = (_S.FAILED, _S.DROPPED)


class Waiting:
    """What these handlers share: which operation is meant."""

    def __init__(self, desk: Desk, state: Callable[[str], Incident], current: Callable[[], str]) -> None:
        self._desk = desk
        self._state = state
        self._current = current

    def find(self, action: Action) -> tuple[str, Operation]:
        """The incident and the operation; looked for in the incident and on the watch."""
        incident = str(action.args.get("incident") or self._current())
        name = str(action.args.get("operation") or "")
        for place in dict.fromkeys((incident, "")):
            state = self._state(place)
            row = state.timeline.find(name, len(state.timeline) - 1) if len(state.timeline) else -1
            key = (state.timeline[row].operation if row >= 0 else "") or name
            if key in state.operations:
                return place, state.operations[key]
        raise Refused("there is no such effect", next="put the cursor on one that waits or that failed")

    def preview_of(self, title: str, operation: Operation, tier: Tier, warning: str = "") -> Preview:
        intent = operation.intent
        return Preview(
            title, intent.call, intent.target, tier, warning=warning, digest=f"{operation.key}-{operation.state}"
        )


class RetryHandler(Waiting):
    """``outbox.retry``: what waits here is tried now; what failed or is unknown is looked up, then sent again."""

    async def preview(self, action: Action) -> Preview:
        _, operation = self.find(action)
        words = operation.intent.words
        if operation.state is _S.QUEUED:
            self._here(operation)
            return self.preview_of(f"Try now: {words}", operation, Tier.R1)
        self._sendable(operation)
        warning = ""
        if operation.state is _S.UNKNOWN:
            warning = (
                "nobody knows whether it happened; it is looked up first, and happens twice if that cannot be told"
            )
        return self.preview_of(f"Send again: {words}", operation, max(Tier.R2, operation.intent.tier), warning)

    async def perform(self, action: Action) -> Reply:
        incident, operation = self.find(action)
        words = operation.intent.words
        if operation.state is _S.QUEUED:
            self._here(operation)
            self._desk.outbox.hurry(operation.key)
            return Reply(action.request_id, True, f"trying now: {words}")
        self._sendable(operation)
        if operation.state is _S.UNKNOWN:
            outcome = await self._desk.look_again(incident, operation, action.actor)
            if outcome is not None and outcome.state is _S.SENT:
                return Reply(action.request_id, True, f"it had happened: {words}", undo=outcome.undo)
            if outcome is None:
                body = Outcome(operation.key, _S.FAILED, detail=f"{action.actor.id} sent it again")
                await self._desk.settle(incident, body, action.actor)
        again = replace(operation.intent, operation_id="", undoes=operation.intent.undoes)
        outcome = await self._desk.carry_out(incident, again, action=replace(action, id=operation.intent.action))
        said = {_S.SENT: "sent", _S.QUEUED: "waits", _S.UNKNOWN: "nobody knows whether it happened"}
        text = f"{said.get(outcome.state, 'not sent')}: {words}"
        detail = outcome.detail if outcome.state is not _S.SENT else ""
        ok = outcome.state in (_S.SENT, _S.QUEUED)
        return Reply(action.request_id, ok, f"{text} ({detail})" if detail else text, undo=outcome.undo)

    def _here(self, operation: Operation) -> None:
        if not self._desk.outbox.resting(operation.key):
            raise Refused(
                f"it waits in the console of {operation.by}, not here",
                next="ask them; if that console is gone it is taken over within seconds",
            )

    def _sendable(self, operation: Operation) -> None:
        intent = operation.intent
        if operation.state not in (*_ENDED, _S.UNKNOWN):
            raise Refused(f"{intent.words}: is {operation.state}", next="only what waits or failed is tried again")
        if intent.effect not in self._desk.effects:
            raise Refused(f"{intent.words}: cannot be sent again from here", next="do it once more where you began it")


class DropHandler(Waiting):
    """``outbox.drop``: what waits here is not sent any more, with the reason."""

    async def preview(self, action: Action) -> Preview:
        _, operation = self.find(action)
        return self.preview_of(f"Do not send: {operation.intent.words}", operation, Tier.R1)

    async def perform(self, action: Action) -> Reply:
        _, operation = self.find(action)
        if operation.state is not _S.QUEUED:
            raise Refused(f"{operation.intent.words}: is {operation.state}", next="only what waits can be dropped")
        self._desk.outbox.drop(operation.key, str(action.args.get("reason") or ""), action.actor)
        return Reply(action.request_id, True, f"dropped: {operation.intent.words}")


class SettleHandler(Waiting):
    """``outbox.settle``: a person looked, and says whether it happened."""

    async def preview(self, action: Action) -> Preview:
        _, operation = self.find(action)
        happened = "happened" if action.args.get("happened") == "yes" else "did not happen"
        return self.preview_of(f"Say that it {happened}: {operation.intent.words}", operation, Tier.R1)

    async def perform(self, action: Action) -> Reply:
        incident, operation = self.find(action)
        if operation.state is not _S.UNKNOWN:
            raise Refused(f"{operation.intent.words}: is {operation.state}", next="its outcome is known")
        happened = action.args.get("happened") == "yes"
        reason = str(action.args.get("reason") or "").strip()
        said = f"{'done' if happened else 'not done'}, as {action.actor.id} saw: {reason}"
        outcome = Outcome(operation.key, _S.SENT if happened else _S.FAILED, detail=said)
        await self._desk.settle(incident, outcome, action.actor)
        return Reply(
            action.request_id,
            True,
            f"written down: {operation.intent.words} {'happened' if happened else 'did not happen'}",
        )


def handlers(desk: Desk, *, state: Callable[[str], Incident], current: Callable[[], str]) -> dict[str, Handler]:
    """The handlers by action id."""
    return {
        "outbox.retry": RetryHandler(desk, state, current),
        "outbox.drop": DropHandler(desk, state, current),
        "outbox.settle": SettleHandler(desk, state, current),
    }
