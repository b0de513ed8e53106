from __future__ import annotations

import re

import pytest
from textual.color import Color
from textual.pilot import Pilot
from textual.widgets import Button, Input, Static

from console import themes
from console.model.rows import Rows
from tests.unit.widgets.made import NOW, group
from tests.unit.widgets.stage import ENVIRON, Stage, play, sent
from widgets import marks, palette
from widgets.group_rows import GroupRows
from widgets.line_list import LineList, Section

COLOURS = re.compile(r"\x1b\[(?:[\d;]*;)?(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:;[\d;]*)?m")
TRUECOLOUR = re.compile(r"[34]8;2;")


@pytest.mark.parametrize("name", themes.NAMES)
def test_a_theme_dresses_widgets_and_textual_alike(name: str) -> None:
    app = Stage(Static("x"), Input(), Button("b"), theme=name)

    async def scene(pilot: Pilot[None]) -> None:
        assert app.theme == name
        assert palette.current().name == name
        variables = app.get_css_variables()
        assert {"raised", "select", "grey", "sev1", "sev2", "sev3", "good", "wait", "person", "ground"} <= set(
            variables
        )
        ground = palette.current().ground
        if ground:
            assert app.screen.styles.background == Color.parse(ground)

    play(app, scene)


def scene_of(theme: str, environ: dict[str, str]) -> str:
    the_list = LineList(GroupRows())
    app = Stage(the_list, theme=theme, environ=environ)
    out: list[str] = []

    async def scene(pilot: Pilot[None]) -> None:
        the_list.show([Section("loose", Rows.of([group("a"), group("b", 3)]), 2)], NOW)
        the_list.focus()
        out.append(await sent(app, pilot))

    play(app, scene)
    return "".join(out)


def test_the_ansi_theme_sends_the_sixteen_colours_only() -> None:
    out = scene_of("warroom-ansi", ENVIRON)
    assert COLOURS.search(out)
    assert not TRUECOLOUR.search(out)
    assert TRUECOLOUR.search(scene_of("warroom", ENVIRON))


def test_no_color_means_no_colour_at_all_and_the_cursor_is_still_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    out = scene_of("warroom", {**ENVIRON, "NO_COLOR": "1"})
    assert palette.current() is palette.MONO
    assert "group a" in out
    assert set(re.findall(r"\x1b\[([\d;]*)m", out)) <= {"0", "1", "22", "7", "27", "1;7", "22;7", "1;27", "22;27"}
    assert re.search(r"\x1b\[(1;)?7", out)


def test_signs_follow_the_terminal() -> None:
    assert scene_of("warroom", {"LANG": "C"}).isascii()
    assert marks.ascii_only()
    assert not scene_of("warroom", ENVIRON).isascii()


def test_an_unknown_theme_is_the_first() -> None:
    scene_of("no such theme", ENVIRON)
    assert palette.current() is palette.WARROOM


def test_filters_keep_their_identity_so_that_painted_lines_are_remembered() -> None:
    assert themes.line_filters([])[-1] is themes.line_filters([])[-1]
