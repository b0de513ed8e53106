"""A window on many lines that remembers what it drew and redraws only the lines that differ."""

from __future__ import annotations

from rich.segment import Segment
from textual import events
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from widgets import marks, palette

WHEEL = 3
"""Lines that one notch of a mouse wheel scrolls."""


class Viewport(ScrollView):
    """Lines by number; the last column holds a thumb that tells which part of them is in view."""

    DEFAULT_CSS = """
    Viewport {
        width: 1fr;
        height: 1fr;
        overflow: hidden hidden;
        background: $background;
    }
    """
    ALLOW_SELECT = False

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._drawn: dict[int, Strip] = {}
        self._lines = 0

    def strip(self, number: int) -> Strip:
        """The line of this number, as wide as the widget; asked for lines past the last one too."""
        raise NotImplementedError

    def repaint(self) -> None:
        """Compare each line on screen with what was drawn there, and redraw those that differ."""
        width, height = self.size
        for y in range(height):
            drawn = self._drawn.get(y)
            strip = self._line(y)
            if strip is not drawn and strip != drawn:
                self.refresh(Region(0, y, width, 1))

    @property
    def top(self) -> int:
        """Number of the first line in view."""
        return int(self.scroll_y)

    def scroll_lines(self, top: int) -> None:
        """Show the lines from ``top`` on, as far as there are lines; ``repaint()`` is the caller's."""
        top = max(0, min(top, self._lines - self.size.height))
        self.set_reactive(Widget.scroll_y, float(top))
        self.set_reactive(Widget.scroll_target_y, float(top))

    def set_lines(self, lines: int) -> None:
        """Say how many lines there are; ``repaint()`` is the caller's."""
        self._lines = lines
        # Through the reactive itself every new number of lines would lay out the whole screen again.
        self.set_reactive(Widget.virtual_size, Size(self.size.width, lines))

    def render_line(self, y: int) -> Strip:
        """The strip of line ``y`` of the window, remembered as drawn."""
        strip = self._line(y)
        self._drawn[y] = strip
        return strip

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines as they are; Textual's cache of styled lines would have nothing to add."""
        filters, background = self.get_line_filters(), self.background_colors[1]
        whole, strips = crop.column_span == (0, self.size.width), []
        for y in crop.line_range:
            strip = self.render_line(y)
            for each in filters:
                strip = strip.apply_filter(each, background)
            strips.append(strip if whole else strip.crop(crop.x, crop.right))
        return strips

    def _line(self, y: int) -> Strip:
        strip = self.strip(y + self.top)
        height, lines, width = self.size.height, self._lines, self.size.width
        if lines <= height or height < 3:
            return strip
        size = max(1, height * height // lines)
        start = round(self.top * (height - size) / (lines - height))
        if not start <= y < start + size:
            return strip
        thumb = Segment(marks.sign("thumb"), palette.style("border"))
        return Strip([*strip.crop(0, width - 1), thumb], width)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Scrolling repaints by comparison, as every other change does."""
        self.repaint()

    def on_resize(self) -> None:
        self._drawn.clear()
        self.set_lines(self._lines)
        self.scroll_lines(self.top)
        self.refresh()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._wheel(event, WHEEL)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._wheel(event, -WHEEL)

    def _wheel(self, event: events.MouseEvent, by: int) -> None:
        event.stop()
        event.prevent_default()
        self.scroll_lines(self.top + by)
        self.repaint()
