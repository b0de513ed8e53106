"""What the terminal shows, remembered cell by cell, so that an update sends only the cells that differ.

Textual sends a changed widget's lines from their left edge, each part with its whole style and a reset: 1.6 kB for a
cursor that moves one row at 120×40. Here cells that stand there already are stepped over, and a change of style names
only what changes. A part with wide or combining characters is sent whole: terminals do not agree about their widths.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from rich.cells import cell_len
from rich.color import Color, ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.strip import Strip

STEP = 4
"""Up to so many cells in the same look are sent again: stepping over them takes as many bytes."""

_ON_OFF = {"bold": "1 22", "dim": "2 22", "italic": "3 23", "underline": "4 24", "blink": "5 25", "reverse": "7 27"}
"""Attributes with the codes that turn them on and off; bold and dim go off together."""
_SEEN = frozenset({"underline", "reverse"})
"""Attributes that are seen where there is no letter."""


class Look(NamedTuple):
    """A style as the terminal has it: codes of both colours, names of attributes."""

    colour: str = "39"
    ground: str = "49"
    attributes: frozenset[str] = frozenset()


BARE = Look()
Cell = tuple[str, Look]
Line = list[Cell | None]
"""Cells from the left edge on; ``None`` where it is not known what the terminal shows."""


@lru_cache(2048)
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


def alike(one: Cell | None, other: Cell) -> bool:
    """Whether both look the same; a blank shows only its ground."""
    if one is None or one == other:
        return one is not None
    if one[0] != " " or other[0] != " ":
        return False
    return one[1].ground == other[1].ground and not (one[1].attributes | other[1].attributes) & _SEEN


def single(text: str) -> bool:
    """Whether every character takes one cell."""
    return text.isascii() or all(char < "\x7f" or cell_len(char) == 1 for char in text)


def explode(segments: Iterable[Segment], system: ColorSystem) -> list[Cell] | None:
    """One cell a character; ``None`` if any takes another width than one."""
    out: list[Cell] = []
    for text, style, _ in segments:
        if not single(text):
            return None
        look = look_of(style, system)
        out += [(char, look) for char in text]
    return out


def runs(known: Sequence[Cell | None], wanted: Sequence[Cell]) -> Iterator[tuple[int, int]]:
    """Start and end of each stretch to send; short gaps in the look of what stands before them are sent with it."""
    start = end = -1
    for at, (old, new) in enumerate(zip(known, wanted, strict=True)):
        if alike(old, new):
            continue
        if start >= 0:
            look = wanted[end - 1][1]
            if at - end > STEP or any(cell[1] != look for cell in wanted[end:at]):
                yield start, end
                start = at
        else:
            start = at
        end = at + 1
    if start >= 0:
        yield start, end


class Piece(NamedTuple):
    """Text in one look that goes to one place."""

    look: Look
    y: int
    x: int
    text: str


def pieces(y: int, x: int, cells: Sequence[Cell]) -> Iterator[Piece]:
    """Cells side by side from ``x`` on, cut where their look changes; a blank goes with a neighbour it looks like."""
    text, look = cells[0]
    begin = x
    for at, (char, own) in enumerate(cells[1:], x + 1):
        if own != look and not (char == " " and alike((" ", look), (" ", own))):
            if text.strip(" ") or not alike((" ", look), (" ", own)):
                yield Piece(look, y, begin, text)
                text, begin = "", at
            look = own
        text += char
    yield Piece(look, y, begin, text)


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
        codes, self._look = turn(self._look, piece.look, piece.text.strip(" ") != "")
        self._out += (codes, piece.text)
        # Where a terminal stands after wide or combining characters is its own affair.
        self._at = (piece.y, piece.x + len(piece.text)) if single(piece.text) else (-1, -1)

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


class Frame:
    """One terminal's cells as they were sent last; shared by all screens, for they share the terminal."""

    def __init__(self) -> None:
        self._whole: dict[int, list[Strip]] = {}
        self._lines: dict[int, Line] = {}

    def forget(self) -> None:
        """The terminal may show anything; until an update of everything, each is sent whole."""
        self._whole.clear()
        self._lines.clear()

    def update(self, made: Any) -> Any:
        """The same update, with as few bytes as the difference takes; anything else as it is."""
        if isinstance(made, LayoutUpdate):
            return _Everything(self, made)
        return _Parts(self, made) if isinstance(made, ChopsUpdate) else made

    def everything(self, made: LayoutUpdate, system: ColorSystem) -> str:
        """Every line whole, whatever stood there."""
        self.forget()
        out: list[Piece] = []
        for y, strips in enumerate(made.strips, made.region.y):
            line = list(strips)
            out += _whole(y, made.region.x, line, system)
            if made.region.x == 0:
                self._whole[y] = line
        return written(out)

    def parts(self, made: ChopsUpdate, system: ColorSystem) -> str:
        """Of each span the cells that differ from those that stand there, in the order that takes fewer bytes."""
        whole: list[Piece] = []
        cells: list[Piece] = []
        for y, left, right in made.spans:
            known = self._line(y, right, system)
            for end, (x, strip) in zip(made.chop_ends[y], made.chops[y].items(), strict=False):
                if strip is None or x >= right or end <= left:
                    continue
                strip = strip.crop(0, min(end, right) - x)
                wanted = explode(strip, system)
                if wanted is None:
                    whole += _whole(y, x, [strip], system)
                    known[x : x + strip.cell_length] = [None] * strip.cell_length
                else:
                    cells += _changed(y, max(left, x), known, wanted[max(0, left - x) : min(end, right) - x])
        return min(written([*whole, *cells]), written([*whole, *sorted(cells, key=by_look)]), key=len)

    def _line(self, y: int, width: int, system: ColorSystem) -> Line:
        """The cells of a line, at least ``width`` of them."""
        line = self._lines.setdefault(y, [])
        for strip in self._whole.pop(y, ()):
            line += explode(strip, system) or [None] * strip.cell_length
        line += [None] * (width - len(line))
        return line


def _whole(y: int, x: int, strips: Iterable[Strip], system: ColorSystem) -> Iterator[Piece]:
    """Strips side by side, as they are."""
    for text, style, _ in (segment for strip in strips for segment in strip):
        yield Piece(look_of(style, system), y, x, text)
        x += cell_len(text)


def _changed(y: int, x: int, known: Line, wanted: list[Cell]) -> Iterator[Piece]:
    """What differs from the line as it is known, from ``x`` on; it is known then."""
    before = known[x : x + len(wanted)]
    known[x : x + len(wanted)] = wanted
    for start, end in runs(before, wanted):
        yield from pieces(y, x + start, wanted[start:end])


class _Sent(CompositorUpdate):
    """An update that is compared with the frame at the moment it is written, and not before: not all are."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame

    def render_segments(self, console: Console) -> str:
        """The bytes; if anything fails the frame knows nothing any more."""
        try:
            return self.sent(console._color_system or ColorSystem.TRUECOLOR)
        except BaseException:
            self._frame.forget()
            raise

    def sent(self, system: ColorSystem) -> str:
        """What goes to the terminal."""
        raise NotImplementedError


class _Everything(_Sent):
    def __init__(self, frame: Frame, made: LayoutUpdate) -> None:
        super().__init__(frame)
        self._made = made

    def sent(self, system: ColorSystem) -> str:
        return self._frame.everything(self._made, system)


class _Parts(_Sent):
    def __init__(self, frame: Frame, made: ChopsUpdate) -> None:
        super().__init__(frame)
        self._made = made

    def sent(self, system: ColorSystem) -> str:
        return self._frame.parts(self._made, system)
