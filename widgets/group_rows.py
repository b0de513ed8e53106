"""Groups of alerts as rows: what it is, how many, what joined; then root, spread and age."""

from __future__ import annotations

from console.model.group import Group
from console.model.severity import Severity
from widgets import line, marks, palette, words
from widgets.line_list import Rule

LABEL = 6
"""Cells of the severity's label with its gap."""
COUNT = 6
JOINED = 5
"""Cells of ``▲123``, so that the numbers above it stand in one column."""
AGE = 6


class GroupRows(Rule):
    """Paints groups: two lines where the section's height is two, one line else."""

    def paint(
        self, row: Group, width: int, height: int, *, selected: bool, marked: bool, now: int
    ) -> list[line.Segments]:
        on = "select" if selected else "ground"
        colour = palette.severity(row.severity)
        quiet = row.firing == 0 or row.muted >= row.firing > 0
        stripe = [line.stripe(colour)]
        rest = width - 1
        weight = " bold" if row.severity == Severity.SEV1 or selected else ""
        words_colour = ("text" if row.severity <= Severity.SEV2 and not quiet else "grey") + weight
        label = f" {row.severity.label:<{LABEL}}"
        label_colour = f"{colour} bold" if row.severity <= Severity.SEV2 else colour
        first = line.lay(rest, [(label, label_colour), (row.title, words_colour)], _figures(row, quiet, width), on)
        if height == 1:
            return [stripe + first]
        indent = " " * (LABEL + 1)
        left = [(f"{indent}root ", "grey"), (row.root, "text")] if row.root else [(f"{indent}{_spread(row)}", "grey")]
        second = line.lay(rest, left, _tail(row, now, width), on)
        blank = [line.lay(rest, [("", "text")], on=on) for _ in range(height - 2)]
        return [stripe + cells for cells in (first, second, *blank)]


def _figures(row: Group, quiet: bool, width: int) -> list[line.Part]:
    """State in words, acknowledged, count, joined: the count always in the same column."""
    parts: list[line.Part] = []
    if row.firing == 0:
        parts.append(("resolved  ", "good"))
    elif quiet:
        parts.append((f"{marks.sign('muted')} muted  ", "grey"))
    if row.acked and width >= 40:
        parts.append((f"{marks.sign('done')}{row.acked}", "good"))
    count = row.firing or row.total
    strong = "text bold" if row.severity <= Severity.SEV1 else "text" if not quiet else "grey"
    parts.append((f"{count:>{COUNT}}", strong))
    joined = f" {marks.sign('joined')}{row.joined}" if row.joined else ""
    parts.append((words.fit(joined, JOINED), palette.severity(row.severity)))
    return parts


def _tail(row: Group, now: int, width: int) -> list[line.Part]:
    """How far it spread and how old it is."""
    parts = []
    if width >= 44 and row.services:
        parts.append(words.count(len(row.services), "service"))
    if width >= 72 and row.hosts:
        parts.append(words.count(row.hosts, "host"))
    if width >= 56 and row.muted:
        parts.append(f"{row.muted} muted")
    return [("  ".join(parts) + f"{words.age(row.started_at, now):>{AGE}}", "grey")]


def _spread(row: Group) -> str:
    """Where it is, for a group without a root to name."""
    return ", ".join(row.services[:4]) or ", ".join(row.clusters[:2]) or "no root found"
