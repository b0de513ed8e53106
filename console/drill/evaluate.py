"""Evaluates the drill's PromQL over a grid of times, all at once; the formulas are those of Prometheus's engine."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Sequence
from typing import Protocol

from console.clock import Millis
from console.drill.functions import (
    FOLDS,
    NOTHING,
    OF_VALUE,
    RangeFunction,
    of_buckets,
    quantile,
    range_function,
    rounded,
)
from console.drill.joining import EvaluationError, Vector, join, nameless
from console.drill.matchers import Matcher
from console.drill.syntax import Aggregate, Call, Expr, Number, Selector

__all__ = ["EvaluationError", "Samples", "Store", "Vector", "evaluate"]

LOOKBACK_MS = 300_000
"""How old the latest sample of an instant vector may be."""


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
        return join(expr, self.of(expr.left), self.of(expr.right))

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

    def _over_range(self, selector: Selector, function: RangeFunction, *, named: bool) -> list[Vector]:
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
            out.append(Vector(dict(series.labels) if named else nameless(series.labels), row))
        return out

    # Functions

    def _call(self, call: Call) -> list[Vector]:
        name, arguments = call.name, call.arguments
        for selector in arguments:
            if isinstance(selector, Selector) and selector.range_ms:
                number = [self._number(a) for a in arguments if a is not selector]
                function = range_function(name, selector.range_ms / 1000, self._store.step_ms / 1000, *number)
                return self._over_range(selector, function, named=name == "last_over_time")
        if name == "time":
            return [Vector({}, [time / 1000 for time in self._times])]
        if name == "vector":
            return self.of(arguments[0])
        if name == "histogram_quantile":
            return _quantiles(self.of(arguments[0])[0].values, self.of(arguments[1]))
        if name == "timestamp" and isinstance(arguments[0], Selector):
            return self._sampled(arguments[0])
        vectors = self.of(arguments[0])
        if name == "scalar":
            return [Vector({}, _only(vectors, len(self._times)))]
        if name == "absent":
            return [Vector(_told(arguments[0]), _absent(vectors, len(self._times)))]
        if name in ("sort", "sort_desc"):
            return _sorted(vectors, down=name == "sort_desc")
        return self._of_values(name, vectors, [self.of(a)[0].values for a in arguments[1:]])

    def _number(self, expr: Expr) -> float:
        """A scalar that must be the same at all times."""
        values = self.of(expr)[0].values
        if any(v != values[0] for v in values) and values[0] == values[0]:
            raise EvaluationError("the drill takes only a constant number there")
        return values[0]

    def _sampled(self, selector: Selector) -> list[Vector]:
        """When the latest sample of each series was taken, in seconds."""
        step, out = self._store.step_ms, []
        bases = [series.base for series in self._store.select(selector.name, selector.matchers)]
        for base, vector in zip(bases, self._latest(selector), strict=True):
            at = [(t - selector.offset_ms - base) // step * step + base for t in self._times]
            times = [t / 1000 if v == v else NOTHING for t, v in zip(at, vector.values, strict=True)]
            out.append(Vector(nameless(vector.labels), times))
        return out

    def _of_values(self, name: str, vectors: list[Vector], bounds: list[list[float]]) -> list[Vector]:
        """A function of each value, and of one or two scalars at its time."""
        if name == "round" and not bounds:
            bounds = [[1.0] * len(self._times)]
        columns = list(zip(*bounds, strict=True)) or [()] * len(self._times)
        function = OF_VALUE.get(name)
        out = []
        for vector in vectors:
            rows = zip(vector.values, columns, strict=True)
            values = [x if x != x else function(x) if function else _bounded(name, x, *b) for x, b in rows]
            out.append(Vector(nameless(vector.labels), values))
        return out

    # Aggregation

    def _aggregate(self, expr: Aggregate) -> list[Vector]:
        groups: dict[tuple[tuple[str, str], ...], list[Vector]] = {}
        for vector in self.of(expr.body):
            labels = nameless(vector.labels)
            kept = {k: v for k, v in labels.items() if (k in expr.labels) is not expr.without}
            groups.setdefault(tuple(sorted(kept.items())), []).append(vector)
        numbers = self.of(expr.parameter)[0].values if expr.parameter is not None else [0.0] * len(self._times)
        if expr.operator in ("topk", "bottomk"):
            sign = -1.0 if expr.operator == "topk" else 1.0
            return [one for _, group in sorted(groups.items(), key=_first) for one in _best(group, numbers, sign)]
        out = []
        for key, group in sorted(groups.items(), key=_first):
            columns = zip(*(v.values for v in group), strict=True)
            values = [_fold(expr.operator, n, column) for n, column in zip(numbers, columns, strict=True)]
            out.append(Vector(dict(key), values))
        return out


def _first(pair: tuple[tuple[tuple[str, str], ...], object]) -> tuple[tuple[str, str], ...]:
    return pair[0]


def _fold(operator: str, number: float, column: Sequence[float]) -> float:
    there = [x for x in column if x == x]
    if not there:
        return NOTHING
    return quantile(number, there) if operator == "quantile" else float(FOLDS[operator](there))


def _best(group: list[Vector], counts: list[float], sign: float) -> list[Vector]:
    """At each time the series with the largest or smallest values, as many as asked for; the best now comes first."""
    kept = [[NOTHING] * len(counts) for _ in group]
    for at, count in enumerate(counts):
        there = sorted((sign * v.values[at], n) for n, v in enumerate(group) if v.values[at] == v.values[at])
        for _, n in there[: max(0, int(min(count, 1e6)) if count == count else 0)]:
            kept[n][at] = group[n].values[at]
    found = [Vector(v.labels, values) for v, values in zip(group, kept, strict=True) if any(x == x for x in values)]
    return _sorted(found, down=sign < 0)


def _sorted(vectors: list[Vector], *, down: bool) -> list[Vector]:
    """By the last value; those without one come last."""
    sign = -1.0 if down else 1.0
    return sorted(vectors, key=lambda v: sign * v.values[-1] if v.values and v.values[-1] == v.values[-1] else math.inf)


def _only(vectors: list[Vector], count: int) -> list[float]:
    """At each time the one value that is there, nothing where there are more."""
    columns = [[v.values[at] for v in vectors if v.values[at] == v.values[at]] for at in range(count)]
    return [column[0] if len(column) == 1 else NOTHING for column in columns]


def _absent(vectors: list[Vector], count: int) -> list[float]:
    return [NOTHING if any(v.values[at] == v.values[at] for v in vectors) else 1.0 for at in range(count)]


def _told(expr: Expr) -> dict[str, str]:
    """The labels that a selector says its series would have."""
    equal = [m for m in expr.matchers if m.is_equal and not m.is_regex] if isinstance(expr, Selector) else []
    names = [m.name for m in equal]
    return {m.name: m.value for m in equal if names.count(m.name) == 1}


def _bounded(name: str, x: float, low: float, high: float = math.inf) -> float:
    if name == "round":
        return rounded(x, low)
    if name == "clamp_max":
        return min(x, low)
    return max(low, min(high, x)) if low <= high else NOTHING


def _quantiles(ranks: list[float], vectors: list[Vector]) -> list[Vector]:
    """The quantile of each set of buckets."""
    groups: dict[tuple[tuple[str, str], ...], list[tuple[float, list[float]]]] = {}
    for vector in vectors:
        labels = nameless(vector.labels)
        try:
            bound = float(labels.pop("le", "none").replace("+Inf", "inf"))
        except ValueError:
            continue
        groups.setdefault(tuple(sorted(labels.items())), []).append((bound, vector.values))
    out = []
    for key, buckets in sorted(groups.items(), key=_first):
        buckets.sort(key=lambda bucket: bucket[0])
        bounds = [bound for bound, _ in buckets]
        columns = zip(*(values for _, values in buckets), strict=True)
        out.append(Vector(dict(key), [of_buckets(q, bounds, c) for q, c in zip(ranks, columns, strict=True)]))
    return out
