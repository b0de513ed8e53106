"""All commands by their words: what the screen's keys do not show is found here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from msgspec import Struct
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input

from console.actions import ACTIONS, ActionSpec
from console.model.action import Tier
from console.model.rows import Rows
from screens.dialog import Dialog
from screens.keymap import Keys
from screens.line_input import LineInput
from screens.situation import Situation, why_not
from widgets import line, words
from widgets.line_list import LineList, Rule, Section

HIDDEN = frozenset({"ui.palette", "ui.open", "ui.back", "ui.next_pane", "ui.previous_pane"})
"""Moves that make no sense from a list of commands."""


class Command(Struct, frozen=True):
    """A line of the table as it stands at this moment."""

    key: str
    verb: str
    keys: str
    help: str
    tier: Tier
    reason: str = ""


class CommandRows(Rule):
    """Paints a command: verb, what it does or why it cannot, and its key."""

    current = ""
    """The key of the command that enter would take; the input keeps the focus."""

    def paint(
        self, row: Command, width: int, height: int, *, selected: bool, marked: bool, now: int
    ) -> list[line.Segments]:
        """One line."""
        selected = row.key == self.current
        on = "select" if selected else "ground"
        colour = "grey" if row.reason else "text"
        strong = " bold" if selected else ""
        tier = row.tier.label if row.tier >= Tier.R1 else ""
        left = [(" " + words.fit(row.verb, 14) + " ", colour + strong), (row.reason or row.help, "grey")]
        risk = {Tier.R2: "wait", Tier.R3: "sev1"}.get(row.tier, "grey")
        return [line.lay(width, left, [(tier, risk), (f" {row.keys:>6} ", "accent")], on)]


def commands(keys: Keys, at: Situation, served: Sequence[ActionSpec]) -> list[Command]:
    """The whole table; what has no place on this screen says so."""
    here = {spec.id for spec in served}
    out = []
    for spec in ACTIONS:
        if spec.id in HIDDEN:
            continue
        reason = why_not(spec, at)
        if spec.screen and spec.id not in here:
            reason = reason or f"works in the {spec.scope}"
        out.append(Command(spec.id, spec.verb, keys.shown(spec.id), spec.help, spec.tier, reason))
    return sorted(out, key=lambda c: (bool(c.reason), c.key.startswith("ui.")))


def matches(command: Command, asked: str) -> int:
    """How well a command fits the words typed; 0 = not at all."""
    parts = asked.lower().split()
    name = f"{command.verb} {command.key}".lower()
    text = f"{name} {command.help}".lower()
    if not all(part in text for part in parts):
        return 0
    return 1 + sum(2 if command.verb.lower().startswith(p) else p in name for p in parts)


class Commands(Dialog[str]):
    """Ends with the id of the chosen action, or ``None``."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "up", show=False),
        Binding("down", "move(1)", "down", show=False),
        Binding("pageup", "page(-1)", "page up", show=False),
        Binding("pagedown", "page(1)", "page down", show=False),
    ]

    def __init__(self, keys: Keys, at: Situation, served: Sequence[ActionSpec]) -> None:
        super().__init__("Commands")
        self._all = commands(keys, at, served)
        self.input = LineInput(placeholder="what do you want to do?")
        self._rows = CommandRows()
        self.list = LineList(self._rows, empty="no command has these words")
        self.list.can_focus = False

    def body(self) -> ComposeResult:
        yield self.first(self.input)
        yield self.list

    def content_lines(self, width: int) -> int:
        return min(len(self._all), 20) + 1

    def hints(self) -> list[tuple[str, str]]:
        return [("enter", "do it"), ("up down", "move"), ("esc", "leave")]

    def on_mount(self) -> None:
        self._show("")

    def _show(self, asked: str) -> None:
        found = sorted((c for c in self._all if matches(c, asked)), key=lambda c: (bool(c.reason), -matches(c, asked)))
        self.list.show([Section("", Rows.of(found))], 0)
        self.list.action_first()
        self._follow()
        self.box.show_title("Commands", f"{len(found)} of {len(self._all)}")

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._show(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """The command under the cursor."""
        event.stop()
        self.dismiss(self.list.cursor_key or None)

    def action_move(self, by: int) -> None:
        """Up or down in the list while typing goes on."""
        self.list.action_move(by)
        self._follow()

    def action_page(self, by: int) -> None:
        """A page up or down."""
        self.list.action_page(by)
        self._follow()

    def _follow(self) -> None:
        self._rows.current = self.list.cursor_key
        self._rows.version += 1
        self.list.repaint()
