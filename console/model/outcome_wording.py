"""The wording of what goes on: lines of effects and steps, and the results that come to stand at their right edge."""

from __future__ import annotations

from msgspec.structs import replace

from console.model.action import Intent, OperationState
from console.model.entry import ActorType, Entry
from console.model.incident import Mark, Operation, TimelineRow, Tone
from console.model.past import past
from console.model.wording import bare, more, one_line, took

RESULT = 40
"""Longest result of a line, in characters; all of it stands in the detail."""


def operation_line(entry: Entry, intent: Intent) -> TimelineRow:
    """The line of an intended effect; its result is told by ``with_operation``."""
    row = bare(entry, Mark.ACTION)
    edited = f"edited form of {intent.replaces}" if intent.replaces else ""
    target = f"target {intent.target}" if intent.target else ""
    detail = more(row, intent.call, target, f"risk {intent.tier.label}", edited)
    return replace(row, text=one_line(intent.words), detail=detail, operation=intent.operation_id)


def with_operation(row: TimelineRow, operation: Operation, text: str) -> TimelineRow:
    """The same line with what is known of the effect by now; ``text`` is what was intended, present tense."""
    result, tone = result_of(operation)
    done = operation.state is OperationState.SENT
    receipt = operation.outcome.receipt if operation.outcome else {}
    kept = tuple(line for line in row.detail if not line.startswith("receipt "))
    shown = tuple(f"receipt {one_line(f'{k} {v}', 200)}" for k, v in list(receipt.items())[:12])
    told = one_line(operation.outcome.detail, 1000) if operation.outcome else ""
    kept = tuple(line for line in kept if not line.startswith("outcome: "))
    if len(told) > RESULT:
        shown = (f"outcome: {told}", *shown)
    return replace(row, text=past(text) if done else text, result=result, tone=tone, detail=kept + shown)


def result_of(operation: Operation) -> tuple[str, Tone]:
    """The right edge of an effect's line, and how it is to be read."""
    outcome, state = operation.outcome, operation.state
    detail = one_line(outcome.detail, RESULT) if outcome else ""
    if operation.undone_by:
        return "undone", Tone.PLAIN
    match state:
        case OperationState.QUEUED:
            why = one_line(operation.why, RESULT)
            return f"waiting, {why}" if why else "waiting", Tone.WAIT
        case OperationState.SENDING:
            return "sending", Tone.WAIT
        case OperationState.SENT:
            return detail or took(outcome.took_ms if outcome else 0), Tone.GOOD
        case OperationState.FAILED:
            return detail or "failed", Tone.BAD
        case OperationState.UNKNOWN:
            return f"outcome unknown, {detail}" if detail else "outcome unknown", Tone.BAD
        case OperationState.DROPPED:
            return f"not sent, {detail}" if detail else "not sent", Tone.PLAIN


def step_line(entry: Entry, text: str, result: str, tone: Tone, *lines: str) -> TimelineRow:
    """The line of a runbook's step."""
    mark = Mark.PERSON if entry.actor.type is ActorType.HUMAN else Mark.ACTION
    row = bare(entry, mark)
    return replace(row, text=one_line(text), result=one_line(result, RESULT), tone=tone, detail=more(row, *lines))
