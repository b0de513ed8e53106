"""``warroom verify``: the verifier that also lies in every bundle, with the exit codes of its own."""

from __future__ import annotations

from pathlib import Path

import click

UNTOUCHED = {"ignore_unknown_options": True, "allow_interspersed_args": False}


@click.command(context_settings=UNTOUCHED, add_help_option=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def verify(ctx: click.Context, arguments: tuple[str, ...]) -> None:
    """Verify a bundle: BUNDLE [--key K] [--anchors FILE] [--json]; --script prints the verifier itself.

    Exit codes: 0 valid, 1 tampered with, 2 incomplete, 3 valid but not anchored, 64 wrong usage.
    """
    from console.journal import proof

    if arguments == ("--script",):
        click.echo(Path(proof.__file__).read_text(), nl=False)
        return
    ctx.exit(proof.main(list(arguments), prog="warroom verify"))
