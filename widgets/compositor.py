"""Textual's compositor, asked for the lines that changed and nothing else.

Textual renders every widget that touches the rectangle around all changes, whole: a cursor that moves one row costs
all lines of the list, of the pane behind it and of the screen behind that. Here widgets are asked from front to back,
only for lines that are to be sent and only where nothing in front of them stands already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, cast

from textual._compositor import Compositor
from textual.geometry import Region
from textual.strip import Strip

if TYPE_CHECKING:
    from textual.screen import Screen

Chops = list[dict[int, Strip | None]]
"""Of each line the cells between two cuts, by their left edge; ``None`` where nobody has drawn yet."""


class SparingCompositor(Compositor):
    """Draws the same as Textual's (a test compares them on every screen), in less time."""

    def _render_chops(self, crop: Region, is_rendered_line: Callable[[int], bool]) -> Sequence[Mapping[int, Strip]]:
        cuts = self.cuts
        chops: Chops = [dict.fromkeys(line[:-1]) for line in cuts]
        wanted = {y: _places(cuts[y], crop) for y in crop.line_range if y < len(chops) and is_rendered_line(y)}
        for widget, (region, clip) in self.visible_widgets.items():
            if not wanted:
                break
            seen = region.intersection(clip)
            if not seen or not seen.overlaps(crop):
                continue
            left, right = seen.column_span
            ours = [y for y in seen.line_range if y in wanted and any(left <= x < right for x in wanted[y])]
            for first, last in _stretches(ours):
                # As wide as the widget is seen, in its own coordinates.
                part = Region(seen.x - region.x, first - region.y, seen.width, last - first)
                for y, strip in zip(range(first, last), widget.render_lines(part), strict=False):
                    _fill(chops[y], cuts[y], seen, strip)
                    wanted[y] = [x for x in wanted[y] if chops[y][x] is None]
                    if not wanted[y]:
                        del wanted[y]
        return cast("Sequence[Mapping[int, Strip]]", chops)


def spare(screen: Screen[Any]) -> None:
    """Give a screen that is not yet shown this compositor."""
    screen._compositor = SparingCompositor()


def _places(cuts: Sequence[int], crop: Region) -> list[int]:
    """Left edges of the places on a line that the crop touches."""
    return [x for x, end in pairwise(cuts) if x < crop.right and end > crop.x]


def _stretches(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Start and end of each run of numbers without a gap."""
    if not numbers:
        return
    start = numbers[0]
    for before, after in pairwise(numbers):
        if after != before + 1:
            yield start, before + 1
            start = after
    yield start, numbers[-1] + 1


def _fill(line: dict[int, Strip | None], cuts: Sequence[int], seen: Region, strip: Strip) -> None:
    """Put a widget's line where nobody stands."""
    left, right = seen.column_span
    own = [cut for cut in cuts if left <= cut <= right]
    for x, part in zip(own, strip.divide([cut - left for cut in own[1:]]), strict=False):
        if line[x] is None:
            line[x] = part
