"""A terminal that keeps what it is sent, cell by cell: moves, margins and lines moved in them, styles and text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from rich.cells import cell_len

_PART = re.compile(
    r"\x1b\[(?P<args>[0-9;]*)(?P<what>[HCmrML])|\x1b\[[?<>=][0-9;]*[a-zA-Z$]+|\x1b\][^\x07]*\x07|(?P<text>[^\x1b]+)"
)
_OFF = {22: {1, 2}, 23: {3}, 24: {4}, 25: {5}, 27: {7}}


class Shown(NamedTuple):
    """One cell: what stands there, its colours as sent, its attributes; of a blank only what is seen."""

    char: str
    colour: tuple[int, ...]
    ground: tuple[int, ...]
    attributes: frozenset[int]

    @property
    def seen(self) -> Shown:
        if self.char != " " or self.attributes & {4, 7}:
            return self
        return Shown(" ", (), self.ground, frozenset())


class Emulator:
    """A screen of ``width`` × ``height`` cells that starts full of ink, so that what is not sent shows."""

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.cells = [self._ink() for _ in range(height)]
        self.margins = (0, height)
        self.x = self.y = 0
        self._style()

    def _ink(self) -> list[Shown]:
        return [Shown("#", (39,), (49,), frozenset()) for _ in range(self.width)]

    def _style(self) -> None:
        self.colour: tuple[int, ...] = (39,)
        self.ground: tuple[int, ...] = (49,)
        self.attributes: set[int] = set()

    def feed(self, sent: str) -> None:
        """Take what a program wrote; raises ValueError for what this terminal does not know."""
        at = 0
        while at < len(sent):
            part = _PART.match(sent, at)
            if part is None:
                raise ValueError(f"not understood: {sent[at : at + 20]!r}")
            at = part.end()
            if part["text"] is not None:
                self._text(part["text"])
            elif part["what"]:
                numbers = [int(n or 0) for n in part["args"].split(";")]
                does = {"H": self._move, "C": self._step, "m": self._turn, "r": self._margins}
                does |= {"M": self._delete, "L": self._insert}
                does[part["what"]](numbers)

    def _move(self, numbers: Sequence[int]) -> None:
        self.y, self.x = numbers[0] - 1, numbers[1] - 1

    def _margins(self, numbers: Sequence[int]) -> None:
        self.margins = (numbers[0] - 1, numbers[1]) if len(numbers) > 1 else (0, len(self.cells))
        self.y = self.x = 0

    def _delete(self, numbers: Sequence[int]) -> None:
        top, bottom = self.margins
        assert self.y == top
        for _ in range(numbers[0]):
            del self.cells[top]
            self.cells.insert(bottom - 1, self._ink())

    def _insert(self, numbers: Sequence[int]) -> None:
        top, bottom = self.margins
        assert self.y == top
        for _ in range(numbers[0]):
            del self.cells[bottom - 1]
            self.cells.insert(top, self._ink())

    def _step(self, numbers: Sequence[int]) -> None:
        self.x += numbers[0]

    def _turn(self, numbers: list[int]) -> None:
        while numbers:
            code = numbers.pop(0)
            if code == 0:
                self._style()
            elif code in (38, 48):
                rest = 1 + {2: 3, 5: 1}[numbers[0]]
                value, numbers = (code, *numbers[:rest]), numbers[rest:]
                self.colour, self.ground = (value, self.ground) if code == 38 else (self.colour, value)
            elif 30 <= code <= 39 or 90 <= code <= 97:
                self.colour = (code,)
            elif 40 <= code <= 49 or 100 <= code <= 107:
                self.ground = (code,)
            elif code in _OFF:
                self.attributes -= _OFF[code]
            else:
                self.attributes.add(code)

    def _text(self, text: str) -> None:
        for char in text.replace("\n", ""):
            size = cell_len(char)
            row = self.cells[self.y]
            cell = Shown(char, self.colour, self.ground, frozenset(self.attributes))
            if size == 0:
                row[self.x - 1] = row[self.x - 1]._replace(char=row[self.x - 1].char + char)
                continue
            for at in range(self.x, self.x + size):
                row[at] = cell if at == self.x else cell._replace(char="")
            self.x += size

    def seen(self) -> list[list[Shown]]:
        """All cells as they look."""
        return [[cell.seen for cell in row] for row in self.cells]
