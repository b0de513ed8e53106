"""Two vectors in one expression: which series belong together, and what comes of their values."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from msgspec import Struct

from console.drill.functions import NOTHING
from console.drill.syntax import COMPARISONS, SETS, Binary, Matching, type_of


class EvaluationError(Exception):
    """The expression is well formed, but cannot be worked out."""


class Vector(Struct, frozen=True):
    """One series of a result: its labels and a value for each time asked."""

    labels: dict[str, str]
    values: list[float]


Key = tuple[tuple[str, str], ...]


def nameless(labels: Mapping[str, str]) -> dict[str, str]:
    """The labels without the metric's name."""
    return {name: value for name, value in labels.items() if name != "__name__"}


def join(expr: Binary, left: list[Vector], right: list[Vector]) -> list[Vector]:
    """The result of a binary expression over the vectors of its sides."""
    if expr.operator in SETS:
        return _merged(_set(expr, left, right))
    if type_of(expr.right) == "scalar":
        return [_combined(expr, v.labels, v.values, right[0].values, v.values) for v in left]
    if type_of(expr.left) == "scalar":
        return [_combined(expr, v.labels, left[0].values, v.values, v.values) for v in right]
    return _merged(_pairs(expr, left, right))


def _combined(
    expr: Binary, labels: Mapping[str, str], one: list[float], other: list[float], kept: list[float]
) -> Vector:
    """A comparison keeps ``kept`` where it holds; with ``bool``, and for arithmetic, the metric's name goes."""
    keep = expr.operator in COMPARISONS and not expr.bool_modifier
    rows = zip(one, other, kept, strict=True)
    values = [_value(expr.operator, a, b, value if keep else None) for a, b, value in rows]
    return Vector(dict(labels) if keep else nameless(labels), values)


def _key(labels: Mapping[str, str], matching: Matching) -> Key:
    """What two series must share to belong together."""
    return tuple(sorted((k, v) for k, v in nameless(labels).items() if (k in matching.labels) is matching.on))


def _pairs(expr: Binary, left: list[Vector], right: list[Vector]) -> list[Vector]:
    matching = expr.matching
    mirrored = matching.many == "right"
    many, ones = (right, left) if mirrored else (left, right)
    single = _single(ones, matching, "left" if mirrored else "right")
    if not matching.many:
        _single(many, matching, "left")
    out = []
    for vector in many:
        one = single.get(_key(vector.labels, matching))
        if one is None:
            continue
        sides = (one.values, vector.values) if mirrored else (vector.values, one.values)
        made = _combined(expr, vector.labels, *sides, sides[0])
        out.append(Vector(_labels(made.labels, one, matching), made.values))
    return out


def _single(vectors: list[Vector], matching: Matching, side: str) -> dict[Key, Vector]:
    found: dict[Key, Vector] = {}
    for vector in vectors:
        key = _key(vector.labels, matching)
        if key in found:
            raise EvaluationError(f"found duplicate series for the match group on the {side} side of the operation")
        found[key] = vector
    return found


def _labels(labels: dict[str, str], one: Vector, matching: Matching) -> dict[str, str]:
    """One to one, what was matched by stays; of many to one, all labels stay, and those of ``include`` come."""
    if matching.many:
        for name in matching.include:
            labels.pop(name, None)
            if name in one.labels:
                labels[name] = one.labels[name]
        return labels
    if matching.on:
        return {k: v for k, v in labels.items() if k in matching.labels}
    return {k: v for k, v in labels.items() if k not in matching.labels}


def _set(expr: Binary, left: list[Vector], right: list[Vector]) -> list[Vector]:
    """``and``, ``or``, ``unless``: series of one side, where the other has, or has not, one that belongs to them."""
    there: dict[Key, list[bool]] = {}
    for vector in left if expr.operator == "or" else right:
        marks = there.setdefault(_key(vector.labels, expr.matching), [False] * len(vector.values))
        for index, value in enumerate(vector.values):
            marks[index] = marks[index] or value == value
    wanted = expr.operator == "and"

    def sifted(vector: Vector) -> Vector:
        marks = there.get(_key(vector.labels, expr.matching), [False] * len(vector.values))
        rows = zip(vector.values, marks, strict=True)
        return Vector(vector.labels, [value if mark is wanted else NOTHING for value, mark in rows])

    return [*left, *map(sifted, right)] if expr.operator == "or" else [sifted(vector) for vector in left]


def _merged(vectors: list[Vector]) -> list[Vector]:
    """Series of equal labels in one; two values at one time are an error."""
    out: dict[Key, Vector] = {}
    for vector in vectors:
        key = tuple(sorted(vector.labels.items()))
        if key not in out:
            out[key] = vector
            continue
        both = list(zip(out[key].values, vector.values, strict=True))
        if any(a == a and b == b for a, b in both):
            raise EvaluationError("multiple matches for labels: grouping labels must ensure unique matches")
        out[key] = Vector(vector.labels, [a if a == a else b for a, b in both])
    return list(out.values())


_COMPARED: dict[str, Callable[[float, float], bool]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    ">": lambda a, b: a > b,
    "<": lambda a, b: a < b,
    ">=": lambda a, b: a >= b,
    "<=": lambda a, b: a <= b,
}


def _value(operator: str, a: float, b: float, kept: float | None) -> float:
    """One value; a comparison keeps ``kept`` or nothing, or gives 0 or 1 where ``kept`` is ``None``."""
    if a != a or b != b:
        return NOTHING
    if operator in COMPARISONS:
        met = _COMPARED[operator](a, b)
        return float(met) if kept is None else (kept if met else NOTHING)
    if operator in "+-*":
        return a + b if operator == "+" else a - b if operator == "-" else a * b
    return _power(a, b) if operator == "^" else _divided(operator, a, b)


def _power(a: float, b: float) -> float:
    try:
        return math.pow(a, b)
    except OverflowError:
        return -math.inf if a < 0 and b % 2 == 1 else math.inf
    except ValueError:
        return math.inf if a == 0 else NOTHING


def _divided(operator: str, a: float, b: float) -> float:
    if b == 0:
        return NOTHING if operator == "%" or a == 0 else math.copysign(math.inf, a)
    if operator == "/":
        return a / b
    return NOTHING if math.isinf(a) else math.fmod(a, b)
