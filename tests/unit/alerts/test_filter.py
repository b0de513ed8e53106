from __future__ import annotations

import re
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from console.alerts.expressions import compiled, full_match
from console.alerts.filter import matches, parse
from console.errors import Refused
from console.model.alert import Alert, AlertRow, Matcher
from tests.unit.alerts.made import PENDING, RESOLVED, alert, mutes

ROW = AlertRow(
    alert(
        "1",
        summary="Pool of orders-db exhausted",
        host="db-3",
        pod="orders-db-0",
        severity=2,
        team="Payments",
        mount="/",
    ),
    group="g1",
)


def lets(text: str, row: AlertRow = ROW) -> bool:
    return parse(text).matches(row)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "pool",
        "POOL exhausted",
        '"of orders-db"',
        "higherror",
        "db-3",
        "DB-3",
        "eu-1 orders",
        "service=orders",
        "service!=checkout",
        "team=Payments",
        "team=~Pay.*",
        "team!~pay.*",
        "nothing=",
        'mount="/"',
        "host=db-3",
        "sev<=2",
        "sev:2",
        "sev:sev2",
        "sev<3 sev>=2",
        "is:firing",
        "is:unacked",
        "is:grouped -is:acked -is:flapping",
        "group:g1",
        "-checkout",
        "-service=checkout",
        'pool"',
    ],
)
def test_lets_through(text: str) -> None:
    assert lets(text)


@pytest.mark.parametrize(
    "text",
    [
        "checkout",
        "pool checkout",
        "service=order",
        "service!=orders",
        "team=payments",
        "team=~Pay",
        "team!~Pay.*",
        "sev:1",
        "sev>2",
        "is:acked",
        "is:muted",
        "is:resolved",
        "group:g",
        "-pool",
        "nothing!=",
        '"orders-db of"',
    ],
)
def test_holds_back(text: str) -> None:
    assert not lets(text)


@pytest.mark.parametrize(
    ("word", "row"),
    [
        ("acked", AlertRow(alert(), acked_by="ana")),
        ("muted", AlertRow(alert(silenced_by=("s",)))),
        ("resolved", AlertRow(alert(state=RESOLVED))),
        ("pending", AlertRow(alert(state=PENDING))),
        ("flapping", AlertRow(alert(), flapping=True)),
    ],
)
def test_states(word: str, row: AlertRow) -> None:
    assert lets(f"is:{word}", row)
    assert not lets(f"-is:{word}", row)
    assert not lets(f"is:{word}", AlertRow(alert()))


@pytest.mark.parametrize(
    ("text", "at", "says"),
    [
        ("disk is:acket", 6, "is:acket"),
        ("a b -is:", 5, "is:"),
        ("team=~(", 1, "regular expression"),
        ("x team=~(a+)+b", 3, "long"),
        ("x team=~(a|aa)*b", 3, "long"),
        ("x team=~((a)*)*b", 3, "long"),
        ("x team=~" + "a" * 201, 3, "long"),
        ("x team=~[[:alpha:]]", 3, "set"),
        ("x team=~[a||b]", 3, "set"),
        ("x sev<=9", 3, "1 to 5"),
        ("sev:high", 1, "1 to 5"),
    ],
)
def test_an_error_names_what_is_wrong_and_where(text: str, at: int, says: str) -> None:
    with pytest.raises(Refused) as error:
        parse(text)
    assert says in error.value.what
    assert f"character {at})" in error.value.what


@pytest.mark.parametrize(
    "text",
    ["(a+)+$", "(a|a)*b", "(a|ab)+c", "(a*)*", "((a+))+", "(.*a){20}", "(?:a+)+x", "(a?){60}a{60}", ".*.*.*.*.*.*x"],
)
def test_no_expression_takes_for_ever(text: str) -> None:
    row = AlertRow(alert(team="a" * 4000))
    begin = time.process_time()
    try:
        lets(f"team=~{text}", row)
    except Refused:
        return
    assert time.process_time() - begin < 0.2


@pytest.mark.parametrize("text", ["(orders|checkout)", "orders-.*", "(a|b).*", "[a-z]+-[0-9]+", "a{2,3}", r"\(a+\)+"])
def test_ordinary_expressions_are_taken(text: str) -> None:
    assert parse(f"service=~{text}").tests


def test_labels_alone_are_matchers() -> None:
    assert parse("team=Payments service=~o.*").matchers == (
        Matcher("team", "Payments"),
        Matcher("service", "o.*", is_regex=True),
    )
    assert parse("team!=a").matchers == (Matcher("team", "a", is_equal=False),)
    assert parse("pod!~a").matchers == (Matcher("pod", "a", is_regex=True, is_equal=False),)


