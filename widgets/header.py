"""The header: severity, incident, state, elapsed time, commander, what is due, what waits, and one red notice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.widget import Widget

from console.model.incident import Incident, IncidentLine
from console.model.snapshot import Due
from widgets import palette, words
from widgets.incident_rows import STATUS
from widgets.line import Part
from widgets.strip_line import StripLine

WIDE = 100
"""Below this width the commander and the second due item leave, and the clock shows no seconds."""
DUES = 2
DUE_TEXT = 28


class Facts(NamedTuple):
    """What a header tells."""

    incident: Incident | None = None
    incidents: tuple[IncidentLine, ...] = ()
    due: tuple[Due, ...] = ()
    operator: str = ""
    drill: bool = False
    read_only: bool = False
    held: bool = False
    held_by: str = ""


def flags(facts: Facts, width: int = 0) -> list[Part]:
    """The words that must never be overlooked: drill, read-only, held."""
    held = "HELD"
    if facts.held_by and width >= WIDE:
        held = f"automatic actions held by {words.cut(facts.held_by, 16)}"
    said = (("DRILL", facts.drill), ("READ-ONLY", facts.read_only), (held, facts.held))
    out: list[Part] = []
    for word, holds in said:
        if holds:
            out += [(f" {word} ", "badge_text bold on wait"), (" ", "text")]
    return out


def left(facts: Facts, width: int) -> list[Part]:
    """Flags, severity, id, title and state; of these only the title is cut."""
    before, incident = flags(facts, width), facts.incident
    if incident is None:
        return [*before, *_lobby(facts.incidents)]
    label = incident.severity.label if incident.severity else "SEV?"
    before += [
        (f" {label} ", f"badge_text bold on {palette.severity(incident.severity)}"),
        (f" {incident.key} ", "text bold"),
    ]
    state = (f"  {str(incident.status).replace('_', ' ')} ", STATUS.get(incident.status, "grey") + " bold")
    room = width - sum(cell_len(text) for text, _ in (*before, state))
    return [*before, (words.cut(incident.title, max(8, room)), "text"), state]


def _lobby(incidents: Sequence[IncidentLine]) -> list[Part]:
    """The console's name and how many incidents are open, worst first."""
    opened = [line for line in incidents if line.status.open]
    out: list[Part] = [(" warroom ", "accent bold")]
    out.append((f" {words.count(len(opened), 'open incident')}" if opened else " no open incident", "text"))
    counts = Counter(line.severity for line in opened)
    for severity in sorted(s for s in counts if s is not None):
        out += [
            ("  ", "text"),
            (f"{severity.label} ", palette.severity(severity)),
            (f"{counts[severity]}", "text bold"),
        ]
    return out


def people(facts: Facts, width: int) -> list[Part]:
    """Who commands; in the lobby, who is at the keys."""
    incident = facts.incident
    if incident is None:
        return [(f"{words.cut(facts.operator, 16)}  ", "person")] if facts.operator and width >= 60 else []
    if width < WIDE:
        return []
    return (
        [("IC ", "grey"), (f"{words.cut(incident.ic, 16)}  ", "person")]
        if incident.ic
        else [("no commander  ", "wait")]
    )


def dues(facts: Facts, width: int, now: int) -> list[Part]:
    """The most pressing items that are due, with the time left."""
    items = _pressing(facts.due, now)[: DUES if width >= WIDE else 1]
    return [(f"{text}  ", colour) for text, colour in (due(item, now) for item in items)]


def waiting(facts: Facts) -> list[Part]:
    """Effects that have not reached their service yet."""
    count = facts.incident.waiting if facts.incident else 0
    return [(f"{count} waiting ", "wait")] if count else []


def _pressing(items: Sequence[Due], now: int) -> list[Due]:
    return sorted(items, key=lambda item: (not (item.overdue or item.at < now), item.at))


def due(item: Due, now: int) -> Part:
    """``update 06:46``: yellow within ten minutes, red and with a plus when over."""
    text = words.cut(item.text, DUE_TEXT)
    left_ms = item.at - now
    if item.overdue or left_ms < 0:
        return f"{text} {words.countdown(min(left_ms, 0))}", "sev1"
    return f"{text} {words.countdown(left_ms)}", "wait" if left_ms < 600_000 else "grey"


