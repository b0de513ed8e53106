"""The declaration: the symptom in words and how bad it is; two lines and enter are enough."""

from __future__ import annotations

from collections.abc import Mapping

from textual.app import ComposeResult
from textual.binding import Binding
from textual.widgets import Input

from console.model.group import Group
from console.model.severity import Severity
from screens.ask import Words
from screens.dialog import Dialog
from screens.line_input import LineInput
from screens.questions import MEANING
from widgets import marks, palette
from widgets.line import Part


class Declare(Dialog[dict[str, str]]):
    """Ends with the arguments of ``incident.declare``, prefilled from a group or from answers that were refused."""

    BINDINGS = [
        Binding("up", "severity(-1)", "worse", show=False),
        Binding("down", "severity(1)", "less bad", show=False),
        Binding("tab", "step(1)", "next line", show=False),
        Binding("shift+tab", "step(-1)", "line before", show=False),
        Binding("ctrl+t", "command", "command", show=False),
    ]

    def __init__(self, group: Group | None, before: Mapping[str, object] | None = None, refused: str = "") -> None:
        super().__init__("Declare an incident", f"from {group.title}" if group and not refused else "")
        answers = {
            "title": group.title if group else "",
            "severity": (group.severity if group else Severity.SEV2).name,
            "services": ", ".join(group.services) if group else "",
            "command": "yes",
            **{name: str(value) for name, value in (before or {}).items()},
        }
        self.group = group
        self.severity = Severity[answers["severity"]]
        self.command = answers["command"] == "yes"
        self.title_input = LineInput(answers["title"], placeholder="what users notice, in words", limit=200)
        self.services = LineInput(answers["services"], placeholder="comma-separated")
        self._refused = refused
        self._scale = Words()
        self._meaning = Words()
        self._command = Words()

    def body(self) -> ComposeResult:
        yield Words([(" symptom", "label bold")])
        yield self.first(self.title_input)
        yield Words([(" severity", "label bold"), ("  up and down change it", "grey")])
        yield self._scale
        yield self._meaning
        yield Words([(" services", "label bold"), ("  may be left empty", "grey")])
        yield self.services
        yield self._command

    def content_lines(self, width: int) -> int:
        return 8

    def hints(self) -> list[tuple[str, str]]:
        return [("enter", "declare"), ("up down", "severity"), ("tab", "next"), ("ctrl+t", "command"), ("esc", "leave")]

    def on_mount(self) -> None:
        self.title_input.cursor_position = len(self.title_input.value)
        self._tell()
        if self._refused:
            self.warn(self._refused)

    def _tell(self) -> None:
        parts: list[Part] = [(" ", "text")]
        for each in Severity:
            here = each is self.severity
            colour = palette.severity(each)
            sign = marks.sign("current") if here else " "
            parts.append((f"{sign}{each.name} ", f"badge_text bold on {colour}" if here else colour))
            parts.append((" ", "text"))
        self._scale.put(parts)
        self._meaning.put([(f"  {MEANING[self.severity]}", "grey")])
        mark = marks.sign("marked") if self.command else " "
        words = "you take command" if self.command else "nobody commands yet"
        self._command.put([(f" [{mark}] ", "accent"), (words, "text"), ("  ctrl+t changes it", "grey")])

    def action_severity(self, by: int) -> None:
        """Worse or less bad."""
        self.severity = Severity(max(1, min(5, self.severity + by)))
        self._tell()

    def action_command(self) -> None:
        """Take command, or leave it open."""
        self.command = not self.command
        self._tell()

    def action_step(self, by: int) -> None:
        """Go to the other line."""
        (self.services if self.focused is self.title_input else self.title_input).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Declare, if the symptom is told."""
        event.stop()
        title = self.title_input.value.strip()
        if not title:
            self.warn("say in a few words what users notice")
            self.title_input.focus()
            return
        answers = {"title": title, "severity": self.severity.name, "command": "yes" if self.command else "no"}
        if services := self.services.value.strip():
            answers["services"] = services
        self.dismiss(answers)
