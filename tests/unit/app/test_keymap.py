"""The keymap: every wrong override is named, and the defaults are free of conflicts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.actions import ACTIONS, TABLE, Scope
from screens.keymap import KEYS, Keys, check_keymap, normal, show, together


def test_the_defaults_are_keys_without_conflicts() -> None:
    assert check_keymap({}) == []
    assert {key for spec in ACTIONS for key in spec.keys} <= KEYS


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        ({"alert.akc": "g"}, "keys.alert.akc: there is no such action; did you mean 'alert.ack'?"),
        ({"alert.ack": "strl+g"}, "keys.alert.ack: there is no key 'strl+g'; did you mean 'ctrl+g'?"),
        ({"alert.ack": "ctrl+i"}, "keys.alert.ack: a terminal cannot tell ctrl+i from tab"),
        ({"alert.ack": "up"}, "keys.alert.ack: up moves the cursor and cannot be bound"),
        ({"alert.ack": "y"}, "keys.alert.ack: y confirms and cannot be bound"),
        ({"alert.ack": ""}, "keys.alert.ack: no key is given"),
        ({"alert.ack": "s"}, "keys.alert.ack: s already does alert.silence; give alert.silence another key too"),
        ({"alert.ack": "?"}, "keys.alert.ack: ? already does ui.help; give ui.help another key too"),
        ({"alert.ack": "r"}, "keys.alert.ack: r already does step.run; give step.run another key too"),
    ],
)
def test_what_is_wrong_is_said(overrides: dict[str, str], said: str) -> None:
    assert said in check_keymap(overrides)


def test_a_key_may_mean_two_things_where_they_never_meet() -> None:
    assert not together(Scope.SILENCES, Scope.ALERTS)
    assert check_keymap({"silence.expire": "a"}) == []


def test_keys_may_be_written_as_they_are_read() -> None:
    keys = Keys({"alert.ack": "!, g", "ui.back": "esc"})
    assert keys.of("alert.ack") == ("exclamation_mark", "g")
    assert keys.shown("alert.ack") == "!"
    assert keys.of("ui.back") == ("escape",)


@given(st.sampled_from(sorted(KEYS)))
def test_what_is_shown_can_be_written(key: str) -> None:
    assert key == "shift+tab" or normal(show(key)) == key


@given(st.dictionaries(st.sampled_from(sorted(TABLE)), st.text(max_size=12), max_size=4))
def test_a_keymap_without_problems_gives_each_action_its_own_keys(overrides: dict[str, str]) -> None:
    if check_keymap(overrides):
        return
    keys = Keys(overrides)
    for one in ACTIONS:
        for other in ACTIONS:
            if one is not other and together(one.scope, other.scope):
                assert not set(keys.of(one.id)) & set(keys.of(other.id))
