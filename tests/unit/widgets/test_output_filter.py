from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.pilot import Pilot
from textual.widgets import Static

from console.text import clean
from tests.unit.widgets.stage import Stage, play, sent
from widgets.output_filter import OutputFilter, harmless

BLACK = Color(0, 0, 0)
HOSTILE = ["\x1b]52;c;aGk=\x07", "\x1b[2J", "\x9b31m", "a\u202eb", "a\u200bb", "\x7f", "x\ry", "\udc80", "\U000e0041"]


@given(st.text(max_size=80), st.booleans())
def test_what_passes_is_harmless_and_as_wide_as_before(text: str, ascii_only: bool) -> None:
    safe = harmless(text, ascii_only)
    assert clean(safe) == safe
    assert cell_len(safe) == cell_len(text)
    assert not ascii_only or safe.isascii()


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_loses_its_power(text: str) -> None:
    out = OutputFilter().apply([Segment(text)], BLACK)
    joined = "".join(segment.text for segment in out)
    assert clean(joined) == joined
    assert "\x1b" not in joined


def test_plain_text_passes_as_it_is() -> None:
    segment = Segment("payments failing")
    assert OutputFilter().apply([segment], BLACK)[0] is segment
    assert OutputFilter().apply([Segment("✓ 210 ms → ok")], BLACK)[0].text == "✓ 210 ms → ok"


def test_a_segment_of_control_codes_does_not_pass() -> None:
    assert OutputFilter().apply([Segment("\x1b[2J", None, [(1, 2)])], BLACK)[0].text.isprintable()  # type: ignore[list-item]


def test_ascii_look_alikes() -> None:
    assert harmless("0.3 → 2.4 s · “ok” ≤ 5 é 日", True) == '0.3 > 2.4 s . "ok" < 5 ? ??'


def test_it_costs_little() -> None:
    gate = OutputFilter()
    line = [Segment("14:02:05 "), Segment("→ "), Segment("payments failing at checkout"), Segment("✓ 210 ms")]
    gate.apply(line, BLACK)
    start = time.process_time()
    for _ in range(2_000):
        gate.apply(line, BLACK)
    assert (time.process_time() - start) / 2_000 < 50e-6


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_a_widget_draws_reaches_the_terminal_raw(text: str) -> None:
    app = Stage(Static(f"before {text} after", markup=False))

    async def scene(pilot: Pilot[None]) -> None:
        app.screen.refresh()
        out = await sent(app, pilot)
        assert "before" in out
        assert text not in out
        assert not {"\x9b", "\x07", "\r", "\x7f", "\u202e", "\u200b", "\udc80"} & set(out)

    play(app, scene)
