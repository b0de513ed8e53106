"""Effects of the outbox as rows: what, where, why not yet, since when, and what happens next."""

from __future__ import annotations

from console.model.action import OperationState
from console.model.outbox import OutboxRow
from widgets import line, words
from widgets.line_list import Rule

_SHORT = {
    OperationState.QUEUED: ("waits", "wait"),
    OperationState.SENDING: ("is being sent", "wait"),
    OperationState.UNKNOWN: ("nobody knows", "sev1"),
    OperationState.FAILED: ("failed", "sev1"),
}


class OutboxRows(Rule):
    """Paints an effect: words and state, then why and what comes next."""

    def paint(
        self, row: OutboxRow, width: int, height: int, *, selected: bool, marked: bool, now: int
    ) -> list[line.Segments]:
        on = "select" if selected else "ground"
        operation = row.operation
        said, tone = _SHORT[row.state]
        body = "text bold" if selected else "text"
        age = words.age(operation.at, now)
        first = line.lay(width, [(f" {operation.intent.words}", body)], [(f"{said}, ", tone), (f"{age} ", "grey")], on)
        if height == 1:
            return [first]
        where = f" {row.incident or 'watch'} " if width >= 60 else " "
        left: list[line.Part] = [(where, "grey"), (f"{operation.by} ", "person"), (_why(row), "grey")]
        second = line.lay(width, left, [(f"{_next(row, now)} ", "grey")], on)
        return [first, second, *(line.lay(width, [], on=on) for _ in range(height - 2))]


def _why(row: OutboxRow) -> str:
    operation = row.operation
    if row.state is OperationState.QUEUED:
        return operation.why or "its target is busy"
    detail = operation.outcome.detail if operation.outcome else ""
    return detail or operation.intent.target


def _next(row: OutboxRow, now: int) -> str:
    """What happens by itself."""
    operation = row.operation
    if row.state is OperationState.UNKNOWN:
        return "look, then say what happened"
    if row.state is OperationState.QUEUED and operation.again_at:
        wait = max(0, operation.again_at - now)
        again = f"again in {wait // 5000 * 5} s" if wait >= 5000 else "again soon"
        return again if row.here else f"{again}, in the console of {operation.by}"
    return ""
