"""A curve in one line of block elements, on a fixed scale, with gaps, a limit and an onset."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import NamedTuple

from widgets import marks


class Cell(NamedTuple):
    """One column of a sparkline."""

    char: str
    beyond: bool
    """On the wrong side of the limit."""
    onset: bool
    """The column in which the onset falls."""


def bucket(values: Sequence[float | None], width: int) -> list[float | None]:
    """``width`` columns of values: the one farthest from zero in each, ``None`` where a column has none.

    Fewer values than columns leave the columns at the left empty, so that the right edge is the present.
    """
    known = [value if value is not None and isfinite(value) else None for value in values]
    count = len(known)
    if count <= width:
        return [None] * (width - count) + known
    out: list[float | None] = []
    for column in range(width):
        part = [v for v in known[column * count // width : (column + 1) * count // width] if v is not None]
        out.append(max(part, key=abs) if part else None)
    return out


def scale(values: Sequence[float | None], limit: float | None = None) -> tuple[float, float]:
    """A range that makes height mean something: from zero if nothing is below, up to the limit or the highest value."""
    known = [value for value in values if value is not None and isfinite(value)]
    if limit is not None and isfinite(limit):
        known.append(limit)
    if not known:
        return 0.0, 1.0
    low, high = min(0.0, *known), max(0.0, *known)
    return (low, high) if high > low else (low, low + 1.0)


def sparkline(
    values: Sequence[float | None],
    width: int,
    *,
    limit: float | None = None,
    above: bool = True,
    lo: float | None = None,
    hi: float | None = None,
    onset: int = -1,
) -> tuple[Cell, ...]:
    """``width`` cells, oldest first.

    ``limit`` splits good from bad (bad ``above`` it, or below); ``lo`` and ``hi`` fix the scale; ``onset`` is
    the index in ``values`` where the curve left its usual range. A value at ``lo`` still shows one eighth, a
    missing one is blank, and a single value is no taller than its place on the scale.
    """
    if width <= 0:
        return ()
    columns = bucket(values, width)
    low, high = scale(columns, limit)
    low, high = low if lo is None else lo, high if hi is None else hi
    span = high - low if high > low else 1.0
    steps = marks.bars()
    mark = _column(onset, len(values), width)
    cells = []
    for index, value in enumerate(columns):
        if value is None:
            cells.append(Cell(" ", False, index == mark))
            continue
        level = 1 + round(min(1.0, max(0.0, (value - low) / span)) * 7)
        beyond = limit is not None and (value > limit if above else value < limit)
        cells.append(Cell(steps[level], beyond, index == mark))
    return tuple(cells)


def _column(index: int, count: int, width: int) -> int:
    """The column in which value ``index`` of ``count`` is drawn, or -1."""
    if not 0 <= index < count:
        return -1
    if count <= width:
        return width - count + index
    # The bucket of column c starts at c * count // width.
    return min(width - 1, ((index + 1) * width - 1) // count)
