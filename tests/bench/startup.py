"""First paint: exec to the first full frame, beside a trivial Textual app and harlequin, runs taken in turn."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bench.world import config_for, environment
from tests.pty_screen import PtyScreen

HERE = Path(__file__).parent
HARLEQUIN = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "warroom-bench" / "harlequin"


def harlequin() -> str:
    """Harlequin's command in a virtual environment of its own, made on first use; ``""`` if it cannot be had."""
    command = HARLEQUIN / "bin" / "harlequin"
    if not command.exists():
        made = subprocess.run([sys.executable, "-m", "venv", str(HARLEQUIN)], check=False).returncode == 0
        pip = [str(HARLEQUIN / "bin" / "python"), "-m", "pip", "install", "--quiet", "harlequin"]
        if not made or subprocess.run(pip, check=False, capture_output=True).returncode != 0:
            return ""
    return str(command)


def paint(argv: list[str], word: str, env: dict[str, str]) -> float:
    """Seconds from exec until the word stands on the screen."""
    with PtyScreen(argv, env=env) as screen:
        return screen.until(word)


def measure(short: bool = False) -> dict[str, object]:
    """Medians in seconds and ratios of medians."""
    with tempfile.TemporaryDirectory() as folder:
        env = environment(Path(folder))
        config = config_for(Path(folder), {})
        candidates = {
            "trivial": ([sys.executable, str(HERE / "trivial_app.py")], "ready 0"),
            "warroom": ([sys.executable, "-m", "console", "--config", str(config), "run"], "ctrl+q"),
        }
        other = "" if short else harlequin()
        if other:
            candidates["harlequin"] = ([other], "Data Catalog")
        times: dict[str, list[float]] = {name: [] for name in candidates}
        for turn in range(4 if short else 9):
            for name, (argv, word) in candidates.items():
                took = paint(argv, word, env)
                if turn:
                    times[name].append(took)
    medians = {name: round(statistics.median(t), 3) for name, t in times.items()}
    out: dict[str, object] = {"seconds": medians, "runs": len(times["warroom"])}
    out["of_trivial"] = round(medians["warroom"] / medians["trivial"], 2)
    if "harlequin" in medians:
        out["of_harlequin"] = round(medians["warroom"] / medians["harlequin"], 2)
    return out
