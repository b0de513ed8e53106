"""What the fold makes of an incident's course: its declaration, its status and severity, who has which role, notes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from console.model.action import Undo
from console.model.bodies import Declared, NoteAdded, RoleAssigned, RoleRelieved, SeverityChanged, StatusChanged
from console.model.entry import Entry, Kind
from console.model.incident import LinkedAlert, Status
from console.model.lifecycle import Move, major, move, way_back
from console.model.wording import line_of

if TYPE_CHECKING:
    from console.model.folding import Folding


def declared(fold: Folding, entry: Entry, body: Declared) -> None:
    """An incident begins; a second declaration has no effect."""
    if fold.declared_at:
        fold.void(entry, f"declared it again as {body.title!r}; it was declared already")
        return
    fold.title, fold.severity, fold.services = body.title, body.severity, body.services
    fold.root, fold.peak = body.root, body.severity
    fold.declared_at = fold.status_at = entry.occurred_at
    fold.started_at = body.started_at or entry.occurred_at
    fold.status, fold.drill = Status.INVESTIGATING, body.drill
    if body.ic:
        fold.own("roles")["ic"] = body.ic
    for alert in body.alerts:
        fold.own("linked")[alert.key] = LinkedAlert(
            alert.key, alert.name, alert.service, alert.state, entry.occurred_at, alert.host
        )
    fold.add(line_of(entry, body))
    if body.ic == entry.actor.id or not major(body.severity):
        args: dict[str, object] = {
            "status": "false_positive", "reason": "declared by mistake", "incident": fold.key,
        }  # fmt: skip
        label = body.severity.label if body.severity else "an incident"
        fold.remember(entry, f"declare {label}", Undo("incident.status", args, "call it a false positive"))


def status_changed(fold: Folding, entry: Entry, body: StatusChanged) -> None:
    """A move that follows from where the incident stood; another has no effect."""
    wanted = str(body.after).replace("_", " ")
    if body.before is not fold.status:
        fold.void(entry, f"moved it to {wanted} from {body.before}; it was {fold.status} already")
        return
    meaning = move(fold.status, body.after)
    if meaning is None:
        fold.void(entry, f"moved it to {wanted}; that does not follow {fold.status}")
        return
    at = entry.occurred_at
    if meaning is Move.REOPEN:
        fold.reopened += 1
        fold.resolved_at = 0
    if body.after in (Status.RESOLVED, Status.FALSE_POSITIVE, Status.MERGED):
        fold.resolved_at = at
    if body.after is Status.CLOSED:
        fold.closed_at = at
    fold.forget(action="incident.status")
    back = way_back(fold.status, body.after)
    fold.status, fold.status_at = body.after, at
    fold.add(line_of(entry, body))
    if back and not body.undoes:
        args: dict[str, object] = {"status": str(back), "reason": f"{wanted} was a mistake", "incident": fold.key}
        fold.remember(entry, f"move to {wanted}", Undo("incident.status", args, f"back to {back}"))


def severity_changed(fold: Folding, entry: Entry, body: SeverityChanged) -> None:
    """Raised by anybody; lowered only by the commander who saw what it was."""
    before, after = fold.severity, body.after
    if before is after:
        fold.void(entry, f"set severity to {after.label}; it was that already")
        return
    if before is not None and after > before:
        if body.before is not before:
            seen = body.before.label if body.before else "none"
            fold.void(entry, f"lowered severity to {after.label} from {seen}; it had become {before.label}")
            return
        if entry.actor.id != fold.roles.get("ic"):
            fold.void(entry, f"lowered severity to {after.label} without commanding")
            return
    elif before is not None and body.before is not None and after > body.before:
        fold.void(entry, f"lowered severity to {after.label}; it was {before.label} by then")
        return
    fold.severity = after
    fold.peak = after if fold.peak is None else min(fold.peak, after)
    fold.forget(action="incident.severity")
    fold.add(line_of(entry, body))
    if before is not None and not body.undoes:
        words = f"set severity to {after.label}"
        args = {"severity": f"SEV{int(before)}", "reason": f"{words} was a mistake", "incident": fold.key}
        fold.remember(entry, words, Undo("incident.severity", dict(args), f"severity back to {before.label}"))


def note_added(fold: Folding, entry: Entry, body: NoteAdded) -> None:
    """What somebody wrote down."""
    fold.notes += 1
    fold.add(line_of(entry, body))


def role_assigned(fold: Folding, entry: Entry, body: RoleAssigned) -> None:
    """A role passes on from who held it; two who claim it at once see that."""
    holder = fold.roles.get(body.role, "")
    role = "command" if body.role == "ic" else body.role
    if holder == body.who and body.basis == "declaration":
        return
    if holder != body.giver:
        if holder == body.who:
            return
        fold.void(
            entry,
            f"claimed {role}; {holder} held it" if holder else f"took {role} from {body.giver}, who had laid it down",
        )
        return
    fold.own("roles")[body.role] = body.who
    fold.add(line_of(entry, body))


def role_relieved(fold: Folding, entry: Entry, body: RoleRelieved) -> None:
    """Who held a role lays it down."""
    if fold.roles.get(body.role) != body.who:
        fold.void(entry, f"relieved {body.who} of {body.role}, who did not hold it")
        return
    del fold.own("roles")[body.role]
    fold.add(line_of(entry, body))


SERVE: dict[Kind, Callable[[Folding, Entry, Any], None]] = {
    Kind.INCIDENT_DECLARED: declared,
    Kind.STATUS_CHANGED: status_changed,
    Kind.SEVERITY_CHANGED: severity_changed,
    Kind.NOTE_ADDED: note_added,
    Kind.ROLE_ASSIGNED: role_assigned,
    Kind.ROLE_RELIEVED: role_relieved,
}
