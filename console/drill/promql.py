"""Reads the part of PromQL that the drill world evaluates; anything else is refused with its position.

Numbers, strings in matchers, selectors with matchers, ranges and ``offset``; the functions of ``FUNCTIONS``;
``sum avg min max count`` with ``by`` or ``without``; unary minus; ``+ - * / %`` and comparisons (with ``bool``) between
scalars, or vectors whose label sets are equal.
"""

from __future__ import annotations

import re

from msgspec import Struct

from console.drill.matchers import Matcher, unescape


class QueryError(Exception):
    """The expression is refused: position in it from 1, and why."""

    def __init__(self, position: int, what: str) -> None:
        super().__init__(f"1:{position}: parse error: {what}")


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


class Binary(Struct, frozen=True):
    operator: str
    left: Expr
    right: Expr
    bool_modifier: bool = False


Expr = Number | Selector | Call | Aggregate | Binary

FUNCTIONS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("rate", "increase", "irate", "delta"), ("range vector",)),
    **{f"{name}_over_time": ("range vector",) for name in ("avg", "min", "max", "sum", "count")},
    "histogram_quantile": ("scalar", "instant vector"),
    "abs": ("instant vector",),
    "clamp_min": ("instant vector", "scalar"),
    "clamp_max": ("instant vector", "scalar"),
    "vector": ("scalar",),
    "time": (),
}
"""Function → the types of its arguments."""
AGGREGATES = ("sum", "avg", "min", "max", "count")
COMPARISONS = ("==", "!=", ">=", "<=", ">", "<")
_PRIORITY = {"+": 2, "-": 2, "*": 3, "/": 3, "%": 3, **dict.fromkeys(COMPARISONS, 1)}
_TOKEN = re.compile(
    r"""\s*(?:(?P<duration>(?:\d+(?:ms|[smhdwy]))+)(?![\w.])
    |(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|(?i:inf|nan)\b)(?![\w.])
    |(?P<name>[A-Za-z_:][A-Za-z0-9_:]*)|(?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    |(?P<sign>=~|!~|!=|==|>=|<=|[-+*/%(){}\[\],=<>]))""",
    re.X,
)
_UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000, "y": 31_536_000_000}
MAX_DEPTH = 40


def parse(text: str) -> Expr:
    """The expression of a query; raises ``QueryError``."""
    if not text.strip():
        raise QueryError(1, "no expression found in input")
    parser = _Parser(text)
    expr = parser.expression(0)
    if parser.kind:
        raise parser.unexpected()
    return expr


def type_of(expr: Expr) -> str:
    """``scalar``, ``instant vector`` or ``range vector``."""
    if isinstance(expr, Number) or (isinstance(expr, Call) and expr.name == "time"):
        return "scalar"
    if isinstance(expr, Binary):
        both = type_of(expr.left) == type_of(expr.right) == "scalar"
        return "scalar" if both else "instant vector"
    return "range vector" if isinstance(expr, Selector) and expr.range_ms else "instant vector"


