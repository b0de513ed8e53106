"""A metric on the whole screen: its curve with limit and onset, scale at the left, times below."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from rich.text import Text
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from console.model.metric import Curve, Metric
from widgets import line, marks, words
from widgets.line import Segments
from widgets.metric_rows import CALM, judge
from widgets.painting import surroundings
from widgets.sparkline import bucket, scale

SCALE = 10
"""Cells of the scale at the left, its rule included."""
Grid = list[list[tuple[str, str]]]
"""Lines of cells: a character and its colour."""


def plot(values: Sequence[float | None], width: int, height: int, low: float, high: float) -> list[str]:
    """The bare curve as ``height`` lines of ``width`` cells, broken where values are missing.

    Drawn by plotext: one figure for the whole process, so only the UI's thread may call this.
    """
    import plotext  # 150 ms; only a zoomed metric needs it

    figure = plotext.figure
    plotext.terminal.limit(False, False)
    figure.clear()
    figure.plot_size(width, height)
    figure.axes(False)
    figure.canvas("default")
    figure.legend(False)
    for axis, bounds in (("x", (0, max(1, len(values) - 1))), ("y", (low, high))):
        ruler = figure.ruler(axis)
        ruler.frequency(0)
        ruler.lim(*bounds)
    marker = "*" if marks.ascii_only() else "hd"
    for xs, ys in _runs(values):
        signal = figure.signal(xs, ys, marker=marker)
        signal.lines(True)
        figure.draw(signal)
    text = Text.from_ansi(str(figure.build())).plain
    lines = [each[:width].ljust(width) for each in text.split("\n")[:height]]
    return lines + [" " * width] * (height - len(lines))


def _runs(values: Sequence[float | None]) -> Iterable[tuple[list[int], list[float]]]:
    for known, items in groupby(enumerate(values), key=lambda item: item[1] is not None):
        if known:
            pairs = [(index, value) for index, value in items if value is not None]
            yield [index for index, _ in pairs], [value for _, value in pairs]


def draw(metric: Metric, width: int, height: int) -> list[Segments]:
    """The chart as ``height`` lines of ``width`` cells."""
    curve = metric.curve
    across, down = width - SCALE - 1, height - 2
    if curve is None or curve.last is None or across < 8 or down < 3:
        said = metric.error or ("no data" if curve is None or curve.last is None else "too small for a chart")
        return [line.lay(width, [(f" {said}" if y == 0 else "", "wait")]) for y in range(height)]
    values = bucket(curve.values, min(len(curve.values), across * 2))
    low, high = scale(values, metric.query.limit)
    high += (high - low) * 0.05
    grid = _coloured(plot(values, across, down, low, high), metric, low, high)
    _limit(grid, metric, low, high)
    onset = _onset(grid, metric, curve)
    out = [line.lay(width, [(f" {metric.query.title}", "text bold")], _facts(metric))]
    for y, cells in enumerate(grid):
        label = _label(y, down, metric, low, high)
        out.append(
            _join([(f"{words.fit(label, SCALE - 1, right=True)} ", "grey"), (marks.sign("v"), "border"), *cells], width)
        )
    out.append(line.lay(width, [(" " * SCALE + _times(curve, across, onset), "grey")]))
    return out


def _row(value: float, down: int, low: float, high: float) -> int:
    return max(0, min(down - 1, round((high - value) / (high - low) * (down - 1))))


def _coloured(lines: Sequence[str], metric: Metric, low: float, high: float) -> Grid:
    """Red on the wrong side of the limit, green on the right one."""
    limit, down = metric.query.limit, len(lines)
    at = _row(limit, down, low, high) if limit is not None else -1
    grid: Grid = []
    for y, text in enumerate(lines):
        beyond = limit is not None and (y < at if metric.query.above else y > at)
        colour = "sev1" if beyond else "sev2" if metric.onset_at and limit is None else CALM
        grid.append([(char, colour) for char in text])
    return grid


def _limit(grid: Grid, metric: Metric, low: float, high: float) -> None:
    if metric.query.limit is None:
        return
    cells = grid[_row(metric.query.limit, len(grid), low, high)]
    cells[:] = [(marks.sign("limit"), "wait") if char == " " else (char, colour) for char, colour in cells]


def _onset(grid: Grid, metric: Metric, curve: Curve) -> int:
    """Mark the onset's column where it is free; the column, or -1."""
    span = curve.end - curve.start
    if not metric.onset_at or span <= 0 or not curve.start <= metric.onset_at <= curve.end:
        return -1
    column = round((metric.onset_at - curve.start) / span * (len(grid[0]) - 1))
    for cells in grid:
        if cells[column][0] == " ":
            cells[column] = (marks.sign("onset"), "wait")
    return column


