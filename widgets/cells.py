"""Cells of a terminal as numbers, so that lines are compared as fast as lists of numbers are.

A cell is a character and its look in one number. A blank shows only its ground, so all blanks on one ground are one
number, unless they are underlined or reversed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from rich.cells import cell_len
from rich.color import Color, ColorSystem
from rich.style import Style

STEP = 4
"""Up to so many cells in the same look are sent again: stepping over them takes as many bytes."""

_ON_OFF = {"bold": "1 22", "dim": "2 22", "italic": "3 23", "underline": "4 24", "blink": "5 25", "reverse": "7 27"}
"""Attributes with the codes that turn them on and off; bold and dim go off together."""
_SEEN = frozenset({"underline", "reverse"})
"""Attributes that are seen where there is no letter."""

BITS = 21
"""Of a cell's number, for its character; what is above them numbers its look."""
CHARACTER = (1 << BITS) - 1
UNKNOWN = -1
"""A cell of which it is not known what the terminal shows."""


class Look(NamedTuple):
    """A style as the terminal has it: codes of both colours, names of attributes."""

    colour: str = "39"
    ground: str = "49"
    attributes: frozenset[str] = frozenset()


BARE = Look()
LOOKS: list[Look] = []
"""Every look that was met, by its number; a console knows some dozens."""
_NUMBERS: dict[Look, int] = {}
_BLANKS: list[int] = []
"""The number of a blank cell in each look."""


def number_of(look: Look) -> int:
    """The number of a look."""
    known = _NUMBERS.get(look)
    if known is None:
        known = _NUMBERS[look] = len(LOOKS)
        LOOKS.append(look)
        seen = bool(look.attributes & _SEEN)
        plain = Look("39", look.ground)
        _BLANKS.append(0)
        own = known if seen or look == plain else number_of(plain)
        _BLANKS[known] = own << BITS | ord(" ")
    return known


def look_of(style: Style | None, system: ColorSystem) -> Look:
    """The look of a Rich style on a terminal with these colours."""
    if style is None:
        return BARE
    on = frozenset(name for name in _ON_OFF if getattr(style, name))
    return Look(_codes(style.color, system, True), _codes(style.bgcolor, system, False), on)


def _codes(colour: Color | None, system: ColorSystem, foreground: bool) -> str:
    if colour is None:
        return "39" if foreground else "49"
    return ";".join(colour.downgrade(system).get_ansi_codes(foreground))


@lru_cache(8192)
def turn(before: Look, after: Look, letters: bool) -> tuple[str, Look]:
    """The shortest sequence from one look to another, and the look then; blanks need only their ground."""
    if not letters and not (before.attributes | after.attributes) & _SEEN:
        after = Look(before.colour, after.ground, before.attributes)
    off = {_ON_OFF[name].split()[1] for name in before.attributes - after.attributes}
    codes = sorted(off)
    for name in sorted(after.attributes):
        code, undone = _ON_OFF[name].split()
        if name not in before.attributes or undone in off:
            codes.append(code)
    if after.colour != before.colour:
        codes.append(after.colour)
    if after.ground != before.ground:
        codes.append(after.ground)
    return (f"\x1b[{';'.join(codes)}m" if codes else "", after)


@lru_cache(4096)
def single(text: str) -> bool:
    """Whether every character takes one cell."""
    return text.isascii() or all(char < "\x7f" or cell_len(char) == 1 for char in text)


@lru_cache(512)
def style_number(style: Style | None, system: ColorSystem) -> int:
    """The number of a Rich style's look."""
    return number_of(look_of(style, system))


@lru_cache(4096)
def cells_of(text: str, style: Style | None, system: ColorSystem) -> tuple[int, ...] | None:
    """One cell a character; ``None`` if any takes another width than one."""
    if not single(text):
        return None
    look = style_number(style, system)
    blank, base = _BLANKS[look], look << BITS
    return tuple([blank if char == " " else base | ord(char) for char in text])


def runs(known: Sequence[int], wanted: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Start and end of each stretch to send; short gaps in the look of what stands before them are sent with it."""
    differ = [at for at, (old, new) in enumerate(zip(known, wanted, strict=True)) if old != new]
    if not differ:
        return
    start = differ[0]
    end = start + 1
    for at in differ[1:]:
        if at != end and (at - end > STEP or not _alike(wanted, end, at)):
            yield start, end
            start = at
        end = at + 1
    yield start, end


def _alike(wanted: Sequence[int], end: int, at: int) -> bool:
    """Whether the gap has the look of the cell in front of it, so that nothing needs to be turned on for it."""
    look = wanted[end - 1] >> BITS
    blank = _BLANKS[look]
    return all(cell >> BITS == look or cell == blank for cell in wanted[end:at])


class Piece(NamedTuple):
    """Text in one look that goes to one place."""

    look: Look
    y: int
    x: int
    text: str


def pieces(y: int, x: int, cells: Sequence[int]) -> Iterator[Piece]:
    """Cells side by side from ``x`` on, cut where their look changes; a blank goes with a neighbour it looks like."""
    start, look = 0, cells[0] >> BITS
    letters = cells[0] != _BLANKS[look]
    for at, cell in enumerate(cells):
        own = cell >> BITS
        if own == look or cell == _BLANKS[look]:
            letters = letters or cell != _BLANKS[look]
            continue
        # Blanks in front of letters on their ground take the letters' look.
        if letters or _BLANKS[own] != _BLANKS[look]:
            yield Piece(LOOKS[look], y, x + start, _text(cells[start:at]))
            start, letters = at, False
        look = own
        letters = letters or cell != _BLANKS[look]
    yield Piece(LOOKS[look], y, x + start, _text(cells[start:]))


def _text(cells: Sequence[int]) -> str:
    return "".join([chr(cell & CHARACTER) for cell in cells])


class Pen:
    """Writes text in looks, knowing where the terminal's cursor is and which look it is in."""

    def __init__(self) -> None:
        self._out: list[str] = []
        self._look = BARE
        self._at = (-1, -1)

    def put(self, piece: Piece) -> None:
        """Text to its place, stepping to the right where that is nearer."""
        y, x = self._at
        if y == piece.y and x < piece.x:
            self._out.append(f"\x1b[{piece.x - x}C")
        elif (y, x) != (piece.y, piece.x):
            self._out.append(f"\x1b[{piece.y + 1};{piece.x + 1}H")
        text = piece.text
        codes, self._look = turn(self._look, piece.look, text.strip(" ") != "")
        self._out += (codes, text)
        # Where a terminal stands after wide or combining characters is its own affair.
        self._at = (piece.y, piece.x + len(text)) if single(text) else (-1, -1)

    def end(self) -> str:
        """All that was written; the terminal is left in its own look."""
        return "".join(self._out) + ("\x1b[0m" if self._look != BARE else "")


def written(made: Iterable[Piece]) -> str:
    """The bytes for these pieces in this order."""
    pen = Pen()
    for piece in made:
        pen.put(piece)
    return pen.end()


def by_look(piece: Piece) -> tuple[str, list[str], str, int, int]:
    """The order in which each look is turned on once: 30 lines of a list differ in few looks, but at many places."""
    look = piece.look
    return look.ground, sorted(look.attributes), look.colour, piece.y, piece.x
