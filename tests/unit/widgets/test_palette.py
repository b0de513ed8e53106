from __future__ import annotations

import pytest
from rich.color import Color
from rich.terminal_theme import TerminalTheme

from console.model.incident import Tone
from console.model.severity import Severity
from widgets import palette
from widgets.palette import ANSI, CONTRAST, MONO, PALETTES, WARROOM, Palette

VGA = TerminalTheme(
    (0, 0, 0), (170, 170, 170),
    [(0, 0, 0), (170, 0, 0), (0, 170, 0), (170, 85, 0), (0, 0, 170), (170, 0, 170), (0, 170, 170), (170, 170, 170)],
    [(85, 85, 85), (255, 85, 85), (85, 255, 85), (255, 255, 85), (85, 85, 255), (255, 85, 255), (85, 255, 255),
     (255, 255, 255)],
)  # fmt: skip
"""The sixteen colours of a text console, the darkest in use."""


def luminance(colour: Color | None, *, foreground: bool) -> float:
    triplet = (colour or Color.default()).get_truecolor(VGA, foreground=foreground)
    parts = [c / 255 for c in triplet]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(name: str, on: str) -> float:
    """WCAG 2.1's contrast ratio of a style's text to its background."""
    made = palette.style(name, on)
    a, b = luminance(made.color, foreground=True), luminance(made.bgcolor, foreground=False)
    return (max(a, b) + 0.05) / (min(a, b) + 0.05)


INKS = ("text", "grey", "label", "accent", "sev1", "sev2", "sev3", "low", "good", "wait", "person")


@pytest.mark.parametrize("look", [WARROOM, CONTRAST, ANSI], ids=lambda look: look.name)
@pytest.mark.parametrize("on", ["ground", "raised", "select"])
def test_text_has_contrast_on_every_tone(look: Palette, on: str) -> None:
    palette.use(look)
    least = 7.0 if look is CONTRAST else 4.5
    assert {ink: contrast(ink, on) for ink in INKS if contrast(ink, on) < least} == {}


@pytest.mark.parametrize("look", [WARROOM, CONTRAST, ANSI], ids=lambda look: look.name)
@pytest.mark.parametrize("block", ["sev1", "sev2", "sev3", "low", "wait", "grey"])
def test_badges_can_be_read(look: Palette, block: str) -> None:
    palette.use(look)
    assert contrast("badge_text bold", block) >= 4.5


def test_severities_differ_in_every_coloured_palette() -> None:
    for look in (WARROOM, CONTRAST, ANSI):
        assert len({look.sev1, look.sev2, look.sev3, look.low}) == 4


def test_the_colourless_palette_sends_no_colour_and_still_tells_the_cursor() -> None:
    palette.use(MONO)
    for ink in INKS:
        for on in ("ground", "raised", "select"):
            made = palette.style(ink, on)
            assert made.color is None
            assert made.bgcolor is None
    assert palette.style("text", "select") != palette.style("text")
    assert palette.style("badge_text bold on sev1").reverse


def test_a_style_follows_the_palette_in_use() -> None:
    before, count = palette.style("accent"), palette.generation()
    palette.use(CONTRAST)
    assert palette.style("accent") != before
    assert palette.generation() == count + 1
    assert palette.style("accent") is palette.style("accent")
    assert palette.style("text on wait").bgcolor == palette.style("text", "wait").bgcolor


def test_every_meaning_has_a_colour() -> None:
    assert {palette.severity(s) for s in (*Severity, None)} <= set(Palette._fields)
    assert {palette.result(t) for t in Tone} <= set(Palette._fields)
    assert set(PALETTES) == {"warroom", "warroom-ansi", "warroom-contrast", "warroom-mono"}
