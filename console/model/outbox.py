"""The outbox as it is shown: effects that wait, of which nobody knows, or that failed lately."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct

from console.clock import Millis
from console.model.action import OperationState
from console.model.incident import Incident, Operation

LATELY_MS = 30 * 60_000
"""How long a failure is worth another look."""
_OPEN = (OperationState.QUEUED, OperationState.SENDING, OperationState.UNKNOWN)


class EditField(Struct, frozen=True):
    """Something of an effect that may be changed before it is sent."""

    name: str
    label: str
    value: str
    """As it is."""
    duration: bool = False


class OutboxRow(Struct, frozen=True):
    """One effect, and whether its next try is in our hands."""

    incident: str
    """``""`` = the watch."""
    operation: Operation
    here: bool
    """It waits in this console."""
    fields: tuple[EditField, ...] = ()
    """What of it may be changed."""

    @property
    def key(self) -> str:
        return self.operation.key

    @property
    def state(self) -> OperationState:
        return self.operation.state


def outbox(
    states: Iterable[Incident],
    now: Millis,
    here: Callable[[str], bool],
    fields: Callable[[Operation], tuple[EditField, ...]] = lambda _: (),
) -> tuple[OutboxRow, ...]:
    """What is in the outbox: the unknown first, then what waits, then what failed; the oldest first.

    ``fields`` tells what of an effect may be changed.
    """
    found = [OutboxRow(state.key, op, here(op.key), fields(op)) for state in states for op in _worth(state, now)]
    return tuple(sorted(found, key=lambda row: (_RANK[row.state], row.operation.at, row.key)))


_RANK = {
    OperationState.UNKNOWN: 0,
    OperationState.QUEUED: 1,
    OperationState.SENDING: 1,
    OperationState.FAILED: 2,
}


def _worth(state: Incident, now: Millis) -> Iterator[Operation]:
    for operation in state.operations.values():
        lately = operation.state is OperationState.FAILED and now - operation.at < LATELY_MS
        if operation.state in _OPEN or lately:
            yield operation
