"""``warroom init``: a commented configuration, readable by its owner alone, never over one that is there."""

from __future__ import annotations

import os
from pathlib import Path

import click

from console.cli.output import say
from console.cli.settings import settings_of, shared
from console.errors import ConfigError
from console.paths import shipped


@click.command()
@click.argument("file", default="")
@shared
@click.pass_context
def init(ctx: click.Context, file: str) -> None:
    """Write a commented configuration to FILE, or to its usual place (mode 0600); one that is there stays."""
    write_example(Path(file).expanduser() if file else settings_of(ctx).path)


def write_example(path: Path) -> None:
    """The shipped example, written whole and to disk, and said where."""
    data = shipped("config.example.yaml").read_bytes()
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise ConfigError(f"{path} is there already and stays as it is", next="edit it, or name another file") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}", next="name another file") from None
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
    except OSError as error:
        path.unlink(missing_ok=True)
        raise ConfigError(
            f"{path} cannot be written: {error.strerror}", next="make room, or name another file"
        ) from None
    say(f"wrote {path}")
    say("next: name your backends there under 'sources:', then: warroom doctor")
