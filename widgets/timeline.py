"""The timeline: time, who or what, one clause, and the result at the right edge."""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len

from console.model.incident import Mark, TimelineRow, Tone
from console.model.rows import Rows
from widgets import line, marks, palette, words
from widgets.line_list import Rule
from widgets.sections import Section

_SIGNS: dict[Mark, tuple[str, str]] = {
    Mark.PERSON: ("", "person"),
    Mark.ACTION: ("action", "accent"),
    Mark.FACT: ("fact", "sev1"),
    Mark.ALERT: ("alert", "sev1"),
    Mark.CHANGE: ("change", "grey"),
    Mark.SYSTEM: ("system", "grey"),
    Mark.CONFLICT: ("conflict", "wait"),
}
CLAUSE = 14
"""Cells that a clause keeps beside a long result."""
NAMED = 72
"""From this width on an action names who did it."""


class TimelineRows(Rule):
    """Paints one entry: persons by name, all else by its sign."""

    def paint(
        self, row: TimelineRow, width: int, height: int, *, selected: bool, marked: bool, now: int
    ) -> list[line.Segments]:
        on = "select" if selected else "ground"
        quiet = row.mark in (Mark.CHANGE, Mark.SYSTEM)
        left: list[line.Part] = [(f"{words.clock(row.at)} ", "grey"), _late(row)]
        name, colour = _SIGNS[row.mark]
        if row.mark is Mark.PERSON:
            left.append((f"{words.cut(row.who, 16)} ", colour))
        else:
            left.append((f"{marks.sign(name)} ", colour))
            if row.mark is Mark.ACTION and row.who and width >= NAMED:
                left.append((f"{words.cut(row.who, 16)} ", "person"))
        room = width - sum(cell_len(text) for text, _ in left)
        result = _result(row, room)
        room -= sum(cell_len(text) for text, _ in result) + (2 if result else 0)
        clause = words.cut_middle(row.text, room) if row.result else row.text
        left.append((clause, ("grey" if quiet else "text") + (" bold" if selected else "")))
        first = line.lay(width, left, result, on)
        return [first, *(line.lay(width, [(f"{'':10}{text}", "grey")], on=on) for text in _detail(row, height - 1))]


def _late(row: TimelineRow) -> line.Part:
    """The sign of an entry that was written down long after it happened."""
    return (marks.sign("late"), "wait") if row.late else (" ", "grey")


def _result(row: TimelineRow, room: int) -> list[line.Part]:
    """The result, doubled by a sign where its colour says more than its words; the clause is cut before it is."""
    if not row.result:
        return [(marks.sign("done"), "good")] if row.tone is Tone.GOOD else []
    text = words.cut(row.result, max(14, room - 4 - min(CLAUSE, cell_len(row.text))))
    if row.tone is Tone.GOOD:
        return [(f"{marks.sign('done')} ", "good"), (text, "grey")]
    if row.tone is Tone.BAD:
        return [(f"{marks.sign('failed')} {text}", "sev1")]
    return [(text, palette.result(row.tone))]


def _detail(row: TimelineRow, room: int) -> tuple[str, ...]:
    return (*row.detail[:room], *[""] * (room - len(row.detail)))


class Days:
    """Cuts a timeline into sections, one a day, with the date as divider where there are several."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[tuple[TimelineRow, ...], object, tuple[tuple[str, int, int], ...]]] = {}

    def sections(self, rows: Rows[TimelineRow], height: int = 1) -> list[Section]:
        """Sections in order; chunks whose rows are all of one day are shared, not copied."""
        days: list[tuple[str, list[tuple[TimelineRow, ...]]]] = []
        for date, chunk in self._pieces(rows):
            if not days or days[-1][0] != date:
                days.append((date, []))
            days[-1][1].append(chunk)
        several = len(days) > 1
        return [Section(date if several else "", Rows(chunks), height) for date, chunks in days]

    def _pieces(self, rows: Rows[TimelineRow]) -> Iterator[tuple[str, tuple[TimelineRow, ...]]]:
        known, self._known = self._known, {}
        for chunk in rows.chunks:
            entry = known.get(id(chunk))
            if entry is None or entry[0] is not chunk or entry[1] != words.zone():
                entry = (chunk, words.zone(), _runs(chunk))
            self._known[id(chunk)] = entry
            for date, start, end in entry[2]:
                yield date, chunk if end - start == len(chunk) else chunk[start:end]


def _runs(chunk: tuple[TimelineRow, ...]) -> tuple[tuple[str, int, int], ...]:
    runs: list[tuple[str, int, int]] = []
    for index, row in enumerate(chunk):
        date = words.date(row.at)
        if runs and (runs[-1][0] == date or not row.at):
            runs[-1] = (runs[-1][0], runs[-1][1], index + 1)
        else:
            runs.append((date, index, index + 1))
    return tuple(runs)
