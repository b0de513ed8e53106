from __future__ import annotations

import re
import time
from typing import Any

import pytest
from rich.segment import Segment
from textual.events import MouseScrollDown
from textual.pilot import Pilot

from console.model.group import Group
from console.model.incident import TimelineRow
from console.model.rows import Rows
from tests.unit.widgets.made import NOW, entry, group
from tests.unit.widgets.stage import Stage, play, sent
from widgets import line, marks, palette, words
from widgets.group_rows import GroupRows
from widgets.line_list import LineList, Section
from widgets.timeline import TimelineRows

MOVES = re.compile(r"\x1b\[(\d+);\d+H")


def many(count: int, start: int = 0) -> list[Group]:
    return [group(f"g{n}", severity=2) for n in range(start, start + count)]


def rows_drawn(text: str) -> set[int]:
    """Screen lines that the terminal was told to draw on."""
    return {int(row) - 1 for row in MOVES.findall(text)}


def stage(follow: bool = False) -> tuple[Stage, LineList]:
    the_list = LineList(TimelineRows() if follow else GroupRows(), empty="nothing fires", follow=follow)
    return Stage(the_list), the_list


def show(the_list: LineList, rows: list[Group], height: int = 1, now: int = NOW) -> None:
    the_list.show([Section("", Rows.of(rows), height)], now)


def test_the_cursor_keeps_its_row_while_rows_come_go_and_move_above_it() -> None:
    app, the_list = stage()

    async def scene(pilot: Pilot[None]) -> None:
        rows = many(30)
        show(the_list, rows)
        assert the_list.cursor_key == "g0"
        assert the_list.move_to("g20")
        await pilot.pause()
        y = the_list._sections.line(20) - the_list.top
        for changed in (many(5, 100) + rows, rows[10:], list(reversed(rows)), [rows[20], *rows[:20], *rows[21:]], rows):
            show(the_list, changed)
            assert the_list.cursor_key == "g20"
            assert the_list.cursor_row is not None
            on_screen = the_list._sections.line(the_list._number) - the_list.top
            assert on_screen == y or the_list.top in (0, the_list._sections.lines - the_list.size.height)

    play(app, scene)


def test_the_viewport_does_not_jump_when_rows_are_inserted_above() -> None:
    app, the_list = stage()

    async def scene(pilot: Pilot[None]) -> None:
        rows = many(100)
        show(the_list, rows)
        the_list.move_to("g50")
        await pilot.pause()
        before = app.lines()
        app.take()
        show(the_list, many(7, 200) + rows)
        drawn = rows_drawn(await sent(app, pilot))
        assert app.lines() == before
        assert len(drawn) <= 2  # the thumb at most

    play(app, scene)


def test_newcomers_are_seen_when_the_list_is_seen_from_its_first_line() -> None:
    app, the_list = stage()

    async def scene(pilot: Pilot[None]) -> None:
        rows = many(30)
        show(the_list, rows)
        show(the_list, [group("first", 1, "the worst of all"), *rows])
        await pilot.pause()
        assert "the worst of all" in app.lines()[0]
        assert the_list.cursor_key == "first"
        the_list.keep_cursor()
        show(the_list, [group("second", 1, "worse still"), group("first", 1, "the worst of all"), *rows])
        await pilot.pause()
        assert "worse still" in app.lines()[0]
        assert the_list.cursor_key == "first"

    play(app, scene)


def test_where_the_row_is_gone_the_cursor_stands_on_what_took_its_place() -> None:
    app, the_list = stage()

    async def scene(pilot: Pilot[None]) -> None:
        rows = many(5)
        show(the_list, rows)
        the_list.move_to("g4")
        show(the_list, rows[:4])
        assert the_list.cursor_key == "g3"
        show(the_list, [])
        assert the_list.cursor_key == ""
        assert the_list.cursor_row is None
        await pilot.pause()
        assert app.lines()[0].strip() == "nothing fires"
        the_list.set_empty("no alert matches; esc clears the filter")
        await pilot.pause()
        assert "esc clears" in app.lines()[0]

    play(app, scene)


