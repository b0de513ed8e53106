"""Evaluates the drill's PromQL over a grid of times, all at once; the formulas are those of Prometheus's engine."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from console.clock import Millis
from console.drill.matchers import Matcher
from console.drill.promql import COMPARISONS, Aggregate, Binary, Call, Expr, Number, Selector, type_of

LOOKBACK_MS = 300_000
"""How old the latest sample of an instant vector may be."""
NOTHING = math.nan
"""Stands where a series has no value; the series of the drill hold no NaN of their own."""


RangeFunction = Callable[[Sequence[float], float, float], float]
"""Of the samples in a range, and of the seconds from either end of the range to them."""


class EvaluationError(Exception):
    """The expression is well formed, but cannot be worked out."""


class Samples(Protocol):
    """One stored series on a regular grid."""

    labels: dict[str, str]
    values: array[float]
    base: Millis
    """Time of the first sample."""


class Store(Protocol):
    """What queries read."""

    step_ms: int

    def select(self, name: str, matchers: Sequence[Matcher]) -> Iterable[Samples]: ...


class Vector(Struct, frozen=True):
    """One series of a result: its labels and a value for each time asked."""

    labels: dict[str, str]
    values: list[float]


def evaluate(expr: Expr, store: Store, times: Sequence[Millis]) -> list[Vector]:
    """The expression at each time; a scalar is one vector without labels."""
    return _Evaluation(store, times).of(expr)


class _Evaluation:
    def __init__(self, store: Store, times: Sequence[Millis]) -> None:
        self._store = store
        self._times = times

    def of(self, expr: Expr) -> list[Vector]:
        if isinstance(expr, Number):
            return [Vector({}, [expr.value] * len(self._times))]
        if isinstance(expr, Selector):
            return self._latest(expr)
        if isinstance(expr, Aggregate):
            return self._aggregate(expr)
        if isinstance(expr, Call):
            return self._call(expr)
        return self._binary(expr)

    # Selectors

    def _latest(self, selector: Selector) -> list[Vector]:
        store, out = self._store, []
        for series in store.select(selector.name, selector.matchers):
            values, last = series.values, len(series.values) - 1
            row = []
            for time in self._times:
                time -= selector.offset_ms
                index = min((time - series.base) // store.step_ms, last)
                stale = time - (series.base + index * store.step_ms) > LOOKBACK_MS
                row.append(NOTHING if index < 0 or stale else values[index])
            out.append(Vector(dict(series.labels), row))
        return out

    def _over_range(
        self, selector: Selector, function: Callable[[Sequence[float], float, float], float]
    ) -> list[Vector]:
        """``function`` of the samples in (t − range, t], and the seconds from either end of the range to them."""
        store, out = self._store, []
        for series in store.select(selector.name, selector.matchers):
            values, row = series.values, []
            for time in self._times:
                end = time - selector.offset_ms - series.base
                first = max(0, (end - selector.range_ms) // store.step_ms + 1)
                last = min(len(values) - 1, end // store.step_ms)
                if last < first:
                    row.append(NOTHING)
                    continue
                before = (first * store.step_ms - (end - selector.range_ms)) / 1000
                after = (end - last * store.step_ms) / 1000
                row.append(function(values[first : last + 1], before, after))
            out.append(Vector(_nameless(series.labels), row))
        return out

    # Functions

    def _call(self, call: Call) -> list[Vector]:
        name, arguments = call.name, call.arguments
        if arguments and isinstance(arguments[0], Selector) and arguments[0].range_ms:
            return self._over_range(arguments[0], self._range_function(name, arguments[0].range_ms / 1000))
        if name == "time":
            return [Vector({}, [time / 1000 for time in self._times])]
        if name == "vector":
            return self.of(arguments[0])
        if name == "histogram_quantile":
            return _quantiles(self.of(arguments[0])[0].values, self.of(arguments[1]))
        vectors = self.of(arguments[0])
        if name == "abs":
            return [Vector(_nameless(v.labels), [abs(x) for x in v.values]) for v in vectors]
        bounds = self.of(arguments[1])[0].values
        pick = max if name == "clamp_min" else min
        return [
            Vector(_nameless(v.labels), [x if x != x else pick(x, b) for x, b in zip(v.values, bounds, strict=True)])
            for v in vectors
        ]

    def _range_function(self, name: str, range_s: float) -> RangeFunction:
        step_s = self._store.step_ms / 1000
        if name in ("rate", "increase"):
            per = range_s if name == "rate" else 1.0
            return lambda values, before, after: _change(values, before, after, step_s, counter=True) / per
        if name == "irate":
            return lambda values, *_: (values[-1] - values[-2]) / step_s if len(values) > 1 else NOTHING
        if name == "delta":
            return lambda values, before, after: _change(values, before, after, step_s, counter=False)
        plain: dict[str, Callable[[Sequence[float]], float]] = {
            "avg_over_time": lambda values: sum(values) / len(values),
            "min_over_time": min, "max_over_time": max, "sum_over_time": sum, "count_over_time": len,
        }  # fmt: skip
        function = plain[name]
        return lambda values, *_: float(function(values))

    # Aggregation and arithmetic

    def _aggregate(self, expr: Aggregate) -> list[Vector]:
        groups: dict[tuple[tuple[str, str], ...], list[list[float]]] = {}
        for vector in self.of(expr.body):
            labels = _nameless(vector.labels)
            kept = {k: v for k, v in labels.items() if (k in expr.labels) is not expr.without}
            groups.setdefault(tuple(sorted(kept.items())), []).append(vector.values)
        return [Vector(dict(key), _fold(expr.operator, rows)) for key, rows in sorted(groups.items())]

    def _binary(self, expr: Binary) -> list[Vector]:
        left, right = self.of(expr.left), self.of(expr.right)
        left_scalar, right_scalar = type_of(expr.left) == "scalar", type_of(expr.right) == "scalar"
        compare = expr.operator in COMPARISONS
        keep = compare and not expr.bool_modifier
        out = []
        for labels, one, other in _pairs(left, right, left_scalar, right_scalar):
            kept = other if keep and left_scalar else one
            values = [
                _combine(expr.operator, a, b, value if keep else None)
                for a, b, value in zip(one, other, kept, strict=True)
            ]
            out.append(Vector(dict(labels) if keep else _nameless(labels), values))
        return out


def _nameless(labels: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in labels.items() if name != "__name__"}


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


def _fold(operator: str, rows: list[list[float]]) -> list[float]:
    out = []
    for column in zip(*rows, strict=True):
        there = [x for x in column if x == x]
        if not there:
            out.append(NOTHING)
        elif operator in ("sum", "avg"):
            out.append(math.fsum(there) / (len(there) if operator == "avg" else 1))
        elif operator == "count":
            out.append(float(len(there)))
        else:
            out.append(max(there) if operator == "max" else min(there))
    return out


Pair = tuple[Mapping[str, str], list[float], list[float]]


def _pairs(left: list[Vector], right: list[Vector], left_scalar: bool, right_scalar: bool) -> list[Pair]:
    """Series of both sides that belong together: a scalar goes with all, a vector with its equal."""
    if right_scalar:
        return [(v.labels, v.values, right[0].values) for v in left]
    if left_scalar:
        return [(v.labels, left[0].values, v.values) for v in right]
    sides: list[dict[tuple[tuple[str, str], ...], Vector]] = []
    for side, name in ((left, "left"), (right, "right")):
        found: dict[tuple[tuple[str, str], ...], Vector] = {}
        for vector in side:
            key = tuple(sorted(_nameless(vector.labels).items()))
            if key in found:
                raise EvaluationError(f"found duplicate series for the match group on the {name} side of the operation")
            found[key] = vector
        sides.append(found)
    return [(v.labels, v.values, sides[1][key].values) for key, v in sides[0].items() if key in sides[1]]


def _combine(operator: str, a: float, b: float, kept: float | None) -> float:
    """One value; a comparison keeps ``kept`` or nothing, or gives 0 or 1 where ``kept`` is ``None``."""
    if a != a or b != b:
        return NOTHING
    if operator in COMPARISONS:
        met = {"==": a == b, "!=": a != b, ">": a > b, "<": a < b, ">=": a >= b, "<=": a <= b}[operator]
        return float(met) if kept is None else (kept if met else NOTHING)
    if operator == "+":
        return a + b
    if operator == "-":
        return a - b
    if operator == "*":
        return a * b
    if b == 0:
        return NOTHING if operator == "%" or a == 0 else math.copysign(math.inf, a)
    return a / b if operator == "/" else math.fmod(a, b)


def _quantiles(ranks: list[float], vectors: list[Vector]) -> list[Vector]:
    """The quantile of each set of buckets, linear inside the bucket it falls into."""
    groups: dict[tuple[tuple[str, str], ...], list[tuple[float, list[float]]]] = {}
    for vector in vectors:
        labels = _nameless(vector.labels)
        try:
            bound = float(labels.pop("le", "none").replace("+Inf", "inf"))
        except ValueError:
            continue
        groups.setdefault(tuple(sorted(labels.items())), []).append((bound, vector.values))
    out = []
    for key, buckets in sorted(groups.items()):
        buckets.sort(key=lambda bucket: bucket[0])
        bounds = [bound for bound, _ in buckets]
        columns = zip(*(values for _, values in buckets), strict=True)
        out.append(Vector(dict(key), [_quantile(q, bounds, c) for q, c in zip(ranks, columns, strict=True)]))
    return out


def _quantile(rank: float, bounds: Sequence[float], counts: Sequence[float]) -> float:
    if len(bounds) < 2 or bounds[-1] != math.inf or any(c != c for c in counts) or counts[-1] <= 0:
        return NOTHING
    if not 0 <= rank <= 1:
        return math.copysign(math.inf, rank)
    wanted = rank * counts[-1]
    index = next(i for i, count in enumerate(counts) if count >= wanted)
    if index == len(bounds) - 1:
        return bounds[-2]
    below, lower = (counts[index - 1], bounds[index - 1]) if index else (0.0, 0.0)
    if counts[index] <= below:
        return bounds[index]
    return lower + (bounds[index] - lower) * (wanted - below) / (counts[index] - below)
