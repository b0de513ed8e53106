"""The fold: entries in merged order become the incident that is shown; late ones go in at their place.

Entries of other consoles arrive late as a rule. The state is kept at checkpoints, dense near the end and sparse before,
so that taking in a late entry costs a short replay and not the whole journal.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from heapq import merge

from console.model.entry import Entry, Stamp
from console.model.folding import Folding
from console.model.incident import Incident, IncidentLine

EVERY = 64
"""Entries between two checkpoints."""


class Fold:
    """One incident's fold (``""``: the watch's). Owned by one thread; the states it gives away are frozen."""

    def __init__(self, incident_id: str) -> None:
        self._key = incident_id
        self._entries: list[Entry] = []
        self._stamps: list[Stamp] = []
        self._work = Folding(incident_id)
        self._kept: list[tuple[int, Folding]] = [(0, self._work.copy())]
        self._state: Incident | None = Incident(incident_id)
        self._shown = self._state

    def apply(self, entries: Sequence[Entry]) -> None:
        """Take in entries, in any order, each as often as it is told."""
        fresh = self._unknown(entries)
        if not fresh:
            return
        start = len(self._entries)
        if self._stamps and fresh[0].stamp < self._stamps[-1]:
            start = self._insert(fresh)
        else:
            self._entries += fresh
            self._stamps += [entry.stamp for entry in fresh]
        for position in range(start, len(self._entries)):
            self._work.apply(self._entries[position])
            if (position + 1) % EVERY == 0:
                self._keep(position + 1)
        self._state = None

    @property
    def state(self) -> Incident:
        """The incident as of the last entry; the same object until an entry is taken in."""
        if self._state is None:
            self._shown = self._state = self._work.frozen(self._shown)
        return self._state

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
        while self._kept[-1][0] > place:
            self._kept.pop()
        self._entries[place:] = merge(self._entries[place:], fresh, key=lambda entry: entry.stamp)
        self._stamps[place:] = [entry.stamp for entry in self._entries[place:]]
        start, kept = self._kept[-1]
        self._work = kept.copy()
        return start

    def _keep(self, position: int) -> None:
        """Remember the state here, and forget older ones: the further from the end, the wider apart they stand."""
        self._kept = [(place, kept) for place, kept in self._kept if _worth(place, position)]
        self._kept.append((position, self._work.copy()))


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
