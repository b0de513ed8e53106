"""Sources as rows: state in a sign and a word, how fresh, how quick, what is wrong."""

from __future__ import annotations

from collections.abc import Iterable

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


_WRONG = {Health.FAILING: "no data", Health.UNAUTHORISED: "login refused", Health.LIMITED: "told to wait"}
"""What a commander has to know of a source that is not well, in two words."""


def ails(source: SourceHealth, now: int) -> bool:
    """Whether what it shows may be wrong by now: older than three polls, refused, or failed twice."""
    if source.fresh_at and source.stale(now):
        return True
    if source.health is Health.UNAUTHORISED:
        return True
    return source.health in _WRONG and (source.failures > 1 or not source.fresh_at)


def ailing(sources: Iterable[SourceHealth], now: int) -> list[SourceHealth]:
    """Sources in trouble: those that serve alerts first, then those that are silent for longest."""
    return sorted((s for s in sources if ails(s, now)), key=lambda s: ("alerts" not in s.serves, s.fresh_at))


def alarm(source: SourceHealth, now: int, level: int = 2) -> tuple[str, str, str]:
    """Sign, colour and words for one in trouble: which, what is wrong, since when; ``level`` 1 to 3 = few to all."""
    name, word = words.cut(source.name, 20), _WRONG.get(source.health, "old data")
    told = words.age(source.fresh_at, now) if source.fresh_at else "yet" if word == "no data" else ""
    if level == 1:
        said = f"{name} {told}" if source.fresh_at else f"{name} {word}"
    elif level == 2 or not source.fresh_at:
        said = f"{name} {word} {told}"
    else:
        said = f"{name}: {word} since {words.minute(source.fresh_at)}, {told}"
    red = source.health in (Health.FAILING, Health.UNAUTHORISED)
    return marks.sign("down" if red else "slow"), "sev1" if red else "wait", said.rstrip()


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
