"""The drill's PromQL: what it reads, what it refuses, and what comes out."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.drill.evaluate import EvaluationError, Vector, evaluate
from console.drill.matchers import Matcher, all_match
from console.drill.promql import QueryError, parse
from console.drill.syntax import Aggregate, Binary, Call, Matching, Number, Selector


class Row:
    def __init__(self, labels: dict[str, str], values: Sequence[float]) -> None:
        self.labels, self.values, self.base = labels, array("d", values), 0


class Shelf:
    """Series on a grid of 10 s from 0 on."""

    step_ms = 10_000

    def __init__(self, *rows: Row) -> None:
        self._rows = rows

    def select(self, name: str, matchers: Sequence[Matcher]) -> list[Row]:
        return [r for r in self._rows if name in ("", r.labels["__name__"]) and all_match(matchers, r.labels)]


def row(name: str, values: Sequence[float], **labels: str) -> Row:
    return Row({"__name__": name, **labels}, values)


SHELF = Shelf(
    row("made", [3.0 * n for n in range(31)], shop="a", kind="x"),
    row("made", [1.0 * n for n in range(31)], shop="b", kind="x"),
    row("made", [2.0 * n for n in range(31)], shop="b", kind="y"),
    row("level", [float(n % 5) for n in range(31)], shop="a"),
    row("level", [10.0] * 31, shop="b"),
    row("limit", [4.0] * 31, shop="a"),
    row("limit", [5.0] * 31, shop="c"),
    *(row("t_bucket", [10.0 * n * c for n in range(31)], le=le) for le, c in (("0.1", 5), ("1", 9), ("+Inf", 10))),
)


def at(text: str, seconds: int = 300) -> dict[tuple[tuple[str, str], ...], float]:
    vectors: list[Vector] = evaluate(parse(text), SHELF, [seconds * 1000])
    return {tuple(sorted(v.labels.items())): v.values[0] for v in vectors if not math.isnan(v.values[0])}


def one(text: str, seconds: int = 300) -> float:
    (value,) = at(text, seconds).values()
    return value


def test_a_tree_is_what_was_written() -> None:
    got = parse('sum by (shop) (rate(made{kind!~"z.*"}[5m] offset 1h30m)) / 2 > bool 1')
    selector = Selector("made", (Matcher("kind", "z.*", True, False),), 300_000, 5_400_000)
    total = Aggregate("sum", Call("rate", (selector,)), ("shop",), False)
    assert got == Binary(">", Binary("/", total, Number(2.0)), Number(1.0), True)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3", 7.0),
        ("(1 + 2) * 3", 9.0),
        ("8 / 4 / 2", 1.0),
        ("-2 * -3", 6.0),
        ("1e3 % 7", 6.0),
        ("1 > bool 2", 0.0),
        ("1 / 0", math.inf),
        ("time()", 300.0),
        ('made{shop="a"}', 90.0),
        ('made{shop="a"} offset 1m', 72.0),
        ('rate(made{shop="a"}[1m])', 0.3),
        ('increase(made{shop="a"}[1m])', 18.0),
        ('irate(made{shop="a"}[1m])', 0.3),
        ('delta(level{shop="a"}[40s])', -2.0 * 4 / 3),
        ('avg_over_time(level{shop="a"}[50s])', 2.0),
        ('max_over_time(level{shop="a"}[50s])', 4.0),
        ('count_over_time(level{shop="a"}[50s])', 5.0),
        ("sum(made)", 180.0),
        ("count(made)", 3.0),
        ("avg without (shop, kind) (made)", 60.0),
        ('max(made) by (kind) - min(made) by (kind) * 0 - made{shop="none"}', None),
        ("histogram_quantile(0.5, rate(t_bucket[1m]))", 0.1),
        ("histogram_quantile(0.7, sum by (le) (rate(t_bucket[1m])))", 0.55),
        ("histogram_quantile(0.99, t_bucket)", 1.0),
        ("level / limit", 0.0),
        ("clamp_max(limit{shop='c'}, 3)", 3.0),
        ("vector(3)", 3.0),
        ("2 ^ 3 ^ 2", 512.0),
        ("-2 ^ 2", -4.0),
        ("SUM(made) BY (nothing)", 180.0),
        ("quantile(0.5, made)", 60.0),
        ("quantile(0.75, made)", 75.0),
        ("stddev(made)", 24.494897427831781),
        ("group(made)", 1.0),
        ("count(topk(2, made))", 2.0),
        ("sum(bottomk(2, made))", 90.0),
        ("sum(topk by (shop) (1, made))", 150.0),
        ("topk(0, made)", None),
        ('made{shop="a"} offset -1m', 90.0),
        ('predict_linear(made{shop="a"}[1m], 100)', 120.0),
        ('deriv(made{shop="a"}[1m])', 0.3),
        ('changes(level{shop="a"}[50s])', 4.0),
        ('resets(level{shop="a"}[50s])', 1.0),
        ('quantile_over_time(0.5, level{shop="a"}[50s])', 2.0),
        ('stddev_over_time(level{shop="a"}[50s])', math.sqrt(2)),
        ("scalar(level{shop='b'}) + 1", 11.0),
        ("round(vector(2.5))", 3.0),
        ("round(vector(2.34), 0.1)", 2.3),
        ("clamp(vector(7), 1, 5)", 5.0),
        ("clamp_min(vector(-7), 1)", 1.0),
        ("ceil(vector(1.2)) + floor(vector(1.8))", 3.0),
        ("sum(level and on (shop) limit)", 0.0),
        ("sum(level unless on (shop) limit)", 10.0),
        ("sum(level or limit)", 15.0),
        ("count(level > 99) or vector(0)", 0.0),
        ("absent(nowhere)", 1.0),
        ("absent(level)", None),
        ("timestamp(limit{shop='c'})", 300.0),
        ("level / ignoring (shop) group_left () sum(limit) > 1", 10 / 9),
        ("level / on (shop) limit", 0.0),
    ],
)
def test_values(text: str, value: float | None) -> None:
    if value is None:
        assert at(text) == {}
    else:
        assert one(text) == pytest.approx(value)


def test_labels_of_results() -> None:
    assert set(at("made")) == {
        (("__name__", "made"), ("kind", "x"), ("shop", "a")),
        (("__name__", "made"), ("kind", "x"), ("shop", "b")),
        (("__name__", "made"), ("kind", "y"), ("shop", "b")),
    }
    assert at("sum by (shop) (made)") == {(("shop", "a"),): 90.0, (("shop", "b"),): 90.0}
    assert at("level > 5") == {(("__name__", "level"), ("shop", "b")): 10.0}
    assert at("level >= bool 10") == {(("shop", "a"),): 0.0, (("shop", "b"),): 1.0}
    assert at("topk(1, made)") == {(("__name__", "made"), ("kind", "x"), ("shop", "a")): 90.0}
    assert at("made / on (shop) group_left (owner) limit") == {(("kind", "x"), ("shop", "a")): 22.5}
    assert at("last_over_time(limit{shop='c'}[1m])") == {(("__name__", "limit"), ("shop", "c")): 5.0}
    assert at('absent(nowhere{shop="a",kind=~"x"})') == {(("shop", "a"),): 1.0}
    assert [v.values for v in evaluate(parse("topk(3, made)"), SHELF, [300_000])] == [[90.0], [60.0], [30.0]]
    assert [v.values for v in evaluate(parse("sort(made)"), SHELF, [300_000])] == [[30.0], [60.0], [90.0]]
    assert at("100 - level{shop='b'}") == {(("shop", "b"),): 90.0}


def test_what_is_too_old_or_not_yet_is_absent() -> None:
    assert at("level", seconds=300 + 300) != {}
    assert at("level", seconds=300 + 301) == {}
    assert at("level offset 1h") == {}
    assert at("rate(made[5s])") == {}


def test_an_alternative_fills_the_gaps_of_what_it_stands_for() -> None:
    (found,) = evaluate(parse("sum(level > 5 and level < 0) or vector(7)"), SHELF, [0, 300_000])
    assert found == Vector({}, [7.0, 7.0])
    (mixed,) = evaluate(parse('sum(level{shop="a"} > 3) or vector(0)'), SHELF, [30_000, 40_000])
    assert mixed.values == [0.0, 4.0]


def test_words_are_read_in_capitals_too() -> None:
    got = parse("a / ON (b) GROUP_LEFT (c) d")
    assert got == Binary("/", Selector("a", ()), Selector("d", ()), matching=Matching(("b",), True, "left", ("c",)))


def test_two_series_for_one_are_no_answer() -> None:
    with pytest.raises(EvaluationError, match="duplicate series for the match group on the left side"):
        at("{__name__=~'level|limit'} + level")
    with pytest.raises(EvaluationError, match="duplicate series for the match group on the right side"):
        at("level + {__name__=~'level|limit'}")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "1:1: parse error: no expression found in input"),
        ("sum((", "unexpected end of input"),
        ("(up", "1:4: parse error: unclosed left parenthesis"),
        ("foo(up)", '1:1: parse error: unknown function with name "foo"'),
        ("rate(up)", "expected type range vector in call to function \"rate\", got instant vector"),
        ("histogram_quantile(0.9)", '1:1: parse error: expected 2 argument(s) in call to "histogram_quantile", got 1'),
        ('up{a="}', "1:6: parse error: unterminated quoted string"),
        ("up up", "1:4: parse error: unexpected identifier 'up'"),
        ('up{a=~"("}', "error parsing regexp"),
        ("up[5m] + 1", "must contain only scalar and instant vector types"),
        ("sum(up[5m])", "expected type instant vector in aggregation expression"),
        ("1 > 2", "comparisons between scalars must use BOOL modifier"),
        ("up[0s]", "duration must be greater than 0"),
        ("up[x]", "bad duration"),
        ("{}", "at least one non-empty matcher"),
        ("up and 1", 'set operator "and" not allowed in binary scalar expression'),
        ("up and on (a) group_left up", 'no grouping allowed for "and" operation'),
        ("1 + on (a) up", "vector matching only allowed between instant vectors"),
        ("topk(up)", "1:1: parse error: wrong number of arguments for aggregate expression"),
        ("topk(up, up)", "expected type scalar in aggregation parameter, got instant vector"),
        ("sum(1, up)", "expected 1, got 2"),
        ("max_over_time(up[5m:1m])", "unexpected identifier ':1m' in matrix selector"),
        ("up @ 3", "unexpected character: '@'"),
        ("(" * 60 + "1" + ")" * 60, "nested deeper than 40 levels"),
        ("-" * 100 + "1", "nested deeper than 40 levels"),
    ],
)  # fmt: skip
def test_what_is_not_read_is_refused_with_its_place(text: str, said: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(text)
    assert said in str(caught.value)


TOKENS = """sum by without ( ) ( ) { } [ ] , = != =~ !~ "a" 'b rate made level 5m 1.5 1e9 + - * / % > bool == offset inf
    é and or unless on ignoring group_left topk quantile predict_linear absent ^"""
WORDS = st.sampled_from([*TOKENS.split(), "\\"])


@given(st.one_of(st.text(max_size=40), st.lists(WORDS, max_size=14).map(" ".join)))
def test_any_text_is_answered_or_refused(text: str) -> None:
    outcome: object
    try:
        outcome = evaluate(parse(text), SHELF, [0, 300_000])
    except (QueryError, EvaluationError) as error:
        outcome = error
    assert outcome is not None
    if isinstance(outcome, list):
        assert all(len(vector.values) == 2 for vector in outcome)
