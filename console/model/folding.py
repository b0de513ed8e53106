"""What an entry does to an incident: the working state of the fold, on which every kind's own rules build.

Containers are copied on the first write after they were shared with a state or a checkpoint, so that both cost
nothing until something changes.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from itertools import zip_longest
from operator import is_
from typing import Any

from console.clock import Millis
from console.model import automatic, course, custody, effects, linked, pieces, redacted, runs
from console.model.action import OperationState, Outcome, Undo
from console.model.bodies import body_of
from console.model.duty import Duty, Hold
from console.model.entry import Entry, Kind
from console.model.incident import Incident, LinkedAlert, Operation, Reversible, Status, TimelineRow
from console.model.rows import Rows
from console.model.runbook import Run
from console.model.severity import Severity
from console.model.wording import conflict, line_of, together

CHUNK = 256
REVERSIBLE = 32
_QUIET = (Kind.LANE_OPENED, Kind.SEGMENT_SEALED, Kind.ANCHOR_MADE)
"""Bookkeeping of the journal itself: no line in the timeline."""
_SHARED = (
    "roles", "runs", "operations", "linked", "acked", "acked_at", "conflicts", "reversible", "chunks", "tail", "places",
    "steps", "early", "moved", "anchored",
)  # fmt: skip


class Folding:
    """An incident in the making; ``copy()`` is a checkpoint."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.title = ""
        self.severity: Severity | None = None
        self.peak: Severity | None = None
        self.status = Status.TRIAGE
        self.services: tuple[str, ...] = ()
        self.root = ""
        self.started_at = self.declared_at = self.status_at = self.resolved_at = self.closed_at = 0
        self.reopened = self.notes = self.entries = 0
        self.drill = False
        self.roles: dict[str, str] = {}
        self.runs: dict[str, Run] = {}
        self.operations: dict[str, Operation] = {}
        self.linked: dict[str, LinkedAlert] = {}
        self.acked: dict[str, str] = {}
        self.acked_at: dict[str, Millis] = {}
        self.conflicts: list[str] = []
        self.reversible: list[Reversible] = []
        self.chunks: list[tuple[TimelineRow, ...]] = []
        self.tail: list[TimelineRow] = []
        self.places: dict[str, int] = {}
        """Operation → place of its line in the timeline."""
        self.steps: dict[str, tuple[str, str]] = {}
        """Operation → run and step."""
        self.early: dict[str, tuple[OperationState, Outcome]] = {}
        """Outcomes that stand before their intent: the other lane's clock ran ahead."""
        self.duty = Duty()
        self.hold = Hold()
        self.moved: dict[str, int] = {}
        self.anchored: dict[str, int] = {}
        self.evidence = custody.Evidence()
        self._shared: set[str] = set()

    def copy(self) -> Folding:
        """The same state, independent from here on."""
        self._shared.update(_SHARED)
        twin = copy(self)
        twin._shared = set(_SHARED)
        return twin

    def own(self, name: str) -> Any:
        """A container that may be written to."""
        if name in self._shared:
            setattr(self, name, copy(getattr(self, name)))
            self._shared.discard(name)
        return getattr(self, name)

    def frozen(self, before: Incident) -> Incident:
        """The state to show, sharing what did not change with the one before."""
        self._shared.update(("roles", "operations", "linked", "acked", "acked_at", "moved", "anchored"))
        chunks = [*self.chunks, tuple(self.tail)] if self.tail else self.chunks
        told = before.timeline.chunks
        shared = [old if old == chunk else chunk for chunk, old in zip_longest(chunks, told) if chunk]
        same = len(shared) == len(told) and all(map(is_, shared, told))
        rows = before.timeline if same else Rows(shared)
        conflicts, reversible, runs_ = tuple(self.conflicts), tuple(self.reversible), tuple(self.runs.values())
        return Incident(
            key=self.key,
            title=self.title,
            severity=self.severity,
            peak_severity=self.peak,
            status=self.status,
            services=self.services,
            root=self.root,
            ic=self.roles.get("ic", ""),
            roles=self.roles,
            started_at=self.started_at,
            declared_at=self.declared_at,
            status_at=self.status_at,
            resolved_at=self.resolved_at,
            closed_at=self.closed_at,
            reopened=self.reopened,
            runs=before.runs if before.runs == runs_ else runs_,
            operations=self.operations,
            linked=self.linked,
            acked=self.acked,
            acked_at=self.acked_at,
            notes=self.notes,
            entries=self.entries,
            conflicts=conflicts,
            drill=self.drill,
            reversible=reversible,
            timeline=rows,
            duty=self.duty,
            hold=self.hold,
            moved=self.moved,
            anchored=self.anchored,
            evidence=self.evidence,
        )

    # The timeline.

    def add(self, row: TimelineRow) -> int:
        """Append a line; its place never changes."""
        tail = self.own("tail")
        tail.append(row)
        place = len(self.chunks) * CHUNK + len(tail) - 1
        if len(tail) == CHUNK:
            self.own("chunks").append(tuple(tail))
            self.tail = []
            self._shared.discard("tail")
        return place

    def tell(self, row: TimelineRow) -> None:
        """Append a line, or tell it together with the last one where that says the same."""
        both = together(self.tail[-1], row) if self.tail else None
        if both is None:
            self.add(row)
        else:
            self.own("tail")[-1] = both

    def row(self, place: int) -> TimelineRow:
        """The line at a place."""
        chunk, offset = divmod(place, CHUNK)
        return self.chunks[chunk][offset] if chunk < len(self.chunks) else self.tail[offset]

    def put(self, place: int, row: TimelineRow) -> None:
        """Replace the line at a place."""
        chunk, offset = divmod(place, CHUNK)
        if chunk < len(self.chunks):
            old = self.chunks[chunk]
            self.own("chunks")[chunk] = (*old[:offset], row, *old[offset + 1 :])
        else:
            self.own("tail")[offset] = row

    def void(self, entry: Entry, text: str) -> None:
        """An entry that has no effect where it stands in the merged order: everybody sees that and why."""
        self.own("conflicts").append(f"{entry.actor.id} {text}")
        self.add(conflict(entry, f"{entry.actor.id} {text}"))

    # Entries.

    def apply(self, entry: Entry) -> None:
        """Take in the entry that follows in merged order; never raises for what stands in it."""
        self.entries += 1
        automatic.moved(self, entry)
        self.evidence = custody.step(self.evidence, entry)
        body = body_of(entry)
        serve = _SERVE.get(entry.kind)
        if body is not None and serve is not None:
            serve(self, entry, body)
        elif entry.kind not in _QUIET:
            self.add(line_of(entry, body))
        self._taken_back(entry)

    def _taken_back(self, entry: Entry) -> None:
        """An entry that reverses an earlier one takes it off what can be taken back."""
        undoes = entry.body.get("undoes")
        if not isinstance(undoes, str) or not undoes or entry.kind is Kind.ACTION_INTENDED:
            return
        self.forget(undoes)
        if undoes in self.operations:
            effects.undone(self, undoes, entry.id)

    def remember(self, entry: Entry, words: str, undo: Undo) -> None:
        """Note something that can be taken back."""
        kept = self.own("reversible")
        kept.append(Reversible(entry.id, entry.occurred_at, entry.actor.id, words, undo))
        del kept[:-REVERSIBLE]

    def forget(self, key: str = "", action: str = "") -> None:
        """Take away what can no longer be taken back: an entry's, or all that one action would reverse."""
        self.reversible = [r for r in self.reversible if r.key != key and (not action or r.undo.action != action)]


_SERVE: dict[Kind, Callable[[Folding, Entry, Any], None]] = {
    **course.SERVE,
    **linked.SERVE,
    **effects.SERVE,
    **runs.SERVE,
    **pieces.SERVE,
    **automatic.SERVE,
    **redacted.SERVE,
}
