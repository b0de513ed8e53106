"""``warroom incident``: incidents as their journals have them, read without a lock."""

from __future__ import annotations

from pathlib import Path

import click

from console.cli.codes import Exit
from console.cli.evidence import export_incident, import_incident
from console.cli.output import moment, say, say_json, say_table
from console.cli.settings import root_of, settings_of, shared


@click.group()
def incident() -> None:
    """List incidents, show one, export and import evidence."""


incident.add_command(export_incident)
incident.add_command(import_incident)


@incident.command("list")
@click.option("--open", "only_open", is_flag=True, help="Only those that are not over.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@shared
@click.pass_context
def list_incidents(ctx: click.Context, only_open: bool, as_json: bool) -> None:
    """List incidents, the latest first."""
    from console.journal.cases import incident_folder, incidents
    from console.journal.reading import read
    from console.model.fold import Fold, line

    root = root_of(settings_of(ctx).part("folder"))
    lines = []
    for key in reversed(incidents(root)):
        fold = Fold(key)
        fold.apply(list(read(incident_folder(root, key))))
        lines.append(line(fold.state))
    lines = [one for one in lines if one.status.open or not only_open]
    if as_json:
        say_json(lines)
        return
    table = [
        (
            one.key, one.severity.label if one.severity else "-", str(one.status), one.ic or "-",
            moment(one.declared_at), ("(drill) " if one.drill else "") + one.title,
        )
        for one in lines
    ]  # fmt: skip
    if table:
        say_table(("INCIDENT", "SEV", "STATUS", "IC", "DECLARED", "TITLE"), table)
    else:
        say(f"no incidents in {root}")


def known(ctx: click.Context, root: Path, key: str) -> str:
    """The incident as its folder is called; one that is not there ends the command."""
    from console.journal.cases import incidents
    from console.text import nearest

    keys = incidents(root)
    key = key.upper()
    if key not in keys:
        near = nearest(key, keys)
        say(f"warroom: there is no incident {key!r} in {root}", err=True)
        say(f"next: did you mean {near}?" if near else "next: warroom incident list", err=True)
        ctx.exit(Exit.FAILED)
    return key


@incident.command("show")
@click.argument("key", metavar="INCIDENT")
@click.option("--json", "as_json", is_flag=True, help="As JSON, with the whole timeline.")
@shared
@click.pass_context
def show(ctx: click.Context, key: str, as_json: bool) -> None:
    """Show INCIDENT: where it stands, then its timeline."""
    from console.journal.cases import incident_folder
    from console.journal.reading import read
    from console.model.fold import Fold

    root = root_of(settings_of(ctx).part("folder"))
    key = known(ctx, root, key)
    fold = Fold(key)
    fold.apply(list(read(incident_folder(root, key))))
    state = fold.state
    if as_json:
        say_json(state)
        return
    severity = state.severity.label if state.severity else "no severity"
    say(f"{state.key}  {severity}  {state.status}  {'(drill) ' if state.drill else ''}{state.title}")
    say(f"IC {state.ic or 'nobody'}; services {', '.join(state.services) or '-'}; {state.entries} entries")
    for words, at in (("began", state.started_at), ("declared", state.declared_at), ("resolved", state.resolved_at)):
        if at:
            say(f"{words} {moment(at)}")
    for operation in state.unknown:
        say(f"! nobody can say whether this happened: {operation.intent.words} ({operation.intent.target})")
    for conflict in state.conflicts:
        say(f"! {conflict}")
    say()
    rows = [(moment(row.at), row.who, row.text, row.result) for row in state.timeline]
    if rows:
        say_table(("TIME", "WHO", "WHAT", "RESULT"), rows)
