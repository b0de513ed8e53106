"""Painting rows: what a list asks of a painter, and the memory of rows that are painted already."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

from rich.segment import Segment
from textual.strip import Strip

from widgets import line, marks, palette, words

KEPT = 512
"""Painted rows that are kept; a screen shows under a hundred."""


class Painter(Protocol):
    """Turns one row into lines of segments, each exactly ``width`` cells."""

    version: int
    """Raised whenever the same row is to be painted differently."""

    def paint(
        self, row: Any, width: int, height: int, *, selected: bool, marked: bool, now: int
    ) -> list[list[Segment]]:
        """``height`` lines; ``now`` (ms) moves in steps of five seconds unless the row ``ticks``."""
        ...

    def ticks(self, row: Any) -> bool:
        """Whether the row is painted each second; a line of 60 cells then costs 300 B/s."""
        ...

    def divide(self, title: str, width: int) -> list[Segment]:
        """The divider line of a section."""
        ...


class Rule:
    """What painters share: a divider is a rule with the section's title in it."""

    version = 0

    def ticks(self, row: Any) -> bool:
        """Nothing ticks: clocks in rows move in steps of five seconds."""
        return False

    def divide(self, title: str, width: int) -> list[Segment]:
        """A rule with the section's title in it."""
        return line.divider(title, width, marks.sign("h"))


class _Painted(NamedTuple):
    row: Any
    how: tuple[object, ...]
    strips: tuple[Strip, ...]


class Paintings:
    """Strips of rows as painted last, found again while neither the row nor the way to paint it changed."""

    def __init__(self, painter: Painter) -> None:
        self.painter = painter
        self._painted: dict[str, _Painted] = {}

    def strips(self, row: Any, width: int, height: int, *, selected: bool, marked: bool, now: int) -> tuple[Strip, ...]:
        """``height`` strips of ``width`` cells: a column for the mark, the painter's cells, a column for the thumb."""
        key, painter = row.key, self.painter
        now = now if painter.ticks(row) else words.step(now)
        how = (width, height, selected, marked, now, painter.version, *surroundings())
        known = self._painted.get(key)
        if known is not None and known.row is row and known.how == how:
            return known.strips
        lines = painter.paint(row, width - 2, height, selected=selected, marked=marked, now=now)
        text = palette.style("text")
        gutter = Segment(marks.sign("marked"), palette.style("accent")) if marked else Segment(" ", text)
        strips = tuple(Strip(line.merge([gutter, *segments, Segment(" ", text)]), width) for segments in lines)
        if len(self._painted) >= KEPT:
            self._painted.clear()
        self._painted[key] = _Painted(row, how, strips)
        return strips

    def divider(self, title: str, width: int) -> Strip:
        """The strip of a section's divider."""
        edge = Segment(" ", palette.style("text"))
        return Strip(line.merge([edge, *self.painter.divide(title, width - 2), edge]), width)


def surroundings() -> tuple[object, ...]:
    """What every painting depends on beside its row: palette, signs and zone in use."""
    return palette.generation(), marks.ascii_only(), words.zone()
