"""What a header says at a width: what must always be there stays whole, the rest leaves in the order of its rank."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rich.cells import cell_len

from console.model.incident import Incident, IncidentLine
from console.model.snapshot import Due
from console.model.source import SourceHealth
from widgets import palette, words
from widgets.incident_rows import STATUS
from widgets.line import Part
from widgets.source_rows import ailing, alarm

DUES = 2
DUE_TEXT = 28
NAME = 16
TITLE = 16
"""A title keeps so many cells while there are words less important than that."""
SHORTEST = 4
"""Less of a title tells nothing."""

Parts = Sequence[Part]


class Facts(NamedTuple):
    """What a header tells."""

    incident: Incident | None = None
    incidents: tuple[IncidentLine, ...] = ()
    due: tuple[Due, ...] = ()
    sources: tuple[SourceHealth, ...] = ()
    operator: str = ""
    drill: bool = False
    read_only: bool = False
    held: bool = False
    held_by: str = ""


class Room(NamedTuple):
    """How much of each part is shown; what is not named here is always whole."""

    health: int = 3
    """Words for a source in trouble, 3 = all, 0 = only how many, -1 = only its sign."""
    dues: int = DUES
    seconds: bool = True
    waiting: bool = True
    label: bool = True
    """``IC`` before the commander's name."""
    key: bool = True
    title: int = TITLE
    """Cells that the title shall have at the least, where it is that long."""


def rooms(urgent: bool) -> Iterator[Room]:
    """From all to the least; of what is due and what waits the one that is not ``urgent`` leaves first."""
    room = Room()
    yield room
    steps: list[dict[str, object]] = [{"health": 2}, {"dues": 1}, {"seconds": False}, {"health": 1}, {"title": 0}]
    steps += [{"waiting": False}, {"dues": 0}] if urgent else [{"dues": 0}, {"waiting": False}]
    for step in [*steps, {"health": 0}, {"label": False}, {"key": False}, {"health": -1}]:
        room = room._replace(**step)  # type: ignore[arg-type]
        yield room


def arrange(facts: Facts, width: int, now: int) -> tuple[Parts, Parts]:
    """Parts from the left and at the right edge; severity, state, elapsed time and commander are always there."""
    incident = facts.incident
    if incident is None:
        return _lobby(facts, width, now)
    pressing = _pressing(facts.due, now)
    for room in rooms(bool(pressing) and _over(pressing[0], now)):
        before, after, right = _incident(facts, incident, pressing, room, now)
        free = width - sum(cell_len(text) for text, _ in (*before, *after, *right)) - 2
        if free >= min(room.title, cell_len(incident.title)):
            break
    title = words.cut(incident.title, free) if free >= SHORTEST else ""
    return [*before, (title, "text"), *after], right


def _incident(
    facts: Facts, incident: Incident, pressing: Sequence[Due], room: Room, now: int
) -> tuple[Parts, Parts, Parts]:
    label = incident.severity.label if incident.severity else "SEV?"
    before = [*flags(facts), (f" {label} ", f"badge_text bold on {palette.severity(incident.severity)}")]
    before.append((f" {incident.key} " if room.key else " ", "text bold"))
    state = str(incident.status).replace("_", " ")
    after = [(f"  {state} ", STATUS.get(incident.status, "grey") + " bold")]
    after.append((f"{clock(incident, now, seconds=room.seconds)} ", "text bold"))
    right = [*health(facts.sources, room.health, now), *_commander(incident, room.label)]
    right += [(f"{text}  ", colour) for text, colour in (due(item, now) for item in pressing[: room.dues])]
    if room.waiting and incident.waiting:
        right.append((f"{incident.waiting} waiting ", "wait"))
    return before, after, right


def _lobby(facts: Facts, width: int, now: int) -> tuple[Parts, Parts]:
    """The console's name and how many incidents are open, worst first; who is at the keys."""
    opened = [line for line in facts.incidents if line.status.open]
    left = [*flags(facts), (" warroom ", "accent bold")]
    left.append((f" {words.count(len(opened), 'open incident')}" if opened else " no open incident", "text"))
    counts = Counter(line.severity for line in opened)
    for severity in sorted(s for s in counts if s is not None):
        left += [(f"  {severity.label} ", palette.severity(severity)), (f"{counts[severity]}", "text bold")]
    used = sum(cell_len(text) for text, _ in left)
    who = [(f"{words.cut(facts.operator, NAME)}  ", "person")] if facts.operator and width >= 60 else []
    for level in (3, 2, 1, 0):
        right = [*health(facts.sources, level, now), *who]
        if used + sum(cell_len(text) for text, _ in right) + 2 <= width:
            return left, right
    return left, health(facts.sources, 0, now)


def flags(facts: Facts) -> list[Part]:
    """The words that must never be overlooked: drill, read-only, held."""
    held = f"HELD by {words.cut(facts.held_by, 16)}" if facts.held_by else "HELD"
    said = (("DRILL", facts.drill), ("READ-ONLY", facts.read_only), (held, facts.held))
    out: list[Part] = []
    for word, holds in said:
        if holds:
            out += [(f" {word} ", "badge_text bold on wait"), (" ", "text")]
    return out


def health(sources: Sequence[SourceHealth], level: int, now: int) -> list[Part]:
    """The source that is worst off, in words: which, what is wrong, since when; and how many more."""
    ill = ailing(sources, now)
    if not ill:
        return []
    sign, colour, text = alarm(ill[0], now, level)
    if level <= 0:
        return [(f"{sign} {words.count(len(ill), 'source')}  " if level == 0 else f"{sign} ", f"{colour} bold")]
    more = f" +{len(ill) - 1}" if len(ill) > 1 else ""
    return [(f"{sign} {text}{more}  ", f"{colour} bold")]


def _commander(incident: Incident, label: bool) -> list[Part]:
    if not incident.ic:
        return [("no commander  " if label else "no IC  ", "wait")]
    return [*([("IC ", "grey")] if label else []), (f"{words.cut(incident.ic, NAME)}  ", "person")]


def _pressing(items: Sequence[Due], now: int) -> list[Due]:
    return sorted(items, key=lambda item: (not _over(item, now), item.at))


def _over(item: Due, now: int) -> bool:
    return item.overdue or item.at < now


def due(item: Due, now: int) -> Part:
    """``update 06:46``: yellow within ten minutes, red and with a plus when over."""
    text = words.cut(item.text, DUE_TEXT)
    left_ms = item.at - now
    if _over(item, now):
        return f"{text} {words.countdown(min(left_ms, 0))}", "sev1"
    return f"{text} {words.countdown(left_ms)}", "wait" if left_ms < 600_000 else "grey"


def clock(incident: Incident, now: int, *, seconds: bool = True) -> str:
    """Time since the declaration; stands still once resolved."""
    start = incident.declared_at or incident.started_at
    text = words.elapsed((incident.resolved_at or now) - start) if start else ""
    return text if seconds else text[:-3]
