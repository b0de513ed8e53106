"""Notes: what somebody saw, thought or did, in their own words."""

from __future__ import annotations

from console.command.acts import Acts, text
from console.errors import Refused
from console.model.action import Action, Preview, Reply, Tier
from console.model.bodies import NoteAdded, body_from
from console.model.entry import Draft, Kind
from console.model.wording import one_line


class Note:
    """Serves ``incident.note``."""

    def __init__(self, acts: Acts) -> None:
        self._acts = acts

    async def preview(self, action: Action) -> Preview:
        """The note as the timeline will show it."""
        state, note = self._acts.incident(action), _note(action)
        return Preview(f"Note: {one_line(note, 80)}", "an entry in the journal", state.key, Tier.R1)

    async def perform(self, action: Action) -> Reply:
        """Writes the note; it cannot be taken back, only followed by another."""
        state, note = self._acts.incident(action), _note(action)
        await self._acts.desk.record(state.key, [Draft(Kind.NOTE_ADDED, body_from(NoteAdded(note)))], action)
        return Reply(action.request_id, True, f"noted in {state.key}")


def _note(action: Action) -> str:
    note = text(action, "text")
    if not note:
        raise Refused("an empty note says nothing", next="write what you saw or did")
    return note
