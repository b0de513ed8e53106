"""Silences as rows: what they mute, who set them and why, and when they end."""

from __future__ import annotations

from console.model.alert import Silence
from widgets import line, words
from widgets.line_list import Rule

SOON_MS = 10 * 60_000


class SilenceRows(Rule):
    """Paints a silence: matchers and time left, then who and why."""

    def paint(
        self, row: Silence, width: int, height: int, *, selected: bool, marked: bool, now: int
    ) -> list[line.Segments]:
        on = "select" if selected else "ground"
        body = "text bold" if selected else "text"
        first = line.lay(width, [(" " + " ".join(map(str, row.matchers)), body)], [_left(row, now)], on)
        who = [(f" {row.created_by or 'unknown'} ", "person"), (row.comment or "no reason given", "grey")]
        if height == 1:
            return [first]
        second = line.lay(width, who, [(f"{row.source} ", "grey")], on)
        return [first, second, *(line.lay(width, [], on=on) for _ in range(height - 2))]


def _left(row: Silence, now: int) -> line.Part:
    """How long it still holds; yellow within ten minutes of its end."""
    if row.state == "pending":
        return f"starts in {words.duration(row.starts_at - now)} ", "grey"
    if row.state == "expired" or row.ends_at <= now:
        return f"ended {words.age(row.ends_at, now)} ago ", "grey"
    left = row.ends_at - now
    return f"{words.duration(left - left % 5000)} left ", "wait" if left < SOON_MS else "grey"