class _Parser:
    """One token ahead; ``kind`` is ``""`` at the end."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._next = 0
        self._depth = 0
        self.kind = self.word = ""
        self.at = 1
        self.advance()

    def advance(self) -> str:
        """Take the token; the word that was taken."""
        taken = self.word
        if not self._text[self._next :].strip():
            self.kind, self.word, self.at = "", "", len(self._text) + 1
            return taken
        match = _TOKEN.match(self._text, self._next)
        if not match:
            start = self._next + len(self._text[self._next :]) - len(self._text[self._next :].lstrip())
            char = self._text[start]
            what = "unterminated quoted string" if char in "\"'" else f"unexpected character: {char!r}"
            raise QueryError(start + 1, what)
        self.kind, self.word = match.lastgroup or "", match[match.lastgroup or ""]
        self.at, self._next = match.start(match.lastgroup or "") + 1, match.end()
        return taken

    def unexpected(self, where: str = "") -> QueryError:
        kind = {"name": "identifier", "sign": "character"}.get(self.kind, self.kind)
        what = f"unexpected {kind} {self.word!r}" if kind else "unexpected end of input"
        return QueryError(self.at, what + (f" in {where}" if where else ""))

    def take(self, word: str, where: str = "") -> None:
        if self.word != word or self.kind != "sign":
            raise self.unexpected(where)
        self.advance()

    def is_sign(self, *signs: str) -> bool:
        return self.kind == "sign" and self.word in signs

    def expression(self, floor: int) -> Expr:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise QueryError(self.at, f"nested deeper than {MAX_DEPTH} levels")
        left = self.unary()
        while self.kind == "sign" and _PRIORITY.get(self.word, 0) > floor:
            operator = self.advance()
            bool_modifier = operator in COMPARISONS and self.word == "bool"
            if bool_modifier:
                self.advance()
            left = self._binary(operator, left, self.expression(_PRIORITY[operator]), bool_modifier)
        self._depth -= 1
        return left

    def _binary(self, operator: str, left: Expr, right: Expr, bool_modifier: bool) -> Expr:
        for side in (left, right):
            if type_of(side) == "range vector":
                raise QueryError(self.at, "binary expression must contain only scalar and instant vector types")
        if operator in COMPARISONS and not bool_modifier and type_of(left) == type_of(right) == "scalar":
            raise QueryError(self.at, "comparisons between scalars must use BOOL modifier")
        return Binary(operator, left, right, bool_modifier)

    def unary(self) -> Expr:
        if self.is_sign("-", "+"):
            sign = self.advance()
            body = self.expression(_PRIORITY["*"])
            return body if sign == "+" else Binary("*", Number(-1.0), body)
        return self.primary()

    def primary(self) -> Expr:
        if self.is_sign("("):
            self.advance()
            inner = self.expression(0)
            if not self.is_sign(")"):
                raise QueryError(self.at, "unclosed left parenthesis") if not self.kind else self.unexpected()
            self.advance()
            return inner
        if self.kind == "number":
            return Number(float(self.advance()))
        if self.is_sign("{"):
            return self.selector("")
        if self.kind != "name":
            raise self.unexpected()
        at, name = self.at, self.advance()
        if name in AGGREGATES and (self.is_sign("(") or self.word in ("by", "without")):
            return self.aggregate(name)
        if self.is_sign("("):
            return self.call(name, at)
        return self.selector(name)

    def aggregate(self, operator: str) -> Expr:
        labels, without = self.grouping()
        self.take("(", "aggregation")
        body = self.expression(0)
        self.take(")", "aggregation")
        if self.word in ("by", "without"):
            labels, without = self.grouping()
        if type_of(body) != "instant vector":
            what = f"expected type instant vector in aggregation expression, got {type_of(body)}"
            raise QueryError(self.at, what)
        return Aggregate(operator, body, labels, without)

    def grouping(self) -> tuple[tuple[str, ...], bool]:
        if self.word not in ("by", "without"):
            return (), False
        without = self.advance() == "without"
        self.take("(", "grouping opts")
        labels = []
        while not self.is_sign(")"):
            if self.kind != "name":
                raise self.unexpected("grouping opts")
            labels.append(self.advance())
            if not self.is_sign(")"):
                self.take(",", "grouping opts")
        self.advance()
        return tuple(labels), without

    def call(self, name: str, at: int) -> Expr:
        if name not in FUNCTIONS:
            raise QueryError(at, f'unknown function with name "{name}"')
        self.advance()
        arguments: list[Expr] = []
        while not self.is_sign(")"):
            start = self.at
            arguments.append(self.expression(0))
            wanted = FUNCTIONS[name][len(arguments) - 1 : len(arguments)]
            if wanted and type_of(arguments[-1]) != wanted[0]:
                what = f'expected type {wanted[0]} in call to function "{name}", got {type_of(arguments[-1])}'
                raise QueryError(start, what)
            if not self.is_sign(")"):
                self.take(",", f"call to function {name}")
        self.advance()
        if len(arguments) != len(FUNCTIONS[name]):
            what = f'expected {len(FUNCTIONS[name])} argument(s) in call to "{name}", got {len(arguments)}'
            raise QueryError(at, what)
        return Call(name, tuple(arguments))

    def selector(self, name: str) -> Expr:
        matchers = self.matchers() if self.is_sign("{") else []
        for matcher in [m for m in matchers if m.name == "__name__" and not m.is_regex and m.is_equal]:
            name = matcher.value
            matchers.remove(matcher)
        if not name and all(m.matches({}) for m in matchers):
            raise QueryError(self.at, "vector selector must contain at least one non-empty matcher")
        range_ms = 0
        if self.is_sign("["):
            self.advance()
            range_ms = self.duration()
            self.take("]", "matrix selector")
        offset_ms = 0
        if self.kind == "name" and self.word == "offset":
            self.advance()
            offset_ms = self.duration()
        return Selector(name, tuple(matchers), range_ms, offset_ms)

    def matchers(self) -> list[Matcher]:
        self.advance()
        found = []
        while not self.is_sign("}"):
            if self.kind != "name":
                raise self.unexpected("label matching")
            name = self.advance()
            if not self.is_sign("=", "!=", "=~", "!~"):
                raise self.unexpected("label matching")
            sign, at = self.advance(), self.at
            if self.kind != "string":
                raise self.unexpected("label matching")
            found.append(Matcher(name, unescape(self.advance()[1:-1]), "~" in sign, sign[0] == "="))
            try:
                found[-1].check()
            except ValueError as error:
                raise QueryError(at, str(error)) from None
            if not self.is_sign("}"):
                self.take(",", "label matching")
        self.advance()
        return found

    def duration(self) -> int:
        if self.kind != "duration":
            raise QueryError(self.at, f"bad duration: {self.word!r}")
        parts = re.findall(r"(\d+)(ms|[smhdwy])", self.advance())
        total = sum(int(count) * _UNITS[unit] for count, unit in parts)
        if not 0 < total < 10**13:
            raise QueryError(self.at, "duration must be greater than 0 and less than 300 years")
        return total
