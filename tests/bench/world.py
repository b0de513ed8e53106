"""What the benches run against: the drill world in its own process, and a configuration that points at it."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]


def environment(folder: Path) -> dict[str, str]:
    """Variables that keep a run away from the operator's own files."""
    return {
        "HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_STATE_HOME": str(folder / "state"),
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "",
    }


def config_for(folder: Path, urls: dict[str, str], *, poll: str = "5s") -> Path:
    """A configuration file for these backends."""
    lines = ["operator: bench", "sources:"] if urls else ["operator: bench"]
    for kind in ("alertmanager", "prometheus"):
        if kind in urls:
            lines += [f"  {kind}:", f"    type: {kind}", f"    url: {urls[kind]}", f"    poll: {poll}"]
            if kind == "prometheus":
                lines += ["    options:", "      alerts: false"]
    file = folder / "config.yaml"
    file.write_text("\n".join(lines) + "\n")
    file.chmod(0o600)
    return file


@contextlib.contextmanager
def drill(*options: str) -> Iterator[dict[str, str]]:
    """The drill world's addresses, while it runs."""
    argv = [sys.executable, "-m", "console.drill", "--seed", "7", *options]
    process = subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()
        if process.stdin is not None:
            process.stdin.close()
