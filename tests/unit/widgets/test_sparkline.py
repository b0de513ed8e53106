from __future__ import annotations

from math import isnan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from widgets import marks
from widgets.sparkline import bucket, scale, sparkline

VALUES = st.lists(st.none() | st.floats(allow_nan=True, allow_infinity=True), max_size=200)
BOUNDS = st.none() | st.floats(-1e9, 1e9)


@given(VALUES, st.integers(0, 80), BOUNDS, BOUNDS, BOUNDS, st.integers(-2, 250), st.booleans())
def test_any_curve_has_the_width_and_only_bars(
    values: list[float | None],
    width: int,
    limit: float | None,
    lo: float | None,
    hi: float | None,
    onset: int,
    up: bool,
) -> None:
    cells = sparkline(values, width, limit=limit, above=up, lo=lo, hi=hi, onset=onset)
    assert len(cells) == width
    assert set("".join(cell.char for cell in cells)) <= set(marks.BARS)
    assert sum(cell.onset for cell in cells) == (1 if width and 0 <= onset < len(values) else 0)


@given(st.lists(st.floats(0, 100), min_size=1, max_size=40))
def test_height_follows_value(values: list[float]) -> None:
    cells = sparkline(values, len(values), lo=0.0, hi=100.0)
    levels = [marks.BARS.index(cell.char) for cell in cells]
    order = sorted(range(len(values)), key=values.__getitem__)
    assert [levels[i] for i in order] == sorted(levels)
    assert all(level >= 1 for level in levels)


@given(VALUES, st.integers(1, 60))
def test_a_gap_is_blank_and_a_value_never_is(values: list[float | None], width: int) -> None:
    for column, cell in zip(bucket(values, width), sparkline(values, width), strict=True):
        assert (cell.char == " ") == (column is None)
        assert column is None or not isnan(column)


def test_a_single_value_is_as_tall_as_its_place_on_the_scale() -> None:
    assert sparkline([5.0], 1, lo=0.0, hi=10.0)[0].char in "▄▅"
    assert [c.char for c in sparkline([0.0], 3)] == [" ", " ", "▁"]


def test_the_worst_value_of_a_column_is_kept() -> None:
    assert bucket([1.0, 9.0, None, None, -3.0, 2.0], 3) == [9.0, None, -3.0]


def test_the_limit_parts_good_from_bad_in_both_directions() -> None:
    assert [c.beyond for c in sparkline([0.4, 0.5, 0.6], 3, limit=0.5)] == [False, False, True]
    assert [c.beyond for c in sparkline([0.4, 0.5, 0.6], 3, limit=0.5, above=False)] == [True, False, False]


@pytest.mark.parametrize(("count", "onset", "column"), [(10, 5, 5), (4, 0, 6), (100, 0, 0), (100, 99, 9), (100, 49, 4)])
def test_the_onset_stands_in_the_column_of_its_value(count: int, onset: int, column: int) -> None:
    cells = sparkline([1.0] * count, 10, onset=onset)
    assert [i for i, cell in enumerate(cells) if cell.onset] == [column]


@given(st.integers(1, 300), st.integers(1, 60), st.data())
def test_the_onset_stands_over_its_own_value(count: int, width: int, data: st.DataObject) -> None:
    onset = data.draw(st.integers(0, count - 1))
    values: list[float | None] = [None] * count
    values[onset] = 1.0
    marked = [cell for cell in sparkline(values, width, onset=onset) if cell.onset]
    assert [cell.char != " " for cell in marked] == [True]


def test_the_scale_starts_at_zero_and_holds_the_limit() -> None:
    assert scale([2.0, 4.0], 8.0) == (0.0, 8.0)
    assert scale([-2.0, 4.0]) == (-2.0, 4.0)
    assert scale([]) == (0.0, 1.0)
    assert scale([0.0, None, float("nan")]) == (0.0, 1.0)


def test_ascii_bars() -> None:
    marks.use(True)
    assert "".join(c.char for c in sparkline([0, 4, 8], 3, lo=0, hi=8)).isascii()