def clock(facts: Facts, width: int, now: int) -> str:
    """Time since the declaration; stands still once resolved."""
    incident = facts.incident
    if incident is None:
        return ""
    start = incident.declared_at or incident.started_at
    text = words.elapsed((incident.resolved_at or now) - start) if start else ""
    return text if width >= WIDE else text[:-3]


class _Cells(StripLine):
    """A part of the header; redrawn by itself, because a redraw sends a widget's line from its left edge."""

    def __init__(self, id: str) -> None:
        super().__init__(on="raised", id=id)
        self._parts: Sequence[Part] = ()

    def put(self, parts: Sequence[Part], *, sized: bool = False) -> None:
        """Show these parts; ``sized`` makes the widget as wide as they are."""
        self._parts = parts
        if sized:
            size = sum(cell_len(text) for text, _ in parts)
            if self.styles.width is None or self.styles.width.value != size or not self.styles.width.is_cells:
                self.styles.width = size
        self.repaint()

    def parts(self, width: int) -> tuple[Sequence[Part], Sequence[Part]]:
        """All from the left."""
        return self._parts, ()


class _Notice(StripLine):
    """A red line under the header."""

    def __init__(self) -> None:
        super().__init__(on="sev1", id="header-notice")
        self.text = ""

    def parts(self, width: int) -> tuple[Sequence[Part], Sequence[Part]]:
        """The notice, from the left."""
        return [(f" {self.text}", "badge_text bold")], ()


class _Row(Widget):
    """The parts of the header side by side."""

    DEFAULT_CSS = """
    _Row {
        layout: horizontal;
        height: 1;
    }
    """


class Header(Widget):
    """One line, two while there is a notice."""

    DEFAULT_CSS = """
    Header {
        layout: vertical;
        height: auto;
        width: 1fr;
        background: $surface;
    }
    Header _Cells { background: $surface; }
    Header #header-rest { width: 1fr; }
    Header _Notice { display: none; }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._facts = Facts()
        self._now = 0
        self._left = _Cells("header-left")
        self._clock = _Cells("header-clock")
        self._rest = _Cells("header-rest")
        self._people = _Cells("header-people")
        self._dues = _Cells("header-dues")
        self._waiting = _Cells("header-waiting")
        self._notice = _Notice()

    def compose(self) -> ComposeResult:
        with _Row():
            yield self._left
            yield self._clock
            yield self._rest
            yield self._people
            yield self._dues
            yield self._waiting
        yield self._notice

    def show(
        self,
        *,
        incident: Incident | None = None,
        incidents: tuple[IncidentLine, ...] = (),
        due: tuple[Due, ...] = (),
        operator: str = "",
        drill: bool = False,
        read_only: bool = False,
        held: bool = False,
        held_by: str = "",
        notice: str = "",
        now: int = 0,
    ) -> None:
        """Show these facts as of ``now`` (ms); without an incident the open incidents are counted."""
        self._facts = Facts(incident, incidents, due, operator, drill, read_only, held, held_by)
        if notice != self._notice.text:
            self._notice.text = notice
            self._notice.display = bool(notice)
            self._notice.repaint()
        self.tick(now)

    def tick(self, now: int) -> None:
        """Time went on: redraw the clock and the countdowns where their cells changed."""
        self._now = now
        width = self.size.width
        if not width:
            return
        facts = self._facts
        right = people(facts, width), dues(facts, width, now), waiting(facts)
        for cells, parts in zip((self._people, self._dues, self._waiting), right, strict=True):
            cells.put(parts, sized=True)
        time = clock(facts, width, now)
        self._clock.put([(f"{time} ", "text bold")] if time else [], sized=True)
        used = sum(cell_len(text) for parts in right for text, _ in parts)
        self._left.put(left(facts, width - used - (len(time) + 2 if time else 1)), sized=True)
        self._rest.put([])

    def on_resize(self) -> None:
        self.tick(self._now)
