"""What the entries of an effect do to the fold: one operation, one line, settled once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from console.model import runs
from console.model.action import Intent, OperationState, Outcome
from console.model.bodies import Queued, Sending
from console.model.entry import Entry, Kind
from console.model.incident import Operation
from console.model.outcome_wording import operation_line, with_operation
from console.model.wording import one_line

if TYPE_CHECKING:
    from console.model.folding import Folding

_S = OperationState
_STATES = {
    Kind.ACTION_SENT: _S.SENT,
    Kind.ACTION_FAILED: _S.FAILED,
    Kind.ACTION_UNKNOWN: _S.UNKNOWN,
    Kind.ACTION_DROPPED: _S.DROPPED,
}
_FOLLOWS: dict[OperationState, tuple[OperationState, ...]] = {
    _S.QUEUED: (_S.QUEUED, _S.SENDING, _S.SENT, _S.FAILED, _S.UNKNOWN, _S.DROPPED),
    _S.SENDING: (_S.QUEUED, _S.SENT, _S.FAILED, _S.UNKNOWN, _S.DROPPED),
    _S.UNKNOWN: (_S.QUEUED, _S.SENDING, _S.SENT, _S.FAILED, _S.DROPPED),
}
"""What may follow; an effect that was sent, failed or was dropped stays that."""


def intended(fold: Folding, entry: Entry, body: Intent) -> None:
    """An intent opens the operation and its line; a second one of the same id has no effect."""
    name = body.operation_id
    if name in fold.operations:
        fold.void(entry, f"intended to {body.words}; that was under way already")
        return
    fold.own("operations")[name] = Operation(body, _S.QUEUED, entry.occurred_at, entry.actor.id, entry.stamp.lane)
    line = operation_line(entry, body)
    if name in fold.places:
        step = fold.row(fold.places[name])
        fold.put(fold.places[name], replace(step, key=entry.id, detail=step.detail + line.detail))
    else:
        fold.own("places")[name] = fold.add(line)
    _show(fold, name)
    if name in fold.early:
        state, outcome = fold.own("early").pop(name)
        _settle(fold, name, state, outcome, entry)


def sending(fold: Folding, entry: Entry, body: Sending) -> None:
    """The call is about to be made."""
    known = fold.operations.get(body.operation_id)
    if known is not None and _S.SENDING in _FOLLOWS.get(known.state, ()):
        lane = entry.stamp.lane if body.takes_over else known.lane
        fold.own("operations")[body.operation_id] = replace(known, state=_S.SENDING, lane=lane, why="", again_at=0)
        _show(fold, body.operation_id)


def queued(fold: Folding, entry: Entry, body: Queued) -> None:
    """Nothing was done; it waits for its service."""
    known = fold.operations.get(body.operation_id)
    if known is not None and _S.QUEUED in _FOLLOWS.get(known.state, ()):
        fold.own("operations")[body.operation_id] = replace(
            known, state=_S.QUEUED, outcome=None, why=body.reason, again_at=body.again_at, until=body.until
        )
        _show(fold, body.operation_id)


def ended(fold: Folding, entry: Entry, body: Outcome) -> None:
    """An outcome; the entry's kind says which, whatever the body has."""
    state = _STATES[entry.kind]
    body = replace(body, state=state)
    if body.operation_id in fold.operations:
        _settle(fold, body.operation_id, state, body, entry)
        return
    before = fold.early.get(body.operation_id)
    if before is None or state in _FOLLOWS.get(before[0], ()):
        fold.own("early")[body.operation_id] = (state, body)


def undone(fold: Folding, name: str, by: str) -> None:
    """An operation was reversed by another, or by an entry."""
    fold.own("operations")[name] = replace(fold.operations[name], undone_by=by)
    _show(fold, name)


def _settle(fold: Folding, name: str, state: OperationState, outcome: Outcome, entry: Entry) -> None:
    known = fold.operations[name]
    if state not in _FOLLOWS.get(known.state, ()):
        if state in (_S.SENT, _S.FAILED) and known.state is not state:
            fold.void(entry, f"told {known.intent.words!r} as {state}; it stood as {known.state}")
        return
    fold.own("operations")[name] = replace(known, state=state, outcome=outcome)
    _show(fold, name)
    if state is _S.UNKNOWN:
        runs.lost(fold, name)
    undoes = known.intent.undoes
    if state is _S.SENT and undoes:
        fold.forget(undoes)
        if undoes in fold.operations:
            undone(fold, undoes, name)


def _show(fold: Folding, name: str) -> None:
    operation, place = fold.operations[name], fold.places[name]
    row = fold.row(place)
    text = row.text if name in fold.steps else one_line(operation.intent.words)
    fold.put(place, with_operation(row, operation, text))


SERVE: dict[Kind, Callable[[Folding, Entry, Any], None]] = {
    Kind.ACTION_INTENDED: intended,
    Kind.ACTION_SENDING: sending,
    Kind.ACTION_QUEUED: queued,
    **dict.fromkeys(_STATES, ended),
}
