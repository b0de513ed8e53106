"""Words for ages, durations, times and numbers, as short as they can be read."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from functools import lru_cache

from rich.cells import cell_len, set_cell_size

from widgets import marks

AGE_STEP_MS = 5000
"""Ages are told in steps of five seconds, so that a tick repaints little."""

_zone: tzinfo | None = None


def use_zone(zone: tzinfo | None) -> None:
    """Tell times in this zone from here on; ``None`` = the operator's own, ``datetime.UTC`` = UTC."""
    global _zone
    _zone = zone
    _parts.cache_clear()


def zone() -> tzinfo | None:
    """The zone in use; ``None`` = the operator's own."""
    return _zone


def step(now: int) -> int:
    """``now`` (ms) rounded down to the step in which ages are told."""
    return now - now % AGE_STEP_MS


def age(since: int, now: int) -> str:
    """How long ago, ms apart: ``now``, ``25 s``, ``4 m``, ``2 h``, ``3 d``; unknown (0) is empty."""
    if since <= 0:
        return ""
    seconds = max(0, now - since) // 1000
    if seconds < 5:
        return "now"
    if seconds < 60:
        return f"{seconds - seconds % 5} s"
    if seconds < 3600:
        return f"{seconds // 60} m"
    if seconds < 172_800:
        return f"{seconds // 3600} h"
    return f"{seconds // 86_400} d"


def duration(ms: int) -> str:
    """How long something took: ``210 ms``, ``1.2 s``, ``4 m 40``, ``2 h 05``."""
    if ms < 1000:
        return f"{max(0, ms)} ms"
    if ms < 10_000:
        return f"{ms // 100 / 10:.1f} s"
    seconds = ms // 1000
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} m {seconds % 60:02}"
    return f"{seconds // 3600} h {seconds % 3600 // 60:02}"


def elapsed(ms: int) -> str:
    """A running clock: ``00:23:14``; hours go on past 24."""
    seconds = max(0, ms) // 1000
    return f"{seconds // 3600:02}:{seconds % 3600 // 60:02}:{seconds % 60:02}"


def countdown(ms: int) -> str:
    """Time left: ``06:46`` (minutes and seconds), ``71 h 36`` beyond an hour, ``+02:10`` when over."""
    sign, seconds = ("+", -ms // 1000) if ms < 0 else ("", ms // 1000)
    if seconds < 3600:
        return f"{sign}{seconds // 60:02}:{seconds % 60:02}"
    return f"{sign}{seconds // 3600} h {seconds % 3600 // 60:02}"


@lru_cache(4096)
def _parts(seconds: int) -> tuple[str, str, str]:
    moment = datetime.fromtimestamp(seconds, UTC).astimezone(_zone)
    return moment.strftime("%H:%M:%S"), moment.strftime("%a %d %b %Y"), moment.strftime("%z")


def clock(at: int) -> str:
    """``14:02:05`` in the zone in use; unknown (0) is eight blanks."""
    return _parts(at // 1000)[0] if at > 0 else " " * 8


def minute(at: int) -> str:
    """``14:02`` in the zone in use."""
    return clock(at)[:5]


def date(at: int) -> str:
    """``Mon 23 Nov 2026`` in the zone in use."""
    return _parts(at // 1000)[1]


def offset(at: int) -> str:
    """``UTC`` or ``+01:00``: how the zone in use stands to UTC at that time."""
    raw = _parts(at // 1000)[2]
    return "UTC" if _zone is UTC else f"{raw[:3]}:{raw[3:]}"


_SCALED = {"B", "B/s", "/s", ""}


def number(value: float | None, unit: str = "") -> tuple[str, str]:
    """Figure and unit: ``("1.4", "GB")``, ``("240", "ms")``; a ratio in ``%`` is times 100, no value is ``–``."""
    if value is None or value != value:
        return marks.sign("skipped"), unit
    if unit == "%":
        return figure(value * 100), "%"
    if unit == "s" and abs(value) >= 120:
        return (figure(value / 60), "min") if abs(value) < 7200 else (figure(value / 3600), "h")
    if unit == "s" and 0 < abs(value) < 0.0995:
        return figure(value * 1000), "ms"
    if unit in _SCALED:
        for size, prefix in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e4 if unit in ("", "/s") else 1e3, "k")):
            if abs(value) >= size:
                return figure(value / (1e3 if prefix == "k" else size)), prefix + unit
    return figure(value), unit


def figure(value: float) -> str:
    """A number in at most three figures and a point, without an exponent up to 10⁸: ``0.31``, ``2.4``, ``118``."""
    size = abs(value)
    if size == float("inf"):
        return "inf" if value > 0 else "-inf"
    if size >= 99_999_999.5:
        return f"{value:.1e}"
    if size >= 99.95 or value == int(value):
        return f"{value:.0f}"
    text = f"{value:.1f}" if size >= 1 else f"{value:.2g}" if size >= 0.001 else "0"
    return text.rstrip("0").rstrip(".") if "." in text else text


def quantity(value: float | None, unit: str = "") -> str:
    """Figure and unit as one text: ``0.5 s``."""
    return " ".join(part for part in number(value, unit) if part)


def count(amount: int, one: str, many: str = "") -> str:
    """``1 group``, ``3 groups``."""
    return f"{amount} {one if amount == 1 else many or one + 's'}"


def cut(text: str, width: int) -> str:
    """At most ``width`` cells, cut with the sign for more."""
    if cell_len(text) <= width:
        return text
    if width <= 0:
        return ""
    return set_cell_size(text, width - 1).rstrip() + marks.sign("more")


def cut_middle(text: str, width: int) -> str:
    """At most ``width`` cells: its begin and its end, the sign for more between them."""
    size = cell_len(text)
    if size <= width or width < 8:
        return cut(text, width)
    head = set_cell_size(text, (width - 1) * 3 // 5).rstrip()
    rest = width - 1 - cell_len(head)
    end = text[-rest:]
    while cell_len(end) > rest:
        end = end[1:]
    return head + marks.sign("more") + end.lstrip()


def fit(text: str, width: int, *, right: bool = False) -> str:
    """Exactly ``width`` cells, padded with blanks or cut with the sign for more."""
    text = cut(text, width)
    pad = " " * (width - cell_len(text))
    return pad + text if right else text + pad