@pytest.mark.parametrize("text", ["", "disk", "team=a disk", "sev:1", "-team=a", "is:firing", "team=a group:g1"])
def test_what_labels_cannot_say_is_no_matcher(text: str) -> None:
    assert parse(text).matchers is None


@pytest.mark.parametrize(
    "text", [r"team=~(?=a)b", r"team=~(a)\1", r"team=~(?<!a)b", r"team=~(?P<x>a)(?P=x)", "team=~a*+b"]
)
def test_expressions_that_only_we_understand_are_no_matchers(text: str) -> None:
    assert parse(text).matchers is None


WORDS = st.one_of(
    st.text(max_size=30),
    st.lists(
        st.sampled_from(
            [
                "-",
                '"',
                " ",
                "sev",
                "<=",
                "is:",
                "acked",
                "team",
                "=",
                "=~",
                "!=",
                "(",
                ")",
                "*",
                "+",
                "[",
                "a",
                "\\",
                "1",
                "|",
                "{",
            ]
        ),
        max_size=14,
    ).map("".join),
)


@given(WORDS)
def test_no_text_crashes_the_parser(text: str) -> None:
    try:
        found = parse(text)
    except Refused as error:
        what = error.what
    else:
        what = f"character {found.matches(ROW)}"
    assert "character" in what


NAMES = st.sampled_from(["a", "b", "c"])
VALUES = st.sampled_from(["", "x", "y", "xy", "x\n"])
LABELS = st.dictionaries(NAMES, VALUES)
MATCHERS = st.lists(
    st.builds(Matcher, NAMES, st.sampled_from(["", "x", "y", ".*", ".+", "x|xy", "x?"]), st.booleans(), st.booleans()),
    max_size=3,
)


@given(MATCHERS, LABELS)
def test_what_a_silence_mutes_is_what_alertmanager_says(matchers: list[Matcher], labels: dict[str, str]) -> None:
    assert matches(matchers, labels) == mutes(matchers, labels)


@given(NAMES, st.sampled_from(["=", "!=", "=~", "!~"]), st.sampled_from(["", "x", "y", "x.*", ".+"]), LABELS)
def test_a_filter_lets_through_what_its_matchers_mute(name: str, sign: str, value: str, labels: dict[str, str]) -> None:
    found = parse(f"{name}{sign}{value}")
    base = alert(service="", cluster="", name="")
    row = AlertRow(Alert(base.key, "am", "1", "", "", base.severity, base.state, 0, labels=labels))
    assert found.matchers is not None
    assert found.matches(row) == mutes(found.matchers, labels)


def test_a_filter_that_is_too_long_is_refused_rather_than_cut() -> None:
    kept = "disk " * 199
    assert len(parse(kept).tests) == 199
    with pytest.raises(Refused) as error:
        parse(kept + "service=orders")
    assert "1000" in error.value.what


BITS = ["a", ".", "b", "(", "(?:", ")", "|", "^", "$", "[ab]", ".*", "a?", "*", "+", "?", "{2}", "{0,9}", "{,}"]
REGEXES = st.lists(st.sampled_from(BITS), min_size=1, max_size=60).map("".join)


@settings(deadline=None)
@given(REGEXES, st.sampled_from(["a" * 512, "ab" * 256, "a" * 511 + "!"]))
@example("a?" * 27 + "b", "a" * 512)
@example("a?" * 24 + "b", "a" * 512)
@example(".*a.*a.*ab", "a" * 512)
def test_whatever_is_typed_is_refused_or_answers_soon(pattern: str, value: str) -> None:
    try:
        compiled(pattern)
    except Refused:
        return
    begin = time.process_time()
    full_match(pattern, value)
    assert time.process_time() - begin < 1.0


PIECES = st.lists(st.sampled_from([".*", ".*", ".*?", "a", "b", r"\.", r"\\", ".", "+", "?", "[ab]", "\n"]), max_size=9)


@given(PIECES.map("".join), st.text("ab.\\\n", max_size=12))
@example(r"\.*a.*b", "...ab")
@example(r"\\.*a.*b", "\\xab")
@example(".*a?.*b", "b")
@example(".*ab.*b", "aab")
def test_what_is_searched_in_one_go_answers_as_python_does(pattern: str, value: str) -> None:
    try:
        found = full_match(pattern, value)
    except Refused:
        return
    assert found is (re.fullmatch(pattern, value) is not None)


def test_several_words_with_anything_between_take_no_time_on_a_hostile_value() -> None:
    begin = time.process_time()
    assert not full_match(".*a.*a.*a.*ab", "a" * 512)
    assert full_match(".*error.*timeout.*db.*orders.*", "error: timeout of db of orders")
    assert time.process_time() - begin < 0.05
