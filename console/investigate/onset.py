"""Where a curve leaves its usual range: a robust change point, for the mark on a sparkline."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from console.model.metric import Curve, MetricQuery

_SIGMAS = 6.0
"""Robust standard deviations that count as unusual; 6 keeps daily noise of the drill world unmarked."""
_RUN = 3
"""Samples in a row that make an onset: a single spike is not one."""


def usual(values: Sequence[float]) -> tuple[float, float]:
    """Median and robust spread (1.4826 × median absolute deviation, at least 2 % of the median)."""
    middle = median(values)
    spread = 1.4826 * median(abs(v - middle) for v in values)
    return middle, max(spread, 0.02 * abs(middle), 1e-9)


def onset(curve: Curve) -> tuple[int, float | None]:
    """Time of the onset in ms (0 = none) and the usual value.

    The usual range is learned from the first third of the curve, at least 8 samples; the onset is the first sample of
    a run of three beyond six robust deviations, from which the curve has not come back to stay by its end.
    """
    known = [(i, v) for i, v in enumerate(curve.values) if v is not None]
    learn = max(8, len(known) // 3)
    if len(known) < learn + _RUN:
        return 0, median([v for _, v in known]) if known else None
    middle, spread = usual([v for _, v in known[:learn]])
    away = [abs(v - middle) > _SIGMAS * spread for _, v in known]
    if sum(away[-_RUN:]) < _RUN - 1:
        return 0, middle
    start = len(away)
    misses = 0
    for place in range(len(away) - 1, learn - 1, -1):
        if away[place]:
            start, misses = place, 0
        else:
            misses += 1
            if misses >= _RUN:
                break
    if start >= len(away):
        return 0, middle
    return curve.start + known[start][0] * curve.step_ms, middle


def breached(query: MetricQuery, value: float | None) -> bool:
    """Whether the last value is beyond the threshold."""
    if value is None or query.limit is None:
        return False
    return value > query.limit if query.above else value < query.limit
