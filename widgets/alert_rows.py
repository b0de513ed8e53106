"""Single alerts as rows; columns leave, least important first, as the width shrinks."""

from __future__ import annotations

from typing import NamedTuple

from console.model.alert import AlertRow
from console.model.severity import Severity
from widgets import line, marks, palette, words
from widgets.line_list import Rule

LABEL = 6
AGE = 6


class _Columns(NamedTuple):
    service: int
    host: int
    cluster: int
    acked: int


def columns(width: int) -> _Columns:
    """Widths of the optional columns; the symptom keeps at least 28 cells."""
    room = width - 1 - LABEL - AGE - 30
    return _Columns(
        service=16 if room >= 16 else 0,
        acked=10 if room >= 26 else 0,
        host=16 if room >= 42 else 0,
        cluster=12 if room >= 54 else 0,
    )


class AlertRows(Rule):
    """Paints an alert: severity, symptom, service, host, cluster, who acknowledged, age."""

    def paint(
        self, row: AlertRow, width: int, height: int, *, selected: bool, marked: bool, now: int
    ) -> list[line.Segments]:
        on = "select" if selected else "ground"
        alert = row.alert
        colour = palette.severity(alert.severity)
        strong = alert.severity <= Severity.SEV2 and alert.firing and not alert.muted
        label_colour = f"{colour} bold" if strong else colour
        body = ("text" if strong else "grey") + (" bold" if selected else "")
        fits = columns(width)
        right: list[line.Part] = []
        if fits.service:
            right.append((words.fit(alert.service, fits.service - 2) + "  ", "text" if strong else "grey"))
        place = ""
        if fits.host:
            place += words.fit(alert.host or alert.pod, fits.host - 2) + "  "
        if fits.cluster:
            place += words.fit(alert.cluster, fits.cluster - 2) + "  "
        if place:
            right.append((place, "grey"))
        right += _state(row, fits.acked)
        right.append((f"{words.age(alert.started_at, now):>{AGE}}", "grey"))
        left = [(f" {alert.severity.label:<{LABEL}}", label_colour), (alert.summary or alert.name, body)]
        lines = [line.lay(width - 1, left, right, on)]
        lines += [line.lay(width - 1, [(f"{'':{LABEL + 1}}{alert.name}", "grey")], on=on) for _ in range(height - 1)]
        return [[line.stripe(colour), *cells] for cells in lines]


def _state(row: AlertRow, room: int) -> list[line.Part]:
    """Resolved, muted or acknowledged, in words where there is room and as a sign else."""
    alert = row.alert
    if not alert.firing:
        word, colour, mark = str(alert.state), "good" if alert.state == "resolved" else "wait", "done"
    elif alert.muted:
        word, colour, mark = "silenced" if alert.silenced_by else "inhibited", "grey", "muted"
    elif row.acked_by:
        word, colour, mark = f"{marks.sign('done')} {row.acked_by}", "good", "done"
    else:
        return [(" " * (room or 2), "grey")]
    return [(words.fit(word, room), colour) if room else (f"{marks.sign(mark)} ", colour)]
