"""The footer: the keys that work here and now, as many as the width holds."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from widgets import marks
from widgets.line import Part
from widgets.strip_line import StripLine

Hint = tuple[str, str]
"""A key as it is written, and a verb."""

_KEYS = {
    "question_mark": "?",
    "colon": ":",
    "slash": "/",
    "asterisk": "*",
    "plus": "+",
    "minus": "-",
    "exclamation_mark": "!",
    "escape": "esc",
    "space": "space",
    "pageup": "pgup",
    "pagedown": "pgdn",
}


def key_label(key: str) -> str:
    """How a key is written: ``?`` for ``question_mark``, ``^k`` for ``ctrl+k``, ``⏎`` for ``enter``."""
    key = key.split(",")[0]
    if key == "enter":
        return marks.sign("enter")
    if key.startswith("ctrl+"):
        return f"^{key_label(key[5:])}"
    if key.startswith("shift+"):
        return f"shift {key_label(key[6:])}"
    return _KEYS.get(key, key.upper() if key[:1] == "f" and key[1:].isdigit() else key)


def fitting(hints: Sequence[Hint], always: Sequence[Hint], width: int) -> tuple[list[Hint], list[Hint]]:
    """The first hints that fit beside those that are always shown; where even those do not fit, the last of them."""
    kept: list[Hint] = []
    room = width - 1
    for hint in reversed(always):
        room -= _size(hint)
        if room < 0:
            break
        kept.insert(0, hint)
    shown: list[Hint] = []
    room -= 1
    for hint in hints:
        room -= _size(hint)
        if room < 0:
            break
        shown.append(hint)
    return shown, kept


def _size(hint: Hint) -> int:
    return cell_len(hint[0]) + 1 + cell_len(hint[1]) + 2


class Footer(StripLine):
    """Keys in the accent's colour, verbs in grey; most wanted first."""

    DEFAULT_CSS = """
    Footer {
        background: $surface;
    }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(on="raised", id=id, classes=classes)
        self._hints: tuple[Hint, ...] = ()
        self._always: tuple[Hint, ...] = ()
        self._more = ""

    def show(self, hints: Sequence[Hint], always: Sequence[Hint] = (), more: str = "") -> None:
        """Show ``(key, verb)`` pairs in order of rank, then those that are ``always`` there.

        ``more`` is the verb that the last of these gets where there was no room for all.
        """
        self._hints, self._always, self._more = tuple(hints), tuple(always), more
        self.repaint()

    def parts(self, width: int) -> tuple[Sequence[Part], Sequence[Part]]:
        """What works here from the left, what works everywhere after it."""
        shown, kept = fitting(self._hints, self._always, width)
        hidden = len(shown) < len(self._hints) or len(kept) < len(self._always)
        if hidden and self._more and kept:
            shown, kept = fitting(self._hints, [*self._always[:-1], (self._always[-1][0], self._more)], width)
        out: list[Part] = [(" ", "grey")]
        for index, (key, verb) in enumerate([*shown, *kept]):
            gap = " " if shown and index == len(shown) else ""
            out += [(f"{gap}{key}", "accent"), (f" {verb}  ", "grey")]
        return out, ()
