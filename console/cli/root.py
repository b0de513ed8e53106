"""The root of all commands: loads each on first use, turns errors into words and exit codes."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Mapping
from typing import Any

import click

from console.cli.codes import MEANING, Exit, code_of
from console.cli.output import say, say_error
from console.cli.settings import settings_of, shared
from console.errors import WarroomError
from console.text import nearest

COMMANDS: Mapping[str, tuple[str, str]] = {
    "run": ("console.cli.run:run", "Open the console."),
    "demo": ("console.cli.demo:demo", "Show the console on a simulated world."),
    "init": ("console.cli.init:init", "Write a commented configuration."),
    "doctor": ("console.cli.doctor:doctor", "Check backends, journal and terminal."),
    "do": ("console.cli.do:do", "Perform one action without the screen."),
    "alerts": ("console.cli.alerts:alerts", "List alerts."),
    "incident": ("console.cli.incidents:incident", "List incidents, show one, export and import evidence."),
    "verify": ("console.cli.verify:verify", "Verify an exported bundle of evidence."),
    "journal": ("console.cli.journals:journal", "Check journals, save what holds of a damaged one, take a text away."),
    "runbook": ("console.cli.runbooks:runbook", "List and check runbooks."),
    "version": ("console.cli.version:version", "Say which version this is."),
}
"""Command → where it is, and its line in the help; nothing of it is imported before it runs."""


INTERRUPTED = 130


class Root(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name][0].split(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = nearest(args[0], COMMANDS)
            hint = f" Did you mean {near!r}?" if near else ""
            ctx.fail(f"There is no command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, help) for name, (_, help) in COMMANDS.items()])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(int(code)), text) for code, text in MEANING.items()])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except WarroomError as error:
            say_error(error)
            ctx.exit(code_of(error))
        except BrokenPipeError:
            # The reader of our output has gone, as in `warroom alerts list | head`.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(Exit.FAILED)
        except KeyboardInterrupt:
            ctx.exit(INTERRUPTED)
        except (click.exceptions.Exit, click.ClickException, click.Abort):
            raise
        except Exception as error:
            ctx.exit(_crashed(ctx, error))


def _crashed(ctx: click.Context, error: Exception) -> int:
    """A fault of our own: told in a line, kept with its traceback in the redacted log."""
    import logging

    from console.config import Config
    from console.engine.logfile import open_log

    open_log(Config(), logging.DEBUG if settings_of(ctx).debug else logging.INFO)
    logging.getLogger("warroom.cli").error("the command failed", exc_info=error)
    for handler in logging.getLogger("warroom").handlers:
        handler.close()
    say(f"warroom: a fault of the console itself: {type(error).__name__}", err=True)
    say("next: the log has the details (warroom.log in the state folder); 'warroom doctor' checks the rest", err=True)
    return Exit.FAILED


@click.group(cls=Root, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@shared
@click.pass_context
def warroom(ctx: click.Context) -> None:
    """A terminal console from which an incident commander runs a whole incident."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
        ctx.exit(Exit.USAGE)
