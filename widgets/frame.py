"""What the terminal shows, remembered cell by cell, so that an update sends only the cells that differ.

Textual sends a changed widget's lines from their left edge, each part with its whole style and a reset: 1.6 kB for a
cursor that moves one row at 120×40. Here cells that stand there already are stepped over, and a change of style names
only what changes. A part with wide or combining characters is sent whole: terminals do not agree about their widths.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from rich.cells import cell_len
from rich.color import ColorSystem
from rich.console import Console
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.strip import Strip

from widgets.cells import UNKNOWN, Piece, by_look, cells_of, look_of, pieces, runs, written
from widgets.scrolling import Lines, Move, moved_together

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
        """Of each span the cells that differ from those that stand there, in the way that takes fewest bytes."""
        whole, known, wanted = self._meant(made, system)
        sent = _shorter([*whole, *_difference(known, wanted)])
        if len(sent) >= SHORT and not whole and (move := self._moved(made, known, wanted, system)):
            after = known | move.moved(known)
            rest = {y: wanted.get(y, line) for y, line in known.items()}
            sent = min(sent, move.sequence() + _shorter(list(_difference(after, rest))), key=len)
        self._lines |= wanted
        return sent

    def _meant(self, made: ChopsUpdate, system: ColorSystem) -> tuple[list[Piece], dict[int, Line], dict[int, Line]]:
        """What is sent as it is; the lines of the update as they are known, and as they are to be."""
        whole: list[Piece] = []
        known: dict[int, Line] = {}
        wanted: dict[int, Line] = {}
        for y, left, right in made.spans:
            known[y] = before = self._line(y, right, system)
            after = wanted.get(y, before)[:] + [UNKNOWN] * (len(before) - len(wanted.get(y, before)))
            for end, (x, strip) in zip(made.chop_ends[y], made.chops[y].items(), strict=False):
                if strip is None or x >= right or end <= left:
                    continue
                strip = strip.crop(0, min(end, right) - x)
                cells = explode(strip, system)
                if cells is None:
                    whole += _whole(y, x, [strip], system)
                    # Equal in both, so that the comparison leaves them alone.
                    before[x : x + strip.cell_length] = after[x : x + strip.cell_length] = [UNKNOWN] * strip.cell_length
                else:
                    start, part = max(left, x), cells[max(0, left - x) : min(end, right) - x]
                    # A widget may give fewer cells than its place has.
                    after[start : start + len(part)] = part
            wanted[y] = after
        return whole, known, wanted

    def _moved(
        self, made: ChopsUpdate, known: dict[int, Line], wanted: dict[int, Line], system: ColorSystem
    ) -> Move | None:
        """How the lines moved, if the terminal can move them; ``known`` then has those between them too."""
        columns = Counter((left, right) for _, left, right in made.spans)
        (left, right), _ = columns.most_common(1)[0]
        rows = [y for y, *span in made.spans if span == [left, right]]
        for y in range(rows[0], rows[-1]):
            if y not in known and (y in self._lines or y in self._whole):
                known[y] = self._line(y, 0, system)
        return moved_together(known, {y: wanted[y] for y in rows}, left, right)

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


def _difference(known: Lines, wanted: Lines) -> Iterator[Piece]:
    """Every cell that differs."""
    for y, line in wanted.items():
        if (before := known[y]) != line:
            for start, end in runs(before, line):
                yield from pieces(y, start, line[start:end])


def _shorter(made: list[Piece]) -> str:
    """The bytes for these pieces, in the order that takes fewer."""
    sent = written(made)
    return sent if len(sent) < SHORT else min(sent, written(sorted(made, key=by_look)), key=len)


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
