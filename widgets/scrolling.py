"""Lines that moved up or down together are moved by the terminal, which has them already.

A list that scrolls five lines at 120×40 differs in 33 lines, of which 28 stand on the screen, elsewhere. Between
margins (DECSTBM) lines are deleted or inserted (DL, IL), which every terminal since the VT102 knows, the Linux console
too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from widgets.cells import UNKNOWN

FEWEST = 6
"""Lines that must differ before it is looked for."""
EDGE = 2
"""Cells at the right edge of a list that are not compared: the thumb stays where it is, or moves otherwise."""

Lines = Mapping[int, list[int]]


class Move(NamedTuple):
    """Lines from ``top`` to ``bottom`` (exclusive) go up by ``by``, or down if that is negative."""

    top: int
    bottom: int
    by: int

    def sequence(self) -> str:
        """What makes the terminal do so; its cursor is in the corner then, and the margins are gone."""
        at = self.top + 1
        what = f"{self.by}M" if self.by > 0 else f"{-self.by}L"
        return f"\x1b[{at};{self.bottom}r\x1b[{at};1H\x1b[{what}\x1b[r"

    def moved(self, known: Lines) -> dict[int, list[int]]:
        """The lines between the margins then; nobody knows in which look a terminal fills the ones that come up."""
        out = {}
        for y in range(self.top, self.bottom):
            source = y + self.by
            kept = self.top <= source < self.bottom
            out[y] = list(known[source]) if kept else [UNKNOWN] * len(known[y])
        return out


def moved_together(known: Lines, wanted: Lines, left: int, right: int) -> Move | None:
    """How most of the lines that differ between these columns moved; ``None`` if they did not, or not all is known."""
    differ = sorted(y for y, line in wanted.items() if line != known[y])
    if len(differ) < FEWEST:
        return None
    top, bottom = differ[0], differ[-1] + 1
    if any(y not in known or UNKNOWN in wanted.get(y, known[y]) for y in range(top, bottom)):
        return None
    if len({len(known[y]) for y in range(top, bottom)}) > 1:
        return None
    places = {tuple(known[y][left : right - EDGE]): y for y in range(top, bottom)}
    votes = Counter(
        places[part] - y
        for y in differ
        if len(set(part := tuple(wanted[y][left : right - EDGE]))) > 1 and part in places
    )
    if not votes:
        return None
    by, many = votes.most_common(1)[0]
    return Move(top, bottom, by) if by and many >= FEWEST and 2 * many >= len(differ) - abs(by) else None
