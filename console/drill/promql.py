"""Reads the part of PromQL that the drill world evaluates; anything else is refused with its position.

Numbers, strings in matchers, selectors with matchers, ranges and ``offset``; the functions and aggregations of
``syntax.py`` with ``by`` or ``without``; unary minus; ``+ - * / % ^``, comparisons (with ``bool``), ``and or unless``,
with ``on``, ``ignoring``, ``group_left`` and ``group_right``. There are no subqueries, no ``@`` and no other strings.
"""

from __future__ import annotations

import re

from console.drill.matchers import Matcher, unescape
from console.drill.syntax import (
    AGGREGATES,
    COMPARISONS,
    FUNCTIONS,
    PARAMETERS,
    SETS,
    Aggregate,
    Binary,
    Call,
    Expr,
    Matching,
    Number,
    Selector,
    type_of,
)


class QueryError(Exception):
    """The expression is refused: position in it from 1, and why."""

    def __init__(self, position: int, what: str) -> None:
        super().__init__(f"1:{position}: parse error: {what}")


_PRIORITY = {"or": 1, "and": 2, "unless": 2, "+": 4, "-": 4, "*": 5, "/": 5, "%": 5, "^": 6}
_PRIORITY |= dict.fromkeys(COMPARISONS, 3)
_TOKEN = re.compile(
    r"""\s*(?:(?P<duration>(?:\d+(?:ms|[smhdwy]))+)(?![\w.])
    |(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|(?i:inf|nan)\b)(?![\w.])
    |(?P<name>[A-Za-z_:][A-Za-z0-9_:]*)|(?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    |(?P<sign>=~|!~|!=|==|>=|<=|[-+*/%^(){}\[\],=<>]))""",
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

    def said(self, *words: str) -> bool:
        """Whether the token is one of these words, which are read in capitals too."""
        return self.kind == "name" and self.word.lower() in words

    def operator(self) -> str:
        """The operator at hand, ``""`` if there is none."""
        return self.word.lower() if self.kind == "sign" or self.said(*SETS) else ""

    def expression(self, floor: int) -> Expr:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise QueryError(self.at, f"nested deeper than {MAX_DEPTH} levels")
        left = self.unary()
        while _PRIORITY.get(self.operator(), 0) > floor:
            operator = self.advance().lower()
            bool_modifier = operator in COMPARISONS and self.said("bool")
            if bool_modifier:
                self.advance()
            matching = self.matching(operator)
            # A power binds to the right.
            right = self.expression(_PRIORITY[operator] - (operator == "^"))
            left = self._binary(Binary(operator, left, right, bool_modifier, matching))
        self._depth -= 1
        return left

    def matching(self, operator: str) -> Matching:
        """``on (…)`` or ``ignoring (…)``, then ``group_left (…)`` or ``group_right (…)``."""
        if not self.said("on", "ignoring"):
            return Matching()
        on = self.advance().lower() == "on"
        labels = self.labels()
        if not self.said("group_left", "group_right"):
            return Matching(labels, on)
        if operator in SETS:
            raise QueryError(self.at, f'no grouping allowed for "{operator}" operation')
        many = self.advance().lower().removeprefix("group_")
        return Matching(labels, on, many, self.labels() if self.is_sign("(") else ())

    def _binary(self, made: Binary) -> Expr:
        types = type_of(made.left), type_of(made.right)
        if "range vector" in types:
            raise QueryError(self.at, "binary expression must contain only scalar and instant vector types")
        if made.operator in COMPARISONS and not made.bool_modifier and types == ("scalar", "scalar"):
            raise QueryError(self.at, "comparisons between scalars must use BOOL modifier")
        if made.operator in SETS and "scalar" in types:
            raise QueryError(self.at, f'set operator "{made.operator}" not allowed in binary scalar expression')
        if made.matching != Matching() and "scalar" in types:
            raise QueryError(self.at, "vector matching only allowed between instant vectors")
        return made

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
        if name.lower() in AGGREGATES and (self.is_sign("(") or self.said("by", "without")):
            return self.aggregate(name.lower(), at)
        if self.is_sign("("):
            return self.call(name, at)
        return self.selector(name)

    def aggregate(self, operator: str, at: int) -> Expr:
        labels, without = self.grouping()
        self.take("(", "aggregation")
        found = [self.expression(0)]
        while self.is_sign(","):
            self.advance()
            found.append(self.expression(0))
        self.take(")", "aggregation")
        wanted = 2 if operator in PARAMETERS else 1
        if len(found) != wanted:
            what = f"wrong number of arguments for aggregate expression provided, expected {wanted}, got {len(found)}"
            raise QueryError(at, what)
        if self.said("by", "without"):
            labels, without = self.grouping()
        for expr, kind in zip(reversed(found), ("instant vector", "scalar"), strict=False):
            if type_of(expr) != kind:
                where = "expression" if kind == "instant vector" else "parameter"
                raise QueryError(at, f"expected type {kind} in aggregation {where}, got {type_of(expr)}")
        return Aggregate(operator, found[-1], labels, without, found[0] if wanted == 2 else None)

    def grouping(self) -> tuple[tuple[str, ...], bool]:
        if not self.said("by", "without"):
            return (), False
        without = self.advance().lower() == "without"
        return self.labels(), without

    def labels(self) -> tuple[str, ...]:
        """Names of labels in parentheses."""
        self.take("(", "grouping opts")
        labels = []
        while not self.is_sign(")"):
            if self.kind != "name":
                raise self.unexpected("grouping opts")
            labels.append(self.advance())
            if not self.is_sign(")"):
                self.take(",", "grouping opts")
        self.advance()
        return tuple(labels)

    def call(self, name: str, at: int) -> Expr:
        if name not in FUNCTIONS:
            raise QueryError(at, f'unknown function with name "{name}"')
        self.advance()
        arguments: list[Expr] = []
        while not self.is_sign(")"):
            start = self.at
            arguments.append(self.expression(0))
            wanted = "".join(FUNCTIONS[name][len(arguments) - 1 : len(arguments)]).rstrip("?")
            if wanted and type_of(arguments[-1]) != wanted:
                what = f'expected type {wanted} in call to function "{name}", got {type_of(arguments[-1])}'
                raise QueryError(start, what)
            if not self.is_sign(")"):
                self.take(",", f"call to function {name}")
        self.advance()
        most = len(FUNCTIONS[name])
        if not sum(not kind.endswith("?") for kind in FUNCTIONS[name]) <= len(arguments) <= most:
            what = f'expected {most} argument(s) in call to "{name}", got {len(arguments)}'
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
        if self.said("offset"):
            self.advance()
            ahead = self.is_sign("-")
            if ahead:
                self.advance()
            offset_ms = -self.duration() if ahead else self.duration()
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
