"""Outcomes that could not be written when they came: they stand before whatever is written next."""

from __future__ import annotations

from collections.abc import Sequence

from console.model.entry import Draft, Entry
from console.ports import Ledger


class Late:
    """A ledger that first writes what is still owed."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._owed: dict[str, list[Draft]] = {}

    def keep(self, incident: str, draft: Draft) -> None:
        """Write this before the next entry."""
        self._owed.setdefault(incident, []).append(draft)

    async def append(self, incident: str, drafts: Sequence[Draft]) -> tuple[Entry, ...]:
        """Durable on return; what is owed is tried one by one, and stays owed if it fails."""
        late, kept = self._owed.pop(incident, []), []
        for draft in late:
            try:
                await self._ledger.append(incident, [draft])
            except Exception:
                kept.append(draft)
        if kept:
            self._owed[incident] = kept + self._owed.get(incident, [])
        return await self._ledger.append(incident, drafts)
