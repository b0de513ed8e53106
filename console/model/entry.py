"""The journal's entry: envelope, kinds, and the draft it is made from."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from console.clock import Millis


class ActorType(StrEnum):
    """What kind of actor wrote or caused an entry."""

    HUMAN = "human"
    TOOL = "tool"
    ALERT = "alert"
    IMPORT = "import"


class Actor(Struct, frozen=True):
    """Who: a person's user name, a tool's name, an alert source's name."""

    id: str
    type: ActorType = ActorType.HUMAN
    role: str = ""
    """The role held at that time (``ic``, ``ops`` …)."""


class Draft(Struct, frozen=True):
    """What a writer asks the journal to append; the journal adds identity, order and chain."""

    kind: Kind
    body: dict[str, object] = {}
    actor: Actor = Actor("warroom", ActorType.TOOL)
    occurred_at: Millis = 0
    """When it happened; 0 = when it is recorded."""
    precision: str = "exact"
    """``exact``, ``minute``, ``hour``, ``day`` or ``estimate``."""
    origin: str = "console"
    """``console``, ``chat``, ``pager``, ``statuspage``, ``ticket``, ``cloud``, ``k8s``, ``alerts``."""
    inference: bool = False
    """``False`` = fact."""
    confidence: int = 100
    visibility: str = "normal"
    """``normal``, ``restricted`` or ``privileged``."""
    tlp: str = "AMBER"
    refs: tuple[str, ...] = ()


class Stamp(Struct, frozen=True, order=True):
    """Position in the merged order: hybrid logical clock, then lane, then sequence."""

    wall: Millis
    logical: int
    lane: str
    seq: int


class Entry(Struct, frozen=True):
    """One appended fact; see DESIGN of the chain in ``console/journal/README.md``."""

    id: str
    """``<lane>:<seq>``; unique in the incident."""
    incident: str
    kind: Kind
    stamp: Stamp
    occurred_at: Millis
    recorded_at: Millis
    actor: Actor
    body: dict[str, object]
    origin: str = "console"
    precision: str = "exact"
    inference: bool = False
    confidence: int = 100
    visibility: str = "normal"
    tlp: str = "AMBER"
    refs: tuple[str, ...] = ()
    prev: str = ""
    hash: str = ""

    @property
    def key(self) -> str:
        return self.id


