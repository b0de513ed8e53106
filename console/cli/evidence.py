"""``warroom incident export`` and ``import``: an incident's evidence as a signed bundle, and back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from console.cli.codes import Exit
from console.cli.output import say, say_json
from console.cli.settings import root_of, settings_of, shared
from console.errors import WarroomError

if TYPE_CHECKING:
    from msgspec import Struct

    from console.config import Config
    from console.journal.bundle import Exported
    from console.journal.signing import Key
    from console.journal.unpack import Loaded


@click.command("export")
@click.argument("key", metavar="INCIDENT")
@click.option(
    "-o", "--output", "out", metavar="FILE.tar", required=True, help="Where to; a file that is not there yet."
)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@shared
@click.pass_context
def export_incident(ctx: click.Context, key: str, out: str, as_json: bool) -> None:
    """Export INCIDENT with all its evidence as a signed tar that 'warroom verify' proves.

    The same journal gives the same bytes. Consoles may go on writing. Exit code 6 if something was damaged or could not
    be read: the rest is exported, and the bundle says what is not sound.
    """
    from console.clock import RandomIds
    from console.journal.bundle import export
    from console.journal.cases import fallback_folder, incident_folder

    config = settings_of(ctx).config(needed=False)
    root = root_of(config)
    key = known(root, key)
    done = export(
        incident_folder(root, key),
        key,
        Path(out).expanduser(),
        signing_key(config),
        ids=RandomIds(),
        fallback=fallback_folder(),
    )
    if as_json:
        say_json({**_plain(done), "path": str(done.path)})
    else:
        say(f"{done.path}  {done.size:,} bytes: {_held(done)}")
        say(f"signed by {done.signer}: give this fingerprint to whoever is to verify it, by another way than the file")
        for trouble in done.troubles:
            say(f"! {trouble}")
    ctx.exit(Exit.JOURNAL if done.troubles else Exit.OK)


@click.command("import")
@click.argument("bundle", metavar="FILE.tar")
@click.option(
    "--key", "key", metavar="K", default="", help="Whom it must be signed by: a key file, a key, a fingerprint."
)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@shared
@click.pass_context
def import_incident(ctx: click.Context, bundle: str, key: str, as_json: bool) -> None:
    """Import a bundle as the same incident here, if it is sound and the incident is not here yet.

    Its lanes stay as they are: nobody can write to them, and their entries keep their authors.
    """
    from console.clock import RandomIds
    from console.journal.unpack import load

    root = root_of(settings_of(ctx).config(needed=False))
    done = load(Path(bundle).expanduser(), root, ids=RandomIds(), key=key)
    if as_json:
        say_json({**_plain(done), "folder": str(done.folder)})
        return
    say(f"{done.incident}: {_held(done)}, in {done.folder}")
    say(f"signed by {done.signer}" + ("" if key else "; without --key nothing says that this is whom you trust"))
    for note in done.notes:
        say(f"! {note}")


def signing_key(config: Config) -> Key:
    """The key that the configuration names, else the console's own."""
    from console.clock import RandomIds
    from console.journal.signing import key_at, own_key
    from console.paths import state

    named = config.journal.signing_key
    return key_at(Path(named).expanduser()) if named else own_key(state(), RandomIds())


def known(root: Path, key: str) -> str:
    """The id of an incident that is there; ``Unknown`` names the nearest one."""
    from console.journal.cases import incidents
    from console.text import nearest

    there, key = incidents(root), key.upper()
    if key in there:
        return key
    near = nearest(key, there)
    raise Unknown(
        f"there is no incident {key!r} in {root}", next=f"did you mean {near}?" if near else "warroom incident list"
    )


class Unknown(WarroomError):
    """An incident that is not here."""


def _held(done: Exported | Loaded) -> str:
    from console.model.wording import count

    return f"{count(done.lanes, 'lane')}, {done.entries:,} entries, {count(done.blobs, 'blob')}"


def _plain(value: Struct) -> dict[str, object]:
    import msgspec

    return {name: found for name, found in msgspec.structs.asdict(value).items() if not isinstance(found, Path)}
