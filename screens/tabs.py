"""The tabs of a narrow war room: what each key shows, and at the right which source is not well."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from console.model.source import SourceHealth
from widgets.line import Part
from widgets.pane import source_parts
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
        ill = [s for s in self._sources if (s.stale(self._now) and s.fresh_at) or s.failures]
        room = width - sum(len(text) for text, _ in left) - 2
        right = source_parts(ill, self._now, room) if ill and room > 12 else []
        return left, [*right, (" ", "grey")] if right else []
