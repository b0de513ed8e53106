"""Bodies of the entries: what each kind carries, decoded strictly.

A body that does not decode is never an error of the journal: the fold shows such an entry as a plain line.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from console.clock import Millis
from console.model.action import Intent, Outcome
from console.model.alert import AlertState
from console.model.entry import Entry, Kind
from console.model.evidence import EvidenceCollected, EvidenceHashed, EvidenceVerified
from console.model.incident import Status
from console.model.runbook import Step
from console.model.severity import Severity


class AlertFact(Struct, frozen=True):
    """An alert as an entry names it."""

    key: str
    name: str = ""
    service: str = ""
    state: AlertState = AlertState.FIRING
    host: str = ""


class Declared(Struct, frozen=True):
    """``incident.declared``: the symptom, how bad it looks, what is touched, who commands."""

    title: str
    severity: Severity | None = None
    services: tuple[str, ...] = ()
    group: str = ""
    alerts: tuple[AlertFact, ...] = ()
    started_at: Annotated[Millis, Meta(ge=0)] = 0
    ic: str = ""
    drill: bool = False
    root: str = ""
    """The service in which it began, as far as its alerts tell."""


class StatusChanged(Struct, frozen=True, rename={"before": "from", "after": "to"}):
    """``status.changed``."""

    after: Status
    before: Status
    reason: str = ""
    warning: str = ""
    undoes: str = ""


class SeverityChanged(Struct, frozen=True, rename={"before": "from", "after": "to"}):
    """``severity.changed``; ``from`` is absent where none was set."""

    after: Severity
    before: Severity | None = None
    reason: str = ""
    undoes: str = ""


class NoteAdded(Struct, frozen=True):
    """``note.added``."""

    text: str


class RoleAssigned(Struct, frozen=True, rename={"giver": "from"}):
    """``role.assigned``; ``from`` is the holder that the writer saw, ``""`` = the role was vacant."""

    role: str
    who: str
    basis: str = ""
    giver: str = ""


class RoleRelieved(Struct, frozen=True):
    """``role.relieved``: the holder lays the role down."""

    role: str
    who: str


class AlertsTold(Struct, frozen=True):
    """``alert.linked`` and ``alert.received``."""

    alerts: tuple[AlertFact, ...]
    group: str = ""


class AlertsAcked(Struct, frozen=True):
    """``alert.acked`` and ``alert.unacked``."""

    keys: tuple[str, ...]
    note: str = ""
    group: str = ""
    undoes: str = ""


class ConsoleMoved(Struct, frozen=True):
    """``console.attached`` and ``console.detached``."""

    host: str = ""
    pid: int = 0
    user: str = ""
    reason: str = ""


class DutyTaken(Struct, frozen=True):
    """``duty.taken``: a claim, or its renewal."""

    lane: str
    console: str = ""
    """The process; a lane passes on, duty does not."""
    until: Annotated[Millis, Meta(ge=0)] = 0
    after: str = ""
    """The claim, renewal or release that it follows."""
    basis: str = ""
    """``vacant``, ``dead``, ``lapsed``, ``command`` or ``renewal``."""


class DutyReleased(Struct, frozen=True):
    """``duty.released``: the holder leaves."""

    console: str = ""


class HoldSet(Struct, frozen=True):
    """``hold.set``: nothing automatic happens from here on."""

    reason: str = ""
    undoes: str = ""
    carried: bool = False
    """Said again on another page of the watch; ``by`` and ``since`` are those of the hold."""
    by: str = ""
    since: Annotated[Millis, Meta(ge=0)] = 0


class HoldReleased(Struct, frozen=True):
    """``hold.released``."""

    reason: str = ""
    undoes: str = ""


class AnchorMade(Struct, frozen=True):
    """``anchor.made``: heads of the lanes that stand outside."""

    heads: dict[str, tuple[Annotated[int, Meta(ge=0)], str]]
    """Lane → number and head of its last entry."""
    sink: str
    text: str = ""
    """What the sink says of it."""


class EntryRedacted(Struct, frozen=True):
    """``entry.redacted``: what stood in an entry is taken away, by whoever owns its lane."""

    target: str
    basis: str = ""
    approver: str = ""
    reason: str = ""
    wall: Annotated[Millis, Meta(ge=0)] = 0
    """With ``logical`` the target's place in the merged order."""
    logical: Annotated[int, Meta(ge=0)] = 0
    keeps: dict[str, object] = {}
    """What later entries build on; with it, by whom the target was and when it happened."""
    by: str = ""
    at: Annotated[Millis, Meta(ge=0)] = 0


