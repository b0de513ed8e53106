"""Sources as rows: state in a sign and a word, how fresh, how quick, what is wrong."""

from __future__ import annotations

from console.model.source import Health, SourceHealth
from widgets import line, marks, words
from widgets.line_list import Rule

LOOK: dict[Health, tuple[str, str, str]] = {
    Health.STARTING: ("slow", "grey", "starting"),
    Health.OK: ("ok", "good", "ok"),
    Health.PARTIAL: ("slow", "wait", "partial"),
    Health.SLOW: ("slow", "wait", "slow"),
    Health.FAILING: ("down", "sev1", "failing"),
    Health.UNAUTHORISED: ("down", "sev1", "not authorised"),
    Health.LIMITED: ("slow", "wait", "asked to wait"),
}
"""Sign, colour and word of each state."""


class SourceRows(Rule):
    """Paints a source's health; the second line says what is wrong and when it is asked again."""

    def paint(
        self, row: SourceHealth, width: int, height: int, *, selected: bool, marked: bool, now: int
    ) -> list[line.Segments]:
        on = "select" if selected else "ground"
        name, colour, word = LOOK[row.health]
        stale = row.fresh_at > 0 and row.stale(now)
        left = [
            (f" {marks.sign(name)} ", colour),
            (words.fit(row.name, min(24, width // 3)) + " ", "text bold"),
            (words.fit(word, 15), colour),
        ]
        if width >= 70:
            left.append((words.fit(row.type, 16), "grey"))
        if height == 1:
            left.append((row.detail, "wait" if row.failures else "grey"))
        right = [(f"{age(row, now)}  ", "wait" if stale else "grey"), (f"{words.duration(row.latency_ms):>7} ", "grey")]
        lines = [line.lay(width, left, right, on)]
        again = f", again in {words.duration(max(0, row.retry_at - now) // 5000 * 5000)}" if row.retry_at > now else ""
        detail = f"   {row.detail}{again}" if row.detail else f"   serves {', '.join(row.serves)}"
        lines += [line.lay(width, [(detail, "wait" if row.failures else "grey")], on=on) for _ in range(height - 1)]
        return lines


def age(row: SourceHealth, now: int) -> str:
    """How old its last good answer is, in words."""
    if not row.fresh_at:
        return "no answer yet"
    told = words.age(row.fresh_at, now)
    return "fresh" if told == "now" else f"{told} old"
