from __future__ import annotations

import pytest
from rich.cells import cell_len

from console.text import cells, clean
from widgets import marks


@pytest.mark.parametrize("name", marks.names())
def test_a_sign_takes_one_cell_and_has_an_ascii_form(name: str) -> None:
    full = marks.sign(name)
    assert cell_len(full) == cells(full) == 1
    assert clean(full) == full
    marks.use(True)
    plain = marks.sign(name)
    assert plain.isascii()
    assert plain.isprintable()
    assert len(plain) == 1 or name == "enter"


def test_the_bars_are_nine_distinct_steps_of_one_cell() -> None:
    for steps in (marks.BARS, marks.BARS_ASCII):
        assert len(steps) == len(set(steps)) == 9
        assert all(cell_len(char) == 1 for char in steps)
    assert marks.BARS_ASCII.isascii()


@pytest.mark.parametrize(
    ("environ", "needed"),
    [
        ({"LANG": "C"}, True),
        ({}, True),
        ({"LANG": "C.UTF-8", "TERM": "linux"}, True),
        ({"LANG": "de_DE.utf8", "TERM": "screen"}, False),
        ({"LANG": "en_US.UTF-8", "TERM": "xterm-256color"}, False),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "C"}, True),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, False),
    ],
)
def test_the_environment_tells_whether_ascii_is_needed(environ: dict[str, str], needed: bool) -> None:
    assert marks.needs_ascii(environ) is needed
