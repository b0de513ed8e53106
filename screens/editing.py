"""Editing what waits: its fields with what they are, of which only those that were changed are sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.model.incident import Tone
from console.model.outbox import OutboxRow

if TYPE_CHECKING:
    from screens.questions import Asking


async def edit(ask: Asking) -> dict[str, object] | None:
    """The changes by field; ``None`` if it was left, or if nothing was changed."""
    row = ask.at.row
    if not isinstance(row, OutboxRow):
        return None
    before = ask.before.get("changes")
    kept = before if isinstance(before, dict) else {}
    answers = await ask.form(
        f"Edit: {row.operation.intent.words}",
        *(
            {"name": f.name, "label": f.label, "value": str(kept.get(f.name, f.value)), "duration": f.duration}
            for f in row.fields
        ),
        note="the old one is dropped, this takes its turn",
    )
    if answers is None:
        return None
    was = {field.name: field.value for field in row.fields}
    changes = {name: value for name, value in answers.items() if value != was.get(name)}
    if not changes:
        ask.host.say("nothing was changed; it waits as it did", Tone.WAIT)
        return None
    return {"changes": changes}
