"""One line that is redrawn only when its cells change."""

from __future__ import annotations

from collections.abc import Sequence

from textual.strip import Strip
from textual.widget import Widget

from widgets import line
from widgets.line import Part


class StripLine(Widget):
    """A line of parts from the left and parts at the right edge."""

    DEFAULT_CSS = """
    StripLine {
        height: 1;
        width: 1fr;
        background: $background;
    }
    """
    ALLOW_SELECT = False

    def __init__(self, *, on: str = "ground", id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._on = on
        self._drawn: Strip | None = None

    def parts(self, width: int) -> tuple[Sequence[Part], Sequence[Part]]:
        """Parts from the left and parts at the right edge for this width."""
        raise NotImplementedError

    def repaint(self) -> None:
        """Redraw if the cells differ from what was drawn."""
        if self.size and self._strip() != self._drawn:
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """The line, remembered as drawn."""
        self._drawn = self._strip()
        return self._drawn

    def _strip(self) -> Strip:
        width = self.size.width
        left, right = self.parts(width)
        return Strip(line.lay(width, left, right, self._on), width)
