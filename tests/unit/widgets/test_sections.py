from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.model.rows import Rows
from tests.unit.widgets.made import group
from widgets.sections import Place, Section, Sections

GROUPS = [group(f"g{n}") for n in range(40)]


def made(shape: list[tuple[bool, int, int]]) -> Sections:
    """Sections of ``(titled, rows, height)``."""
    out, at = [], 0
    for titled, count, height in shape:
        out.append(Section("title" if titled else "", Rows.of(GROUPS[at : at + count]), height))
        at += count
    return Sections(out)


SHAPES = st.lists(st.tuples(st.booleans(), st.integers(0, 10), st.integers(1, 3)), max_size=4)


@given(SHAPES)
def test_line_and_place_are_inverse(shape: list[tuple[bool, int, int]]) -> None:
    sections = made(shape)
    seen = 0
    for line in range(sections.lines):
        place = sections.place(line)
        assert place is not None
        if place.number < 0:
            assert sections.sections[place.section].title
            continue
        assert sections.line(place.number) + place.inner == line
        assert sections.row(place.number) is GROUPS[place.number]
        seen = max(seen, place.number + 1)
    assert seen == sections.rows
    assert sections.place(sections.lines) is None
    assert sections.place(-1) is None


@given(SHAPES, st.integers(0, 60))
def test_every_row_is_found_from_anywhere(shape: list[tuple[bool, int, int]], near: int) -> None:
    sections = made(shape)
    for number in range(sections.rows):
        assert sections.find(f"g{number}", near) == number
    assert sections.find("nobody", near) == -1


@given(SHAPES, st.integers(-3, 90))
def test_near_is_a_row_whenever_there_is_one(shape: list[tuple[bool, int, int]], line: int) -> None:
    sections = made(shape)
    near = sections.near(line)
    assert (near == -1) if sections.rows == 0 else 0 <= near < sections.rows


def test_a_divider_is_a_line_of_its_own_and_shown_with_its_first_row() -> None:
    sections = made([(False, 2, 2), (True, 3, 1)])
    assert sections.lines == 8
    assert sections.place(4) == Place(1, -1, 0)
    assert sections.line(2) == 5
    assert sections.reveal_line(2) == 4
    assert sections.reveal_line(3) == sections.line(3) == 6
    assert sections.near(4) == 2


def test_a_row_that_is_not_there_is_an_error() -> None:
    with pytest.raises(IndexError):
        made([(False, 2, 1)]).row(2)
