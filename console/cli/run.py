"""``warroom run``: the console on the operator's own systems."""

from __future__ import annotations

import click

from console.cli.codes import Exit
from console.cli.output import say
from console.cli.settings import Settings, actor_of, missing_config, root_of, settings_of, shared, terminal_trouble


@click.command()
@click.argument("incident", default="")
@shared
@click.pass_context
def run(ctx: click.Context, incident: str) -> None:
    """Open the console, in INCIDENT's war room if one is named, else where you left."""
    settings = settings_of(ctx)
    trouble = terminal_trouble()
    if not settings.named and not settings.path.exists():
        if trouble:
            raise missing_config(settings)
        _offer(ctx, settings)
        return
    config = settings.config()
    if incident:
        from console.cli.incidents import known

        incident = known(ctx, root_of(config), incident)
    if trouble:
        refuse(ctx, trouble)
    from console.session import run as sit

    ctx.exit(sit(config, actor=actor_of(config), start=incident))


def refuse(ctx: click.Context, trouble: str) -> None:
    """Say why the screen cannot be shown, and what works instead."""
    say(f"warroom: {trouble}", err=True)
    say("next: use a terminal (ssh -t), or: warroom alerts list, warroom incident list, warroom do", err=True)
    ctx.exit(Exit.USAGE)


def _offer(ctx: click.Context, settings: Settings) -> None:
    say(f"There is no configuration yet; it would be {settings.path}.")
    say("  init   write a commented one there, to be edited")
    say("  demo   look at the console on a simulated world; nothing leaves this machine")
    choice = click.prompt("What shall it be", type=click.Choice(["init", "demo", "neither"]), default="neither")
    if choice == "init":
        from console.cli.init import write_example

        write_example(settings.path)
        ctx.exit(Exit.OK)
    if choice == "demo":
        from console.cli.demo import demo

        ctx.invoke(demo)
        return
    ctx.exit(Exit.CONFIG)
