from __future__ import annotations

from datetime import UTC, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.unit.widgets.made import NOW
from widgets import marks, words


@pytest.mark.parametrize(
    ("ms", "told"),
    [(0, "now"), (4_999, "now"), (7_000, "5 s"), (59_999, "55 s"), (60_000, "1 m"), (3_599_000, "59 m"),
     (3_600_000, "1 h"), (172_799_000, "47 h"), (172_800_000, "2 d"), (-5_000, "now")],
)  # fmt: skip
def test_ages(ms: int, told: str) -> None:
    assert words.age(NOW - ms, NOW) == told


def test_an_unknown_time_has_no_age() -> None:
    assert words.age(0, NOW) == ""
    assert words.clock(0) == " " * 8


@given(st.integers(1, 10**10), st.integers(0, 4_999))
def test_an_age_changes_only_with_its_step(ms: int, within: int) -> None:
    base = words.step(NOW)
    assert words.age(base - ms, words.step(base + within)) == words.age(base - ms, base)


@pytest.mark.parametrize(
    ("ms", "told"),
    [(210, "210 ms"), (1_240, "1.2 s"), (9_990, "9.9 s"), (34_000, "34 s"), (280_000, "4 m 40"), (7_500_000, "2 h 05")],
)
def test_durations(ms: int, told: str) -> None:
    assert words.duration(ms) == told


def test_clocks_and_countdowns() -> None:
    assert words.elapsed(23 * 60_000 + 14_000) == "00:23:14"
    assert words.elapsed(100 * 3_600_000) == "100:00:00"
    assert words.countdown(406_000) == "06:46"
    assert words.countdown(257_760_000) == "71 h 36"
    assert words.countdown(-130_000) == "+02:10"
    assert words.countdown(-1) == "+00:00"


def test_times_are_told_in_the_zone_in_use() -> None:
    assert (words.clock(NOW), words.minute(NOW), words.date(NOW)) == ("14:05:54", "14:05", "Mon 23 Nov 2026")
    assert words.offset(NOW) == "UTC"
    words.use_zone(timezone(timedelta(hours=5, minutes=30)))
    assert words.clock(NOW) == "19:35:54"
    assert words.offset(NOW) == "+05:30"
    words.use_zone(UTC)
    assert words.clock(NOW) == "14:05:54"


@pytest.mark.parametrize(
    ("value", "unit", "told"),
    [(0.123, "%", "12.3 %"), (2.4, "s", "2.4 s"), (0.24, "s", "0.24 s"), (0.012, "s", "12 ms"), (600.0, "s", "10 min"),
     (1_400_000_000.0, "B", "1.4 GB"), (118.0, "/s", "118 /s"), (12_400.0, "", "12.4 k"), (4.0, "", "4"),
     (None, "s", "– s"), (float("nan"), "", "–"), (float("inf"), "s", "inf h"), (-0.5, "s", "-0.5 s")],
)  # fmt: skip
def test_quantities(value: float | None, unit: str, told: str) -> None:
    assert words.quantity(value, unit) == told


@example(-9.99999995e19, "")
@given(st.floats(allow_nan=True, allow_infinity=True), st.sampled_from(["", "%", "s", "B", "B/s", "/s", "ms"]))
def test_a_figure_is_short_whatever_the_value(value: float, unit: str) -> None:
    figure, told = words.number(value, unit)
    assert 1 <= len(figure) <= 9
    assert len(told) <= 4


@given(st.text(max_size=40), st.integers(0, 30))
def test_fit_has_exactly_the_width(text: str, width: int) -> None:
    for right in (False, True):
        assert cell_len(words.fit(text, width, right=right)) == width


def test_a_cut_text_says_so() -> None:
    assert words.cut("payments failing", 9) == "payments…"
    assert words.cut("日本語", 4) == "日…"
    marks.use(True)
    assert words.cut("payments failing", 9) == "payments~"
    assert words.cut("short", 9) == "short"


def test_counts() -> None:
    assert [words.count(n, "entry", "entries") for n in (0, 1, 2)] == ["0 entries", "1 entry", "2 entries"]
