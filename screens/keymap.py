"""The keymap: keys by action, from the table and the operator's overrides; wrong ones are named, not dropped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from console.actions import ACTIONS, TABLE, ActionSpec, Scope
from console.text import nearest

_NAMES = {
    " ": "space", "!": "exclamation_mark", '"': "quotation_mark", "#": "number_sign", "$": "dollar_sign",
    "%": "percent_sign", "&": "ampersand", "'": "apostrophe", "(": "left_parenthesis", ")": "right_parenthesis",
    "*": "asterisk", "+": "plus", "-": "minus", ".": "full_stop", "/": "slash", ":": "colon", ";": "semicolon",
    "<": "less_than_sign", "=": "equals_sign", ">": "greater_than_sign", "?": "question_mark", "@": "at",
    "[": "left_square_bracket", "\\": "backslash", "]": "right_square_bracket", "^": "circumflex_accent",
    "_": "underscore", "`": "grave_accent", "{": "left_curly_bracket", "|": "vertical_line",
    "}": "right_curly_bracket", "~": "tilde",
}  # fmt: skip
"""Printable characters by the names that a terminal's keys have."""
_SIGNS = {name: char for char, name in _NAMES.items() if char != " "}

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_LOOKALIKES = {"ctrl+i": "tab", "ctrl+m": "enter", "ctrl+j": "enter", "ctrl+h": "backspace"}
"""Chords that a terminal cannot tell from another key."""
_RESERVED = {
    "up": "moves the cursor", "down": "moves the cursor", "left": "moves the cursor", "right": "moves the cursor",
    "pageup": "moves the cursor", "pagedown": "moves the cursor", "home": "moves the cursor", "end": "moves the cursor",
    "ctrl+p": "moves the cursor", "ctrl+n": "moves the cursor", "ctrl+c": "is what leaves no trace: use ctrl+q",
    "ctrl+l": "draws the screen anew",
    "y": "confirms",
}  # fmt: skip
KEYS: frozenset[str] = frozenset(
    [*_LETTERS, *_LETTERS.upper(), *"0123456789", *_SIGNS, "space", "enter", "escape", "tab", "shift+tab"]
    + ["backspace", "delete", "insert", *(f"f{n}" for n in range(1, 13))]
    + [f"ctrl+{c}" for c in _LETTERS if f"ctrl+{c}" not in _LOOKALIKES]
)
"""Every key that can be bound: what all terminals send, and nothing that only some can tell apart."""

_ROOM = frozenset({Scope.ROOM, Scope.ALERTS, Scope.TIMELINE, Scope.METRICS, Scope.RUNBOOK})
_TOGETHER = (_ROOM, frozenset({Scope.LOBBY, Scope.ALERTS}), frozenset({Scope.SILENCES, Scope.ROOM}))
"""Scopes whose keys work on one screen at the same time."""


class Keys:
    """Keys by action id, defaults and overrides in one; overrides are taken as checked."""

    def __init__(self, overrides: Mapping[str, str] | None = None) -> None:
        self._keys = {spec.id: spec.keys for spec in ACTIONS}
        for id, keys in (overrides or {}).items():
            if id in self._keys:
                self._keys[id] = split(keys)

    def of(self, id: str) -> tuple[str, ...]:
        """The keys of an action, as the terminal names them."""
        return self._keys.get(id, ())

    def shown(self, id: str) -> str:
        """The first key as the footer shows it; ``""`` for an action that only the command list reaches."""
        keys = self.of(id)
        return show(keys[0]) if keys else ""

    def shown_all(self, id: str) -> str:
        """All keys as the help shows them."""
        return " ".join(map(show, self.of(id)))


def show(key: str) -> str:
    """A key as it is read: ``?`` for ``question_mark``, ``esc`` for ``escape``."""
    return _SIGNS.get(key) or {"escape": "esc", "shift+tab": "shift tab"}.get(key, key)


def split(keys: str) -> tuple[str, ...]:
    """Comma-separated keys in their long names; a comma itself cannot be bound."""
    return tuple(normal(key) for key in keys.split(",") if key.strip() or key == " ")


def normal(key: str) -> str:
    """One key in its long name: ``?`` becomes ``question_mark``."""
    key = key if key == " " else key.strip()
    return _NAMES.get(key) or {"esc": "escape", "return": "enter", "del": "delete"}.get(key, key)


def check_keymap(overrides: Mapping[str, str]) -> list[str]:
    """What is wrong with overrides of the keymap, a sentence each; ``[]`` = they can be used."""
    problems: list[str] = []
    for id, keys in overrides.items():
        if id not in TABLE:
            problems.append(f"keys.{id}: there is no such action{_near(id, TABLE)}")
            continue
        named = split(keys)
        if not named:
            problems.append(f"keys.{id}: no key is given")
        problems += [f"keys.{id}: {text}" for key in named if (text := _wrong(key))]
    if not problems:
        problems += _conflicts(Keys(overrides), overrides)
    return problems


def _wrong(key: str) -> str:
    if key in _LOOKALIKES:
        return f"a terminal cannot tell {key} from {_LOOKALIKES[key]}"
    if key in _RESERVED:
        return f"{key} {_RESERVED[key]} and cannot be bound"
    return "" if key in KEYS else f"there is no key {key!r}{_near(key, KEYS)}"


def _near(word: str, known: Iterable[str]) -> str:
    found = nearest(word, known)
    return f"; did you mean {found!r}?" if found else ""


def together(one: Scope, other: Scope) -> bool:
    """Whether keys of both scopes work at the same time somewhere."""
    if one is other or Scope.EVERYWHERE in (one, other):
        return True
    return any(one in scopes and other in scopes for scopes in _TOGETHER)


def _conflicts(keys: Keys, overrides: Mapping[str, str]) -> list[str]:
    problems = []
    specs: list[ActionSpec] = list(ACTIONS)
    for index, one in enumerate(specs):
        for other in specs[index + 1 :]:
            shared = set(keys.of(one.id)) & set(keys.of(other.id))
            if shared and together(one.scope, other.scope):
                named = one.id if one.id in overrides else other.id
                rest = other.id if named == one.id else one.id
                key = show(sorted(shared)[0])
                problems.append(f"keys.{named}: {key} already does {rest}; give {rest} another key too")
    return problems