class Kind(StrEnum):
    """Every kind of entry; names are stable, they stand in evidence."""

    DUTY_TAKEN = "duty.taken"
    DUTY_RELEASED = "duty.released"
    HOLD_SET = "hold.set"
    HOLD_RELEASED = "hold.released"
    LANE_OPENED = "lane.opened"
    LANE_RECOVERED = "lane.recovered"
    SEGMENT_OPENED = "segment.opened"
    SEGMENT_SEALED = "segment.sealed"
    ANCHOR_MADE = "anchor.made"
    CONSOLE_ATTACHED = "console.attached"
    CONSOLE_DETACHED = "console.detached"
    GROUP_MERGED = "group.merged"
    GROUP_SPLIT = "group.split"
    GROUP_MOVED = "group.moved"
    GROUP_PINNED = "group.pinned"
    GROUP_SUPPRESSED = "group.suppressed"
    EXTERNAL_DRIFT = "external.drift"

    ALERT_RECEIVED = "alert.received"
    ALERT_LINKED = "alert.linked"
    ALERT_ACKED = "alert.acked"
    ALERT_UNACKED = "alert.unacked"
    REPORT_RECEIVED = "report.received"
    METRIC_OBSERVED = "metric.observed"
    IMPACT_INTERVAL = "impact.interval"

    INCIDENT_DECLARED = "incident.declared"
    STATUS_CHANGED = "status.changed"
    SEVERITY_CHANGED = "severity.changed"
    INCIDENT_REOPENED = "incident.reopened"
    INCIDENT_MERGED = "incident.merged"
    INCIDENT_SPLIT = "incident.split"
    INCIDENT_FALSE_POSITIVE = "incident.false_positive"
    INCIDENT_CLOSED = "incident.closed"
    NOTE_ADDED = "note.added"
    ENTRY_AMENDED = "entry.amended"
    ENTRY_REDACTED = "entry.redacted"

    PAGE_SENT = "page.sent"
    PAGE_ACKED = "page.acked"
    PAGE_DECLINED = "page.declined"
    PAGE_TIMEOUT = "page.timeout"
    RESPONDER_JOINED = "responder.joined"
    RESPONDER_LEFT = "responder.left"
    ROLE_ASSIGNED = "role.assigned"
    ROLE_ACCEPTED = "role.accepted"
    ROLE_DECLINED = "role.declined"
    ROLE_HANDOVER_OFFERED = "role.handover_offered"
    ROLE_HANDOVER_ACCEPTED = "role.handover_accepted"
    ROLE_HANDOVER_REJECTED = "role.handover_rejected"
    ROLE_RELIEVED = "role.relieved"

    TASK_ASSIGNED = "task.assigned"
    TASK_ACKED = "task.acked"
    TASK_REPORTED = "task.reported"
    TASK_DONE = "task.done"
    TASK_DROPPED = "task.dropped"
    HYPOTHESIS_OPENED = "hypothesis.opened"
    HYPOTHESIS_SUPPORTED = "hypothesis.supported"
    HYPOTHESIS_REFUTED = "hypothesis.refuted"
    DECISION_PROPOSED = "decision.proposed"
    DECISION_OBJECTION = "decision.objection"
    DECISION_MADE = "decision.made"
    ESCALATION_TRIGGERED = "escalation.triggered"
    ESCALATION_DONE = "escalation.done"

    RUNBOOK_STARTED = "runbook.started"
    STEP_STARTED = "step.started"
    STEP_DONE = "step.done"
    STEP_SKIPPED = "step.skipped"
    STEP_FAILED = "step.failed"
    STEP_VERIFIED = "step.verified"
    STEP_UNDONE = "step.undone"
    ACTION_INTENDED = "action.intended"
    ACTION_QUEUED = "action.queued"
    ACTION_SENDING = "action.sending"
    ACTION_SENT = "action.sent"
    ACTION_FAILED = "action.failed"
    ACTION_UNKNOWN = "action.unknown"
    ACTION_DROPPED = "action.dropped"
    APPROVAL_ASKED = "approval.asked"
    APPROVAL_GIVEN = "approval.given"
    APPROVAL_REFUSED = "approval.refused"
    SELF_APPROVED = "self_approved"

    COMM_DUE = "comm.due"
    COMM_DRAFTED = "comm.drafted"
    COMM_APPROVED = "comm.approved"
    COMM_REJECTED = "comm.rejected"
    COMM_SENT = "comm.sent"
    COMM_CORRECTED = "comm.corrected"
    COMM_SKIPPED = "comm.skipped"

    EVIDENCE_PLANNED = "evidence.planned"
    EVIDENCE_COLLECTED = "evidence.collected"
    EVIDENCE_HASHED = "evidence.hashed"
    EVIDENCE_TRANSFERRED = "evidence.transferred"
    EVIDENCE_VERIFIED = "evidence.verified"
    EVIDENCE_SEALED = "evidence.sealed"
    EVIDENCE_DISPOSED = "evidence.disposed"
    IOC_ADDED = "ioc.added"
    ATTACK_EVENT = "attack.event"
    LEGAL_HOLD_SET = "legal_hold.set"

    CLOCK_CANDIDATE = "clock.candidate"
    APPLICABILITY_DECIDED = "applicability.decided"
    TRIGGER_RECORDED = "trigger.recorded"
    CLOCK_STARTED = "clock.started"
    NOTIFICATION_FILED = "notification.filed"
    CLOCK_WAIVED = "clock.waived"
    DELAY_AUTHORISED = "delay.authorised"

    PIR_OPENED = "pir.opened"
    PIR_STATUS = "pir.status"
    ACTION_ITEM_OPENED = "action_item.opened"
    ACTION_ITEM_UPDATED = "action_item.updated"
    ACTION_ITEM_CLOSED = "action_item.closed"
