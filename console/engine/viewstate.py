"""Where the operator was: a disposable file, so that the next start comes back to the same place."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
from msgspec import Struct

from console.clock import Millis


class ViewState(Struct, frozen=True):
    """The incident that was open and when the operator last looked."""

    incident: str = ""
    seen_at: Millis = 0


def load(path: Path) -> ViewState:
    """The kept state; an unreadable file is an empty one."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=ViewState)
    except (OSError, msgspec.MsgspecError):
        return ViewState()


def save(path: Path, state: ViewState) -> None:
    """Replace the file as a whole; failing to is no harm."""
    spare = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        spare.write_bytes(msgspec.json.encode(state))
        spare.chmod(0o600)
        spare.replace(path)
    except OSError:
        spare.unlink(missing_ok=True)
