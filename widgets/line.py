"""One line of cells: parts from the left, parts at the right edge, exactly as wide as asked."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len as cells
from rich.segment import Segment

from widgets.marks import sign
from widgets.palette import style
from widgets.words import cut

Part = tuple[str, str]
"""Text and the name of its colour."""
Segments = list[Segment]


def lay(width: int, left: Sequence[Part], right: Sequence[Part] = (), on: str = "ground", gap: int = 2) -> Segments:
    """Segments of exactly ``width`` cells.

    The left parts are cut where they would come within ``gap`` cells of the right ones; blanks take the
    style of what stands before them, which keeps the number of segments (and bytes sent) low.
    """
    size = sum([cells(text) for text, _ in right])
    if size > width:
        right, size = (), 0
    room = width - size - (gap if right else 0)
    out: Segments = []
    used = 0
    for text, colour in left:
        wide = cells(text)
        if used + wide > room:
            text = cut(text, room - used)
            wide = cells(text)
        if text:
            out.append(Segment(text, style(colour, on)))
            used += wide
        if used >= room:
            break
    blank = " " * (width - size - used)
    if blank:
        if out:
            last = out[-1]
            out[-1] = Segment(last.text + blank, last.style)
        else:
            out.append(Segment(blank, style(right[0][1] if right else "text", on)))
    out += [Segment(text, style(colour, on)) for text, colour in right if text]
    return merge(out)


def merge(segments: Segments) -> Segments:
    """Neighbours of one style joined; a blank part takes its neighbour's."""
    out: Segments = []
    for segment in segments:
        if out:
            last = out[-1]
            if last.style == segment.style or (not segment.text.strip(" ") and _same_ground(last, segment)):
                out[-1] = Segment(last.text + segment.text, last.style)
                continue
            if not last.text.strip(" ") and _same_ground(last, segment):
                out[-1] = Segment(last.text + segment.text, segment.style)
                continue
        out.append(segment)
    return out


def _same_ground(one: Segment, other: Segment) -> bool:
    a, b = one.style, other.style
    return bool(a and b) and a.bgcolor == b.bgcolor and a.reverse == b.reverse and not (a.underline or b.underline)  # type: ignore[union-attr]


def divider(title: str, width: int, rule: str) -> Segments:
    """``── unattributed ─────``: a rule with a word in it."""
    if not title or width < 8:
        return [Segment(rule * width, style("border"))]
    word = cut(title, width - 6)
    rest = width - cells(word) - 4
    return [
        Segment(rule * 2 + " ", style("border")),
        Segment(word, style("grey")),
        Segment(" " + rule * rest, style("border")),
    ]


def stripe(colour: str) -> Segment:
    """The severity stripe at the left edge of a row."""
    return Segment(sign("stripe"), style(colour))
