from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.paths import safe_id
from console.text import cells, clean, clean_lines, cut, fit, nearest

HOSTILE = st.text(alphabet=st.characters(categories=("Cc", "Cf", "Lu", "Mn", "Lo", "Zs", "Zl", "Zp", "Cs", "So")))


@given(HOSTILE)
def test_nothing_a_terminal_obeys_survives(text: str) -> None:
    out = clean(text)
    assert not any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in out)
    assert not any(c in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\u200e\u200f\ufeff" for c in out)


def test_control_characters_become_visible() -> None:
    assert clean("a\x1b]0;x\x07b\x7f\x9b") == "a␛]0;x␇b␡<009B>"
    assert clean("x\u202ey") == "x<202E>y"
    assert clean_lines("a\tb\r\nc\x00") == ("a    b", "c␀")


@given(HOSTILE)
def test_cleaning_twice_changes_nothing(text: str) -> None:
    assert clean(clean(text)) == clean(text)


def test_over_long_text_is_cut_and_says_so() -> None:
    out = clean("n" * 10_000)
    assert len(out) == 4096
    assert out.endswith("…")


@given(st.text(alphabet=st.characters(categories=("Lu", "Lo", "Mn", "So", "Nd"))), st.integers(0, 40))
def test_text_fits_exactly(text: str, width: int) -> None:
    assert cells(fit(text, width)) == width
    assert cells(fit(text, width, right=True)) == width
    assert cells(cut(text, width)) <= width


@pytest.mark.parametrize("name", ["INC-0001", "a.b_c-d", "h1"])
def test_plain_ids_may_be_paths(name: str) -> None:
    assert safe_id(name) == name


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a..b", "-x", "a\n", "x" * 99, "a\x00"])
def test_other_ids_may_not(name: str) -> None:
    with pytest.raises(ValueError, match="file name"):
        safe_id(name)


def test_the_nearest_word_is_named() -> None:
    assert nearest("promethues", ["prometheus", "alertmanager"]) == "prometheus"
    assert nearest("zzz", ["prometheus"]) == ""
