"""The link to the terminal: when was what we painted seen there?

A console behind a slow line cannot know from its own clock: with a round trip of 600 ms a key that arrives half a
second after a dialog was painted was pressed before anybody saw it. So the terminal is asked behind the paint where
its cursor stands (DSR 6, ECMA-48 §8.3.35; the answer is CPR). It answers in the order of what it reads, and its
answer comes in the order of the keys: every key that arrives before the answer was pressed before the paint was
there, and one that arrives 400 ms after the answer was pressed 400 ms after. The cursor is put in another place for
each question and back again, so that neither the answer to an earlier question nor a key (``CSI 1;2R`` is shift+F3 on
many terminals) passes for the one.

tmux, screen and mosh answer by themselves, on this side of the line: there the answer says nothing of it, and the time
that a dialog is deaf is longer by a round trip of 600 ms. Of mosh nothing tells us.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from screens.deaf import DEAF_S

LINE_S = 0.6
"""The round trip that is allowed for where it cannot be measured."""
UNANSWERED_S = 3.0
"""A terminal that has not answered by then never does; a dialog counts as seen then."""
FIRST_ROW, ROWS, COLUMNS = 2, 8, 32
"""Places for the cursor within the smallest terminal that the console fits; row 1 is that of modified function keys."""


class Link:
    """Asks the terminal, one question at a time; a later one takes the place of an earlier."""

    def __init__(self, write: Callable[[str], bool], *, multiplexed: bool = False) -> None:
        """``write`` hands text to the terminal behind all that was painted; ``False`` = there is none."""
        self._write = write
        self._count = 0
        self._awaited: tuple[tuple[int, int], Callable[[], None]] | None = None
        self.deaf_s = DEAF_S + (LINE_S if multiplexed else 0.0)
        """How long after it was seen a dialog listens to nothing, seconds."""

    def ask(self, seen: Callable[[], None]) -> bool:
        """Have ``seen`` called once the terminal has shown what was painted before; whether that is waited for."""
        row, column = FIRST_ROW + self._count % ROWS, 1 + self._count // ROWS % COLUMNS
        self._count += 1
        self._awaited = (column - 1, row - 1), seen
        if self._write(f"\x1b7\x1b[{row};{column}H\x1b[6n\x1b8"):
            return True
        self._awaited = None
        seen()
        return False

    def answered(self, x: int, y: int) -> None:
        """The terminal reports its cursor, counted from 0."""
        if self._awaited is not None and self._awaited[0] == (x, y):
            _, seen = self._awaited
            self._awaited = None
            seen()


def multiplexed(environ: Mapping[str, str]) -> bool:
    """Whether tmux or screen stands between us and the terminal, and answers in its place."""
    return bool(environ.get("TMUX") or environ.get("STY")) or environ.get("TERM", "").startswith(("screen", "tmux"))
