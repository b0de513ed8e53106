"""Metrics as rows: title, curve, the figure and its unit, and a judgement at the right edge."""

from __future__ import annotations

from itertools import groupby
from math import isfinite
from operator import itemgetter
from typing import NamedTuple

from rich.cells import cell_len as cells
from rich.segment import Segment

from console.model.metric import Curve, Metric
from widgets import line, marks, palette, words
from widgets.line_list import Rule
from widgets.sparkline import sparkline

FIGURE = 6
UNIT = 4
NARROW = 26
"""Below this width only title and figure are shown."""
CALM = "good"
MARK = 2
"""Cells of the sign that stands for the judgement where there is no room for its words."""


class _Columns(NamedTuple):
    title: int
    curve: int
    judgement: int


def columns(width: int) -> _Columns:
    """Widths of title, curve and judgement; the judgement leaves first, then the curve narrows to nothing."""
    room = width - FIGURE - UNIT - 1
    judgement = 18 if room >= 60 else 13 if room >= 40 else 0
    room -= judgement or MARK
    title = min(34, max(12, room * 64 // 100))
    curve = room - title - 1
    return _Columns(title, min(curve, 60), judgement) if curve >= 6 else _Columns(room, 0, judgement)


class MetricRows(Rule):
    """Paints a metric in one line; a second line says what is wrong with its source."""

    def paint(
        self, row: Metric, width: int, height: int, *, selected: bool, marked: bool, now: int
    ) -> list[line.Segments]:
        on = "select" if selected else "ground"
        if row.curve is None or width < NARROW:
            text, judged = (
                judge(row, now) if row.curve is None else (words.quantity(row.curve.last, row.query.unit), tone(row))
            )
            first = line.lay(width, [(f" {row.query.title}", "grey")], [(f"{text} ", judged)], on)
            return [first, *(line.lay(width, [], on=on) for _ in range(height - 1))]
        fits = columns(width)
        figure, unit = words.number(row.curve.last, row.query.unit)
        strong = "text bold" if row.breached or row.onset_at else "text"
        title = words.fit(row.query.title, fits.title) + " "
        out = [Segment(" " + title[: len(title)], palette.style("text bold" if selected else "text", on))]
        out += _curve(row, row.curve, fits.curve, on)
        out.append(Segment(f"{figure:>{FIGURE}} {words.fit(unit, UNIT - 1)}", palette.style(strong, on)))
        text, judged = judge(row, now) if fits.judgement else _mark(row)
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
    return (f"limit {words.quantity(row.query.limit, unit)}", "grey") if row.query.limit is not None else ("", "grey")


def _mark(row: Metric) -> line.Part:
    """The judgement as a sign."""
    name = "alert" if row.breached or row.error else "fact" if row.onset_at else ""
    return (marks.sign(name), tone(row)) if name else ("", "grey")


def _curve(row: Metric, curve: Curve, width: int, on: str) -> line.Segments:
    """The curve: its tone beyond the limit and from the onset on, green where it was as usual."""
    if not width:
        return []
    onset = (row.onset_at - curve.start) // curve.step_ms if row.onset_at and curve.step_ms else -1
    limit, high = row.query.limit, ceiling(row, curve)
    parts = sparkline(curve.values, width, limit=limit, above=row.query.above, hi=high, onset=onset)
    colour, after = tone(row), False
    coloured: list[tuple[str, str]] = []
    for cell in parts:
        after = after or (cell.onset and limit is None)
        coloured.append((cell.char, "sev1" if cell.beyond else colour if after else CALM))
    runs = groupby(coloured, key=itemgetter(1))
    return [Segment("".join([char for char, _ in run]), palette.style(name, on)) for name, run in runs]


def ceiling(row: Metric, curve: Curve) -> float | None:
    """The top of the scale: twice the usual value at least, so that a curve as usual stands at half height."""
    known = [value for value in curve.values if value is not None and isfinite(value)]
    if row.usual is None or not known:
        return None
    return max(*known, 2 * row.usual, row.query.limit or 0.0, 1e-9)


def axis(row: Metric, width: int) -> line.Segments:
    """The time axis under the curves: first and last time, and a sign where the onset is."""
    fits = columns(width)
    curve = row.curve
    if curve is None or fits.curve < 11:
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
