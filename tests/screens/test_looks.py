"""What each screen looks like, as pictures; look at a changed one before accepting it."""

from __future__ import annotations

from typing import Any

import pytest

from console.model.snapshot import Snapshot
from tests.screens import world
from tests.screens.driving import before
from tests.screens.fake import DESTROY, console

SIZES = ((80, 24), (120, 40), (200, 60))
SCREENS: dict[str, tuple[Snapshot, tuple[str, ...]]] = {
    "lobby": (world.LOBBY, ()),
    "war_room": (world.ROOM, ()),
    "alerts": (world.ROOM, ("enter", "down")),
    "confirm": (world.ROOM, ("r",)),
    "declare": (world.LOBBY, ("tab", "d")),
    "help": (world.ROOM, ("question_mark",)),
    "runbook": (world.ROOM, ("4", "enter")),
    "metrics": (world.ROOM, ("3", "enter")),
    "evidence": (world.FILED, ("f7", "down", "down")),
    "evidence_content": (world.FILED, ("f7", "down", "down", "enter")),
}


@pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
@pytest.mark.parametrize("name", SCREENS)
def test_screen(snap_compare: Any, name: str, size: tuple[int, int]) -> None:
    snapshot, keys = SCREENS[name]
    app, _, _ = console(snapshot)
    assert snap_compare(app, terminal_size=size, run_before=before(keys))


OTHERS: dict[str, tuple[Snapshot, tuple[str, ...], tuple[int, int]]] = {
    "calm": (world.CALM, (), (80, 24)),
    "timeline": (world.ROOM, ("2", "z", "up", "up"), (120, 40)),
    "silences": (world.ROOM, ("f4",), (80, 24)),
    "outbox": (world.ROOM, ("f6",), (80, 24)),
    "outbox_wide": (world.ROOM, ("f6", "down"), (120, 40)),
    "outbox_edit": (world.ROOM, ("f6", "down", "e"), (80, 24)),
    "evidence_tainted": (world.FILED, ("f7", "down", "tab"), (80, 24)),
    "evidence_none": (world.ROOM, ("f7",), (80, 24)),
    "sources": (world.ROOM, ("f5", "down", "down"), (120, 40)),
    "commands": (world.ROOM, ("colon", "u", "n"), (80, 24)),
    "filter": (world.ROOM, ("slash", "p", "a", "y"), (80, 24)),
    "ask": (world.ROOM, ("s",), (80, 24)),
    "choose": (world.ROOM, ("v",), (80, 24)),
    "why": (world.ROOM, ("w",), (80, 24)),
    "confirm_smallest": (world.ROOM, ("r",), (40, 12)),
    "room_smallest": (world.ROOM, (), (40, 12)),
    "too_small": (world.ROOM, (), (39, 11)),
    "acknowledged": (world.ROOM, ("a",), (80, 24)),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other(snap_compare: Any, name: str) -> None:
    snapshot, keys, size = OTHERS[name]
    app, _, _ = console(snapshot)
    assert snap_compare(app, terminal_size=size, run_before=before(keys))


def test_the_most_dangerous_confirmation(snap_compare: Any) -> None:
    app, engine, _ = console(world.ROOM)
    engine.previews["step.run"] = DESTROY
    assert snap_compare(app, terminal_size=(80, 24), run_before=before(["r"]))


@pytest.mark.parametrize("theme", ["warroom-ansi", "warroom-contrast"])
def test_theme(snap_compare: Any, theme: str) -> None:
    app, _, _ = console(world.ROOM, theme=theme)
    assert snap_compare(app, terminal_size=(80, 24), run_before=before(()))
