"""The last gate before the terminal: no control or direction character passes, whatever drew it."""

from __future__ import annotations

from functools import lru_cache

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from console.text import clean

_PLAIN = str.maketrans(
    "→←–—−×·•…≤≥≈≠“”‘’°µμ✓✗▸▲●○◆\u00a0─━│┃╭╮╰╯┌┐└┘├┤┬┴┼▔▁█▌▐",
    "><---x.*~<>~#\"\"''ouuvx>^*x* --||+++++++++++++-_#||",
)
"""The ASCII look-alikes of signs that titles and clauses are written with."""


@lru_cache(8192)
def harmless(text: str, ascii: bool) -> str:
    """The text with unsafe characters made visible, in as many cells as before; ``ascii`` replaces all beyond ASCII."""
    safe = clean(text)
    if ascii and not safe.isascii():
        safe = "".join(c if c.isascii() else "?" * cell_len(c) for c in safe.translate(_PLAIN))
    size = cell_len(text)
    return safe if safe is text or cell_len(safe) == size else set_cell_size(safe, size)


class OutputFilter(LineFilter):
    """Makes every segment harmless; costs a look-up for text that is."""

    def __init__(self, *, ascii: bool = False) -> None:
        super().__init__()
        self._ascii = ascii

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments, each cleaned; what is plain ASCII is passed as it is."""
        out = []
        for segment in segments:
            text = segment.text
            if segment.control is None and text.isascii() and text.isprintable():
                out.append(segment)
            elif safe := harmless(text, self._ascii):
                out.append(Segment(safe, segment.style))
        return out
