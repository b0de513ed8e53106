"""Where rows stand in a list of sections: row number, line and key, each found from the other."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any, NamedTuple

from console.model.rows import Rows


class Section(NamedTuple):
    """Rows of one height under an optional divider."""

    title: str
    """Text of the divider, ``""`` = no divider."""
    rows: Rows[Any]
    height: int = 1
    """Lines of each row."""


class Place(NamedTuple):
    """What stands on a line: row ``number`` and the line within it, or a divider (``number`` -1) of ``section``."""

    section: int
    number: int
    inner: int


class Sections:
    """An arrangement of sections; all look-ups cost O(sections), not O(rows)."""

    __slots__ = ("_firsts", "_tops", "lines", "rows", "sections")

    def __init__(self, sections: Sequence[Section] = ()) -> None:
        self.sections = tuple(sections)
        self._tops: list[int] = []
        self._firsts: list[int] = []
        self.lines = 0
        """Lines in all, dividers included."""
        self.rows = 0
        """Rows in all."""
        for section in self.sections:
            self._tops.append(self.lines)
            self._firsts.append(self.rows)
            self.lines += bool(section.title) + len(section.rows) * section.height
            self.rows += len(section.rows)

    def row(self, number: int) -> Any:
        """The row of this number."""
        at = self._section(number)
        return self.sections[at].rows[number - self._firsts[at]]

    def height(self, number: int) -> int:
        """Lines of the row of this number."""
        return self.sections[self._section(number)].height

    def line(self, number: int) -> int:
        """First line of the row of this number."""
        at = self._section(number)
        section = self.sections[at]
        return self._tops[at] + bool(section.title) + (number - self._firsts[at]) * section.height

    def reveal_line(self, number: int) -> int:
        """The line to show so that the row is seen with its section's divider, where it is the first."""
        at = self._section(number)
        return self._tops[at] if number == self._firsts[at] else self.line(number)

    def place(self, line: int) -> Place | None:
        """What stands on this line; ``None`` below the last."""
        if not 0 <= line < self.lines:
            return None
        at = bisect_right(self._tops, line) - 1
        section = self.sections[at]
        offset = line - self._tops[at] - bool(section.title)
        if offset < 0:
            return Place(at, -1, 0)
        index, inner = divmod(offset, section.height)
        return Place(at, self._firsts[at] + index, inner)

    def near(self, line: int) -> int:
        """Number of the row on this line, or of the nearest one; -1 where there is none."""
        if not self.rows:
            return -1
        place = self.place(max(0, min(line, self.lines - 1)))
        if place is not None and place.number >= 0:
            return place.number
        return min(self._firsts[place.section] if place else 0, self.rows - 1)

    def find(self, key: str, near: int = 0) -> int:
        """Number of the row with this key, or -1; searched first in the section of ``near`` and around it."""
        if not self.rows:
            return -1
        near = max(0, min(near, self.rows - 1))
        home = self._section(near)
        for at in (home, *(i for i in range(len(self.sections)) if i != home)):
            first, rows = self._firsts[at], self.sections[at].rows
            index = rows.find(key, near - first) if rows else -1
            if index >= 0:
                return first + index
        return -1

    def _section(self, number: int) -> int:
        if not 0 <= number < self.rows:
            raise IndexError(number)
        return bisect_right(self._firsts, number) - 1
