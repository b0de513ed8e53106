"""``warroom journal redact``: an entry's text taken away; the action ``entry.redact`` with its own words."""

from __future__ import annotations

import click

from console.cli.settings import shared


@click.command("redact")
@click.argument("incident", metavar="INCIDENT")
@click.argument("entry", metavar="ENTRY")
@click.option("--reason", required=True, metavar="WHY", help="Why, for those who find the gap.")
@click.option("--basis", default="", metavar="TEXT", help="Policy, law or request that it rests on.")
@click.option("--approver", default="", metavar="NAME", help="Who agreed.")
@click.option("--target", default="", metavar="ENTRY", help="Confirm it without being asked: ENTRY once more.")
@click.option("--json", "as_json", is_flag=True, help="The reply as JSON; asks nothing.")
@shared
@click.pass_context
def redact(
    ctx: click.Context, incident: str, entry: str, reason: str, basis: str, approver: str, target: str, as_json: bool
) -> None:
    """Take the text of ENTRY in INCIDENT away for good.

    Only the user who owns the entry's lane can. That it was there, when and by whom, stays, and the chain holds.
    """
    from console.cli.do import do

    named = {"incident": incident.upper(), "entry": entry, "reason": reason, "basis": basis, "approver": approver}
    given = tuple(f"{name}={value}" for name, value in named.items() if value)
    ctx.invoke(do, action="entry.redact", given=given, preview=False, yes=False, target=target, as_json=as_json)
