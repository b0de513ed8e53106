"""The handlers of incident command, by action id."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from console.command.acts import Acts
from console.command.command import TakeCommand
from console.command.declare import Declare, GroupFacts
from console.command.note import Note
from console.command.severity import ChangeSeverity
from console.command.status import ChangeStatus
from console.desk.desk import Desk
from console.model.incident import Incident
from console.ports import Handler


def handlers(
    desk: Desk,
    *,
    state: Callable[[str], Incident],
    current: Callable[[], str],
    open_incident: Callable[[], Awaitable[str]],
    group_facts: GroupFacts,
    firing: Callable[[str], Sequence[str]],
    drill: bool = False,
) -> dict[str, Handler]:
    """Everything incident command serves.

    ``state`` folds an open incident; ``current`` names the one on screen; ``open_incident`` makes a fresh one and
    returns its id; ``group_facts`` tells services and alerts of a group; ``firing`` names an incident's alerts that
    still fire.
    """
    acts = Acts(desk, state, current)
    return {
        "incident.declare": Declare(acts, open_incident=open_incident, group_facts=group_facts, drill=drill),
        "incident.note": Note(acts),
        "incident.status": ChangeStatus(acts, firing),
        "incident.severity": ChangeSeverity(acts),
        "incident.command": TakeCommand(acts),
    }
