"""Evidence as rows: what it is and when it was collected, then by whom, how it stands and its hash."""

from __future__ import annotations

from console.model.evidence import EvidenceItem, ItemState
from widgets import line, words
from widgets.line_list import Rule

_STATES = {
    ItemState.PLANNED: ("to be collected", "wait"),
    ItemState.COLLECTED: ("not hashed", "wait"),
    ItemState.HASHED: ("hashed", "good"),
    ItemState.SEALED: ("sealed", "good"),
    ItemState.IN_ANALYSIS: ("in analysis", "accent"),
    ItemState.RELEASED: ("released", "grey"),
    ItemState.DISPOSED: ("disposed of", "grey"),
}


class EvidenceRows(Rule):
    """Paints an item."""

    def paint(
        self, row: EvidenceItem, width: int, height: int, *, selected: bool, marked: bool, now: int
    ) -> list[line.Segments]:
        on = "select" if selected else "ground"
        body = "text bold" if selected else "text"
        first = line.lay(
            width,
            [(f" {row.id} ", "accent"), (row.title or "without a title", body)],
            [(f"{size(row.size)}  " if row.size is not None else "", "grey"), (f"{_age(row, now)} ", "grey")],
            on,
        )
        if height == 1:
            return [first]
        left: list[line.Part] = [(f" {row.type} ", "grey"), (f"{row.collected_by or row.holder} ", "person")]
        left.append((f"sha256 {row.digest[:12]} " if row.digest else "", "grey"))
        second = line.lay(width, left, [custody(row), (" ", "grey")], on)
        return [first, second, *(line.lay(width, [], on=on) for _ in range(height - 2))]


def custody(row: EvidenceItem) -> line.Part:
    """How it stands, worst first: ``tainted``, ``2 flaws``, ``legal hold``, ``hashed``."""
    if row.tainted:
        return "tainted: not what was collected", "sev1"
    said, tone = _STATES[row.state]
    if row.flaws:
        return f"{said}, {words.count(len(row.flaws), 'flaw')}", "wait"
    return (f"{said}, legal hold", tone) if row.legal_hold else (said, tone)


def size(amount: int) -> str:
    """``312 B``, ``12 kB``, ``3.4 MB``."""
    if amount < 1000:
        return f"{amount} B"
    return f"{amount / 1000:.0f} kB" if amount < 1_000_000 else f"{amount / 1_000_000:.1f} MB"


def _age(row: EvidenceItem, now: int) -> str:
    return words.age(row.collected_at, now) if row.collected_at else ""
