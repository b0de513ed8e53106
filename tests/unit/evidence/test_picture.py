"""Pictures of the screen: secrets are out of them, nothing in them asks elsewhere, and they can be read as text."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from rich.text import Text

from console.errors import Refused
from console.evidence import picture
from console.secret import Redactor, Secret


def shot(*lines: Text | str, title: str = "warroom INC-0042") -> str:
    console = Console(width=60, record=True, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    for line in lines:
        console.print(line, soft_wrap=True, markup=False, highlight=False)
    return console.export_svg(title=title)


def test_it_can_be_read_as_text_where_everything_stands_where_it_stood() -> None:
    line = Text.assemble(("a ", "red"), "   b", ("<c> & d", "bold on blue"))
    assert picture.lines(picture.safe(shot(line, "", "last"), Redactor()))[:3] == ["a    b<c> & d", "", "last"]


def test_it_has_no_web_fonts_and_is_the_same_each_time() -> None:
    made = [picture.safe(shot("x"), Redactor()) for _ in range(2)]
    assert made[0] == made[1]
    assert "@font-face" not in made[0]
    assert "http" not in made[0].replace('"http://www.w3.org/2000/svg"', "")
    assert "warroom\xa0INC-0042" in made[0]


def test_a_secret_is_found_across_its_colours_and_beside_others() -> None:
    redact = Redactor()
    redact.learn(Secret("hunter2-of-production"))
    line = Text.assemble("before ", ("hunter2-", "red"), ("of-production", "blue"), " after")
    safe = picture.safe(shot(line, Text("kept", "bold")), redact)
    assert picture.lines(safe)[:2] == ["before [redacted] after", "kept"]
    assert "of-production" not in safe


def test_a_key_over_several_lines_is_blank() -> None:
    lines = ("above", "-----BEGIN RSA PRIVATE KEY-----", "AAAA", "BBBB", "-----END RSA PRIVATE KEY-----", "below")
    safe = picture.safe(shot(*lines), Redactor())
    assert picture.lines(safe) == ["above", "[redacted]", "", "", "", "below"]
    assert "AAAA" not in safe


@pytest.mark.parametrize(
    "svg",
    [
        "<svg",
        "<html/>",
        '<!DOCTYPE x [<!ENTITY a "b">]><svg xmlns="http://www.w3.org/2000/svg">&a;</svg>',
        '<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>',
        '<svg xmlns="http://www.w3.org/2000/svg"><rect onclick="x"/></svg>',
        '<svg xmlns="http://www.w3.org/2000/svg"><image href="https://a.example/x"/></svg>',
        '<svg xmlns="http://www.w3.org/2000/svg"><style>text { fill: url(//a.example/x) }</style></svg>',
    ],
)
def test_what_is_no_picture_of_a_screen_is_refused(svg: str) -> None:
    with pytest.raises(Refused):
        picture.safe(svg, Redactor())
