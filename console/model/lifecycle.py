"""The life of an incident: which state follows which, and what each step demands."""

from __future__ import annotations

from enum import StrEnum

from console.clock import Millis
from console.model.incident import Incident, Status
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


def reason_for(before: Status, after: Status) -> str:
    """What a change has to be justified with, ``""`` if it goes without a reason."""
    if after is _S.FALSE_POSITIVE:
        return "noise, expected change, duplicate, test or misroute; and how you know"
    if before is _S.RESOLVED and after is _S.CLOSED:
        return "why no review is needed"
    wanted = {Move.SHORT: "how it ended", Move.BACK: "what was seen", Move.REOPEN: "what was seen"}
    return wanted.get(MOVES.get((before, after), Move.FORWARD), "")


def hindrance(state: Incident, after: Status, who: str, now: Millis) -> tuple[str, str]:
    """Why somebody cannot make a change whatever they say, and what to do about it; ``("", "")`` if they can."""
    meaning = move(state.status, after)
    if meaning is None:
        return f"{words(after)} does not follow {words(state.status)}", _onward(state.status)
    if state.status is _S.INVESTIGATING and major(state.severity) and not state.ic:
        return f"nobody commands {state.key}, and it is major", "take command first, with i"
    alone = after is _S.FALSE_POSITIVE or (meaning is Move.SHORT and major(state.severity))
    if alone and state.ic and who != state.ic:
        return f"that is for {state.ic}, who commands", f"ask {state.ic}, or take command"
    if after is _S.RESOLVED and state.severity is None:
        return "an incident without a severity is not resolved", "set the severity first, with v"
    ended, limit = state.resolved_at or state.status_at, reopen_ms(state.peak_severity)
    if meaning is Move.REOPEN and now - ended > limit:
        return (
            f"{state.key} ended over {limit // 3_600_000} h ago",
            f"declare another incident and cite {state.key} in its first note",
        )
    return "", ""


def words(status: Status) -> str:
    """A state as it is said: ``false positive``."""
    return str(status).replace("_", " ")


def _onward(status: Status) -> str:
    names = [words(after) for after in ways(status)]
    return f"from {words(status)}: {', '.join(names)}" if names else f"{words(status)} is the end"


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
