"""The palette: colours named by what they mean, and the Rich styles made of them."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from rich.style import Style

from console.model.incident import Tone
from console.model.severity import Severity


class Palette(NamedTuple):
    """Colours by meaning, as Rich colour names or ``#rrggbb``; ``""`` leaves the terminal's own."""

    name: str
    ground: str
    raised: str
    """Header, footer, dialogs."""
    select: str
    """The row under the cursor."""
    border: str
    accent: str
    """What the operator can do, and the focused frame."""
    text: str
    grey: str
    grey_on_tone: str
    """Grey where the background is raised or selected, so that its contrast holds."""
    label: str
    """Titles of panes that have no focus."""
    sev1: str
    sev2: str
    sev3: str
    low: str
    good: str
    wait: str
    person: str
    badge_text: str
    """Text on a block of a severity's colour."""
    select_text: str = ""
    """One colour for all text on ``select``; for palettes whose colours cannot stand on it."""
    reverse: bool = False
    """Tones are drawn with attributes (reverse, bold) instead of colours."""


WARROOM = Palette(
    name="warroom",
    ground="#0f141b",
    raised="#182130",
    select="#1b2838",
    border="#2b394d",
    accent="#6cb6ff",
    text="#d7dde8",
    grey="#7a869a",
    grey_on_tone="#8c98ac",
    label="#a9b5c9",
    sev1="#ff5f6d",
    sev2="#ff9e4f",
    sev3="#f2c94c",
    low="#7a869a",
    good="#5ad19a",
    wait="#f2c94c",
    person="#c79bff",
    badge_text="#0f141b",
)
CONTRAST = Palette(
    name="warroom-contrast",
    ground="#000000",
    raised="#101010",
    select="#002548",
    border="#8a8a8a",
    accent="#8fd0ff",
    text="#ffffff",
    grey="#c4c4c4",
    grey_on_tone="#d8d8d8",
    label="#ffffff",
    sev1="#ff8f96",
    sev2="#ffb870",
    sev3="#ffe16b",
    low="#c4c4c4",
    good="#7df0b8",
    wait="#ffe16b",
    person="#dcc0ff",
    badge_text="#000000",
)
ANSI = Palette(
    name="warroom-ansi",
    ground="",
    raised="",
    select="blue",
    border="bright_black",
    accent="bright_cyan",
    text="",
    grey="white",
    grey_on_tone="white",
    label="white",
    sev1="bright_red",
    sev2="bright_magenta",
    sev3="bright_yellow",
    low="white",
    good="bright_green",
    wait="bright_yellow",
    person="cyan",
    badge_text="black",
    select_text="bright_white",
)
MONO = Palette(
    name="warroom-mono",
    ground="",
    raised="",
    select="",
    border="",
    accent="",
    text="",
    grey="",
    grey_on_tone="",
    label="",
    sev1="",
    sev2="",
    sev3="",
    low="",
    good="",
    wait="",
    person="",
    badge_text="",
    reverse=True,
)
"""No colour at all: bold, reverse and underline carry what the words do not."""

PALETTES = {palette.name: palette for palette in (WARROOM, ANSI, CONTRAST, MONO)}

_TONES = frozenset({"raised", "select"})
_current = WARROOM
_generation = 0


def use(palette: Palette) -> None:
    """Draw with this palette from here on; widgets repaint by themselves when the app's theme changes."""
    global _current, _generation
    if palette is not _current:
        _current = palette
        _generation += 1
        style.cache_clear()


def current() -> Palette:
    """The palette in use."""
    return _current


def generation() -> int:
    """Counts changes of palette; part of the key of whatever is cached as painted."""
    return _generation


@lru_cache(1024)
def style(name: str, on: str = "ground") -> Style:
    """The Rich style of colours by meaning: ``"sev1"``, ``"text bold"``, ``"badge_text on wait"``."""
    words = name.split()
    colour, bold, underline = words[0], "bold" in words, "underline" in words
    if "on" in words:
        on = words[words.index("on") + 1]
    palette = _current
    if palette.reverse:
        tone = on in ("select", "sev1", "sev2", "sev3", "low", "good", "wait", "accent")
        return Style(bold=bold or None, underline=underline or None, reverse=tone or None)
    if on == "select" and palette.select_text:
        colour_value = palette.select_text
    elif colour in ("grey", "low") and on in _TONES:
        colour_value = palette.grey_on_tone
    else:
        colour_value = getattr(palette, colour)
    return Style(
        color=colour_value or None,
        bgcolor=getattr(palette, on) or None,
        bold=bold or None,
        underline=underline or None,
    )


_SEVERITIES = ("sev1", "sev2", "sev3", "low", "low")
_RESULTS = {Tone.PLAIN: "grey", Tone.GOOD: "good", Tone.WAIT: "wait", Tone.BAD: "sev1"}


def severity(value: Severity | None) -> str:
    """The colour's name for a severity; an unset one is grey."""
    return "grey" if value is None else _SEVERITIES[value - 1]


def result(tone: Tone) -> str:
    """The colour's name for a result's tone."""
    return _RESULTS[tone]
