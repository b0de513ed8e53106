"""What the terminal sees: bytes while idle and per key, key to paint under load, memory, the engine under a stall."""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.world import config_for, drill, environment
from tests.pty_screen import PtyScreen

HERE = Path(__file__).parent
DOWN = b"\x1b[B"


def console(config: Path, env: dict[str, str], columns: int = 120, lines: int = 40) -> PtyScreen:
    """The console on this configuration."""
    argv = [sys.executable, "-m", "console", "--config", str(config), "run"]
    return PtyScreen(argv, columns=columns, lines=lines, env=env)


def key_to_paint(screen: PtyScreen, keys: list[bytes], pause: float = 0.15) -> list[float]:
    """Milliseconds from a key to the first byte that answers it."""
    out = []
    for key in keys:
        screen.settle(0.03, 1.0)
        mark = len(screen.times)
        begin = time.monotonic()
        screen.send(key)
        while len(screen.times) == mark and time.monotonic() - begin < 5:
            screen._take(0.5)
        out.append((screen.times[mark][0] - begin) * 1000 if len(screen.times) > mark else 5000.0)
        screen.read(pause)
    return out


def summary(times: list[float]) -> dict[str, float]:
    """Median and 99th percentile, milliseconds."""
    ordered = sorted(times)
    return {"p50": round(statistics.median(ordered), 1), "p99": round(ordered[int(len(ordered) * 0.99) - 1], 1)}


def idle_bytes(config: Path, env: dict[str, str], *, declare: bool, seconds: float) -> float:
    """Bytes a second to the terminal with nobody typing."""
    with console(config, env) as screen:
        screen.until("ctrl+q")
        screen.read(3.0)
        if declare:
            declare_incident(screen)
        screen.read(4.0)
        return len(screen.read(seconds)) / seconds


def declare_incident(screen: PtyScreen) -> None:
    """Declare by keys, as an operator does, and wait for the room."""
    screen.send("d")
    screen.read(1.0)
    screen.send("bench incident")
    screen.read(0.3)
    screen.send("\r")
    screen.until("investigating", 10)


def walk(screen: PtyScreen, rows: int = 40) -> dict[str, object]:
    """Bytes for each of so many rows down, those included where the list scrolls."""
    sizes = []
    for _ in range(rows):
        screen.settle(0.05, 1.0)
        start = len(screen.data)
        screen.send(DOWN)
        screen.read(0.3)
        sizes.append(len(screen.data) - start)
    return {"median": statistics.median(sizes), "max": max(sizes), "rows": sizes}


def measure_bytes(short: bool = False) -> dict[str, object]:
    """Idle bytes a second at 120×40, and bytes for one row down."""
    seconds = 10.0 if short else 30.0
    out: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as folder:
        env, config = environment(Path(folder)), config_for(Path(folder), {})
        out["idle_no_timers_per_s"] = round(idle_bytes(config, env, declare=False, seconds=seconds), 1)
        out["idle_timers_per_s"] = round(idle_bytes(config, env, declare=True, seconds=seconds), 1)
    with tempfile.TemporaryDirectory() as folder, drill("--alerts", "1000", "--frozen") as urls:
        env, config = environment(Path(folder)), config_for(Path(folder), urls, poll="600s")
        with console(config, env) as screen:
            screen.until("SEV", 30)
            screen.read(3.0)
            out["row_down_lobby"] = walk(screen)
            declare_incident(screen)
            screen.read(2.0)
            screen.send("1")
            screen.read(1.0)
            out["row_down_war_room"] = walk(screen)
    return out


def measure_keys(short: bool = False) -> dict[str, object]:
    """Key to paint, milliseconds, beside a trivial app; resident memory with Prometheus and Alertmanager loaded."""
    count = 40 if short else 120
    with PtyScreen([sys.executable, str(HERE / "trivial_app.py")]) as trivial:
        trivial.until("ready 0")
        trivial.read(0.5)
        yardstick = summary(key_to_paint(trivial, [DOWN] * count))
    out: dict[str, object] = {"trivial": yardstick}
    loads = [(1_000, 0)] if short else [(1_000, 0), (10_000, 0), (100_000, 1_000)]
    for alerts, churn in loads:
        with tempfile.TemporaryDirectory() as folder, drill("--alerts", str(alerts), "--churn", str(churn)) as urls:
            env = environment(Path(folder))
            config = config_for(Path(folder), urls, poll="5s" if alerts < 50_000 else "15s")
            with console(config, env) as screen:
                screen.until(f"{alerts // 1000}", 90)
                screen.read(20.0 if alerts >= 50_000 else 6.0)
                keys = [DOWN, DOWN, DOWN, b"\x1b[A", b"\x1b[6~", b"\x1b[5~"] * (count // 6)
                got = summary(key_to_paint(screen, keys))
                out[f"{alerts}_alerts"] = {
                    **got,
                    "of_trivial_p99": round(got["p99"] / yardstick["p99"], 2),
                    "resident_mb": round(screen.resident_mb(), 1),
                }
    return out


def measure_stall(short: bool = False) -> dict[str, object]:
    """The longest pause of the engine's loop, seconds, while the terminal reads nothing."""
    seconds = 5.0 if short else 20.0
    with tempfile.TemporaryDirectory() as folder, drill("--alerts", "2000", "--churn", "200") as urls:
        env = {**environment(Path(folder)), "WARROOM_GAPS": str(Path(folder) / "gaps.json")}
        config = config_for(Path(folder), urls, poll="1s")
        with console(config, env) as screen:
            screen.until("SEV", 30)
            screen.read(4.0)
            screen.send((DOWN * 20 + b"\x1b[6~" * 20) * 20)
            time.sleep(seconds)
            gaps = json.loads((Path(folder) / "gaps.json").read_text())
            screen.read(2.0)
    return {"stalled_s": seconds, "engine_gap_s": gaps["longest_s"], "beats": gaps["beats"]}
