"""The result line: what came of the last action, with its way back or what to do next."""

from __future__ import annotations

from collections.abc import Sequence

from console.model.action import Reply
from console.model.incident import Tone
from widgets import marks
from widgets.line import Part
from widgets.strip_line import StripLine

_SIGNS = {Tone.GOOD: ("done", "good"), Tone.BAD: ("failed", "sev1"), Tone.WAIT: ("current", "wait")}


class ResultLine(StripLine):
    """One line above the footer; the screen clears it."""

    DEFAULT_CSS = """
    ResultLine {
        background: $surface;
    }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(on="raised", id=id, classes=classes)
        self._text = ""
        self._tone = Tone.PLAIN
        self._hint: tuple[str, str] = ("", "")

    @property
    def text(self) -> str:
        """What it says."""
        return self._text

    def show(self, reply: Reply, undo_key: str = "u") -> None:
        """Show an answer: done with its way back, or what went wrong and what to do next."""
        hint = (undo_key, reply.undo.words) if reply.ok and reply.undo else ("", reply.next)
        self.say(reply.text, Tone.GOOD if reply.ok else Tone.BAD, hint)

    def say(self, text: str, tone: Tone = Tone.PLAIN, hint: tuple[str, str] = ("", "")) -> None:
        """Show any line; ``hint`` is a key (or none) and words at the right edge."""
        self._text, self._tone, self._hint = text, tone, hint
        self.repaint()

    def clear(self) -> None:
        """Say nothing."""
        self.say("")

    def parts(self, width: int) -> tuple[Sequence[Part], Sequence[Part]]:
        """Sign and text from the left, the way on at the right."""
        if not self._text:
            return (), ()
        name, colour = _SIGNS.get(self._tone, ("", "text"))
        sign = [(f" {marks.sign(name)} ", colour)] if name else [(" ", "text")]
        key, verb = self._hint
        room = width - len(self._text) - 6
        right: list[Part] = [(key, "accent"), (f" {verb} ", "grey")] if verb and len(verb) + 3 <= room else []
        return [*sign, (self._text, "sev1" if self._tone is Tone.BAD else "text")], right
