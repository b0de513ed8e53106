"""Metrics as rows: title, curve, the figure and its unit, and a judgement at the right edge."""

from __future__ import annotations

from typing import NamedTuple

from rich.cells import cell_len as cells
from rich.segment import Segment

from console.model.metric import Metric
from widgets import line, marks, palette, words
from widgets.line_list import Rule
from widgets.sparkline import sparkline

FIGURE = 7
UNIT = 4


class _Columns(NamedTuple):
    title: int
    curve: int
    judgement: int


def columns(width: int) -> _Columns:
    """Widths of title, curve and judgement; the judgement leaves first, then the curve narrows to nothing."""
    room = width - FIGURE - UNIT - 1
    judgement = 17 if room >= 52 else 14 if room >= 44 else 0
    room -= judgement
    title = min(34, max(12, room * 55 // 100))
    curve = room - title - 1
    return _Columns(title, min(curve, 60), judgement) if curve >= 6 else _Columns(room, 0, judgement)


class MetricRows(Rule):
    """Paints a metric in one line; a second line says what is wrong with its source."""

    def paint(
        self, row: Metric, width: int, height: int, *, selected: bool, marked: bool, now: int
    ) -> list[line.Segments]:
        on = "select" if selected else "ground"
        fits = columns(width)
        colour = tone(row)
        value = row.curve.last if row.curve else None
        figure, unit = words.number(value, row.query.unit)
        strong = "text bold" if row.breached or row.onset_at else "text"
        title = words.fit(row.query.title, fits.title) + " "
        out = [Segment(" " + title[: len(title)], palette.style("text bold" if selected else "text", on))]
        out += _curve(row, fits.curve, colour, on)
        out.append(Segment(f"{figure:>{FIGURE}} {words.fit(unit, UNIT - 1)}", palette.style(strong, on)))
        text, judged = judge(row, now)
        used = 1 + fits.title + 1 + fits.curve + FIGURE + UNIT
        out.append(Segment(words.fit(f"{text} ", max(0, width - used), right=True), palette.style(judged, on)))
        return [line.merge(out), *(line.lay(width, [(f" {row.error}", "wait")], on=on) for _ in range(height - 1))]


def tone(row: Metric) -> str:
    """The curve's colour: red beyond its limit, orange since an onset, grey without data, green as usual."""
    if row.error or row.curve is None or row.curve.last is None:
        return "grey"
    return "sev1" if row.breached else "sev2" if row.onset_at else "good"


def judge(row: Metric, now: int) -> line.Part:
    """The judgement in words: what is wrong, since when, against what."""
    if row.error:
        return row.error, "wait"
    if row.curve is None or row.curve.last is None:
        return "no data", "wait"
    unit = row.query.unit
    if row.onset_at:
        return f"since {words.minute(row.onset_at)}", "sev1" if row.breached else "sev2"
    if row.breached and row.query.limit is not None:
        return f"limit {words.quantity(row.query.limit, unit)}", "sev1"
    if row.usual is not None:
        return f"usual {words.quantity(row.usual, unit)}", "grey"
    return "usual", "grey"


def _curve(row: Metric, width: int, colour: str, on: str) -> line.Segments:
    if not width:
        return []
    curve = row.curve
    if curve is None:
        return [Segment(" " * width, palette.style("grey", on))]
    onset = (row.onset_at - curve.start) // curve.step_ms if row.onset_at and curve.step_ms else -1
    parts = sparkline(curve.values, width, limit=row.query.limit, above=row.query.above, onset=onset)
    calm = "good" if colour == "sev1" else colour
    return [Segment(c.char, palette.style("sev1" if c.beyond else calm, on)) for c in parts]


def axis(row: Metric, width: int) -> line.Segments:
    """The time axis under the curves: first and last time, and a sign where the onset is."""
    fits = columns(width)
    curve = row.curve
    if curve is None or fits.curve < 14:
        return line.lay(width, [])
    start, end = words.minute(curve.start), words.minute(curve.end)
    gap = fits.curve - cells(start) - cells(end)
    middle = ""
    if row.onset_at and gap >= 9 and curve.end > curve.start:
        at = (row.onset_at - curve.start) * fits.curve // (curve.end - curve.start) - cells(start)
        text = f"{marks.sign('fact')} {words.minute(row.onset_at)}"
        at = max(1, min(at, gap - len(text) - 1))
        middle = " " * at + text
    return line.lay(width, [(" " * (fits.title + 2) + start + words.fit(middle, gap) + end, "grey")])
