"""What a terminal shows that is too small for anything else; all behind it stays as it was."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from screens.ask import Words

COLUMNS, LINES = 40, 12


class Small(ModalScreen[None], inherit_bindings=False):
    """Covers everything and takes every key until the terminal grows."""

    DEFAULT_CSS = """
    Small { background: $background; layout: vertical; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+q", "leave", "leave", show=False)]

    def compose(self) -> ComposeResult:
        yield Words([(" this terminal is too small", "wait bold")])
        yield Words([(f" {COLUMNS}×{LINES} at the least", "text")])
        yield Words([(" ctrl+q leaves", "grey")])

    def action_leave(self) -> None:
        """End the console; what is under way goes on without a screen."""
        self.app.exit(0)


def too_small(width: int, height: int) -> bool:
    """Whether nothing could be shown whole."""
    return width < COLUMNS or height < LINES
