"""``outbox.edit``: what waits or failed is dropped, and its edited form takes its place; both stay in the journal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import sha256

import msgspec
from msgspec.structs import replace

from console.desk.desk import Desk
from console.desk.waiting import Waiting
from console.errors import Refused
from console.model.action import Action, Intent, OperationState, Preview, Reply
from console.model.incident import Incident, Operation
from console.model.outbox import EditField
from console.ports import Editing, Handler

_S = OperationState


def fields_of(desk: Desk) -> Callable[[Operation], tuple[EditField, ...]]:
    """What of an effect may be changed here, by its kind; ``()`` = nothing, or not from here."""

    def found(operation: Operation) -> tuple[EditField, ...]:
        effect: object = desk.effects.get(operation.intent.effect)
        waits = operation.state is _S.QUEUED and desk.outbox.resting(operation.key)
        if not isinstance(effect, Editing) or not (waits or operation.state is _S.FAILED):
            return ()
        return tuple(effect.fields(operation.intent))

    return found


class EditHandler(Waiting):
    """Serves ``outbox.edit``."""

    async def preview(self, action: Action) -> Preview:
        """The edited call, with its own risk; what it changes is told line by line."""
        _, operation = self.find(action)
        edited, told = self._edited(action, operation)
        mark = sha256(msgspec.json.encode(sorted(_changes(action).items()))).hexdigest()[:16]
        waits = operation.state is _S.QUEUED
        return Preview(
            f"Edit: {edited.words}",
            edited.call,
            edited.target,
            edited.tier,
            blast=(*told, "the same target as before"),
            warning="" if waits else "the one before has failed; this is tried at once",
            digest=f"{operation.key}-{operation.state}-{mark}",
        )

    async def perform(self, action: Action) -> Reply:
        incident, operation = self.find(action)
        edited, told = self._edited(action, operation)
        why = f"edited by {action.actor.id}: {'; '.join(told)}"
        acted = replace(action, id=operation.intent.action)
        if operation.state is _S.QUEUED:
            outcome = await self._desk.edit(incident, operation, edited, why, action=acted)
        else:
            fresh = replace(edited, operation_id="", replaces=operation.key)
            outcome = await self._desk.carry_out(incident, fresh, action=acted)
        said = {_S.SENT: "sent", _S.QUEUED: "edited, and waits", _S.UNKNOWN: "nobody knows whether it happened"}
        text = f"{said.get(outcome.state, 'not sent')}: {edited.words}"
        detail = outcome.detail if outcome.state is not _S.SENT else ""
        ok = outcome.state in (_S.SENT, _S.QUEUED)
        data: dict[str, object] = {"operation": outcome.operation_id, "replaces": operation.key}
        return Reply(action.request_id, ok, f"{text} ({detail})" if detail else text, undo=outcome.undo, data=data)

    def _edited(self, action: Action, operation: Operation) -> tuple[Intent, list[str]]:
        """The intent as it is to be, and what is another in it, a line each."""
        intent = operation.intent
        if operation.state not in (_S.QUEUED, _S.FAILED):
            raise Refused(f"{intent.words}: is {operation.state}", next="only what waits or failed is edited")
        if operation.state is _S.QUEUED and not self._desk.outbox.resting(operation.key):
            raise Refused(f"it waits in the console of {operation.by}, not here", next="ask them, or wait a moment")
        effect: object = self._desk.effects.get(intent.effect)
        known = {field.name: field for field in fields_of(self._desk)(operation)}
        if not isinstance(effect, Editing) or not known:
            raise Refused(f"{intent.words}: there is nothing in it that could be changed", next="drop it, do it anew")
        changes = _changes(action)
        for name in changes:
            if name not in known:
                raise Refused(f"{intent.words} has no {name!r}", next=f"it has {', '.join(known)}")
        changes = {name: value for name, value in changes.items() if value != known[name].value}
        if not changes:
            raise Refused("nothing is changed by that", next="say what is to be another")
        edited = effect.edited(intent, changes, action.actor.id, self._desk.clock.now())
        if (edited.target, edited.effect) != (intent.target, intent.effect):
            raise Refused("what is edited keeps its target", next="drop it, and do it anew")
        return edited, [f"{name}: {known[name].value} → {value}" for name, value in changes.items()]


def _changes(action: Action) -> Mapping[str, str]:
    found = action.args.get("changes")
    return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}


def handlers(desk: Desk, *, state: Callable[[str], Incident], current: Callable[[], str]) -> dict[str, Handler]:
    """The handler by action id."""
    return {"outbox.edit": EditHandler(desk, state, current)}