def test_keys_move_the_cursor_and_messages_tell() -> None:
    moved: list[str] = []
    opened: list[str] = []
    marked: list[frozenset[str]] = []

    class Told(Stage):
        def on_line_list_cursor_moved(self, event: LineList.CursorMoved) -> None:
            moved.append(event.row.key if event.row else "")

        def on_line_list_opened(self, event: LineList.Opened) -> None:
            opened.append(event.row.key)

        def on_line_list_marks_changed(self, event: LineList.MarksChanged) -> None:
            marked.append(event.keys)

    the_list = LineList(GroupRows())
    app = Told(the_list)

    async def scene(pilot: Pilot[None]) -> None:
        show(the_list, many(40))
        the_list.focus()
        await pilot.press("down", "down", "up", "enter", "end", "home", "pagedown", "ctrl+n", "ctrl+p", "pageup")
        await pilot.pause()
        assert moved == ["g0", "g1", "g2", "g1", "g39", "g0", "g12", "g13", "g12", "g0"]
        assert opened == ["g1"]
        the_list.toggle_mark()
        the_list.toggle_mark()
        the_list.mark_all(["g7"])
        the_list.mark_all(["g7"])
        await pilot.pause()
        assert the_list.marked == {"g0", "g1", "g7"}
        assert marked == [{"g0"}, {"g0", "g1"}, {"g0", "g1", "g7"}]
        assert app.lines()[7].startswith(marks.sign("marked"))
        the_list.clear_marks()
        await pilot.pause()
        assert not the_list.marked
        assert not app.lines()[7].startswith(marks.sign("marked"))

    play(app, scene)


def test_a_click_puts_the_cursor_and_a_double_click_opens() -> None:
    app, the_list = stage()

    async def scene(pilot: Pilot[None]) -> None:
        the_list.show([Section("", Rows.of(many(2)), 2), Section("loose", Rows.of(many(2, 10)))], NOW)
        await pilot.click(LineList, offset=(10, 3))
        assert the_list.cursor_key == "g1"
        await pilot.click(LineList, offset=(10, 4))
        assert the_list.cursor_key == "g1"
        await pilot.click(LineList, offset=(10, 6))
        assert the_list.cursor_key == "g11"
        await pilot.click(LineList, offset=(10, 9))
        assert the_list.cursor_key == "g11"

    play(app, scene)


def test_only_lines_that_changed_are_drawn() -> None:
    app, the_list = stage()

    async def scene(pilot: Pilot[None]) -> None:
        rows = many(8)
        show(the_list, rows)
        the_list.focus()
        await sent(app, pilot)
        show(the_list, list(rows))
        assert await sent(app, pilot) == ""
        show(the_list, [*rows[:3], group("g3", severity=2, firing=38), *rows[4:]])
        assert rows_drawn(await sent(app, pilot)) == {3}
        the_list.tick(NOW + 1)
        assert await sent(app, pilot) == ""
        the_list.tick(NOW + 60_000)
        assert rows_drawn(await sent(app, pilot)) == set()  # one line a group shows no age
        show(the_list, rows, height=2)
        await sent(app, pilot)
        the_list.tick(NOW + 120_000)
        assert rows_drawn(await sent(app, pilot)) == {1, 3, 5, 7, 9, 11}
        the_list.action_move(1)
        assert rows_drawn(await sent(app, pilot)) == {0, 1, 2, 3}

    play(app, scene)


def test_a_row_that_ticks_is_painted_each_second_and_others_in_steps() -> None:
    class Clocked(TimelineRows):
        def ticks(self, row: TimelineRow) -> bool:
            return row.key == "running"

        def paint(self, row: TimelineRow, width: int, height: int, **how: Any) -> list[list[Segment]]:
            return [line.lay(width, [(f"{row.key} {how['now'] // 1000 % 60}", "text")])]

    the_list = LineList(Clocked())
    app = Stage(the_list)

    async def scene(pilot: Pilot[None]) -> None:
        base = words.step(NOW)
        the_list.show([Section("", Rows.of([entry("running"), entry("still")]))], base)
        await sent(app, pilot)
        for second in range(1, 5):
            the_list.tick(base + second * 1000)
            assert rows_drawn(await sent(app, pilot)) == {0}
        the_list.tick(base + 5000)
        assert rows_drawn(await sent(app, pilot)) == {0, 1}

    play(app, scene)


def test_one_row_down_costs_the_terminal_little() -> None:
    app, the_list = stage()

    async def scene(pilot: Pilot[None]) -> None:
        show(the_list, many(400), height=2)
        the_list.focus()
        await sent(app, pilot)
        await pilot.press("down")
        assert len((await sent(app, pilot)).encode()) <= 1_500
        total = 0
        for _ in range(60):
            await pilot.press("down")
            total += len((await sent(app, pilot)).encode())
        assert total / 60 <= 1_800  # the scrolls at the edge included

    play(app, scene, size=(80, 24))


