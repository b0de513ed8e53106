"""What a PromQL expression is once it is read, and which functions and aggregations there are."""

from __future__ import annotations

from msgspec import Struct

from console.drill.matchers import Matcher


class Number(Struct, frozen=True):
    value: float


class Selector(Struct, frozen=True):
    name: str
    matchers: tuple[Matcher, ...]
    range_ms: int = 0
    """0: the latest sample; else all of this long."""
    offset_ms: int = 0


class Call(Struct, frozen=True):
    name: str
    arguments: tuple[Expr, ...]


class Aggregate(Struct, frozen=True):
    operator: str
    body: Expr
    labels: tuple[str, ...]
    without: bool
    parameter: Expr | None = None
    """How many, or which quantile."""


class Matching(Struct, frozen=True):
    """Which series of two vectors belong together."""

    labels: tuple[str, ...] = ()
    on: bool = False
    """By these labels alone; else by all but these."""
    many: str = ""
    """``left`` or ``right``: the side of which several series may go with one of the other."""
    include: tuple[str, ...] = ()
    """Labels that the one gives to the many."""


class Binary(Struct, frozen=True):
    operator: str
    left: Expr
    right: Expr
    bool_modifier: bool = False
    matching: Matching = Matching()


Expr = Number | Selector | Call | Aggregate | Binary

_RANGE, _INSTANT, _SCALAR = "range vector", "instant vector", "scalar"
FUNCTIONS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("rate", "increase", "irate", "delta", "idelta", "deriv", "changes", "resets"), (_RANGE,)),
    **{
        f"{name}_over_time": (_RANGE,)
        for name in ("avg", "min", "max", "sum", "count", "last", "present", "stddev", "stdvar")
    },
    "quantile_over_time": (_SCALAR, _RANGE),
    "predict_linear": (_RANGE, _SCALAR),
    "histogram_quantile": (_SCALAR, _INSTANT),
    **dict.fromkeys(("abs", "ceil", "floor", "sqrt", "exp", "ln", "log2", "log10", "sgn"), (_INSTANT,)),
    **dict.fromkeys(("sort", "sort_desc", "absent", "scalar", "timestamp"), (_INSTANT,)),
    "round": (_INSTANT, "scalar?"),
    "clamp": (_INSTANT, _SCALAR, _SCALAR),
    "clamp_min": (_INSTANT, _SCALAR),
    "clamp_max": (_INSTANT, _SCALAR),
    "vector": (_SCALAR,),
    "time": (),
}
"""Function → the types of its arguments; ``?`` = may be left out."""
AGGREGATES = ("sum", "avg", "min", "max", "count", "group", "stddev", "stdvar", "topk", "bottomk", "quantile")
PARAMETERS = ("topk", "bottomk", "quantile")
"""Aggregations with a number before their body."""
COMPARISONS = ("==", "!=", ">=", "<=", ">", "<")
SETS = ("and", "or", "unless")


def type_of(expr: Expr) -> str:
    """``scalar``, ``instant vector`` or ``range vector``."""
    if isinstance(expr, Number) or (isinstance(expr, Call) and expr.name in ("time", "scalar")):
        return _SCALAR
    if isinstance(expr, Binary):
        both = type_of(expr.left) == type_of(expr.right) == _SCALAR
        return _SCALAR if both else _INSTANT
    return _RANGE if isinstance(expr, Selector) and expr.range_ms else _INSTANT
