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
_DOES = {
    Health.FAILING: "does not answer",
    Health.UNAUTHORISED: "refuses our login",
    Health.LIMITED: "asks us to wait",
}
"""The same as the end of a sentence."""


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


def trouble(source: SourceHealth, now: int) -> tuple[str, str, str]:
    """Sign, colour and words for one in trouble: what is wrong and for how long, ``no data 4 m``, ``4 m old``."""
    word = _WRONG.get(source.health, "")
    told = words.age(source.fresh_at, now) if source.fresh_at else "yet" if word == "no data" else ""
    red = source.health in (Health.FAILING, Health.UNAUTHORISED)
    said = f"{word} {told}" if word else f"{told} old"
    return marks.sign("down" if red else "slow"), "sev1" if red else "wait", said.rstrip()


def alarm(source: SourceHealth, now: int, level: int = 2) -> tuple[str, str, str]:
    """The same with its name; ``level`` 1 to 3 = few words to all."""
    sign, colour, said = trouble(source, now)
    name, since = words.cut(source.name, 20), words.minute(source.fresh_at)
    if level >= 3 and source.fresh_at:
        word = _WRONG.get(source.health, "nothing")
        return sign, colour, f"{name}: {word} since {since}, {words.age(source.fresh_at, now)}"
    if level <= 1 and source.fresh_at:
        said = f"{'out' if colour == 'sev1' else 'old'} {words.age(source.fresh_at, now)}"
    return sign, colour, f"{name} {said}"


def old_data(sources: Iterable[SourceHealth], now: int) -> str:
    """What a decision has to know: ``from 4 m ago: alertmanager does not answer``; ``""`` if all data is fresh."""
    told = []
    for source in ailing(sources, now):
        since = f"from {words.age(source.fresh_at, now)} ago" if source.fresh_at else "none yet"
        told.append(f"{since}: {source.name} {_DOES.get(source.health, 'is late')}")
    return "; ".join(told)


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
        if width >= 84:
            left.append((words.fit(row.type if row.type != row.name else "", 16), "grey"))
        if height == 1:
            left.append((row.detail, "wait" if row.failures else "grey"))
        right = [(f"{age(row, now)}  ", "wait" if stale else "grey"), (f"{words.duration(row.latency_ms):>7} ", "grey")]
        lines = [line.lay(width, left, right, on)]
        again = f", again in {words.duration(max(0, row.retry_at - now) // 5000 * 5000)}" if row.retry_at > now else ""
        detail = f"   {row.detail}{again}" if row.detail else f"   serves {', '.join(row.serves)}"
        lines += [
            line.lay(width, [(detail, "wait" if row.detail and row.failures else "grey")], on=on)
            for _ in range(height - 1)
        ]
        return lines


def age(row: SourceHealth, now: int) -> str:
    """How old its last good answer is, in words."""
    if not row.fresh_at:
        return "no answer yet"
    told = words.age(row.fresh_at, now)
    return "fresh" if told == "now" else f"{told} old"
