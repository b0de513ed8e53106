"""``warroom alerts``: what fires, without the screen."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from console.cli.codes import Exit
from console.cli.output import age, say, say_json, say_table
from console.cli.settings import settings_of, shared

if TYPE_CHECKING:
    from console.config import Config
    from console.model.alert import AlertRow
    from console.model.source import SourceHealth


@click.group()
def alerts() -> None:
    """List alerts."""


@alerts.command("list")
@click.option("--source", default="", metavar="NAME", help="Only of this source.")
@click.option("--filter", "filter_", default="", metavar="FILTER", help="Words or label=value, as in the console.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, with how each source answered.")
@shared
@click.pass_context
def list_alerts(ctx: click.Context, source: str, filter_: str, as_json: bool) -> None:
    """List alerts, worst first. Exit code 4 if a source did not answer; what the others said is printed."""
    from console.engine.oneshot import list_alerts as ask

    config = settings_of(ctx).config()
    _check_source(config, source)
    rows, health = asyncio.run(ask(config, source, filter_))
    if as_json:
        say_json({"alerts": rows, "sources": health})
    else:
        _print(rows)
    ctx.exit(_tell_health(health, quiet=as_json))


def _check_source(config: Config, source: str) -> None:
    from console.text import nearest

    names = [s.name for s in config.sources]
    if source and source not in names:
        near = nearest(source, names)
        hint = f"Did you mean {near!r}?" if near else f"There are: {', '.join(names) or 'none'}."
        raise click.BadParameter(f"there is no source {source!r}. {hint}", param_hint="--source")


def _print(rows: Sequence[AlertRow]) -> None:
    from console.clock import SystemClock

    now = SystemClock().now()
    table = [
        (
            row.alert.severity.label, _state(row), age(row.alert.started_at, now), row.alert.service or "-",
            row.alert.cluster or "-", row.alert.host or "-", row.alert.summary or row.alert.name, row.key,
        )
        for row in rows
    ]  # fmt: skip
    if table:
        say_table(("SEV", "STATE", "AGE", "SERVICE", "CLUSTER", "HOST", "WHAT", "KEY"), table)
    else:
        say("no alerts")


def _state(row: AlertRow) -> str:
    alert = row.alert
    words = [str(alert.state)] if not alert.firing else []
    words += ["silenced"] * bool(alert.silenced_by) + ["inhibited"] * alert.inhibited
    words += [f"acked {row.acked_by}"] * bool(row.acked_by) + ["flapping"] * row.flapping
    return ", ".join(words) or "firing"


def _tell_health(health: Sequence[SourceHealth], *, quiet: bool) -> int:
    """Name what did not answer, or not with all; the exit code."""
    for one in [] if quiet else [h for h in health if h.detail]:
        say(f"warroom: {one.name} ({one.type}) {one.health}: {one.detail}", err=True)
    return Exit.OK if all(h.answers for h in health) else Exit.BACKEND
