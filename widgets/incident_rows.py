"""Incidents as the lobby lists them."""

from __future__ import annotations

from console.model.incident import IncidentLine, Status
from widgets import line, marks, palette, words
from widgets.line_list import Rule

STATUS = {
    Status.TRIAGE: "wait",
    Status.INVESTIGATING: "sev2",
    Status.IDENTIFIED: "sev2",
    Status.MONITORING: "accent",
    Status.RESOLVED: "good",
}
"""Colours of the states; all others are grey."""


class IncidentRows(Rule):
    """Paints an incident: severity, id, title, then state, commander, unseen entries and age."""

    def paint(
        self, row: IncidentLine, width: int, height: int, *, selected: bool, marked: bool, now: int
    ) -> list[line.Segments]:
        on = "select" if selected else "ground"
        colour = palette.severity(row.severity)
        label = row.severity.label if row.severity else "unset"
        strong = row.status.open
        body = ("text" if strong else "grey") + (" bold" if selected or (row.severity == 1 and strong) else "")
        drill = [("drill ", "wait")] if row.drill else []
        left = [
            (f" {label:<6}", f"{colour} bold" if strong else colour),
            (f"{row.key} ", "text bold" if strong else "grey"),
        ]
        lines = [line.lay(width - 1, [*left, *drill, (row.title, body)], _right(row, width, now), on)]
        more = f"{'':7}{words.count(row.entries, 'entry', 'entries')}"
        lines += [line.lay(width - 1, [(more, "grey")], on=on) for _ in range(height - 1)]
        return [[line.stripe(colour if strong else "border"), *cells] for cells in lines]


def _right(row: IncidentLine, width: int, now: int) -> list[line.Part]:
    parts: list[line.Part] = []
    if row.unseen:
        parts.append((f"{marks.sign('joined')}{row.unseen}  ", "accent"))
    state = str(row.status).replace("_", " ")
    parts.append((words.fit(state, 14) if width >= 60 else f"{state} ", STATUS.get(row.status, "grey")))
    if width >= 72:
        parts.append((words.fit(row.ic or "no commander", 14), "person" if row.ic else "wait"))
    took = row.resolved_at - row.declared_at if row.resolved_at else 0
    told = f"took {words.duration(took)}" if took else words.age(row.declared_at, now)
    parts.append((f"{told:>15}" if width >= 84 else f"{words.age(row.declared_at, now):>6}", "grey"))
    return parts
