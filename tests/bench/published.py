"""A large first list end to end: from its last byte until a snapshot with all alerts in groups is before the screen.

The server, the console and the terminal that shows it are processes of their own. The console is the real one, engine
and screen; it only notes when that snapshot was published and how late each frame of its screen came until then.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
import threading
import time
from itertools import chain
from pathlib import Path

from console.app import WarroomApp
from console.config import Config, load
from console.engine.handle import Handle
from console.engine.runtime import Engine
from console.model.entry import Actor
from console.model.snapshot import AlertsView, Snapshot
from tests.bench.large_list import heard, serving
from tests.bench.world import config_for, environment
from tests.pty_screen import PtyScreen

FRAME_S = 1 / 60
IDLE_S = 2.0
"""How long frames are watched before the engine starts, and after."""
PATIENCE_S = 60.0


class Noted(Handle):
    """Notes when the first snapshot came that has all of so many alerts in groups: ns of the monotonic clock."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self._count = count
        self.whole = 0
        self.come = threading.Event()

    def publish(self, snapshot: Snapshot) -> None:
        super().publish(snapshot)
        if not self.whole and snapshot.alerts.total == self._count == grouped(snapshot.alerts):
            self.whole = time.monotonic_ns()
            self.come.set()


def grouped(view: AlertsView) -> int:
    """How many alerts stand in its groups."""
    return sum(len(group.members) for group in chain(view.major, view.minor, view.loose))


class Watched(WarroomApp):
    """The console with a note of how late its frames came; it leaves once the list is there."""

    def __init__(self, config: Config, handle: Noted) -> None:
        super().__init__(handle, config=config)
        self._noted = handle
        self._engine = Engine(config, Actor("bench"), handle=handle)
        self._late: list[tuple[int, float]] = []
        self._watching: asyncio.Task[None] | None = None

    def on_ready(self) -> None:
        self._watching = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        frames = asyncio.create_task(self._frames())
        await asyncio.sleep(IDLE_S)
        self._engine.start()
        await asyncio.to_thread(self._noted.come.wait)
        await asyncio.sleep(IDLE_S)
        frames.cancel()
        self.exit()

    async def _frames(self) -> None:
        while True:
            due = time.monotonic() + FRAME_S
            await asyncio.sleep(FRAME_S)
            self._late.append((time.monotonic_ns(), (time.monotonic() - due) * 1000))

    def told(self) -> dict[str, object]:
        """What was noted."""
        return {"whole": self._noted.whole, "late": self._late}


def show(config: Path, count: int, report: Path) -> None:
    """The console on this configuration, until it has taken in so many alerts."""
    app = Watched(load(config), Noted(count))
    app.run()
    report.write_text(json.dumps(app.told()))


def once(count: int) -> dict[str, float]:
    """One console's first list: seconds, and milliseconds of its latest frame."""
    with tempfile.TemporaryDirectory() as folder, serving(count) as (url, server):
        config, report = config_for(Path(folder), {"alertmanager": url}, poll="600s"), Path(folder) / "report.json"
        argv = [sys.executable, "-m", "tests.bench.published", str(config), str(count), str(report)]
        with PtyScreen(argv, env=environment(Path(folder))) as screen:
            end = time.monotonic() + PATIENCE_S
            while not report.exists() and screen.alive() and time.monotonic() < end:
                screen.read(0.1)
            if not report.exists():
                raise RuntimeError(f"the console ended or took over {PATIENCE_S:g} s: {screen.data[-2000:]!r}")
        asked, sent = heard(server)
        told = json.loads(report.read_text())
    whole: int = told["whole"]
    return {
        "last_byte_s": (whole - sent) / 1e9,
        "request_s": (whole - asked) / 1e9,
        "frame_ms": max(ms for at, ms in told["late"] if asked <= at <= whole + 1e9),
        "idle_frame_ms": max((ms for at, ms in told["late"] if at < asked - 1e9), default=0.0),
    }


def measure(short: bool = False) -> dict[str, object]:
    """Medians and ranges over consoles that were each started afresh."""
    count, runs = (5_000, 3) if short else (50_000, 7)
    found = [once(count) for _ in range(runs)]
    out: dict[str, object] = {"alerts": count, "runs": runs}
    for name, places in (("last_byte_s", 2), ("request_s", 2), ("frame_ms", 1), ("idle_frame_ms", 1)):
        values = [one[name] for one in found]
        out[name] = {
            "median": round(statistics.median(values), places),
            "from": round(min(values), places),
            "to": round(max(values), places),
        }
    return out


if __name__ == "__main__":
    show(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
