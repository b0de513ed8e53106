"""Acting: what the operator asks, what would happen, what was intended, what came of it."""

from __future__ import annotations

from enum import IntEnum, StrEnum

from msgspec import Struct

from console.model.entry import Actor


class Tier(IntEnum):
    """Risk of an action: read, reversible at once, user-visible, irreversible."""

    R0 = 0
    R1 = 1
    R2 = 2
    R3 = 3

    @property
    def label(self) -> str:
        return f"R{int(self)}"


class Action(Struct, frozen=True):
    """One request from a key, a palette line or ``warroom do``; answered by a Reply of the same request id."""

    request_id: str
    id: str
    """An id of the action table."""
    args: dict[str, object] = {}
    actor: Actor = Actor("")
    preview: bool = False
    """Ask only what would happen."""
    digest: str = ""
    """The digest of the preview that was confirmed; the desk refuses if the target has changed since."""
    undoes: str = ""
    """The operation, or the entry, that this reverses."""


class Undo(Struct, frozen=True):
    """The way back: an action that reverses one that was done."""

    action: str
    args: dict[str, object]
    words: str
    """``expire the silence``."""


class Preview(Struct, frozen=True):
    """What an action would do, exactly; a confirmation shows nothing else."""

    title: str
    """``Silence 37 alerts for 2 h``."""
    call: str
    """The exact call: method and address, or argv."""
    target: str
    """What is typed at R3 and pinned at R2: cluster, silence, step."""
    tier: Tier
    environment: str = ""
    """Where it happens, in words: ``prod eu-1``."""
    blast: tuple[str, ...] = ()
    """Blast radius, a line each: counts first."""
    sample: tuple[str, ...] = ()
    """Some of what is touched, a line each."""
    undo: str = ""
    """The way back in words, ``""`` = there is none."""
    warning: str = ""
    digest: str = ""


class Reply(Struct, frozen=True):
    """The answer to an Action: one line for the operator, with its way back or what to do next."""

    request_id: str
    ok: bool
    text: str
    next: str = ""
    preview: Preview | None = None
    undo: Undo | None = None
    data: dict[str, object] = {}
    """For ``warroom do --json``."""


class OperationState(StrEnum):
    """Where an intended effect stands."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    DROPPED = "dropped"


class Intent(Struct, frozen=True):
    """An effect on the world outside, durable before it is tried. Body of ``action.intended``."""

    operation_id: str
    action: str
    words: str
    """``silence 37 alerts for 2 h``; redacted."""
    call: str
    """Exact call; redacted."""
    target: str
    tier: Tier
    args: dict[str, object] = {}
    prior: object = None
    """The value before the change."""
    automatic: bool = False
    undoes: str = ""
    """The operation that this one reverses."""
    effect: str = ""
    """What can be sent and looked up from ``args`` alone, by name; ``""`` = only who intended it can try it."""
    ttl_s: int = 0
    """How long it may wait for a service that cannot be reached; 0 = it is tried once."""
    merge: str = ""
    """Where it goes: of those that wait with the same text here only the latest is sent."""
    replaces: str = ""
    """The operation that was dropped or had failed, of which this one is the edited form."""


class Outcome(Struct, frozen=True):
    """What came of an intent. Body of ``action.sent``, ``.failed``, ``.unknown`` and ``.dropped``."""

    operation_id: str
    state: OperationState
    took_ms: int = 0
    detail: str = ""
    """One clause for the timeline's right edge; redacted."""
    receipt: dict[str, object] = {}
    """What the service answered that is worth keeping (ids, exit code, output hash)."""
    undo: Undo | None = None


class Receipt(Struct, frozen=True):
    """What a call says of itself when it comes back."""

    detail: str = ""
    """One clause for the timeline: ``exit 0``, ``#4821``."""
    receipt: dict[str, object] = {}
    """What is worth keeping: ids, exit code, digest of the output."""
    undo: Undo | None = None
    state: OperationState = OperationState.SENT
    """``FAILED`` or ``UNKNOWN`` where the call knows better: a command that ended with 1, or one that was killed."""
