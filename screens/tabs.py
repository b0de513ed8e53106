"""The tabs of a narrow war room: what each key shows, and at the right which source is not well."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rich.cells import cell_len

from console.model.source import SourceHealth
from widgets.heading import health
from widgets.line import Part
from widgets.source_rows import ailing
from widgets.strip_line import StripLine


class Tab(NamedTuple):
    """One of the panes."""

    key: str
    name: str
    here: bool


class Tabs(StripLine):
    """One line under the header."""

    def __init__(self, id: str) -> None:
        super().__init__(on="raised", id=id)
        self._tabs: Sequence[Tab] = ()
        self._sources: Sequence[SourceHealth] = ()
        self._now = 0

    def show(self, tabs: Sequence[Tab], sources: Sequence[SourceHealth], now: int) -> None:
        """Show these tabs, and of the sources those in trouble."""
        self._tabs, self._sources = tuple(tabs), tuple(sources)
        self.tick(now)

    def tick(self, now: int) -> None:
        """Time went on: ages may have changed."""
        self._now = now
        self.repaint()

    def parts(self, width: int) -> tuple[Sequence[Part], Sequence[Part]]:
        """Tabs from the left, trouble at the right."""
        left: list[Part] = [(" ", "grey")]
        for tab in self._tabs:
            left.append((tab.key, "accent bold" if tab.here else "grey"))
            left.append((f" {tab.name}   ", "accent bold" if tab.here else "text"))
        return left, self._trouble(width - sum(cell_len(text) for text, _ in left) - 2)

    @property
    def tells(self) -> bool:
        """Whether there is room for the words of a source in trouble."""
        return bool(self.parts(self.size.width)[1]) or not ailing(self._sources, self._now)

    def _trouble(self, room: int) -> list[Part]:
        """The source that is worst off, in as many words as fit."""
        for level in (3, 2, 1):
            told = health(self._sources, level, self._now)
            if told and sum(cell_len(text) for text, _ in told) <= room + 1:
                return [(f"{told[0][0].rstrip()} ", told[0][1])]
        return []
