"""A redacted entry: what of it stays, so that the state of the incident does, and how the fold hides the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from console.model.bodies import EntryRedacted, body_of
from console.model.entry import Actor, Entry, Kind, Stamp
from console.model.wording import line_of, one_line

if TYPE_CHECKING:
    from console.model.folding import Folding

WORD = "redacted"
_OUTCOME = ("operation_id", "state", "took_ms")
_STEP = ("run", "step", "operation", "took_ms", "exit", "digest")
_KEEPS: Mapping[Kind, tuple[str, ...]] = {
    Kind.STATUS_CHANGED: ("from", "to", "undoes"),
    Kind.SEVERITY_CHANGED: ("from", "to", "undoes"),
    Kind.INCIDENT_DECLARED: ("severity", "started_at", "ic", "drill"),
    Kind.ROLE_ASSIGNED: ("role", "who", "from"),
    Kind.ROLE_RELIEVED: ("role", "who"),
    Kind.ALERT_ACKED: ("keys", "undoes"),
    Kind.ALERT_UNACKED: ("keys", "undoes"),
    Kind.ACTION_INTENDED: ("operation_id", "action", "tier", "automatic", "undoes"),
    Kind.ACTION_SENDING: ("operation_id", "takes_over"),
    Kind.ACTION_QUEUED: ("operation_id", "again_at", "until"),
    Kind.ACTION_SENT: _OUTCOME,
    Kind.ACTION_FAILED: _OUTCOME,
    Kind.ACTION_UNKNOWN: _OUTCOME,
    Kind.ACTION_DROPPED: _OUTCOME,
    Kind.STEP_STARTED: _STEP,
    Kind.STEP_DONE: _STEP,
    Kind.STEP_FAILED: _STEP,
    Kind.STEP_SKIPPED: _STEP,
    Kind.STEP_UNDONE: _STEP,
}
"""Fields that later entries build on and that hold no text of a person."""
_STANDS_FOR: Mapping[Kind, dict[str, object]] = {
    Kind.INCIDENT_DECLARED: {"title": WORD},
    Kind.ACTION_INTENDED: {"words": WORD, "call": WORD, "target": ""},
}
_FIXED = ("lane.", "segment.", "anchor.", "duty.", "hold.", "evidence.", "console.")
"""What begins so says nothing of anybody's, or is needed to prove something."""


def why_not(kind: str) -> str:
    """Why an entry of this kind is not redacted, ``""`` if it may be."""
    if kind == Kind.ENTRY_REDACTED:
        return "it tells of a redaction, and stays"
    return "it belongs to the journal's own proof" if kind.startswith(_FIXED) else ""


def remainder(kind: Kind, body: Mapping[str, object]) -> dict[str, object]:
    """What is kept of a body."""
    kept: dict[str, object] = {name: body[name] for name in _KEEPS.get(kind, ()) if name in body}
    alerts = body.get("alerts")
    if kind in (Kind.ALERT_LINKED, Kind.ALERT_RECEIVED, Kind.INCIDENT_DECLARED) and isinstance(alerts, list | tuple):
        known = [a for a in alerts if isinstance(a, dict) and "key" in a]
        kept["alerts"] = [{name: a[name] for name in ("key", "state") if name in a} for a in known]
    return kept | _STANDS_FOR.get(kind, {}) if kept else kept


def owned(lane: str) -> str:
    """Whose a lane is: host and uid."""
    return lane.rpartition(".")[0]


def told(entry: Entry) -> EntryRedacted | None:
    """What an entry redacts, ``None`` = nothing, or what is not its writer's to redact."""
    body = body_of(entry) if entry.kind is Kind.ENTRY_REDACTED else None
    if not isinstance(body, EntryRedacted):
        return None
    return body if owned(body.target.rpartition(":")[0]) == owned(entry.stamp.lane) else None


def stamp_of(body: EntryRedacted) -> Stamp | None:
    """Where the target stands in the merged order."""
    lane, _, seq = body.target.rpartition(":")
    return Stamp(body.wall, body.logical, lane, int(seq)) if seq.isdecimal() and len(seq) < 16 else None


def redaction(entry: Entry, *, basis: str, approver: str, reason: str) -> EntryRedacted:
    """What is written down before an entry's bytes are overwritten."""
    keeps = remainder(entry.kind, entry.body)
    return EntryRedacted(
        entry.id, basis, approver, reason, entry.stamp.wall, entry.stamp.logical, keeps,
        entry.actor.id if keeps else "", entry.occurred_at if keeps else 0,
    )  # fmt: skip


def hidden(entry: Entry, body: EntryRedacted) -> Entry:
    """The entry as it is shown from then on, whether or not its bytes are overwritten yet."""
    wall = entry.stamp.wall
    return replace(
        entry, occurred_at=body.at or wall, recorded_at=wall, actor=Actor(body.by or WORD), origin="console",
        precision="exact", inference=False, confidence=100, tlp="RED", refs=(), body={"redacted": True, **body.keeps},
    )  # fmt: skip


def _redacted(fold: Folding, entry: Entry, body: EntryRedacted) -> None:
    if told(entry) is None:
        fold.void(entry, "redacted an entry that is not theirs")
        return
    because = f": {body.reason}" if body.reason else ""
    fold.add(replace(line_of(entry, None), text=one_line(f"redacted an entry{because}")))


SERVE: dict[Kind, Callable[[Folding, Entry, Any], None]] = {Kind.ENTRY_REDACTED: _redacted}
