"""Two people at one thing: whoever acts on a target that another touched lately is told who and what."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from console.clock import Millis
from console.model.action import OperationState
from console.model.incident import Incident, Operation

LATELY_MS = 5 * 60_000
LOOKED_AT = 500
"""Operations looked at, the latest first."""


def collision(states: Iterable[Incident], target: str, who: str, now: Millis) -> str:
    """``ben silenced this 2 min ago``, or ``""``; effects of oneself and such as never happened do not count."""
    found: Operation | None = None
    for state in states:
        for operation in islice(reversed(state.operations.values()), LOOKED_AT):
            if _touched(operation, target, who, now) and (found is None or operation.at > found.at):
                found = operation
    if found is None:
        return ""
    minutes = max(0, now - found.at) // 60_000
    ago = f"{minutes} min ago" if minutes else "just now"
    how = "" if found.state is OperationState.SENT else f" ({found.state})"
    return f"{found.by}, {ago}, same target: {found.intent.words}{how}"


def _touched(operation: Operation, target: str, who: str, now: Millis) -> bool:
    return (
        bool(target)
        and operation.intent.target == target
        and operation.by != who
        and now - operation.at <= LATELY_MS
        and operation.state not in (OperationState.FAILED, OperationState.DROPPED)
    )
