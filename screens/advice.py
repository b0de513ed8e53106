"""What the lobby says in two lines: what is under the cursor, and the keys that act on just that."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from console.clock import Millis
from console.model.group import Group
from console.model.incident import IncidentLine
from console.model.lifecycle import words as state_words
from console.model.snapshot import Snapshot
from console.model.source import Health
from widgets import palette, words
from widgets.line import Part

Hint = tuple[str, str]
"""An action's id, or the name of a key that moves the cursor, and what it does."""
TO_TOP = "home"


class Advice(Struct, frozen=True):
    """The lines, and the keys in words."""

    left: tuple[Part, ...]
    right: tuple[Part, ...] = ()
    keys: tuple[Hint, ...] = ()


def advise(snapshot: Snapshot, row: object, now: Millis) -> Advice:
    """Advice for the row under the cursor of the list that has the focus; what is most urgent is named if elsewhere."""
    opened = open_incidents(snapshot)
    if isinstance(row, Group):
        return _on_group(row, snapshot, opened, now)
    if isinstance(row, IncidentLine) and (row.status.open or not firing_first(snapshot)):
        return _on_incident(row, opened, now)
    urgent = firing_first(snapshot)
    if urgent is not None:
        left, right = _group_line(urgent, now)
        return Advice(left, right, (("ui.next_pane", "goes to it"), ("incident.declare", "declares one by hand")))
    calm = not ill(snapshot) and any("alerts" in s.serves for s in snapshot.sources)
    text = " No incident is open and nothing fires." if calm else " No incident is open."
    return Advice(((text, "text bold"),), (), (("incident.declare", "declares an incident by hand"),))


def open_incidents(snapshot: Snapshot) -> list[IncidentLine]:
    """Incidents that are open, worst and latest first."""
    opened = [i for i in snapshot.incidents if i.status.open]
    return sorted(opened, key=lambda i: (i.severity or 9, -i.declared_at))


def firing_first(snapshot: Snapshot) -> Group | None:
    """The most urgent group that fires."""
    view = snapshot.alerts
    return next((g for rows in (view.major, view.minor, view.loose) for g in rows if g.firing), None)


def ill(snapshot: Snapshot) -> str:
    """Sources that are not well, ``""`` if all are: green is only green when all of them answered."""
    bad = [s for s in snapshot.sources if s.health not in (Health.OK, Health.SLOW, Health.STARTING)]
    return ", ".join(f"{s.name} {s.health}" for s in bad)


def _on_group(group: Group, snapshot: Snapshot, opened: Sequence[IncidentLine], now: Millis) -> Advice:
    left, right = _group_line(group, now)
    keys: list[Hint] = []
    if group.incident:
        left = (*left, (f"  part of {group.incident}", "accent"))
    else:
        keys.append(("incident.declare", "declares another from it" if opened else "declares an incident from it"))
    if group.firing > group.acked:
        keys.append(("alert.ack", "acknowledges it"))
    first = firing_first(snapshot)
    if first is not None and first.key != group.key and first is _top(snapshot):
        keys.append((TO_TOP, f"goes to the most urgent: {first.title}"))
    elif opened:
        keys.append(("ui.next_pane", f"goes to {opened[0].key}"))
    return Advice(left, right, tuple(keys))


def _on_incident(line: IncidentLine, opened: Sequence[IncidentLine], now: Millis) -> Advice:
    label = line.severity.label if line.severity else "SEV?"
    colour = palette.severity(line.severity) if line.status.open else "grey"
    left = ((f" {label} ", f"{colour} bold"), (f"{line.key} {line.title}", "text bold"))
    who = (f"{line.ic} commands " if line.ic else "nobody commands ", "person" if line.ic else "wait")
    right: tuple[Part, ...] = ((f"{state_words(line.status)} {words.age(line.declared_at, now)}, ", "grey"), who)
    if not line.status.open:
        right = ((f"{state_words(line.status)} ", "grey"),)
    keys = [("ui.open", "goes into it"), ("incident.declare", "declares another")]
    if opened and opened[0].key != line.key:
        keys.append((TO_TOP, f"goes to the worst: {opened[0].key}"))
    return Advice(left, right, tuple(keys))


def _group_line(group: Group, now: Millis) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    root: tuple[Part, ...] = ((f"  root {group.root}", "grey"),) if group.root else ()
    left = (
        (f" {group.severity.label} ", f"{palette.severity(group.severity)} bold"),
        (group.title, "text bold"),
        *root,
    )
    spread = words.count(len(group.services), "service")
    amount = words.count(group.firing, "alert") if group.firing else "none fires any more"
    age = words.age(group.started_at, now)
    return left, ((f"{amount}, {spread}, {'just begun' if age == 'now' else f'{age} old'} ", "grey"),)


def _top(snapshot: Snapshot) -> Group | None:
    view = snapshot.alerts
    return next((rows[0] for rows in (view.major, view.minor, view.loose) if rows), None)
