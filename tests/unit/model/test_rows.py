from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from console.model.rows import OneRow, Rows


class Row(Struct, frozen=True):
    key: str


def chunked(sizes: list[int]) -> tuple[Rows[Row], list[Row]]:
    flat = [Row(f"k{n}") for n in range(sum(sizes))]
    chunks, start = [], 0
    for size in sizes:
        chunks.append(tuple(flat[start : start + size]))
        start += size
    return Rows(chunks), flat


@given(st.lists(st.integers(0, 5), max_size=12))
def test_it_is_the_flat_list(sizes: list[int]) -> None:
    rows, flat = chunked(sizes)
    assert len(rows) == len(flat)
    assert list(rows) == flat
    assert [rows[i] for i in range(len(flat))] == flat
    assert [rows[i - len(flat)] for i in range(len(flat))] == flat
    assert all(rows.chunks)


@given(
    st.lists(st.integers(0, 5), max_size=12), st.integers(-70, 70), st.integers(-70, 70), st.sampled_from([1, 2, -1])
)
def test_slices_are_those_of_the_flat_list(sizes: list[int], start: int, stop: int, step: int) -> None:
    rows, flat = chunked(sizes)
    assert rows[start:stop:step] == flat[start:stop:step]


@given(st.lists(st.integers(0, 40), min_size=1, max_size=12), st.integers(-500, 500), st.integers(0, 500))
def test_a_row_is_found_from_wherever_one_looks(sizes: list[int], near: int, number: int) -> None:
    rows, flat = chunked(sizes)
    wanted = number if number < len(flat) else -1
    assert rows.find(f"k{number}", near) == wanted


@pytest.mark.parametrize("index", [0, -1, 7])
def test_outside_is_an_index_error(index: int) -> None:
    with pytest.raises(IndexError):
        Rows[Row]()[index]


def test_of_makes_chunks_of_256() -> None:
    rows = Rows.of([Row(str(n)) for n in range(600)])
    assert [len(c) for c in rows.chunks] == [256, 256, 88]


def test_equal_when_the_same_rows_stand_in_the_same_chunks() -> None:
    assert chunked([2, 3])[0] == chunked([2, 0, 3])[0]
    assert chunked([2, 3])[0] != chunked([2, 2])[0]
    with pytest.raises(TypeError):
        hash(Rows[Row]())


@given(st.integers(-3, 3), st.integers(-3, 3), st.integers(-3, 3))
def test_a_single_row_is_rows_like_any_other(index: int, start: int, stop: int) -> None:
    row = Row("k")
    one, general = OneRow(row), Rows([(row,)])
    assert (list(one), len(one), one.chunks, one[start:stop]) == ([row], 1, general.chunks, general[start:stop])
    assert one == general == one != Rows([(Row("other"),)])
    assert [one.find("k", 5), one.find("l"), row in one] == [0, -1, True]
    if -1 <= index < 1:
        assert one[index] is general[index]
    else:
        with pytest.raises(IndexError):
            one[index]
