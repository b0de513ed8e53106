from __future__ import annotations

from datetime import timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.cells import cell_len
from rich.segment import Segment
from textual.pilot import Pilot

from console.model.metric import Metric
from tests.unit.widgets.made import NOW, metric
from tests.unit.widgets.stage import Stage, play, sent
from widgets import marks, words
from widgets.chart import Chart, draw

RISE = metric((*[0.3] * 60, *[2.4] * 40), onset_at=NOW - 360_000, usual=0.3, breached=True)


def texts(made: Metric, width: int = 100, height: int = 20) -> list[str]:
    lines = draw(made, width, height)
    assert len(lines) == height
    for segments in lines:
        assert sum(cell_len(segment.text) for segment in segments) == width
    return ["".join(segment.text for segment in segments) for segments in lines]


def test_a_chart_tells_last_usual_limit_onset_and_times() -> None:
    lines = texts(RISE)
    assert lines[0].startswith(" p99 payments")
    assert "usual 0.3 s  2.4 s" in lines[0]
    assert any(line.lstrip().startswith("0.5 s │") for line in lines)
    assert marks.sign("limit") in "".join(lines)
    assert lines[-1].strip().startswith("13:50")
    assert lines[-1].rstrip().endswith("14:05 UTC")
    assert "◆ 13:59" in lines[-1]
    column = lines[-1].index("◆ 13:59") + 3
    marked = {line.index(marks.sign("onset")) for line in lines[1:-1] if marks.sign("onset") in line}
    assert len(marked) == 1
    assert abs(marked.pop() - column) <= 1


def test_times_are_in_the_zone_in_use() -> None:
    words.use_zone(timezone(timedelta(hours=2)))
    assert texts(RISE)[-1].rstrip().endswith("16:05 +02:00")


def test_the_curve_stands_high_where_its_values_are_high() -> None:
    lines = texts(metric((*[0.0] * 50, *[10.0] * 50)), 100, 22)
    body = [line[11:] for line in lines[1:-1]]
    inked = [[i for i, char in enumerate(line) if char not in " ╌"] for line in body]
    assert min(inked[0] or inked[1]) >= 40
    assert max(inked[-1] or inked[-2]) <= 50


def test_wider_than_eighty_columns_is_filled_to_the_edge() -> None:
    line = max((text[11:] for text in texts(metric((5.0,) * 50), 160, 12)[1:-1]), key=lambda t: len(t.replace(" ", "")))
    assert line.rstrip("╌ ")[-1:]
    assert len(line.rstrip("╌ ")) > 140


def test_gaps_are_left_open() -> None:
    broken = metric((*[5.0] * 30, *[None] * 40, *[5.0] * 30))
    line = max((text[11:] for text in texts(broken, 111, 12)[1:-1]), key=lambda t: len(t.strip("╌ ")))
    assert not line[35:65].strip("╌ ")
    assert line[:25].strip("╌ ")


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.none() | st.floats(allow_nan=True, allow_infinity=True, width=32), max_size=60),
    st.integers(1, 130),
    st.integers(1, 24),
    st.booleans(),
)
def test_any_data_at_any_size_is_drawn(values: list[float | None], width: int, height: int, plain: bool) -> None:
    marks.use(plain)
    lines = texts(metric(tuple(values), onset_at=NOW - 400_000), width, height)
    assert not plain or all(line.isascii() for line in lines)


@pytest.mark.parametrize("made", [metric(None), metric((None, None)), metric(None, error="no answer in 10 s")])
def test_without_data_it_says_so(made: Metric) -> None:
    assert (made.error or "no data") in texts(made)[0]


def test_it_is_drawn_again_only_for_other_data_or_another_size(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[tuple[int, int]] = []

    def counted(made: Metric, width: int, height: int) -> list[list[Segment]]:
        drawn.append((width, height))
        return draw(made, width, height)

    monkeypatch.setattr("widgets.chart.draw", counted)
    chart = Chart()
    app = Stage(chart)

    async def scene(pilot: Pilot[None]) -> None:
        chart.show(RISE)
        await sent(app, pilot)
        chart.show(RISE)
        chart.repaint()
        assert await sent(app, pilot) == ""
        assert drawn == [(60, 12)]
        chart.show(replace(RISE, breached=False))
        await sent(app, pilot)
        assert len(drawn) == 2
        await pilot.resize_terminal(70, 10)
        await pilot.pause()
        assert drawn[-1] == (70, 10)
        chart.show(None)
        await pilot.pause()
        assert not "".join(app.lines())

    play(app, scene)
