"""A list of any length with a cursor that stays on its row, and marks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from widgets import line
from widgets.painting import Painter, Paintings, Rule
from widgets.sections import Section, Sections
from widgets.viewport import Viewport

__all__ = ["LineList", "Painter", "Rule", "Section"]

LEAP = 4
"""Lines, at least, that a list scrolls by when the cursor leaves it; more where it is high, fewer where it is not."""


class LineList(Viewport, can_focus=True):
    """Rows in sections; the cursor keeps its row and the viewport its place while rows come, go and move.

    Until it was moved, or its row was meant by a key, the cursor stays with the first row, whichever that is.
    With ``follow`` the list stays at its end and has no cursor until the operator moves up from there.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,ctrl+p", "move(-1)", "up", show=False),
        Binding("down,ctrl+n", "move(1)", "down", show=False),
        Binding("pageup", "page(-1)", "page up", show=False),
        Binding("pagedown", "page(1)", "page down", show=False),
        Binding("home", "first", "first", show=False),
        Binding("end", "last", "last", show=False),
        Binding("enter", "open", "open", show=False),
    ]

    class _About(Message):
        def __init__(self, sender: LineList) -> None:
            super().__init__()
            self.list = sender

        @property
        def control(self) -> LineList:
            return self.list

    class CursorMoved(_About):
        """The cursor stands on another row; ``row`` is ``None`` when there is none."""

        def __init__(self, sender: LineList, row: Any) -> None:
            super().__init__(sender)
            self.row = row

    class Opened(_About):
        """Enter or a double click on a row."""

        def __init__(self, sender: LineList, row: Any) -> None:
            super().__init__(sender)
            self.row = row

    class MarksChanged(_About):
        """Rows were marked or unmarked."""

        def __init__(self, sender: LineList, keys: frozenset[str]) -> None:
            super().__init__(sender)
            self.keys = keys

    def __init__(
        self,
        painter: Painter,
        *,
        empty: str = "",
        follow: bool = False,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._paintings = Paintings(painter)
        self._empty = empty
        self._follow = follow
        self._sections = Sections()
        self._now = 0
        self._number = -1
        self._key = ""
        self._placed = False
        self._marked: frozenset[str] = frozenset()

    # What it shows.

    def show(self, sections: Sequence[Section], now: int) -> None:
        """Show these sections as of ``now`` (ms)."""
        before, self._sections, self._now = self._sections, Sections(sections), now
        key, number, y = self._anchor(before)
        had = self._key
        self._settle_cursor()
        self.set_lines(self._sections.lines)
        self._hold(key, number, y)
        self.repaint()
        if self._key != had:
            self.post_message(self.CursorMoved(self, self.cursor_row))

    def tick(self, now: int) -> None:
        """Time went on: repaint the lines whose ages or clocks changed."""
        self._now = now
        self.repaint()

    def set_empty(self, text: str) -> None:
        """The line shown where there are no rows; says why and what to do."""
        self._empty = text
        self.repaint()

    def strip(self, number: int) -> Strip:
        """The line of this number."""
        width, sections = self.size.width, self._sections
        place = sections.place(number)
        if place is None:
            text = f" {self._empty}" if number == 0 and not sections.rows else ""
            return Strip(line.lay(width, [(text, "grey")]), width)
        if place.number < 0:
            return self._paintings.divider(sections.sections[place.section].title, width)
        row = sections.row(place.number)
        return self._paintings.strips(
            row,
            width,
            sections.sections[place.section].height,
            selected=place.number == self._number and self.has_focus,
            marked=row.key in self._marked,
            now=self._now,
        )[place.inner]

    # The cursor.

    @property
    def cursor_row(self) -> Any:
        """The row under the cursor, ``None`` while there is none."""
        return self._sections.row(self._number) if self._number >= 0 else None

    @property
    def cursor_key(self) -> str:
        """The key of the row under the cursor, ``""`` while there is none."""
        return self._key

    @property
    def row_count(self) -> int:
        """Rows in all sections."""
        return self._sections.rows

    def move_to(self, key: str) -> bool:
        """Put the cursor on the row with this key; ``False`` if there is none."""
        number = self._sections.find(key, max(0, self._number))
        self._put(number)
        return number >= 0

    def action_move(self, by: int) -> None:
        """One row up or down; down from the last row of a list that follows its end lets the cursor go."""
        last = self._sections.rows - 1
        if self._number < 0:
            self._put(last if self._follow and by < 0 else -1 if self._follow else 0)
        elif self._follow and by > 0 and self._number == last:
            self.action_last()
        else:
            self._put(max(0, min(last, self._number + by)))

    def action_page(self, by: int) -> None:
        """A screenful up or down; the cursor keeps its place on the screen."""
        height = max(1, self.size.height)
        here = self._sections.line(self._number) if self._number >= 0 else self.top
        self.scroll_lines(self.top + by * height)
        self._put(self._sections.near(here + by * height))

    def action_first(self) -> None:
        """The first row."""
        self._put(0)

    def action_last(self) -> None:
        """The last row; a list that follows its end goes on following it, without a cursor."""
        if not self._follow:
            self._put(self._sections.rows - 1)
            return
        had, self._number, self._key = self._key, -1, ""
        self.scroll_lines(self._sections.lines)
        self.repaint()
        if had:
            self.post_message(self.CursorMoved(self, None))

    def keep_cursor(self) -> None:
        """The row under the cursor was meant: from here on the cursor stays on it."""
        self._placed = self._number >= 0

    def action_open(self) -> None:
        """Tell that the row under the cursor is to be opened."""
        if self._number >= 0:
            self.keep_cursor()
            self.post_message(self.Opened(self, self.cursor_row))

    # Marks.

    @property
    def marked(self) -> frozenset[str]:
        """Keys of the marked rows; they stay marked while a filter hides them."""
        return self._marked

    def toggle_mark(self) -> None:
        """Mark or unmark the row under the cursor, and go one down."""
        if self._number >= 0:
            self._set_marks(self._marked ^ {self._key})
            self.action_move(1)

    def mark_all(self, keys: Iterable[str]) -> None:
        """Mark the rows with these keys too."""
        self._set_marks(self._marked | frozenset(keys))

    def clear_marks(self) -> None:
        """Unmark all."""
        self._set_marks(frozenset())

    def _set_marks(self, keys: frozenset[str]) -> None:
        if keys != self._marked:
            self._marked = keys
            self.repaint()
            self.post_message(self.MarksChanged(self, keys))

    # Keeping place.

    def _settle_cursor(self) -> None:
        """Find the cursor's row again; where it is gone, stand on what took its place."""
        sections = self._sections
        self._placed = self._placed and sections.rows > 0
        if self._key and (self._placed or self._follow):
            found = sections.find(self._key, self._number)
            self._number = found if found >= 0 else min(self._number, sections.rows - 1)
        elif not self._follow:
            self._number = 0 if sections.rows else -1
        self._key = sections.row(self._number).key if self._number >= 0 else ""

    def _anchor(self, before: Sections) -> tuple[str, int, int]:
        """Key, number and line on screen of the row that stays where it is: the cursor's, else the first in view."""
        if not before.rows:
            return "", -1, 0
        number = self._number
        if number < 0 or not self.top <= before.line(number) < self.top + self.size.height:
            number = before.near(self.top)
        return before.row(number).key, number, before.line(number) - self.top

    def _hold(self, key: str, number: int, y: int) -> None:
        """Scroll so that the anchored row is drawn where it was; a list seen from its first line stays there."""
        sections = self._sections
        if self._follow and self._number < 0:
            self.scroll_lines(sections.lines)
            return
        found = sections.find(key, number) if key else -1
        if found < 0:
            self.scroll_lines(self.top)
        elif self.top == 0 and sections.line(found) + sections.height(found) <= self.size.height:
            self.scroll_lines(0)
        else:
            self.scroll_lines(sections.line(found) - y)

    def _put(self, number: int) -> None:
        if not 0 <= number < self._sections.rows:
            return
        self._placed, moved = True, number != self._number
        self._number = number
        self._key = self._sections.row(number).key
        self._reveal()
        self.repaint()
        if moved:
            self.post_message(self.CursorMoved(self, self.cursor_row))

    def _reveal(self) -> None:
        """Bring the cursor's row into view.

        A scroll sends the lines that come up, and most of the viewport where the terminal cannot scroll it by itself;
        so at an edge it goes some lines at once instead of one for every key.
        """
        sections, top, height = self._sections, self.top, self.size.height
        first, last = sections.reveal_line(self._number), sections.line(self._number) + sections.height(self._number)
        if last - first > height:
            first = sections.line(self._number)
        jump = min(height // 2, max(LEAP, height // 8))
        if first < top:
            self.scroll_lines(min(first, max(top - jump, last - height)))
        elif last > top + height:
            self.scroll_lines(max(last - height, min(top + jump, first)))

    # What the terminal tells.

    def on_resize(self) -> None:
        if self._number >= 0:
            self._reveal()
        elif self._follow:
            self.scroll_lines(self._sections.lines)

    def on_focus(self, event: events.Focus) -> None:
        self._focus_went(event, True, events.DescendantFocus(self))

    def on_blur(self, event: events.Blur) -> None:
        self._focus_went(event, False, events.DescendantBlur(self))

    def _focus_went(self, event: events.Event, here: bool, news: Message) -> None:
        """As Textual's own handlers, without their redraw of the whole widget (3.6 kB at 58×17)."""
        event.prevent_default()
        self.has_focus = here
        if self.parent is not None:
            self.parent.post_message(news)
        self.repaint()

    def on_click(self, event: events.Click) -> None:
        """A click puts the cursor, a double click opens."""
        place = self._sections.place(event.y + self.top)
        if place is None or place.number < 0:
            return
        self._put(place.number)
        if event.chain == 2:
            self.action_open()
