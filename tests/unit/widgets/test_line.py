from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment

from widgets import line, marks, palette

PARTS = st.lists(st.tuples(st.text(max_size=12), st.sampled_from(["text", "grey", "sev1 bold"])), max_size=5)


def width_of(segments: list[Segment]) -> int:
    return sum(cell_len(segment.text) for segment in segments)


@given(st.integers(0, 60), PARTS, PARTS, st.sampled_from(["ground", "select"]))
def test_a_line_is_exactly_as_wide_as_asked(width: int, left: list[line.Part], right: list[line.Part], on: str) -> None:
    assert width_of(line.lay(width, left, right, on)) == width


def test_the_right_part_keeps_its_place_and_the_left_is_cut() -> None:
    segments = line.lay(20, [("a title that is long", "text")], [("37", "text bold")])
    assert "".join(s.text for s in segments) == "a title that is…  37"


def test_blanks_cost_no_segment() -> None:
    assert len(line.lay(40, [("a", "text")], [("b", "grey")])) == 2
    assert len(line.lay(40, [("  a", "text"), ("   ", "grey")])) == 1


def test_a_wide_character_that_does_not_fit_leaves_a_blank() -> None:
    assert width_of(line.lay(6, [("ab日本語", "text")])) == 6


def test_the_background_reaches_the_end() -> None:
    for segment in line.lay(30, [("x", "grey")], [("y", "sev1")], "select"):
        assert segment.style is not None
        assert segment.style.bgcolor == palette.style("text", "select").bgcolor


@given(st.text(max_size=30), st.integers(0, 50))
def test_a_divider_is_exactly_as_wide_as_asked(title: str, width: int) -> None:
    assert width_of(line.divider(title, width, marks.sign("h"))) == width
