"""Where the operator was: a disposable file of this host's user alone, so that the next start comes back there."""

from __future__ import annotations

import os
import stat
from hashlib import sha256
from pathlib import Path

import msgspec
from msgspec import Struct

from console.clock import Millis
from console.errors import JournalError
from console.journal.cases import local_folder
from console.journal.disk import Disk
from console.journal.places import lane_name, make_folder
from console.paths import state


class ViewState(Struct, frozen=True):
    """The incident that was open and when the operator last looked."""

    incident: str = ""
    seen_at: Millis = 0


def place(root: Path) -> Path | None:
    """The file that belongs to a folder of incidents; ``None`` = there is nowhere to keep it.

    It lies in the operator's own state folder, never beside the incidents: those may be shared, and where somebody
    was is nobody else's matter.
    """
    try:
        own = local_folder(state()) / lane_name(os.uname().nodename, os.geteuid(), "view")
    except (OSError, JournalError):
        return None
    return own / f"{sha256(os.fsencode(root.absolute())).hexdigest()[:16]}.json"


def load(path: Path | None) -> ViewState:
    """The kept state; an unreadable file is an empty one."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=ViewState) if path is not None else ViewState()
    except (OSError, msgspec.MsgspecError):
        return ViewState()


def save(path: Path | None, view: ViewState) -> None:
    """Replace the file as a whole, in a folder that is ours alone; failing to is no harm."""
    if path is None:
        return
    spare = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        make_folder(path.parent, Disk())
        if not _private(path.parent):
            return
        descriptor = os.open(spare, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(view))
        spare.replace(path)
    except OSError:
        spare.unlink(missing_ok=True)


def _private(folder: Path) -> bool:
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
        return False
    if status.st_mode & 0o077:
        folder.chmod(0o700)
    return True
