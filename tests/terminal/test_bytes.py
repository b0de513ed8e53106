"""What a walk through a long list costs a slow line, measured at the terminal."""

from __future__ import annotations

import statistics
from pathlib import Path

import pytest

from tests.bench.terminal import declare_incident, walk
from tests.pty_screen import PtyScreen
from tests.terminal.backend import alert, serve
from tests.terminal.sitting import READY, Sitting

pytestmark = pytest.mark.terminal

ROW = 1500
"""Bytes for one row down."""
SCROLL = 2500
"""Bytes where the list of the lobby, 33 lines, scrolls by half: nearly all of its text is another."""


def costs(screen: PtyScreen) -> list[int]:
    sizes = walk(screen)["rows"]
    assert isinstance(sizes, list)
    return [size for size in sizes if size]


def test_a_row_down_costs_at_most_a_kilobyte_and_a_half(tmp_path: Path) -> None:
    names = ("HighLatency", "PoolExhausted", "QueueGrowing", "DiskSlow")
    alerts = [
        alert(names[n % 4], service=f"service-{n // 2:03}", cluster=f"eu-{n // 2:03}", summary=f"service {n} is slow")
        for n in range(120)
    ]
    with serve(alerts) as backend, Sitting(tmp_path, backend.url).console() as screen:
        screen.until(READY)
        screen.until("SEV1")
        screen.read(2.0)
        lobby = costs(screen)
        declare_incident(screen)
        screen.read(2.0)
        screen.send("1")
        screen.read(1.0)
        room = costs(screen)
    assert len(lobby) >= 38
    assert len(room) >= 38
    assert statistics.median(lobby) < 1000
    assert statistics.median(room) < 1000
    assert max(room) <= ROW
    assert sum(size > ROW for size in lobby) <= 6
    assert max(lobby) <= SCROLL