def _label(y: int, down: int, metric: Metric, low: float, high: float) -> str:
    """The scale: limit, top, middle and bottom."""
    unit, limit = metric.query.unit, metric.query.limit
    if limit is not None and y == _row(limit, down, low, high):
        return words.quantity(limit, unit)
    at = {0: high, down // 2: (low + high) / 2, down - 1: low}.get(y)
    near = limit is not None and abs(y - _row(limit, down, low, high)) < 2
    return "" if at is None or (near and y == down // 2) else words.quantity(at, unit)


def _facts(metric: Metric) -> list[line.Part]:
    """Last value, usual value, judgement."""
    last = words.quantity(metric.curve.last if metric.curve else None, metric.query.unit)
    usual = f"usual {words.quantity(metric.usual, metric.query.unit)}  " if metric.usual is not None else ""
    said, colour = judge(metric, 0)
    return [(usual, "grey"), (f"{last}  ", "text bold"), ("" if said.startswith("usual") else f"{said} ", colour)]


def _times(curve: Curve, across: int, onset: int) -> str:
    """Times under the curve, evenly, the onset's first, the zone at the end."""
    cells = [" "] * across

    def put(column: int, text: str) -> None:
        start = max(0, min(column - len(text) // 2, across - len(text)))
        if all(c == " " for c in cells[max(0, start - 1) : start + len(text) + 1]):
            cells[start : start + len(text)] = text

    span = curve.end - curve.start
    if onset >= 0:
        put(onset, f"{marks.sign('fact')} {words.minute(curve.start + span * onset // max(1, across - 1))}")
    put(across, f"{words.minute(curve.end)} {words.offset(curve.end)}")
    for quarter in (0, 1, 2, 3):
        put((across - 1) * quarter // 4, words.minute(curve.start + span * quarter // 4))
    return "".join(cells)


def _join(cells: Sequence[tuple[str, str]], width: int) -> Segments:
    parts = [("".join(char for char, _ in group), colour) for colour, group in groupby(cells, key=lambda cell: cell[1])]
    return line.lay(width, parts)


class Chart(Widget):
    """One metric; drawn again only for other data, another size or another look."""

    DEFAULT_CSS = """
    Chart {
        width: 1fr;
        height: 1fr;
        background: $background;
    }
    """
    ALLOW_SELECT = False

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._metric: Metric | None = None
        self._made: tuple[object, ...] = ()
        self._strips: list[Strip] = []

    def show(self, metric: Metric | None) -> None:
        """Show this metric, or nothing."""
        self._metric = metric
        self.repaint()

    def repaint(self) -> None:
        """Draw again if anything about it changed, and redraw the lines that differ."""
        before, width = self._strips, self.size.width
        if not self.size:
            return
        for y, strip in enumerate(self._make()):
            if y >= len(before) or strip != before[y]:
                self.refresh(Region(0, y, width, 1))

    def render_line(self, y: int) -> Strip:
        """Line ``y`` of the chart."""
        return self._make()[y]

    def _make(self) -> list[Strip]:
        metric, (width, height) = self._metric, self.size
        curve = metric.curve if metric else None
        # Held by reference: identity of the curve tells that the data are the same.
        key = (metric, curve, width, height, *surroundings())
        if len(self._made) != len(key) or any(a is not b and a != b for a, b in zip(self._made, key, strict=True)):
            lines = draw(metric, width, height) if metric else [line.lay(width, []) for _ in range(height)]
            self._strips = [Strip(segments, width) for segments in lines]
            self._made = key
        return self._strips
