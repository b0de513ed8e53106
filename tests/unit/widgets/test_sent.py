"""What goes to the terminal: only what differs, and after it the terminal shows what was meant."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from tests.emulator import Emulator
from widgets.cells import BARE, Look, turn
from widgets.frame import Frame

WIDTH, HEIGHT, CUT = 24, 4, 10
STYLES = (
    None,
    Style.parse("#ff5f6d on #0f141b"),
    Style.parse("bold #ff5f6d on #1b2838"),
    Style.parse("bold dim red"),
    Style.parse("reverse"),
    Style.parse("underline bright_cyan on blue"),
)
Text = tuple[str, int]
"""Text and the number of its style."""


def strip(texts: Sequence[Text], width: int) -> Strip:
    made = Strip([Segment(text, STYLES[style]) for text, style in texts])
    return made.crop(0, width).adjust_cell_length(width, STYLES[1])


def terminal_console() -> Console:
    console = Console(force_terminal=True, width=WIDTH)
    console._color_system = ColorSystem.TRUECOLOR
    return console


def everything(lines: Sequence[tuple[Strip, Strip]]) -> LayoutUpdate:
    return LayoutUpdate([list(line) for line in lines], Region(0, 0, WIDTH, HEIGHT))


def parts(lines: Sequence[tuple[Strip, Strip]], spans: list[tuple[int, int, int]]) -> ChopsUpdate:
    return ChopsUpdate([{0: a, CUT: b} for a, b in lines], spans, [[CUT, WIDTH] for _ in lines])


letters = st.lists(st.sampled_from(["a", "b", " ", "é", "▲", "日", "e\u0301"]), max_size=8).map("".join)
texts = st.lists(st.tuples(letters, st.integers(0, len(STYLES) - 1)), max_size=5)
line = st.tuples(texts, texts).map(lambda both: (strip(both[0], CUT), strip(both[1], WIDTH - CUT)))
screen = st.lists(line, min_size=HEIGHT, max_size=HEIGHT)


@settings(max_examples=80, deadline=None)
@given(screen, st.lists(screen, max_size=5), st.booleans())
def test_the_terminal_shows_what_was_meant(first: list, later: list, forgets: bool) -> None:
    frame, console = Frame(), terminal_console()
    saving, plain = Emulator(WIDTH, HEIGHT), Emulator(WIDTH, HEIGHT)
    for number, lines in enumerate([first, *later]):
        spans = [(y, 0, WIDTH) for y in range(HEIGHT)]
        made = parts(lines, spans) if number else everything(lines)
        if forgets and number == 2:
            frame.forget()
        saving.feed(frame.update(made).render_segments(console))
        plain.feed(made.render_segments(console))
        assert saving.seen() == plain.seen()


def row(text: str, style: int = 1) -> tuple[Strip, Strip]:
    return strip([(text, style)], CUT), strip([("", 1)], WIDTH - CUT)


def after(before: str, then: str, left: int = 0, right: int = WIDTH) -> str:
    """What is sent for a line that changes."""
    frame, console = Frame(), terminal_console()
    frame.update(everything([row(before)] * HEIGHT)).render_segments(console)
    return str(frame.update(parts([row(then)] * HEIGHT, [(2, left, right)])).render_segments(console))


def test_what_did_not_change_is_not_sent() -> None:
    assert after("12:04:59", "12:04:59") == ""
    sent = after("12:04:59", "12:05:00")
    assert sent.startswith("\x1b[3;5H")
    assert "5:00" in sent
    assert "12" not in sent.replace("\x1b[", "").split("m", 1)[1]


def test_only_the_span_is_sent() -> None:
    assert "b" * 3 in after("a" * 9, "b" * 9, 6)
    assert "b" * 4 not in after("a" * 9, "b" * 9, 6)


def test_a_line_that_is_not_known_is_sent_whole() -> None:
    frame, console = Frame(), terminal_console()
    sent = frame.update(parts([row("abc")] * HEIGHT, [(1, 0, WIDTH)])).render_segments(console)
    assert len([c for c in sent if c == " "]) >= WIDTH - 4


def test_an_update_that_is_not_written_is_not_remembered() -> None:
    frame, console = Frame(), terminal_console()
    frame.update(everything([row("one")] * HEIGHT)).render_segments(console)
    frame.update(parts([row("two")] * HEIGHT, [(1, 0, WIDTH)]))
    sent = frame.update(parts([row("two")] * HEIGHT, [(1, 0, WIDTH)])).render_segments(console)
    assert "two" in sent


def test_a_failed_update_leaves_nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    frame, console = Frame(), terminal_console()
    frame.update(everything([row("one")] * HEIGHT)).render_segments(console)
    broken = parts([row("two")] * HEIGHT, [(1, 0, WIDTH), (99, 0, WIDTH)])
    with pytest.raises(IndexError):
        frame.update(broken).render_segments(console)
    assert "one" in frame.update(parts([row("one")] * HEIGHT, [(2, 0, WIDTH)])).render_segments(console)


def test_a_change_of_style_names_what_changes() -> None:
    red = Look("31", "49", frozenset({"bold"}))
    assert turn(BARE, red, True) == ("\x1b[1;31m", red)
    assert turn(red, red._replace(ground="44"), True)[0] == "\x1b[44m"
    assert turn(red, Look("31"), True)[0] == "\x1b[22m"
    assert turn(red, Look("32"), False)[0] == ""
    assert turn(Look("31", "49", frozenset({"reverse"})), BARE, False)[0] == "\x1b[27;39m"


def test_anything_else_passes() -> None:
    assert Frame().update(None) is None
    assert Frame().update("text") == "text"


TALL = 16


def tall(numbers: Sequence[int], changed: Sequence[tuple[int, str]], height: int = TALL) -> list[tuple[Strip, Strip]]:
    """A list with a frame of its own at both sides; some lines have been changed."""
    texts = [f"{number * 7919 % 10007:05} " * 4 if number % 7 else "" for number in numbers]
    for y, text in changed:
        texts[y % height] = text
    return [
        (strip([("|", 2), (text, 1 + n % 2)], CUT), strip([(text[CUT - 1 :], 1)], WIDTH - CUT))
        for n, text in zip(numbers, texts, strict=True)
    ]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(-TALL, TALL),
            st.lists(st.tuples(st.integers(0, TALL), st.text("ab é▲", max_size=8)), max_size=3),
        ),
        max_size=5,
    ),
    st.integers(0, 4),
    st.integers(0, 4),
    st.sampled_from([(0, WIDTH), (1, WIDTH - 1), (CUT, WIDTH), (0, CUT)]),
)
def test_lines_that_the_terminal_moves_are_where_they_are_meant(
    steps: list[tuple[int, list[tuple[int, str]]]], above: int, below: int, columns: tuple[int, int]
) -> None:
    frame, console, first = Frame(), terminal_console(), 100
    saving, plain = Emulator(WIDTH, TALL), Emulator(WIDTH, TALL)
    made: LayoutUpdate | ChopsUpdate = LayoutUpdate(
        [list(line) for line in tall(range(first, first + TALL), ())], Region(0, 0, WIDTH, TALL)
    )
    for by, changed in [(0, []), *steps]:
        if by:
            first += by
            lines = tall(range(first, first + TALL), changed)
            made = parts(lines, [(y, *columns) for y in range(above, TALL - below)])
        saving.feed(frame.update(made).render_segments(console))
        plain.feed(made.render_segments(console))
        assert saving.seen() == plain.seen()


@pytest.mark.parametrize(("by", "what"), [(3, "\x1b[3M"), (-2, "\x1b[2L")])
def test_lines_that_move_together_are_moved_by_the_terminal(by: int, what: str) -> None:
    frame, console = Frame(), terminal_console()
    everything = LayoutUpdate([list(line) for line in tall(range(100, 116), ())], Region(0, 0, WIDTH, TALL))
    frame.update(everything).render_segments(console)
    moved = parts(tall(range(100 + by, 116 + by), ()), [(y, 0, WIDTH) for y in range(1, TALL)])
    sent = frame.update(moved).render_segments(console)
    assert "\x1b[2;16r\x1b[2;1H" + what + "\x1b[r" in sent
    assert len(sent) < 300


def test_a_widget_that_gives_fewer_cells_than_its_place_moves_nothing_else() -> None:
    frame, console = Frame(), terminal_console()
    first, then = [row("abcdefghij")] * HEIGHT, [(strip([("xy", 1)], 4), strip([("end", 1)], WIDTH - CUT))] * HEIGHT
    frame.update(everything(first)).render_segments(console)
    far = Emulator(WIDTH, HEIGHT)
    far.feed(everything(first).render_segments(console))
    for lines in (then, [row("abcdefghij")] * HEIGHT, then):
        far.feed(frame.update(parts(lines, [(1, 0, WIDTH)])).render_segments(console))
    assert "".join(cell.char for cell in far.cells[1]).rstrip() == "xy  efghijend"
    assert len(frame._lines[1]) == WIDTH
