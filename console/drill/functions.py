"""The drill's PromQL functions of samples and of values; formulas as in Prometheus's ``promql/functions.go``."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

NOTHING = math.nan
"""Stands where a series has no value; the series of the drill hold no NaN of their own."""

RangeFunction = Callable[[Sequence[float], float, float], float]
"""Of the samples in a range, and of the seconds from either end of the range to them."""


def range_function(name: str, range_s: float, step_s: float, number: float = 0.0) -> RangeFunction:
    """The function of that name; ``number`` is the scalar that some take beside the range."""
    if name in ("rate", "increase"):
        per = range_s if name == "rate" else 1.0
        return lambda values, before, after: _change(values, before, after, step_s, counter=True) / per
    if name == "delta":
        return lambda values, before, after: _change(values, before, after, step_s, counter=False)
    if name in ("irate", "idelta"):
        per = step_s if name == "irate" else 1.0
        return lambda values, *_: (values[-1] - values[-2]) / per if len(values) > 1 else NOTHING
    if name == "deriv":
        return lambda values, *_: _line(values, step_s, 0.0)[0]
    if name == "predict_linear":
        return lambda values, _, after: _ahead(_line(values, step_s, after), number)
    if name == "quantile_over_time":
        return lambda values, *_: quantile(number, values)
    plain = _PLAIN[name]
    return lambda values, *_: float(plain(values))


def _change(values: Sequence[float], before: float, after: float, step_s: float, *, counter: bool) -> float:
    """Extrapolated as by Prometheus 3: to the ends of the range where samples come near them, no counter below 0."""
    if len(values) < 2:
        return NOTHING
    delta, seen = values[-1] - values[0], (len(values) - 1) * step_s
    near = step_s * 1.1
    if before >= near:
        before = step_s / 2
    if counter and delta > 0 and values[0] >= 0:
        before = min(before, seen * values[0] / delta)
    return delta * (seen + before + (after if after < near else step_s / 2)) / seen


def _line(values: Sequence[float], step_s: float, after: float) -> tuple[float, float]:
    """Least squares: slope a second, and the height ``after`` seconds past the last sample."""
    if len(values) < 2:
        return NOTHING, NOTHING
    mean_x, mean_y = (len(values) - 1) / 2, math.fsum(values) / len(values)
    across = math.fsum((x - mean_x) * (y - mean_y) for x, y in enumerate(values))
    slope = across / math.fsum((x - mean_x) ** 2 for x in range(len(values))) / step_s
    return slope, mean_y + slope * ((len(values) - 1 - mean_x) * step_s + after)


def _ahead(line: tuple[float, float], seconds: float) -> float:
    return line[1] + line[0] * seconds


def quantile(rank: float, values: Sequence[float]) -> float:
    """Between the two values that lie nearest to it."""
    if not values or rank != rank:
        return NOTHING
    if not 0 <= rank <= 1:
        return math.copysign(math.inf, rank)
    ordered = sorted(values)
    place = rank * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] * (1 - (place - low)) + ordered[high] * (place - low)


def variance(values: Sequence[float]) -> float:
    """Of all there is, not of a sample."""
    mean = math.fsum(values) / len(values)
    return math.fsum((x - mean) ** 2 for x in values) / len(values)


_PLAIN: dict[str, Callable[[Sequence[float]], float]] = {
    "avg_over_time": lambda values: math.fsum(values) / len(values),
    "min_over_time": min,
    "max_over_time": max,
    "sum_over_time": math.fsum,
    "count_over_time": len,
    "last_over_time": lambda values: values[-1],
    "present_over_time": lambda values: 1.0,
    "stdvar_over_time": variance,
    "stddev_over_time": lambda values: math.sqrt(variance(values)),
    "changes": lambda values: sum(a != b for a, b in pairwise(values)),
    "resets": lambda values: sum(b < a for a, b in pairwise(values)),
}


def _logarithm(base: float) -> Callable[[float], float]:
    def log(x: float) -> float:
        if x <= 0:
            return -math.inf if x == 0 else NOTHING
        return math.inf if x == math.inf else math.log2(x) / math.log2(base)

    return log


def _whole(function: Callable[[float], int]) -> Callable[[float], float]:
    return lambda x: x if math.isinf(x) else float(function(x))


def _exp(x: float) -> float:
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


OF_VALUE: dict[str, Callable[[float], float]] = {
    "abs": abs,
    "ceil": _whole(math.ceil),
    "floor": _whole(math.floor),
    "sqrt": lambda x: math.sqrt(x) if x >= 0 else NOTHING,
    "exp": _exp,
    "ln": _logarithm(math.e),
    "log2": _logarithm(2.0),
    "log10": _logarithm(10.0),
    "sgn": lambda x: math.copysign(1.0, x) if x else 0.0,
}
"""Functions of one value."""


def rounded(x: float, to: float) -> float:
    """To the nearest multiple of ``to``; halves go up."""
    if math.isinf(x) or to == 0:
        return x if to else NOTHING
    return math.floor(x / to + 0.5) * to if abs(x / to) < 1e15 else x


FOLDS: dict[str, Callable[[Sequence[float]], float]] = {
    "sum": math.fsum,
    "avg": lambda values: math.fsum(values) / len(values),
    "min": min,
    "max": max,
    "count": len,
    "group": lambda values: 1.0,
    "stdvar": variance,
    "stddev": lambda values: math.sqrt(variance(values)),
}
"""Aggregations of the values that are there."""


def of_buckets(rank: float, bounds: Sequence[float], counts: Sequence[float]) -> float:
    """The quantile of a set of buckets, linear inside the one it falls into."""
    if len(bounds) < 2 or bounds[-1] != math.inf or any(c != c for c in counts) or counts[-1] <= 0:
        return NOTHING
    if not 0 <= rank <= 1:
        return math.copysign(math.inf, rank) if rank == rank else NOTHING
    wanted = rank * counts[-1]
    index = next(i for i, count in enumerate(counts) if count >= wanted)
    if index == len(bounds) - 1:
        return bounds[-2]
    below, lower = (counts[index - 1], bounds[index - 1]) if index else (0.0, 0.0)
    if counts[index] <= below:
        return bounds[index]
    return lower + (bounds[index] - lower) * (wanted - below) / (counts[index] - below)
