"""What happens by itself passes a gate before it passes the desk: held, elsewhere on duty, begun already."""

from __future__ import annotations

from typing import Protocol

from console.errors import PolicyRefused
from console.model.action import Intent, Outcome
from console.model.incident import Incident


class Automatic(Protocol):
    """Who knows whether this console may act by itself."""

    def why_not(self, incident: str) -> str:
        """Why nothing may be begun here now, ``""`` = it may."""
        ...

    async def catch_up(self) -> None:
        """Read what other consoles wrote, so that what one of them began is known."""
        ...


def check(automatic: Automatic, incident: str, words: str) -> None:
    """Refuse what may not be begun."""
    why = automatic.why_not(incident)
    if why:
        raise PolicyRefused(f"{words}: not done by itself, {why}", next="do it by hand if it cannot wait")


def begun(state: Incident, intent: Intent) -> Outcome | None:
    """What is known of the effect if its operation stands in the merged journal: it is not begun again."""
    known = state.operations.get(intent.operation_id)
    if known is None:
        return None
    return Outcome(intent.operation_id, known.state, detail=f"begun already by {known.by}")