class Sending(Struct, frozen=True):
    """``action.sending``: durable before the call is made."""

    operation_id: str
    takes_over: str = ""
    """The lane of the dead console that had left it waiting."""


class Queued(Struct, frozen=True):
    """``action.queued``: certainly nothing was done; it is tried again."""

    operation_id: str
    reason: str = ""
    again_at: Annotated[Millis, Meta(ge=0)] = 0
    until: Annotated[Millis, Meta(ge=0)] = 0


class RunbookStarted(Struct, frozen=True):
    """``runbook.started``: the steps stand in the entry, so that the file may change."""

    run: str
    runbook: str
    title: str
    steps: tuple[Step, ...]
    version: str = ""
    digest: str = ""
    params: dict[str, str] = {}


class StepStarted(Struct, frozen=True):
    """``step.started``."""

    run: str
    step: str
    operation: str = ""
    shows: str = ""


class StepEnded(Struct, frozen=True):
    """``step.done``, ``step.failed``, ``step.skipped`` and ``step.undone``."""

    run: str
    step: str
    operation: str = ""
    result: str = ""
    reason: str = ""
    took_ms: int = 0
    exit: int | None = None
    output: tuple[str, ...] = ()
    digest: str = ""


Body = (
    Declared
    | StatusChanged
    | SeverityChanged
    | NoteAdded
    | RoleAssigned
    | RoleRelieved
    | AlertsTold
    | AlertsAcked
    | ConsoleMoved
    | Intent
    | Queued
    | Sending
    | Outcome
    | RunbookStarted
    | StepStarted
    | StepEnded
    | DutyTaken
    | DutyReleased
    | HoldSet
    | HoldReleased
    | AnchorMade
    | EntryRedacted
    | EvidenceCollected
    | EvidenceHashed
    | EvidenceVerified
)

BODIES: dict[Kind, type[Any]] = {
    Kind.INCIDENT_DECLARED: Declared,
    Kind.STATUS_CHANGED: StatusChanged,
    Kind.SEVERITY_CHANGED: SeverityChanged,
    Kind.NOTE_ADDED: NoteAdded,
    Kind.ROLE_ASSIGNED: RoleAssigned,
    Kind.ROLE_RELIEVED: RoleRelieved,
    Kind.ALERT_LINKED: AlertsTold,
    Kind.ALERT_RECEIVED: AlertsTold,
    Kind.ALERT_ACKED: AlertsAcked,
    Kind.ALERT_UNACKED: AlertsAcked,
    Kind.CONSOLE_ATTACHED: ConsoleMoved,
    Kind.CONSOLE_DETACHED: ConsoleMoved,
    Kind.ACTION_INTENDED: Intent,
    Kind.ACTION_QUEUED: Queued,
    Kind.ACTION_SENDING: Sending,
    Kind.ACTION_SENT: Outcome,
    Kind.ACTION_FAILED: Outcome,
    Kind.ACTION_UNKNOWN: Outcome,
    Kind.ACTION_DROPPED: Outcome,
    Kind.RUNBOOK_STARTED: RunbookStarted,
    Kind.STEP_STARTED: StepStarted,
    Kind.STEP_DONE: StepEnded,
    Kind.STEP_FAILED: StepEnded,
    Kind.STEP_SKIPPED: StepEnded,
    Kind.STEP_UNDONE: StepEnded,
    Kind.DUTY_TAKEN: DutyTaken,
    Kind.DUTY_RELEASED: DutyReleased,
    Kind.HOLD_SET: HoldSet,
    Kind.HOLD_RELEASED: HoldReleased,
    Kind.ANCHOR_MADE: AnchorMade,
    Kind.ENTRY_REDACTED: EntryRedacted,
    Kind.EVIDENCE_COLLECTED: EvidenceCollected,
    Kind.EVIDENCE_HASHED: EvidenceHashed,
    Kind.EVIDENCE_VERIFIED: EvidenceVerified,
}


def body_of(entry: Entry) -> Body | None:
    """The entry's body, or ``None`` if the kind has no fixed one or what stands there is not one."""
    shape = BODIES.get(entry.kind)
    if shape is None:
        return None
    try:
        body: Body = msgspec.convert(entry.body, shape)
    except (msgspec.MsgspecError, RecursionError, OverflowError):
        return None
    return body


def body_from(body: Struct) -> dict[str, object]:
    """A body as an entry holds it: plain JSON types."""
    out: dict[str, object] = msgspec.to_builtins(body)
    return out
