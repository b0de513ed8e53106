"""The filter of a screen with alerts: a line to type it in, applied while typing, taken back with escape."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.timer import Timer
from textual.widgets import Input

from console.model.incident import Tone
from screens.ask import Words
from screens.line_input import LineInput
from screens.serving import Serving
from widgets import words
from widgets.line_list import LineList

PAUSE_S = 0.2
"""A filter is applied after this pause in typing."""


class _FilterLine(Horizontal):
    """``filter`` and what is typed."""

    def __init__(self, value: str) -> None:
        super().__init__(id="filter")
        self.input = LineInput(value, placeholder="words, or label=value; enter keeps it, esc takes it back")

    def compose(self) -> ComposeResult:
        yield Words([(" filter", "accent bold")])
        yield self.input

    def on_mount(self) -> None:
        self.input.focus()


class Filtering(Serving):
    """A screen whose alert lists can be filtered and marked as a whole."""

    _line: _FilterLine | None = None
    _filter_before = ""
    _pause: Timer | None = None
    _return_to: LineList | None = None

    def alert_list(self) -> LineList:
        """The list that the filter and the marks are about."""
        raise NotImplementedError

    def all_keys(self) -> frozenset[str]:
        """Keys of every row that the filter lets through."""
        raise NotImplementedError

    def do_filter(self) -> None:
        """Open the line."""
        if self._line is not None:
            return
        self._filter_before = self.host.view.filter
        self._return_to = self.here or self.alert_list()
        self.say("")
        self._line = _FilterLine(self._filter_before)
        self.mount(self._line)

    def show_keys(self) -> None:
        """While the line is open, only its own keys."""
        if self._line is None:
            super().show_keys()
        else:
            self.footer.show([("enter", "keep")], [("esc", "take back")])

    def action_act(self, id: str) -> None:
        """Until the line has the focus, what is typed for it does nothing else."""
        if self._line is None or self._line.input.has_focus:
            super().action_act(id)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if self._pause is not None:
            self._pause.stop()
        text = event.value
        self._pause = self.set_timer(PAUSE_S, lambda: self._apply(text))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._apply(event.value)
        self._close()

    def do_back(self) -> None:
        """While the line is open it is taken back first."""
        if self._line is None:
            super().do_back()
            return
        self._apply(self._filter_before)
        self._close()

    def _apply(self, text: str) -> None:
        if self._pause is not None:
            self._pause.stop()
            self._pause = None
        if text.strip() != self.host.view.filter:
            self.host.look(filter=text.strip())

    def _close(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            line.remove()
            self.show_keys()
        if self._return_to is not None:
            self._return_to.focus()

    def do_select_all(self) -> None:
        """Mark every row that the filter lets through."""
        keys = self.all_keys()
        self.all_of_filter = keys
        self.alert_list().clear_marks()
        self.alert_list().mark_all(keys)

    def amount(self, groups: int) -> str:
        """How much the alerts' title tells."""
        alerts = self.host.snapshot.alerts
        if alerts.filter:
            return f"{alerts.matching} of {alerts.total} match {alerts.filter}"
        return f"{words.count(groups, 'group')} of {alerts.firing}" if alerts.total else ""

    def tell_filter_error(self) -> None:
        """Say what is wrong with the filter while it is typed."""
        error = self.host.snapshot.alerts.filter_error
        if error and self._line is not None:
            self.say(error, Tone.BAD)
