"""The themes: the palettes as Textual sees them, chosen with the signs that the terminal can show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from textual.app import App
from textual.filter import LineFilter, Monochrome, NoColor
from textual.theme import Theme

from widgets import marks, palette
from widgets.output_filter import OutputFilter
from widgets.palette import Palette

NAMES = ("warroom", "warroom-ansi", "warroom-contrast")
"""What a configuration may name."""

# Strips remember what a filter made of them by the filter's identity.
_COLOURLESS = NoColor()
_GATES = (OutputFilter(), OutputFilter(ascii=True))


def theme(look: Palette) -> Theme:
    """A palette as a Textual theme; ``$raised``, ``$grey``, ``$sev1`` … are variables of style sheets too."""
    native = look.reverse or bool(look.select_text)
    colours = {name.replace("_", "-"): _css(value) for name, value in look._asdict().items() if isinstance(value, str)}
    for name in ("name", "text", "select-text"):
        colours.pop(name)
    cursor = {
        "block-cursor-foreground": _css(look.select_text or look.text),
        "block-cursor-background": _css(look.select),
        "input-cursor-foreground": _css(look.ground or "black"),
        "input-cursor-background": _css(look.text or "white"),
        "input-selection-background": _css(look.select or "white"),
    }
    return Theme(
        name=look.name,
        primary=_css(look.accent),
        secondary=_css(look.label),
        accent=_css(look.accent),
        warning=_css(look.wait),
        error=_css(look.sev1),
        success=_css(look.good),
        foreground=_css(look.text),
        background=_css(look.ground),
        surface=_css(look.raised),
        panel=_css(look.select),
        boost=_css(look.raised),
        dark=True,
        ansi=native,
        variables={
            **colours,
            "ansi-background": _css("black"),
            "ansi-foreground": _css("white"),
            **cursor,
            "border": _css(look.accent),
            "border-blurred": _css(look.border),
        },
    )


def _css(colour: str) -> str:
    return colour if colour.startswith("#") else f"ansi_{colour or 'default'}"


def install(app: App[Any], name: str, environ: Mapping[str, str]) -> None:
    """Make the app draw with this theme, without colour under ``NO_COLOR``, in ASCII where the terminal needs it."""
    marks.use(marks.needs_ascii(environ))
    for look in palette.PALETTES.values():
        app.register_theme(theme(look))
    look = palette.MONO if "NO_COLOR" in environ else palette.PALETTES.get(name, palette.WARROOM)
    palette.use(look)
    app.theme = look.name


def line_filters(filters: Sequence[LineFilter]) -> list[LineFilter]:
    """What ``App.get_line_filters`` is to return: Textual's filters, then the gate that lets no control character out.

    Textual answers ``NO_COLOR`` with shades of grey, which are colours too; without colour means none at all.
    """
    kept = [each for each in filters if not isinstance(each, Monochrome | NoColor)]
    if palette.current().reverse:
        kept.append(_COLOURLESS)
    return [*kept, _GATES[marks.ascii_only()]]
