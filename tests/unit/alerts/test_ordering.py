from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from console.alerts import ordering
from console.alerts.ordering import SortedRows
from console.model.rows import Rows


class Row(Struct, frozen=True):
    key: str
    order: int


def rows_of() -> SortedRows[Row]:
    return SortedRows(lambda row: row.order)


STEPS = st.lists(
    st.tuples(st.sampled_from(["put", "put", "put", "drop", "freeze"]), st.integers(0, 40), st.integers(0, 9)),
    max_size=300,
)


@given(STEPS)
def test_it_is_a_sorted_list_whatever_is_done_to_it(steps: list[tuple[str, int, int]]) -> None:
    most, ordering.MOST = ordering.MOST, 8
    try:
        rows, reference, frozen = rows_of(), {}, []
        for what, number, order in steps:
            key = f"k{number}"
            if what == "put":
                row = Row(key, order)
                rows.put(row, reference.get(key))
                reference[key] = row
            elif what == "drop" and key in reference:
                rows.drop(reference.pop(key))
            elif what == "freeze":
                wanted = sorted(reference.values(), key=lambda r: (r.order, r.key))
                frozen.append((rows.freeze(), wanted))
            assert len(rows) == len(reference)
        frozen.append((rows.freeze(), sorted(reference.values(), key=lambda r: (r.order, r.key))))
        # Earlier copies are not touched by what came later.
        for copy, wanted in frozen:
            assert list(copy) == wanted
    finally:
        ordering.MOST = most


def test_a_frozen_copy_shares_all_chunks_but_the_one_that_changed() -> None:
    rows = rows_of()
    made = [Row(f"k{n:06}", n) for n in range(20_000)]
    for row in made:
        rows.put(row)
    before = rows.freeze()
    rows.put(Row("k010000", 10_000), made[10_000])
    after = rows.freeze()
    shared = {id(c) for c in before.chunks} & {id(c) for c in after.chunks}
    assert len(before.chunks) > 20
    assert len(shared) == len(before.chunks) - 1


def test_nothing_changed_is_the_same_object() -> None:
    rows = rows_of()
    assert rows.freeze() is rows.freeze()
    rows.put(Row("a", 1))
    assert rows.freeze() is rows.freeze()
    assert isinstance(rows.freeze(), Rows)


def test_a_row_moves_when_its_order_changes() -> None:
    rows = rows_of()
    first = Row("a", 1)
    rows.put(first)
    rows.put(Row("b", 2))
    rows.put(Row("a", 3), first)
    assert [r.key for r in rows.freeze()] == ["b", "a"]


def test_chunks_stay_small() -> None:
    rows = rows_of()
    for number in range(5_000):
        rows.put(Row(f"k{number * 7919 % 5000:04}", number * 7919 % 5000))
    sizes = [len(c) for c in rows.freeze().chunks]
    assert max(sizes) <= ordering.MOST
    assert all(a.order <= b.order for a, b in pairwise(rows.freeze()))


def test_a_row_that_is_not_there_is_said_so() -> None:
    rows = rows_of()
    rows.put(Row("a", 1))
    with pytest.raises(KeyError):
        rows.drop(Row("b", 0))
    with pytest.raises(KeyError):
        rows.drop(Row("z", 9))
    assert len(rows) == 1


def test_what_is_left_of_many_rows_does_not_lie_in_as_many_chunks_as_they_did() -> None:
    rows = rows_of()
    made = [Row(f"k{n:06}", n) for n in range(20_000)]
    for row in made:
        rows.put(row)
    for row in made:
        if row.order % 200:
            rows.drop(row)
    left = rows.freeze()
    assert [r.order for r in left] == list(range(0, 20_000, 200))
    assert len(left.chunks) <= 2


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 9)), unique_by=lambda one: one[0], max_size=61),
    st.lists(st.integers(1, 30), max_size=8),
)
def test_rows_put_together_stand_as_those_put_one_by_one(made: list[tuple[int, int]], sizes: list[int]) -> None:
    most, run, ordering.MOST, ordering.RUN = ordering.MOST, ordering.RUN, 8, 3
    try:
        together, single = rows_of(), rows_of()
        all_rows = [Row(f"k{number}", order) for number, order in made]
        rest = list(all_rows)
        for size in [*sizes, len(all_rows)]:
            batch, rest = rest[:size], rest[size:]
            together.put_all(batch)
            for row in batch:
                single.put(row)
            assert list(together.freeze()) == list(single.freeze())
            assert max(map(len, together.freeze().chunks), default=0) <= 8
        for row in all_rows:
            together.drop(row)
        assert (len(together), together.freeze().chunks) == (0, ())
    finally:
        ordering.MOST, ordering.RUN = most, run
