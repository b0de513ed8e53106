"""The fold: entries in merged order become the incident that is shown; late ones go in at their place.

Entries of other consoles arrive late as a rule. The state is kept at checkpoints, dense near the end and sparse before,
so that taking in a late entry costs a short replay and not the whole journal. Entries far behind are let go of: one
that is later than that asks for the journal to be folded again.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from heapq import merge

from console.model.bodies import EntryRedacted
from console.model.entry import Entry, Stamp
from console.model.folding import Folding
from console.model.incident import Incident, IncidentLine
from console.model.kept import Saved, folding_of, keep
from console.model.redacted import hidden, stamp_of, told

EVERY = 64
"""Entries between two checkpoints."""
RECENT = 4096
"""Entries that are held at least, so that late ones find their place."""
MARGIN = 512
"""Entries behind the checkpoint that is saved."""


class Behind(Exception):
    """A late entry belongs before all that the fold still holds; nothing was taken in."""


class Fold:
    """One incident's fold (``""``: the watch's). Owned by one thread; the states it gives away are frozen."""

    def __init__(self, incident_id: str) -> None:
        self._key = incident_id
        self._base = 0
        """Entries taken in that are held no more."""
        self._floor: Stamp | None = None
        """Stamp of the last of them."""
        self._hidden: dict[str, EntryRedacted] = {}
        """What was redacted, by the entry's id."""
        self._entries: list[Entry] = []
        self._stamps: list[Stamp] = []
        self._work = Folding(incident_id)
        self._kept: list[tuple[int, Folding]] = [(0, self._work.copy())]
        self._state: Incident | None = Incident(incident_id)
        self._shown = self._state

    def apply(self, entries: Sequence[Entry]) -> None:
        """Take in entries, in any order, each as often as it is told.

        Raises ``Behind`` if one belongs where nothing is held any more: fold the whole journal again.
        """
        fresh = self._unknown(entries)
        if not fresh:
            return
        if self._floor is not None and fresh[0].stamp <= self._floor:
            raise Behind(f"{fresh[0].id} stands before the last {len(self._entries)} entries")
        start = self._hide(fresh)
        if self._stamps and fresh[0].stamp < self._stamps[-1]:
            start = min(start, self._insert(fresh))
        else:
            self._entries += fresh
            self._stamps += [entry.stamp for entry in fresh]
        for place in range(start, len(self._entries)):
            self._work.apply(self._entries[place])
            if (self._base + place + 1) % EVERY == 0:
                self._keep(self._base + place + 1)
        if len(self._entries) > 2 * RECENT:
            self._let_go()
        self._state = None

    @property
    def state(self) -> Incident:
        """The incident as of the last entry; the same object until an entry is taken in."""
        if self._state is None:
            self._shown = self._state = self._work.frozen(self._shown)
        return self._state

    @property
    def taken(self) -> int:
        """Entries that were taken in."""
        return self._base + len(self._entries)

    def save(self) -> Saved:
        """The fold to be written to a cache: a checkpoint some way back, and the entries behind it."""
        position, state = self._checkpoint(self.taken - MARGIN)
        place = position - self._base
        floor = self._stamps[place - 1] if place else self._floor
        return Saved(position, floor, keep(state), tuple(self._entries[place:]), dict(self._hidden))

    @classmethod
    def restored(cls, saved: Saved) -> Fold:
        """The fold as it was saved."""
        fold = cls(saved.state.key)
        fold._base, fold._floor = saved.position, saved.floor
        fold._hidden = dict(saved.hidden)
        fold._work = folding_of(saved.state)
        fold._kept = [(saved.position, fold._work.copy())]
        fold._state = fold._shown = fold._work.frozen(fold._shown)
        fold.apply(saved.recent)
        return fold

    def _unknown(self, entries: Sequence[Entry]) -> list[Entry]:
        """Entries that were not told before, in merged order."""
        fresh: dict[Stamp, Entry] = {}
        for entry in entries:
            place = bisect_left(self._stamps, entry.stamp)
            if place == len(self._stamps) or self._stamps[place] != entry.stamp:
                fresh.setdefault(entry.stamp, entry)
        return [fresh[stamp] for stamp in sorted(fresh)]

    def _insert(self, fresh: list[Entry]) -> int:
        """Put late entries in their place and step back to the checkpoint before; returns where to go on."""
        place = bisect_left(self._stamps, fresh[0].stamp)
        start = self._step_back(place)
        self._entries[place:] = merge(self._entries[place:], fresh, key=lambda entry: entry.stamp)
        self._stamps[place:] = [entry.stamp for entry in self._entries[place:]]
        return start

    def _step_back(self, place: int) -> int:
        """Go back to the checkpoint before a place; returns where to go on."""
        while self._kept[-1][0] > self._base + place:
            self._kept.pop()
        position, kept = self._kept[-1]
        self._work = kept.copy()
        return position - self._base

    def _hide(self, fresh: list[Entry]) -> int:
        """Take in what the entries redact, among themselves and before; returns where to go on."""
        start, hits = len(self._entries), []
        bodies = [b for entry in fresh if (b := told(entry)) is not None and self._hidden.get(b.target) != b]
        for body in bodies:
            stamp = stamp_of(body)
            if stamp is None:
                continue
            if self._floor is not None and stamp <= self._floor:
                raise Behind(f"{body.target} was redacted and stands before the last {len(self._entries)} entries")
            place = bisect_left(self._stamps, stamp)
            if place < len(self._stamps) and self._stamps[place] == stamp:
                hits.append((place, body))
        self._hidden |= {body.target: body for body in bodies}
        for place, body in hits:
            self._entries[place] = hidden(self._entries[place], body)
            start = min(start, self._step_back(place))
        fresh[:] = [hidden(e, self._hidden[e.id]) if e.id in self._hidden else e for e in fresh]
        return start

    def _keep(self, position: int) -> None:
        """Remember the state here, and forget older ones: the further from the end, the wider apart they stand."""
        self._kept = [(place, kept) for place, kept in self._kept if place == self._base or _worth(place, position)]
        self._kept.append((position, self._work.copy()))

    def _checkpoint(self, before: int) -> tuple[int, Folding]:
        """The last checkpoint at or before a position, else the first there is."""
        return max((kept for kept in self._kept if kept[0] <= before), default=self._kept[0], key=lambda kept: kept[0])

    def _let_go(self) -> None:
        """Hold no more than the recent entries and the checkpoint that they follow."""
        position, _ = self._checkpoint(self.taken - RECENT)
        gone = position - self._base
        if gone:
            self._floor = self._stamps[gone - 1]
            del self._entries[:gone], self._stamps[:gone]
            self._base = position
            self._kept = [kept for kept in self._kept if kept[0] >= position]


def _worth(place: int, end: int) -> bool:
    """Whether a checkpoint is kept: every one near the end, then every second, every fourth …"""
    apart = (end - place) // (4 * EVERY)
    return apart == 0 or place // EVERY % (1 << apart.bit_length()) == 0


def line(state: Incident) -> IncidentLine:
    """The incident as the lobby lists it."""
    return IncidentLine(
        key=state.key,
        title=state.title,
        severity=state.severity,
        status=state.status,
        ic=state.ic,
        declared_at=state.declared_at,
        resolved_at=state.resolved_at,
        entries=state.entries,
        drill=state.drill,
    )
