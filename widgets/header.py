"""The header: severity, incident, state, time, commander, sources in trouble, what is due, and one red notice."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.widget import Widget

from console.model.incident import Incident, IncidentLine
from console.model.snapshot import Due
from console.model.source import SourceHealth
from widgets.heading import Facts, arrange
from widgets.line import Part
from widgets.strip_line import StripLine


class _Top(StripLine):
    """The line itself."""

    def __init__(self) -> None:
        super().__init__(on="raised", id="header-line")
        self.facts = Facts()
        self.now = 0

    def parts(self, width: int) -> tuple[Sequence[Part], Sequence[Part]]:
        """What it says at this width."""
        return arrange(self.facts, width, self.now)


class _Notice(StripLine):
    """A red line under the header."""

    def __init__(self) -> None:
        super().__init__(on="sev1", id="header-notice")
        self.text = ""

    def parts(self, width: int) -> tuple[Sequence[Part], Sequence[Part]]:
        """The notice, from the left."""
        return [(f" {self.text}", "badge_text bold")], ()


class Header(Widget):
    """One line, two while there is a notice."""

    DEFAULT_CSS = """
    Header {
        layout: vertical;
        height: auto;
        width: 1fr;
        background: $surface;
    }
    Header _Top { background: $surface; }
    Header _Notice { display: none; }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._top = _Top()
        self._notice = _Notice()

    def compose(self) -> ComposeResult:
        yield self._top
        yield self._notice

    def show(
        self,
        *,
        incident: Incident | None = None,
        incidents: tuple[IncidentLine, ...] = (),
        due: tuple[Due, ...] = (),
        sources: tuple[SourceHealth, ...] = (),
        operator: str = "",
        drill: bool = False,
        read_only: bool = False,
        held: bool = False,
        held_by: str = "",
        notice: str = "",
        now: int = 0,
    ) -> None:
        """Show these facts as of ``now`` (ms); without an incident the open incidents are counted."""
        self._top.facts = Facts(incident, incidents, due, sources, operator, drill, read_only, held, held_by)
        if notice != self._notice.text:
            self._notice.text = notice
            self._notice.display = bool(notice)
            self._notice.repaint()
        self.tick(now)

    def tick(self, now: int) -> None:
        """Time went on: redraw the line where its cells changed."""
        self._top.now = now
        self._top.repaint()
