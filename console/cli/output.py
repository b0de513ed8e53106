"""What the command line prints: every line cleaned, plain where it is piped, JSON in ASCII."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence
from datetime import datetime

import click

from console.clock import Millis
from console.errors import RunbookError, WarroomError
from console.text import cells, clean, cut


def say(line: str = "", *, err: bool = False) -> None:
    """One line of text, harmless to a terminal whatever it was made of."""
    click.echo(clean(line, 100_000), err=err)


def say_error(error: WarroomError) -> None:
    """An error on standard error: what happened, and what to do next."""
    for line in error.what.split("\n"):
        say(f"warroom: {line}", err=True)
    for problem in error.problems if isinstance(error, RunbookError) else ():
        say(f"  {problem}", err=True)
    if error.next:
        say(f"next: {error.next}", err=True)


def say_json(value: object) -> None:
    """JSON, indented; in ASCII, because escaped is also harmless."""
    import msgspec

    plain = msgspec.to_builtins(value, enc_hook=_plain)
    click.echo(json.dumps(plain, indent=2, ensure_ascii=True))


def _plain(value: object) -> object:
    if isinstance(value, Sequence):
        return list(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def say_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Columns of one width; on a terminal cut at its edge."""
    cleaned = [[clean(cell) for cell in row] for row in (head, *rows)]
    widths = [max(map(cells, column)) for column in zip(*cleaned, strict=True)]
    room = shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
    for row in cleaned:
        line = "  ".join(cell + " " * (width - cells(cell)) for cell, width in zip(row, widths, strict=True)).rstrip()
        click.echo(cut(line, room) if room else line)


def moment(at: Millis) -> str:
    """Date and time in the operator's zone, with its offset; ``-`` if unknown."""
    if at <= 0:
        return "-"
    return datetime.fromtimestamp(at / 1000).astimezone().strftime("%Y-%m-%d %H:%M:%S%z")


def age(since: Millis, now: Millis) -> str:
    """How long ago, in one figure: ``40s``, ``12m``, ``3h``, ``9d``; ``-`` if unknown."""
    if since <= 0:
        return "-"
    seconds = max(0, now - since) // 1000
    for size, unit in ((172_800, "d"), (7_200, "h"), (120, "m")):
        if seconds >= size:
            return f"{seconds // {'d': 86_400, 'h': 3_600, 'm': 60}[unit]}{unit}"
    return f"{seconds}s"
