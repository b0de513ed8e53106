"""The choice: one of a few rows, each with a word on what it means."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from textual.app import ComposeResult

from console.model.rows import Rows
from screens.dialog import Dialog
from widgets import line, words
from widgets.line_list import LineList, Rule, Section


class Choice(Struct, frozen=True):
    """One thing to choose."""

    key: str
    label: str
    note: str = ""
    colour: str = "text"
    right: str = ""


class ChoiceRows(Rule):
    """Paints a choice: its label, what it means, and a word at the right."""

    def __init__(self, label: int) -> None:
        self._label = label

    def paint(
        self, row: Choice, width: int, height: int, *, selected: bool, marked: bool, now: int
    ) -> list[line.Segments]:
        """One line."""
        on = "select" if selected else "ground"
        label = min(self._label, max(12, width * 3 // 5)) if row.note else width
        parts = [(words.fit(row.label, label) + "  ", f"{row.colour} bold" if selected else row.colour)]
        return [line.lay(width, [*parts, (row.note, "grey")], [(row.right, "grey")] if row.right else (), on)]


class Choose(Dialog[str]):
    """Ends with the key of the chosen row, or ``None``; starts on ``start``."""

    def __init__(
        self, title: str, choices: Sequence[Choice], *, start: str = "", note: str = "", verb: str = ""
    ) -> None:
        super().__init__(title, note)
        self.choices = tuple(choices)
        self.list = LineList(ChoiceRows(max((len(c.label) for c in choices), default=0)), id="first")
        self._start = start
        self._verb = verb or "choose"

    def body(self) -> ComposeResult:
        yield self.list

    def content_lines(self, width: int) -> int:
        return len(self.choices)

    def hints(self) -> list[tuple[str, str]]:
        return [("enter", self._verb), ("up down", "move"), ("esc", "leave")]

    def on_mount(self) -> None:
        self.list.show([Section("", Rows.of(self.choices))], 0)
        if self._start:
            self.list.move_to(self._start)

    def on_line_list_opened(self, event: LineList.Opened) -> None:
        """This one."""
        event.stop()
        self.dismiss(event.row.key)
