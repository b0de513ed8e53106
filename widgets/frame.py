"""What the terminal shows, remembered cell by cell, so that an update sends only the cells that differ.

Textual sends a changed widget's lines from their left edge, each part with its whole style and a reset: 1.6 kB for a
cursor that moves one row at 120×40. Here cells that stand there already are stepped over, and a change of style names
only what changes. A part with wide or combining characters is sent whole: terminals do not agree about their widths.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from rich.cells import cell_len
from rich.color import ColorSystem
from rich.console import Console
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.strip import Strip

from widgets.cells import UNKNOWN, Piece, by_look, cells_of, look_of, pieces, runs, written

Line = list[int]
"""Cells from the left edge on."""


def explode(strip: Strip, system: ColorSystem) -> Line | None:
    """The cells of a strip; ``None`` if any character takes another width than one."""
    out: Line = []
    for text, style, _ in strip:
        cells = cells_of(text, style, system)
        if cells is None:
            return None
        out += cells
    return out


SHORT = 400
"""Bytes under which no other order is tried."""


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
                    known[x : x + strip.cell_length] = [UNKNOWN] * strip.cell_length
                else:
                    cells += _changed(y, max(left, x), known, wanted[max(0, left - x) : min(end, right) - x])
        sent = written([*whole, *cells])
        return sent if len(sent) < SHORT else min(sent, written([*whole, *sorted(cells, key=by_look)]), key=len)

    def _line(self, y: int, width: int, system: ColorSystem) -> Line:
        """The cells of a line, at least ``width`` of them."""
        line = self._lines.setdefault(y, [])
        for strip in self._whole.pop(y, ()):
            line += explode(strip, system) or [UNKNOWN] * strip.cell_length
        line += [UNKNOWN] * (width - len(line))
        return line


def _whole(y: int, x: int, strips: Iterable[Strip], system: ColorSystem) -> Iterator[Piece]:
    """Strips side by side, as they are."""
    for text, style, _ in (segment for strip in strips for segment in strip):
        yield Piece(look_of(style, system), y, x, text)
        x += cell_len(text)


def _changed(y: int, x: int, known: Line, wanted: Line) -> Iterator[Piece]:
    """What differs from the line as it is known, from ``x`` on; it is known then."""
    before = known[x : x + len(wanted)]
    if before == wanted:
        return
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
