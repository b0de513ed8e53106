"""What the doctor looks at on this machine: the journal's folder and the terminal."""

from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from console.cli.settings import terminal_trouble

if TYPE_CHECKING:
    from console.config import JournalConfig

NETWORK = (
    "nfs",
    "cifs",
    "smb",
    "afs",
    "9p",
    "ceph",
    "gluster",
    "lustre",
    "gpfs",
    "beegfs",
    "fuse.sshfs",
    "fuse.gluster",
)
"""Beginnings of the types of file systems on which a lock or an fsync may mean less than it says."""
LEAST_FREE = 64 << 20
SLOW_SYNC_MS = 100.0


class JournalFacts(Struct, frozen=True):
    """Whether entries can be made durable where they are to go."""

    folder: str
    ok: bool
    detail: str
    next: str = ""
    file_system: str = ""
    network: bool = False
    free_mb: int = 0
    sync_ms: float = 0.0


class AnchorFacts(Struct, frozen=True):
    """Whether a place outside would take the heads of lanes."""

    name: str
    ok: bool
    detail: str
    next: str = ""


class TerminalFacts(Struct, frozen=True):
    """What the screen would be drawn on."""

    ok: bool
    detail: str
    next: str
    term: str
    columns: int
    lines: int
    colours: str
    utf8: bool
    multiplexer: str
    remote: bool


def journal_facts(root: Path) -> JournalFacts:
    """Tries a durable write where the journal's folder is or would be; leaves nothing behind."""
    from console.errors import JournalError
    from console.journal.cases import file_system
    from console.journal.places import check_folder

    there = next((p for p in (root, *root.absolute().parents) if p.exists()), Path("/"))
    kind = file_system(there)
    network = kind.startswith(NETWORK)
    facts = JournalFacts(str(root), False, "", file_system=kind, network=network)
    try:
        if root.exists():
            check_folder(root)
        free = shutil.disk_usage(there).free
        sync_ms = _sync_ms(there)
    except JournalError as error:
        return _with(facts, detail=error.what, next=error.next)
    except OSError as error:
        return _with(
            facts,
            detail=f"cannot be written: {error.strerror} ({there})",
            next="make it writable, or name another with 'folder:' or WARROOM_STATE",
        )
    said = [kind or "unknown file system", f"{free >> 20} MB free", f"fsync {sync_ms:.1f} ms"]
    if not root.exists():
        said.append("made on first use")
    next_step = ""
    if network:
        said.append("on the network, where a lock or a sync may mean less than it says")
        next_step = "name a folder on a local disk with 'folder:' or WARROOM_STATE"
    elif free < LEAST_FREE:
        next_step = "make room: the journal falls back to memory when the disk is full"
    elif sync_ms > SLOW_SYNC_MS:
        next_step = "use a faster disk: every action waits for this"
    return _with(
        facts, ok=free >= LEAST_FREE, detail=", ".join(said), next=next_step, free_mb=free >> 20,
        sync_ms=round(sync_ms, 1),
    )  # fmt: skip


def anchor_facts(config: JournalConfig) -> list[AnchorFacts]:
    """Each sink looked at, side by side; nothing is told to any."""
    import asyncio

    from console.clock import SystemClock
    from console.errors import BackendError
    from console.journal.anchor import FileSink, SyslogSink, sink_of

    async def look(sink: SyslogSink | FileSink) -> AnchorFacts:
        try:
            return AnchorFacts(sink.name, True, await sink.look())
        except BackendError as error:
            return AnchorFacts(sink.name, False, error.what, error.next)

    async def look_at_all() -> list[AnchorFacts]:
        return [*await asyncio.gather(*(look(sink_of(one, SystemClock())) for one in config.anchors))]

    return asyncio.run(look_at_all())


def _with(facts: JournalFacts, **changes: object) -> JournalFacts:
    from msgspec.structs import replace

    return replace(facts, **changes)


def _sync_ms(folder: Path) -> float:
    """Milliseconds of a small durable write."""
    import tempfile

    with tempfile.TemporaryFile(dir=folder) as file:
        begin = time.perf_counter()
        file.write(b"warroom\n")
        file.flush()
        os.fsync(file.fileno())
        return (time.perf_counter() - begin) * 1000


def terminal_facts() -> TerminalFacts:
    """What the environment tells of the terminal."""
    import locale

    environ = os.environ
    size = shutil.get_terminal_size((0, 0))
    term = environ.get("TERM", "")
    utf8 = "utf-8" in (sys.stdout.encoding or "").lower() and "utf" in locale.setlocale(locale.LC_CTYPE, "").lower()
    colours = "none" if environ.get("NO_COLOR") else _colours(term, environ.get("COLORTERM", ""))
    multiplexer = "tmux" if environ.get("TMUX") else "screen" if environ.get("STY") else ""
    trouble, next_step = terminal_trouble(), ""
    if trouble:
        next_step = "'warroom run' needs a terminal (ssh -t); the other commands do not"
    elif size.columns < 80 or size.lines < 24:
        next_step = "make it at least 80x24"
    words = [trouble] if trouble else [f"{term}, {size.columns}x{size.lines}"]
    words += [f"colours {colours}", "UTF-8" if utf8 else "no UTF-8: marks are drawn in ASCII"]
    words += [multiplexer] * bool(multiplexer) + ["over SSH"] * bool(environ.get("SSH_CONNECTION"))
    return TerminalFacts(
        not next_step, ", ".join(words), next_step, term, size.columns, size.lines, colours, utf8, multiplexer,
        bool(environ.get("SSH_CONNECTION")),
    )  # fmt: skip


def _colours(term: str, colorterm: str) -> str:
    if colorterm in ("truecolor", "24bit"):
        return "16 million"
    return "256" if "256" in term else "16"
