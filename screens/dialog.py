"""The frame of a dialog: a box with a title, as high as its content needs and never higher than the terminal."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widget import Widget

from widgets.compositor import spare
from widgets.footer import Footer
from widgets.pane import Pane

T = TypeVar("T")

WIDTH = 78
FRAME = 2


class Dialog(ModalScreen[T], inherit_bindings=False):
    """A question on top of the screen that asked; news never covers or closes it."""

    CSS_PATH = "dialog.tcss"
    AUTO_FOCUS = "#first"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave", show=False),
        Binding("ctrl+q", "leave", "leave", show=False),
    ]

    def __init__(self, title: str, note: str = "") -> None:
        super().__init__()
        spare(self)
        self.box = Pane(title, id="box")
        self.keys = Footer()
        self._note = note

    def body(self) -> ComposeResult:
        """What stands in the box."""
        raise NotImplementedError

    def content_lines(self, width: int) -> int:
        """Lines that the body needs at this inner width."""
        raise NotImplementedError

    def hints(self) -> list[tuple[str, str]]:
        """The keys that work here."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        with self.box:
            yield from self.body()
            yield self.keys

    def on_mount(self) -> None:
        self.fit_box()
        *hints, last = self.hints()
        self.keys.show(hints, [last])
        if self._note:
            self.box.show_note(self._note)

    def on_resize(self, event: events.Resize) -> None:
        self.fit_box()

    def fit_box(self) -> None:
        """Make the box as high as its content, within the terminal."""
        width, height = self.app.size
        inner = min(WIDTH, width) - FRAME
        self.box.styles.height = min(height, self.content_lines(inner) + 1 + FRAME)

    def warn(self, text: str) -> None:
        """Say in the lower edge why nothing happened."""
        self.box.show_note(text, "wait bold")

    def action_leave(self) -> None:
        """Nothing was chosen."""
        self.dismiss(None)

    def first(self, widget: Widget) -> Widget:
        """The widget that has the focus when the dialog opens."""
        widget.id = "first"
        return widget
