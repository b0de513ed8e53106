"""Facts as lines: a label and a text that wraps; what details, dialogs and the help are made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from msgspec import Struct
from rich.cells import cell_len as cells

from console.model.rows import Rows
from widgets import line, words
from widgets.line_list import LineList, Rule, Section


class Fact(NamedTuple):
    """What is to be told, before it is wrapped; no label goes on from the one above."""

    label: str
    text: str
    colour: str = "text"


class FactLine(Struct, frozen=True):
    """One line of a fact."""

    key: str
    label: str
    text: str
    colour: str
    whole: str = ""
    """The fact's whole text, for copying."""


def wrap(text: str, width: int) -> list[str]:
    """Lines of at most ``width`` cells, broken at blanks where there are any."""
    width = max(4, width)
    out: list[str] = []
    rest = ""
    for word in text.split(" "):
        joined = f"{rest} {word}" if rest else word
        if cells(joined) <= width:
            rest = joined
            continue
        if rest:
            out.append(rest)
        *full, rest = chop(word, width)
        out += full
    return [*out, rest]


def chop(word: str, width: int) -> list[str]:
    """Pieces of at most ``width`` cells, blanks as they are."""
    if cells(word) <= width:
        return [word]
    out: list[str] = []
    part: list[str] = []
    used = 0
    for char in word:
        size = cells(char)
        if used + size > width:
            out.append("".join(part))
            part, used = [], 0
        part.append(char)
        used += size
    return [*out, "".join(part)]


def lines(facts: Iterable[Fact], width: int, label: int = 10, most: int = 40) -> Rows[FactLine]:
    """Facts wrapped to ``width`` cells; of one text at most ``most`` lines are shown."""
    out: list[FactLine] = []
    for number, fact in enumerate(facts):
        parts = wrap(fact.text, width - label)
        if len(parts) > most:
            parts = [*parts[: most - 1], f"… {len(parts) - most + 1} lines more; copy to have all"]
        for index, part in enumerate(parts):
            head = fact.label if index == 0 else ""
            out.append(FactLine(f"{number}.{index}", head, part, fact.colour, fact.text))
    return Rows.of(out)


class FactRows(Rule):
    """Paints facts; without ``cursor`` the row under the cursor looks like any other."""

    def __init__(self, *, label: int = 10, cursor: bool = True, label_colour: str = "grey") -> None:
        self.label = label
        self._label_colour = label_colour
        self._cursor = cursor

    def paint(
        self, row: FactLine, width: int, height: int, *, selected: bool, marked: bool, now: int
    ) -> list[line.Segments]:
        """Label in grey, text in its colour."""
        on = "select" if selected and self._cursor else "ground"
        left: list[line.Part] = []
        if self.label:
            left.append((words.fit(row.label, self.label - 1) + " ", self._label_colour))
        return [line.lay(width, [*left, (row.text, row.colour)], on=on)]


class FactList(LineList):
    """Facts that are read: the arrows scroll, and with ``cursor`` they move a cursor to copy from."""

    def __init__(
        self,
        *,
        label: int = 10,
        label_colour: str = "grey",
        cursor: bool = False,
        empty: str = "",
        id: str | None = None,
    ) -> None:
        self._label = label
        self._reads = not cursor
        self._facts: tuple[Fact, ...] = ()
        self._told: tuple[object, ...] = ()
        super().__init__(FactRows(label=label, cursor=cursor, label_colour=label_colour), empty=empty, id=id)

    def tell(self, facts: Sequence[Fact], now: int = 0) -> None:
        """Show these facts, wrapped to the width there is."""
        self._facts = tuple(facts)
        told = (self._facts, self.size.width)
        if self.size.width and told != self._told:
            self._told = told
            self.show([Section("", lines(self._facts, self.size.width - 2, self._label))], now)

    def on_resize(self) -> None:
        self.tell(self._facts)

    def action_move(self, by: int) -> None:
        """A line up or down."""
        if not self._reads:
            super().action_move(by)
            return
        self.scroll_lines(self.top + by)
        self.repaint()


def needed(facts: Iterable[Fact], width: int, label: int = 10) -> int:
    """How many lines these facts take at this width of the list."""
    return len(lines(facts, width - 2, label))
