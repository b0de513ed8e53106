"""Hostile text made harmless: cleaned once where it enters, and measured in terminal cells."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # C0, DEL, C1
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"  # soft hyphen, fillers, Arabic mark
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f"  # zero width, separators, bidi
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"  # fillers, variation selectors, specials
    "\U000e0000-\U000e0fff"  # tags
    "\ud800-\udfff]"  # lone surrogates
)
_LIMIT = 4096
"""Longest kept text of one value, in characters; ALERTS of 10 MB labels exist."""


def _visible(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    return f"<{code:04X}>"


def clean(text: str, limit: int = _LIMIT) -> str:
    """One line of text from outside: control, bidi and zero-width characters made visible, over-long cut with ``…``."""
    if len(text) > limit:
        text = text[: limit - 1] + "…"
    if text.isascii() and text.isprintable():
        return text
    return _UNSAFE.sub(_visible, text)


def clean_lines(text: str, limit: int = 1_000_000) -> tuple[str, ...]:
    """Many lines of text from outside, each cleaned, tabs made spaces; ``limit`` characters in all."""
    text = text[:limit].replace("\r\n", "\n").replace("\t", "    ")
    return tuple(clean(line) for line in text.split("\n"))


@lru_cache(4096)
def _char_cells(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def cells(text: str) -> int:
    """Width in terminal cells; combining marks 0, wide characters 2."""
    if text.isascii():
        return len(text)
    return sum(map(_char_cells, text))


def fit(text: str, width: int, *, right: bool = False, mark: str = "…") -> str:
    """Exactly ``width`` cells: padded with blanks, or cut with ``mark`` at the end."""
    size = cells(text)
    if size > width:
        text, size = cut(text, width, mark=mark), -1
    if size < 0:
        size = cells(text)
    pad = " " * (width - size)
    return pad + text if right else text + pad


def cut(text: str, width: int, *, mark: str = "…") -> str:
    """At most ``width`` cells, cut with ``mark`` where it does not fit."""
    if width <= 0:
        return ""
    if cells(text) <= width:
        return text
    room, out = width - cells(mark), []
    if room < 0:
        return mark[:width]
    for char in text:
        size = _char_cells(char)
        if size > room:
            break
        room -= size
        out.append(char)
    return "".join(out) + mark


def nearest(word: str, known: object) -> str:
    """The known word most like this one, or ``""``; for “did you mean”."""
    import difflib

    match = difflib.get_close_matches(word, [str(k) for k in known], n=1, cutoff=0.5)  # type: ignore[attr-defined]
    return match[0] if match else ""
