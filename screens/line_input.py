"""One line of input: no blinking, no markup, what is pasted is cleaned."""

from __future__ import annotations

from textual import events
from textual.widgets import Input

from console.text import clean


class LineInput(Input):
    """An input that draws one line and sends no byte while nothing is typed."""

    DEFAULT_CSS = """
    LineInput, LineInput:focus {
        height: 1;
        border: none;
        padding: 0 1;
        background: $panel;
        color: $foreground;
    }
    LineInput > .input--placeholder, LineInput:focus > .input--placeholder { color: $grey-on-tone; }
    """

    def __init__(
        self, value: str = "", *, placeholder: str = "", id: str | None = None, pastes: bool = True, limit: int = 500
    ) -> None:
        super().__init__(value, placeholder=placeholder, id=id, select_on_focus=False, max_length=limit)
        self.cursor_blink = False
        self._pastes = pastes

    def _on_paste(self, event: events.Paste) -> None:
        """The first line of what was pasted, cleaned; nothing where pasting is not meant."""
        event.stop()
        event.prevent_default()
        text = event.text.splitlines()[0] if event.text else ""
        if self._pastes and text:
            self.insert_text_at_cursor(clean(text, 500))
