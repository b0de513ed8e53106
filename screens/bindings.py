"""Bindings, made from the action table and the operator's keymap."""

from __future__ import annotations

from collections.abc import Iterable

from textual.binding import Binding, BindingsMap

from console.actions import TABLE, ActionSpec, Scope, in_scope
from screens.keymap import Keys


def served(scopes: Iterable[Scope], more: Iterable[str] = ()) -> tuple[ActionSpec, ...]:
    """Actions whose keys work on a screen: those of its scopes, of everywhere, and a few by name."""
    specs = {spec.id: spec for spec in in_scope(*scopes)}
    specs |= {id: TABLE[id] for id in more}
    return tuple(specs.values())


def bind(keys: Keys, specs: Iterable[ActionSpec]) -> BindingsMap:
    """One binding for each key of each action; ``ctrl+c`` says how to leave, ``ctrl+l`` draws anew."""
    found = [
        Binding(key, f"act({spec.id!r})", spec.verb, show=False, id=f"{spec.id}.{key}")
        for spec in specs
        for key in keys.of(spec.id)
    ]
    fixed = [
        Binding("ctrl+c", "say_how_to_leave", "", show=False),
        Binding("ctrl+l", "draw_anew", "", show=False),
    ]
    return BindingsMap([*found, *fixed])