def test_a_hundred_thousand_rows_are_shown_and_moved_through_at_once() -> None:
    app, the_list = stage()
    base = many(256)
    chunks = [tuple(group(f"{c}/{n}", 2) if c in (0, 390) else base[n] for n in range(256)) for c in range(391)]

    async def scene(pilot: Pilot[None]) -> None:
        the_list.focus()
        start = time.process_time()
        the_list.show([Section("", Rows(chunks))], NOW)
        the_list.action_last()
        the_list.show([Section("", Rows([*chunks[:5], (group("x"),), *chunks[5:]]))], NOW)
        await pilot.pause()
        assert time.process_time() - start < 0.5
        assert the_list.cursor_key == "390/255"
        assert the_list.row_count == 100_097

    play(app, scene, size=(100, 40))


def test_painting_a_row_is_cheap() -> None:
    painter = GroupRows()
    rows = many(200)
    painter.paint(rows[0], 100, 2, selected=False, marked=False, now=NOW)
    start = time.process_time()
    for row in rows * 5:
        painter.paint(row, 100, 2, selected=False, marked=False, now=NOW)
    assert (time.process_time() - start) / 1_000 < 300e-6  # measured 15 µs; the bound leaves room for a busy machine


def test_a_list_that_follows_its_end_has_no_cursor_until_one_goes_up() -> None:
    app, the_list = stage(follow=True)
    rows = [entry(f"e{n}", NOW + n, text=f"entry {n}") for n in range(30)]

    async def scene(pilot: Pilot[None]) -> None:
        the_list.focus()
        the_list.show([Section("", Rows.of(rows[:20]))], NOW)
        await pilot.pause()
        assert the_list.cursor_row is None
        assert "entry 19" in app.lines()[-1]
        the_list.show([Section("", Rows.of(rows))], NOW)
        await pilot.pause()
        assert "entry 29" in app.lines()[-1]
        await pilot.press("down", "enter")
        assert the_list.cursor_row is None
        await pilot.press("up", "up")
        assert the_list.cursor_key == "e28"
        lines = app.lines()
        more = entry("e99", NOW + 99, text="entry 99")
        the_list.show([Section("", Rows.of([*rows, more]))], NOW)
        await pilot.pause()
        assert the_list.cursor_key == "e28"
        assert [line[:40] for line in app.lines()] == [line[:40] for line in lines]
        await pilot.press("down", "down", "down")
        assert the_list.cursor_row is None
        assert "entry 99" in app.lines()[-1]

    play(app, scene)


def test_focus_moves_with_few_bytes_and_draws_the_cursor_as_a_tone() -> None:
    one, other = LineList(GroupRows(), id="one"), LineList(GroupRows(), id="other")
    app = Stage(one, other)

    async def scene(pilot: Pilot[None]) -> None:
        show(one, many(3))
        show(other, many(3))
        one.focus()
        await pilot.pause()
        tone = palette.style("text", "select").bgcolor
        assert {s.style.bgcolor for s in one.render_line(0) if s.style} >= {tone}
        assert tone not in {s.style.bgcolor for s in other.render_line(0) if s.style}
        assert tone not in {s.style.bgcolor for s in one.render_line(1) if s.style}
        assert not any(s.style.reverse for s in one.render_line(0) if s.style)
        other.focus()
        await pilot.pause()
        assert tone not in {s.style.bgcolor for s in one.render_line(0) if s.style}
        assert {s.style.bgcolor for s in other.render_line(0) if s.style} >= {tone}

    play(app, scene)


def test_the_wheel_scrolls_without_moving_the_cursor_and_a_resize_shows_it_again() -> None:
    app, the_list = stage()

    async def scene(pilot: Pilot[None]) -> None:
        show(the_list, many(100))
        the_list.focus()
        await pilot._post_mouse_events([MouseScrollDown], widget=LineList)
        await pilot.pause()
        assert the_list.top == 3
        assert the_list.cursor_key == "g0"
        the_list.move_to("g99")
        await pilot.resize_terminal(40, 5)
        await pilot.pause()
        assert any("group g99" in line for line in app.lines())
        assert all(len(line) <= 40 for line in app.lines())

    play(app, scene)


@pytest.mark.parametrize("width", [1, 2, 3, 8, 20])
def test_a_list_survives_any_width(width: int) -> None:
    the_list = LineList(GroupRows())
    app = Stage(the_list)

    async def scene(pilot: Pilot[None]) -> None:
        show(the_list, many(50), height=2)
        await pilot.pause()
        assert len(app.lines()) == 12

    play(app, scene, size=(width, 12))
