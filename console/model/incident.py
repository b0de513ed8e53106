"""The incident: what the fold over its entries makes of it."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from console.clock import Millis
from console.model.action import Intent, OperationState, Outcome, Undo
from console.model.alert import AlertState
from console.model.custody import Evidence
from console.model.duty import Duty, Hold
from console.model.rows import Rows
from console.model.runbook import Run
from console.model.severity import Severity


class Status(StrEnum):
    """States of an incident's life."""

    TRIAGE = "triage"
    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"
    RESOLVED = "resolved"
    POSTMORTEM = "postmortem"
    CLOSED = "closed"
    FALSE_POSITIVE = "false_positive"
    MERGED = "merged"

    @property
    def open(self) -> bool:
        return self in (Status.TRIAGE, Status.INVESTIGATING, Status.IDENTIFIED, Status.MONITORING)


class Mark(StrEnum):
    """What a line of the timeline is; each has a sign and an ASCII sign in the theme."""

    PERSON = "person"
    ACTION = "action"
    FACT = "fact"
    ALERT = "alert"
    CHANGE = "change"
    SYSTEM = "system"
    CONFLICT = "conflict"


class Tone(StrEnum):
    """How a result is to be read."""

    PLAIN = "plain"
    GOOD = "good"
    WAIT = "wait"
    BAD = "bad"


class TimelineRow(Struct, frozen=True, gc=False):
    """One line of the timeline: time, who or what, one clause, the result at the right."""

    key: str
    """The entry's id; an action keeps the id of its intent while its outcome arrives."""
    at: Millis
    mark: Mark
    who: str
    text: str
    result: str = ""
    tone: Tone = Tone.PLAIN
    detail: tuple[str, ...] = ()
    """Further lines for the timeline screen: call, target, receipt, hash."""
    late: bool = False
    """Recorded over five minutes after it occurred."""
    operation: str = ""
    """The operation that the line is about, ``""`` = none."""
    subject: str = ""
    """What a following line has to say too, to be told together with this one; ``""`` = stands alone."""
    times: int = 1
    """How many entries it tells."""


class Operation(Struct, frozen=True):
    """An intended effect and how far it came."""

    intent: Intent
    state: OperationState
    at: Millis
    by: str
    lane: str
    outcome: Outcome | None = None
    undone_by: str = ""
    why: str = ""
    """Why it waits."""
    again_at: Millis = 0
    """When it is tried again."""
    until: Millis = 0
    """When it is given up."""

    @property
    def key(self) -> str:
        return self.intent.operation_id


class Reversible(Struct, frozen=True):
    """Something that was written down and can be taken back, without any effect outside."""

    key: str
    """The entry's id."""
    at: Millis
    by: str
    words: str
    """``acknowledge 37 alerts``."""
    undo: Undo


class LinkedAlert(Struct, frozen=True):
    """An alert that belongs to the incident, with the last state written down."""

    key: str
    name: str
    service: str
    state: AlertState
    at: Millis
    host: str = ""


class Incident(Struct, frozen=True):
    """An incident as the fold has it; durations are computed from the times here."""

    key: str
    """``INC-0042``."""
    title: str = ""
    severity: Severity | None = None
    peak_severity: Severity | None = None
    status: Status = Status.TRIAGE
    services: tuple[str, ...] = ()
    ic: str = ""
    roles: dict[str, str] = {}
    started_at: Millis = 0
    """First symptom."""
    declared_at: Millis = 0
    status_at: Millis = 0
    resolved_at: Millis = 0
    closed_at: Millis = 0
    reopened: int = 0
    runs: tuple[Run, ...] = ()
    operations: dict[str, Operation] = {}
    linked: dict[str, LinkedAlert] = {}
    acked: dict[str, str] = {}
    acked_at: dict[str, Millis] = {}
    """When each acknowledgement was last made."""
    """Alert key → who acknowledged it."""
    notes: int = 0
    entries: int = 0
    conflicts: tuple[str, ...] = ()
    drill: bool = False
    reversible: tuple[Reversible, ...] = ()
    """What can be taken back besides operations, the latest last; the last 32."""
    timeline: Rows[TimelineRow] = Rows()
    duty: Duty = Duty()
    """In which console things happen by themselves."""
    hold: Hold = Hold()
    """Of the watch: whether everything automatic is held."""
    moved: dict[str, int] = {}
    """Lane → number of its last entry that is worth an anchor."""
    anchored: dict[str, int] = {}
    """``<lane> <sink>`` → number of the last entry whose head stands there."""
    root: str = ""
    """The service in which it began, ``""`` = nobody can say."""
    evidence: Evidence = Evidence()

    @property
    def service(self) -> str:
        """The service to look at first: the only one, else that in which it began; ``""`` = it has to be asked for."""
        return self.services[0] if len(self.services) == 1 else self.root

    @property
    def waiting(self) -> int:
        """Effects that are queued or on their way."""
        return sum(o.state in (OperationState.QUEUED, OperationState.SENDING) for o in self.operations.values())

    @property
    def unknown(self) -> tuple[Operation, ...]:
        """Effects that nobody can say whether they happened."""
        return tuple(o for o in self.operations.values() if o.state is OperationState.UNKNOWN)


class IncidentLine(Struct, frozen=True):
    """An incident as the lobby lists it."""

    key: str
    title: str
    severity: Severity | None
    status: Status
    ic: str
    declared_at: Millis
    resolved_at: Millis
    entries: int
    unseen: int = 0
    drill: bool = False
