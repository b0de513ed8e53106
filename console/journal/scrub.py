"""What was redacted must not stand in our own log either: lines that hold some of it are overwritten there."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from console.journal.disk import Disk
from console.journal.frame import BLANK

NEEDLE = 6
"""Shorter texts are not looked for."""
WHOLE, PART = 60, 40
"""A text longer than the one is looked for in parts of the other's length: logs cut long lines."""


def lines_of(body: object) -> Iterator[str]:
    """The lines of all texts in a body that are long enough to be looked for."""
    if isinstance(body, str):
        yield from (line.strip() for line in body.splitlines() if len(line.strip()) >= NEEDLE)
    elif isinstance(body, dict):
        for item in body.values():
            yield from lines_of(item)
    elif isinstance(body, list | tuple):
        for item in body:
            yield from lines_of(item)


def scrub(texts: list[str], folder: Path) -> None:
    """Overwrite the lines of the log in a folder that hold one of the texts; never raises."""
    needles = {piece for text in texts for piece in _pieces(text)}
    if needles:
        for path in folder.glob("warroom.log*"):
            with suppress(OSError):
                _scrub(path, needles)


def _scrub(path: Path, needles: set[bytes]) -> None:
    disk = Disk()
    fd = disk.open(path, os.O_RDWR)
    try:
        if disk.status(fd).st_uid != os.geteuid():
            return
        data, at = disk.read(fd, disk.status(fd).st_size, 0), 0
        for line in data.split(b"\n"):
            if any(needle in line for needle in needles):
                disk.overwrite(fd, BLANK * len(line), at)
            at += len(line) + 1
        disk.sync(fd)
    finally:
        disk.close(fd)


def _pieces(text: str) -> Iterator[bytes]:
    """What to look for: the text as it stands, as JSON writes it, and as Python does."""
    parts = [text] if len(text) <= WHOLE else [text[at : at + PART] for at in range(0, len(text) - PART + 1, PART)]
    for part in parts:
        for form in (part, json.dumps(part)[1:-1], json.dumps(part, ensure_ascii=False)[1:-1], repr(part)[1:-1]):
            yield form.encode("utf-8", "backslashreplace")
