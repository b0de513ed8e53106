"""The console in a pseudo terminal, with folders, runbooks and a configuration of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from console.journal.reading import read
from tests.pty_screen import PtyScreen

ROOT = Path(__file__).parents[2]
READY = "ctrl+q"

BOOK = """
id: test-book
title: Test book
version: "1"
owner: tests
steps:
  - id: wait
    type: command
    title: write a file after a while
    risk: R1
    argv: [sh, -c, "sleep 3; echo it ended > {marker}"]
    undo: [rm, -f, "{marker}"]
    timeout: 30s
params:
  marker: {default}
"""


class Sitting:
    """A folder in which consoles are started again and again, as one operator does."""

    def __init__(self, folder: Path, url: str = "") -> None:
        self.folder = folder
        self.env = {
            "HOME": str(folder),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "XDG_STATE_HOME": str(folder / "state"),
            "PYTHONPATH": str(ROOT),
            "TZ": "UTC",
        }
        self.marker = folder / "marker"
        books = folder / "books"
        books.mkdir(parents=True)
        (books / "test-book.yaml").write_text(BOOK.replace("{default}", str(self.marker)))
        lines = ["operator: ana", f"runbooks: [{books}]", "settle: 20s"]
        if url:
            lines += [
                "sources:",
                "  am:",
                "    type: alertmanager",
                f"    url: {url}",
                "    poll: 1s",
                "    timeout: 2s",
            ]
        self.config = folder / "config.yaml"
        self.config.write_text("\n".join(lines) + "\n")
        self.config.chmod(0o600)

    def console(self, *, columns: int = 120, lines: int = 40, answers: bool = True, **env: str) -> PtyScreen:
        """A console on a terminal; one that ``answers`` reports its cursor when asked."""
        argv = [sys.executable, "-m", "console", "--config", str(self.config), "run"]
        return PtyScreen(argv, columns=columns, lines=lines, env={**self.env, **env}, answers=answers)

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """``warroom …`` without a terminal."""
        argv = [sys.executable, "-m", "console", "--config", str(self.config), *arguments]
        return subprocess.run(
            argv, env={**os.environ, **self.env}, capture_output=True, text=True, timeout=60, check=False, cwd=ROOT
        )

    def kinds(self, incident: str = "INC-0001") -> list[str]:
        """Kinds of the incident's entries, in merged order, read from disk."""
        folder = self.folder / "state" / "warroom" / "incidents" / incident
        return [str(entry.kind) for entry in read(folder)]
