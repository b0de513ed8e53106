"""The handlers of evidence by action id."""

from __future__ import annotations

from collections.abc import Callable

from console.desk.desk import Desk
from console.evidence.filing import File, Files
from console.evidence.showing import Show
from console.model.incident import Incident
from console.ports import Handler


def handlers(
    desk: Desk, files: Files, *, state: Callable[[str], Incident], current: Callable[[], str]
) -> dict[str, Handler]:
    """``state`` folds an open incident, ``current`` names the one on screen."""
    file = File(desk, files, state, current)
    return {
        "evidence.file": file,
        "evidence.screen": file,
        "evidence.show": Show(desk, files.folder, state, current),
    }
