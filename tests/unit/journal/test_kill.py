"""kill -9 at any moment: what was acknowledged is there, whole, once and in order."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
from pathlib import Path

from console.journal.reading import read
from console.model.entry import Kind
from tests.unit.journal.support import follow, lane_in

KILLS = int(os.environ.get("WARROOM_KILLS", "30"))
ROOT = Path(__file__).parents[3]


def killed_after(folder: Path, start: int, lines: int, bytes_more: int) -> list[str]:
    """Runs the child until it has acknowledged some appends and a little more; all that it acknowledged."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.unit.journal.killed", str(folder), str(start)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    with child:
        assert child.stdout is not None
        told = [child.stdout.readline() for _ in range(lines)]
        # The kill lands wherever the lane's file has grown a bit further: between frames or inside one.
        (path,) = folder.glob("*.0.lane")
        size, stop = path.stat().st_size + bytes_more, threading.Event()
        guard = threading.Timer(20, stop.set)
        guard.start()
        while path.stat().st_size < size and not stop.is_set():
            continue
        child.kill()
        guard.cancel()
        told += child.stdout.readlines()
    return [line.rstrip("\n") for line in told if line.endswith("\n")]


def test_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    chance, acknowledged, number = random.Random(7), [], 0
    for _ in range(KILLS):
        acknowledged += killed_after(tmp_path, number, chance.randrange(1, 12), chance.randrange(0, 3000))
        number += 1_000_000
        entries = list(read(tmp_path))
        written = [str(e.body["text"]) for e in entries if e.kind == Kind.NOTE_ADDED]
        assert len(set(written)) == len(written)
        assert set(acknowledged) <= set(written)
        assert all(text + "'" in written for text in written if not text.endswith("'")), "a transaction is whole"
    assert {entry.stamp.lane for entry in entries} == {f"bastion.{os.geteuid()}.0"}, "a killed console frees its slot"
    lane = lane_in(tmp_path)
    follower, _ = follow(tmp_path, lane.name)
    assert follower.damages == []
    assert [e.stamp.seq for e in lane.storage.entries()] == list(range(1, follower.count + 1))
