"""The life of an incident: which state follows which, and what each step demands."""

from __future__ import annotations

from enum import StrEnum

from console.clock import Millis
from console.model.incident import Status
from console.model.severity import Severity

_HOUR = 3_600_000


class Move(StrEnum):
    """What a change of state means."""

    FORWARD = "forward"
    BACK = "back"
    """The response learnt that it was wrong: a regression, a cause that was none."""
    SHORT = "short"
    """Steps in between are left out."""
    REOPEN = "reopen"
    END = "end"
    """Nothing follows."""


_S = Status
MOVES: dict[tuple[Status, Status], Move] = {
    (_S.TRIAGE, _S.INVESTIGATING): Move.FORWARD,
    (_S.INVESTIGATING, _S.IDENTIFIED): Move.FORWARD,
    (_S.INVESTIGATING, _S.MONITORING): Move.FORWARD,
    (_S.IDENTIFIED, _S.MONITORING): Move.FORWARD,
    (_S.IDENTIFIED, _S.INVESTIGATING): Move.BACK,
    (_S.MONITORING, _S.INVESTIGATING): Move.BACK,
    (_S.MONITORING, _S.IDENTIFIED): Move.BACK,
    (_S.MONITORING, _S.RESOLVED): Move.FORWARD,
    (_S.TRIAGE, _S.RESOLVED): Move.SHORT,
    (_S.INVESTIGATING, _S.RESOLVED): Move.SHORT,
    (_S.IDENTIFIED, _S.RESOLVED): Move.SHORT,
    (_S.RESOLVED, _S.POSTMORTEM): Move.FORWARD,
    (_S.RESOLVED, _S.CLOSED): Move.END,
    (_S.POSTMORTEM, _S.CLOSED): Move.END,
    (_S.RESOLVED, _S.INVESTIGATING): Move.REOPEN,
    (_S.POSTMORTEM, _S.INVESTIGATING): Move.REOPEN,
    (_S.FALSE_POSITIVE, _S.INVESTIGATING): Move.REOPEN,
    **{(state, _S.FALSE_POSITIVE): Move.END for state in _S if state.open},
    **{(state, _S.MERGED): Move.END for state in _S if state.open},
}
"""Every change of state there is; what is not here is refused, and has no effect where it was written nevertheless."""


def move(before: Status, after: Status) -> Move | None:
    """What going from one state to another means; ``None``: there is no such step."""
    return MOVES.get((before, after))


def ways(before: Status) -> tuple[Status, ...]:
    """The states that can follow, in the order of an incident's life."""
    return tuple(after for (start, after) in MOVES if start is before)


def way_back(before: Status, after: Status) -> Status | None:
    """Where to go if a change was a mistake; ``None``: nowhere."""
    if move(after, before) is not None:
        return before
    return Status.INVESTIGATING if move(after, Status.INVESTIGATING) is Move.REOPEN else None


def reopen_ms(peak: Severity | None) -> Millis:
    """How long after its end an incident may be reopened: 72 h at SEV1 and SEV2, else 24 h."""
    return (72 if peak is not None and peak <= Severity.SEV2 else 24) * _HOUR


def soak_ms(severity: Severity | None) -> Millis:
    """How long to watch before an incident counts as resolved: 30, 20 or 10 minutes at SEV1, SEV2, SEV3, else none."""
    return {Severity.SEV1: 30, Severity.SEV2: 20, Severity.SEV3: 10}.get(severity or Severity.SEV5, 0) * 60_000


def major(severity: Severity | None) -> bool:
    """Whether it gets the full response: SEV1 and SEV2."""
    return severity is not None and severity <= Severity.SEV2
