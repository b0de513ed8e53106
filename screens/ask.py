"""The question: a few lines to fill in, with suggestions; enter goes on, and at the last line answers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar

from msgspec import Struct
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input

from screens.dialog import Dialog
from screens.line_input import LineInput
from widgets.line import Part
from widgets.strip_line import StripLine

_DURATION = re.compile(r"(\d{1,6})\s*([smhd])\Z")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
LONGEST_S = 30 * 86_400


class Field(Struct, frozen=True):
    """One line to fill in."""

    name: str
    label: str
    value: str = ""
    required: bool = True
    suggestions: tuple[str, ...] = ()
    hint: str = ""
    duration: bool = False


def wrong(field: Field, value: str) -> str:
    """What is wrong with an answer, ``""`` if it can be used."""
    value = value.strip()
    if not value:
        return f"{field.label} is needed" if field.required else ""
    if field.duration:
        match = _DURATION.match(value)
        if match is None:
            return "a duration looks like 90s, 15m, 2h or 1d"
        if not 0 < int(match[1]) * _UNITS[match[2]] <= LONGEST_S:
            return "a duration is at least 1s and at most 30d"
    return ""


class Words(StripLine):
    """A line of words."""

    def __init__(self, parts: Sequence[Part] = ()) -> None:
        super().__init__()
        self._parts = tuple(parts)
        self._right: tuple[Part, ...] = ()

    def put(self, parts: Sequence[Part], right: Sequence[Part] = ()) -> None:
        """Show these parts, and those at the right edge."""
        self._parts, self._right = tuple(parts), tuple(right)
        self.repaint()

    def parts(self, width: int) -> tuple[Sequence[Part], Sequence[Part]]:
        """From the left, and at the right edge."""
        return self._parts, self._right


class Ask(Dialog[dict[str, str]]):
    """Ends with the answers by field, or ``None``."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "suggest(-1)", "suggestion before", show=False),
        Binding("down", "suggest(1)", "next suggestion", show=False),
        Binding("tab", "step(1)", "next line", show=False),
        Binding("shift+tab", "step(-1)", "line before", show=False),
    ]

    def __init__(
        self, title: str, fields: Sequence[Field], *, note: str = "", start: str = "", warning: str = ""
    ) -> None:
        """``warning`` says why the same answers were refused."""
        super().__init__(title, "" if warning else note)
        self._warning = warning
        self.fields = tuple(fields)
        self.inputs = {f.name: LineInput(f.value, placeholder=f.hint) for f in self.fields}
        self._start = start or next((f.name for f in fields if not f.value), self.fields[0].name)

    def body(self) -> ComposeResult:
        for field in self.fields:
            yield Words(_heading(field))
            widget = self.inputs[field.name]
            if field.name == self._start:
                self.first(widget)
            yield widget

    def on_mount(self) -> None:
        if self._warning:
            self.warn(self._warning)

    def content_lines(self, width: int) -> int:
        return 2 * len(self.fields)

    def hints(self) -> list[tuple[str, str]]:
        moves = [("tab", "next line")] if len(self.fields) > 1 else []
        suggests = [("up down", "suggestions")] if any(f.suggestions for f in self.fields) else []
        return [("enter", "go on"), *suggests, *moves, ("esc", "leave")]

    def _here(self) -> Field:
        focused = self.focused
        return next((f for f in self.fields if self.inputs[f.name] is focused), self.fields[0])

    def action_suggest(self, by: int) -> None:
        """Put the next suggestion into the line."""
        field = self._here()
        if not field.suggestions:
            return
        widget = self.inputs[field.name]
        at = field.suggestions.index(widget.value) if widget.value in field.suggestions else -1 if by > 0 else 0
        widget.value = field.suggestions[(at + by) % len(field.suggestions)]
        widget.cursor_position = len(widget.value)

    def action_step(self, by: int) -> None:
        """Go to another line."""
        at = self.fields.index(self._here())
        self.inputs[self.fields[(at + by) % len(self.fields)].name].focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go to the first line that still needs an answer; without one the question is answered."""
        event.stop()
        here = self._here()
        if problem := wrong(here, self.inputs[here.name].value):
            self.warn(problem)
            return
        for field in self.fields:
            if wrong(field, self.inputs[field.name].value):
                self.inputs[field.name].focus()
                return
        self.dismiss({name: widget.value.strip() for name, widget in self.inputs.items()})


def _heading(field: Field) -> list[Part]:
    parts: list[Part] = [(f" {field.label}", "label bold")]
    if not field.required:
        parts.append(("  may be left empty", "grey"))
    if field.suggestions:
        parts.append(("  " + "  ".join(field.suggestions), "grey"))
    return parts
