"""``warroom journal``: whether journals are sound, and what can be saved of one that is not."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from console.cli.codes import Exit
from console.cli.evidence import known
from console.cli.output import say, say_json
from console.cli.redact import redact
from console.cli.settings import root_of, settings_of, shared

if TYPE_CHECKING:
    from console.journal.check import JournalCheck


@click.group()
def journal() -> None:
    """Check journals, save what holds of a damaged one, take a text away."""


journal.add_command(redact)


@journal.command("check")
@click.argument("key", metavar="[INCIDENT]", default="")
@click.option("--watch", "watch", is_flag=True, help="The watch: every day that is kept.")
@click.option("--all", "everything", is_flag=True, help="All incidents and the watch; the same without INCIDENT.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@shared
@click.pass_context
def check_journals(ctx: click.Context, key: str, watch: bool, everything: bool, as_json: bool) -> None:
    """Read every lane of INCIDENT to its end and say what is not sound; nothing is written, no lock is taken.

    Exit code 6 if anything is damaged.
    """
    if key and (watch or everything):
        raise click.UsageError("either INCIDENT or --watch or --all")
    root = root_of(settings_of(ctx).config(needed=False))
    folders = [] if watch else _incidents(root, known(root, key) if key else "")
    folders += [] if key else _days(root)
    found = [_check(folder, incident) for folder, incident in folders]
    if as_json:
        say_json([{"sound": one.sound, **_plain(one)} for one in found])
    else:
        for one in found:
            _print(one)
        if not found:
            say(f"no journals in {root}")
    ctx.exit(Exit.OK if all(one.sound for one in found) else Exit.JOURNAL)


@journal.command("salvage")
@click.argument("key", metavar="INCIDENT")
@click.option(
    "-o", "--output", "out", metavar="FOLDER", required=True, help="Where to; a folder that is not there yet."
)
@click.option(
    "--log", metavar="FILE", default="", help="A log of the machine that holds entries of consoles without a disk."
)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@shared
@click.pass_context
def salvage_journal(ctx: click.Context, key: str, out: str, log: str, as_json: bool) -> None:
    """Copy every whole and verified frame of INCIDENT into fresh files, with a report; the journal is only read.

    With --log, entries that stand in the machine's log only are put back.

    Exit code 6 if something was lost.
    """
    from console.journal.cases import fallback_folder, incident_folder
    from console.journal.salvage import REPORT, report, salvage

    root = root_of(settings_of(ctx).config(needed=False))
    key = known(root, key)
    folder = incident_folder(root, key)
    extract = Path(log).expanduser() if log else None
    done = salvage(folder, key, Path(out).expanduser(), fallback=fallback_folder(), log=extract)
    if as_json:
        say_json({"folder": str(done.folder), "lanes": done.lanes, "blobs": done.blobs, "losses": done.losses})
    else:
        for line in report(done, folder).splitlines():
            say(line)
        say(f"in {done.folder}; this report is {REPORT} there")
    ctx.exit(Exit.JOURNAL if done.losses else Exit.OK)


def _incidents(root: Path, key: str) -> list[tuple[Path, str]]:
    from console.journal.cases import incident_folder, incidents

    return [(incident_folder(root, one), one) for one in ([key] if key else incidents(root))]


def _days(root: Path) -> list[tuple[Path, str]]:
    """The days of the watch, oldest first; its entries belong to no incident."""
    try:
        return [(root / "watch" / name, "") for name in sorted(os.listdir(root / "watch"))]
    except OSError:
        return []


def _check(folder: Path, incident: str) -> JournalCheck:
    from console.journal.cases import fallback_folder
    from console.journal.check import check

    return check(folder, incident, fallback=fallback_folder())


def _plain(one: JournalCheck) -> dict[str, object]:
    import msgspec

    said = msgspec.structs.asdict(one)
    return {**said, "lanes": [{"sound": lane.sound, **msgspec.structs.asdict(lane)} for lane in one.lanes]}


def _print(one: JournalCheck) -> None:
    from console.model.wording import count

    entries = sum(lane.entries for lane in one.lanes)
    blobs = f", {count(one.blobs, 'blob')}" if one.blobs else ""
    verdict = "sound" if one.sound else "NOT SOUND"
    say(f"{one.name}  {verdict}: {count(len(one.lanes), 'lane')}, {entries:,} entries{blobs}; {one.folder}")
    for trouble in one.troubles:
        say(f"  ! {trouble}")
    for lane in one.lanes:
        files = count(len(lane.files), "file")
        marks = ", imported" * lane.imported + "".join(f", {name} is being written or torn" for name in lane.torn)
        head = lane.head[:16] or "-"
        say(f"  {lane.lane}  {files}, {lane.entries:,} entries, head {head}, by uid {lane.author}{marks}")
        for trouble in (*lane.damage, *lane.troubles):
            say(f"    ! {trouble}")
