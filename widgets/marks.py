"""Signs: every mark the console draws, each one cell wide and each with an ASCII form."""

from __future__ import annotations

from collections.abc import Mapping

_SIGNS: dict[str, tuple[str, str]] = {
    "joined": ("▲", "^"),
    "ok": ("●", "*"),
    "slow": ("◐", "o"),
    "down": ("○", "x"),
    "fact": ("◆", "*"),
    "action": ("→", ">"),
    "alert": ("!", "!"),
    "change": ("Δ", "d"),
    "system": ("·", "."),
    "conflict": ("≠", "#"),
    "done": ("✓", "v"),
    "current": ("▸", ">"),
    "failed": ("✗", "x"),
    "skipped": ("–", "-"),
    "unknown": ("?", "?"),
    "undone": ("↶", "<"),
    "flapping": ("≈", "~"),
    "late": ("≈", "~"),
    "more": ("…", "~"),
    "marked": ("■", "*"),
    "muted": ("∅", "z"),
    "stripe": ("▌", "|"),
    "thumb": ("▐", "|"),
    "limit": ("╌", "-"),
    "onset": ("╷", "|"),
    "tick": ("╵", "'"),
    "dot": ("·", "-"),
    "enter": ("⏎", "enter"),
    "h": ("─", "-"),
    "v": ("│", "|"),
    "tl": ("╭", "+"),
    "tr": ("╮", "+"),
    "bl": ("╰", "+"),
    "br": ("╯", "+"),
}

BARS = " ▁▂▃▄▅▆▇█"
"""Eighths of a cell, empty to full."""
BARS_ASCII = " ._-=+*%#"
"""The same nine steps for terminals without block elements, by growing ink."""

_ascii = False


def use(ascii: bool) -> None:
    """Draw with ASCII forms (``True``) or with the full signs from here on."""
    global _ascii
    _ascii = ascii


def ascii_only() -> bool:
    """Whether the ASCII forms are in use."""
    return _ascii


def sign(name: str) -> str:
    """The sign of this name, one cell wide; only ``enter`` is a word in ASCII."""
    return _SIGNS[name][_ascii]


def bars() -> str:
    """Nine characters from empty to full, for sparklines."""
    return BARS_ASCII if _ascii else BARS


def names() -> tuple[str, ...]:
    """Every sign's name."""
    return tuple(_SIGNS)


def needs_ascii(environ: Mapping[str, str]) -> bool:
    """Whether this environment's terminal cannot show the signs: no UTF-8 locale, or a font without them."""
    if environ.get("TERM", "") in ("linux", "dumb", "vt100", "vt220", "ansi"):
        return True
    locale = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or ""
    return "utf8" not in locale.lower().replace("-", "")
