"""What every command knows: where the configuration is, what the flags say over it, and who acts."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from console import paths
from console.cli.output import say
from console.errors import ConfigError
from console.text import clean

if TYPE_CHECKING:
    from console.config import Config
    from console.model.entry import Actor

F = TypeVar("F", bound=Callable[..., Any])


class Settings:
    """The global flags of one invocation."""

    def __init__(self) -> None:
        self.config_path = ""
        self.read_only = False
        self.debug = False

    @property
    def path(self) -> Path:
        """The configuration file: ``--config``, else ``WARROOM_CONFIG``, else the usual place."""
        return Path(self.config_path).expanduser() if self.config_path else paths.config_file()

    @property
    def named(self) -> bool:
        """Whether somebody named the file, so that it has to be there."""
        return bool(self.config_path or os.environ.get("WARROOM_CONFIG"))

    def config(self, *, needed: bool = True) -> Config:
        """The configuration, flags over environment over file; defaults where none is ``needed`` and none is there."""
        from console.config import Config
        from console.configfile import load, override

        there = needed or self.named or self.path.exists()
        return self._flagged(load(self.path) if there else override(Config(), os.environ))

    def _flagged(self, config: Config) -> Config:
        from msgspec.structs import replace

        if self.read_only:
            config = replace(config, read_only=True)
        if self.debug:
            import logging

            from console.engine.logfile import open_log

            open_log(config, logging.DEBUG)
        return config

    def part(self, *keys: str) -> Config:
        """What the configuration says under these keys, for a command that only reads; other problems are only told."""
        from console.config import Config
        from console.configfile import load_part, override

        if not (self.named or self.path.exists()):
            return self._flagged(override(Config(), os.environ))
        config, problems = load_part(self.path, keys)
        for problem in problems:
            say(f"warroom: {problem}", err=True)
        if problems:
            say("next: correct it before the console is started: 'warroom run' wants all of it", err=True)
        return self._flagged(config)


def root_of(config: Config) -> Path:
    """The folder that holds incidents and the watch; a home on the network is left for a local disk."""
    from console.journal.cases import local_folder

    return Path(config.folder).expanduser() if config.folder else local_folder(paths.state())


def actor_of(config: Config) -> Actor:
    """Who acts: the configured name, the user behind sudo, or the login name."""
    import pwd

    from console.model.entry import Actor

    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = f"uid-{os.getuid()}"
    if os.getuid() == 0:
        name = os.environ.get("SUDO_USER") or name
    return Actor(clean(config.operator or name, 60))


def terminal_trouble() -> str:
    """Why the screen cannot be shown here, ``""`` if it can."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return "there is no terminal here: standard input or output is a file or a pipe"
    if os.environ.get("TERM", "") in ("", "dumb", "unknown"):
        return f"the terminal (TERM={clean(os.environ.get('TERM', ''), 40)!r}) cannot place text"
    return ""


def shared(command: F) -> F:
    """The global flags, understood before and after a command's name alike."""
    for name, field, help in (
        ("--debug", "debug", "Write more to the log file."),
        ("--read-only", "read_only", "Change nothing outside."),
    ):
        command = click.option(name, is_flag=True, expose_value=False, callback=_keep(field), help=help)(command)
    help = "The configuration file."
    return click.option("--config", metavar="FILE", expose_value=False, callback=_keep("config_path"), help=help)(
        command
    )


def _keep(field: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    def callback(context: click.Context, _: click.Parameter, value: Any) -> None:
        settings = context.ensure_object(Settings)
        if value:
            setattr(settings, field, value)

    return callback


def settings_of(context: click.Context) -> Settings:
    """The flags of this invocation."""
    return context.ensure_object(Settings)


def missing_config(settings: Settings) -> ConfigError:
    """What to say where there is no configuration yet."""
    return ConfigError(
        f"there is no configuration at {settings.path}",
        next="'warroom init' writes one to edit; 'warroom demo' shows the console without one",
    )
