"""The fold's state in a form that can be written to a cache and read back; never evidence, never the truth."""

from __future__ import annotations

from msgspec import Struct

from console.clock import Millis
from console.model.action import OperationState, Outcome
from console.model.bodies import EntryRedacted
from console.model.custody import Evidence
from console.model.duty import Duty, Hold
from console.model.entry import Entry, Stamp
from console.model.folding import Folding
from console.model.incident import LinkedAlert, Operation, Reversible, Status, TimelineRow
from console.model.runbook import Run
from console.model.severity import Severity


class Kept(Struct, frozen=True):
    """A ``Folding``, field by field; a test holds the two against each other."""

    key: str
    title: str
    severity: Severity | None
    peak: Severity | None
    status: Status
    services: tuple[str, ...]
    root: str
    started_at: Millis
    declared_at: Millis
    status_at: Millis
    resolved_at: Millis
    closed_at: Millis
    reopened: int
    notes: int
    entries: int
    drill: bool
    roles: dict[str, str]
    runs: dict[str, Run]
    operations: dict[str, Operation]
    linked: dict[str, LinkedAlert]
    acked: dict[str, str]
    acked_at: dict[str, Millis]
    conflicts: list[str]
    reversible: list[Reversible]
    chunks: list[tuple[TimelineRow, ...]]
    tail: list[TimelineRow]
    places: dict[str, int]
    steps: dict[str, tuple[str, str]]
    early: dict[str, tuple[OperationState, Outcome]]
    duty: Duty
    hold: Hold
    moved: dict[str, int]
    anchored: dict[str, int]
    evidence: Evidence


class Saved(Struct, frozen=True):
    """A fold: the state at a checkpoint and the entries behind it."""

    position: int
    """Entries that the state has taken in."""
    floor: Stamp | None
    """Stamp of the last of them."""
    state: Kept
    recent: tuple[Entry, ...]
    hidden: dict[str, EntryRedacted]
    """All that is known to be redacted, by the entry's id: its entry may still come, from a lane that is read late."""


def keep(folding: Folding) -> Kept:
    """The state as it stands; shares its containers, so write it out before anything is applied."""
    return Kept(**{name: getattr(folding, name) for name in Kept.__struct_fields__})


def folding_of(kept: Kept) -> Folding:
    """The state to go on from."""
    folding = Folding(kept.key)
    for name in Kept.__struct_fields__:
        setattr(folding, name, getattr(kept, name))
    return folding
