"""The snapshot: all that the screens show, immutable, sharing what did not change with the one before."""

from __future__ import annotations

from msgspec import Struct

from console.clock import Millis
from console.model.alert import AlertRow, Silence
from console.model.group import Group
from console.model.incident import Incident, IncidentLine, TimelineRow
from console.model.metric import Metric, Rule, Target
from console.model.outbox import OutboxRow
from console.model.rows import Rows
from console.model.runbook import Runbook
from console.model.source import SourceHealth


class AlertsView(Struct, frozen=True):
    """Alerts as the list shows them under the filter in force."""

    major: Rows[Group] = Rows()
    """Groups of SEV1 and SEV2, worst first: two lines each."""
    minor: Rows[Group] = Rows()
    """Other groups: a line each."""
    loose: Rows[Group] = Rows()
    """Single alerts that belong to no group: the unattributed tray."""
    flat: Rows[AlertRow] = Rows()
    """All alerts under the filter, worst first."""
    firing: int = 0
    total: int = 0
    matching: int = 0
    """Alerts that the filter lets through."""
    filter: str = ""
    filter_error: str = ""
    rate_per_min: float = 0.0


class Due(Struct, frozen=True):
    """Something that wants attention, with the time it is due."""

    key: str
    text: str
    at: Millis
    overdue: bool = False


class JournalHealth(Struct, frozen=True):
    """What the header may say of the journal."""

    ok: bool = True
    detail: str = ""
    lanes: int = 0
    entries: int = 0
    verified: bool = True
    checked: int = 100
    """How much of it is verified, percent: a long journal is shown at once and verified behind that."""
    note: str = ""
    """What is amiss beside the journal itself: anchors that could not be made."""


class Away(Struct, frozen=True):
    """What happened since the operator left."""

    since: Millis
    lines: tuple[TimelineRow, ...]
    unknown: int = 0


class View(Struct, frozen=True):
    """What the screens look at; the engine prepares the snapshot for it."""

    filter: str = ""
    range_s: int = 900
    """Width of the metrics window, seconds."""
    targets: bool = False
    """Whether targets, rules and silences are on screen and worth polling."""


class Snapshot(Struct, frozen=True):
    """What the screens show, as of ``at``."""

    version: int = 0
    at: Millis = 0
    operator: str = ""
    read_only: bool = False
    drill: bool = False
    held: bool = False
    held_by: str = ""
    """Who holds everything automatic."""
    sources: tuple[SourceHealth, ...] = ()
    alerts: AlertsView = AlertsView()
    incident: Incident | None = None
    """The incident of the open war room; ``None`` in the lobby."""
    incidents: tuple[IncidentLine, ...] = ()
    metrics: tuple[Metric, ...] = ()
    targets: tuple[Target, ...] = ()
    rules: tuple[Rule, ...] = ()
    silences: tuple[Silence, ...] = ()
    runbooks: tuple[Runbook, ...] = ()
    watch: Rows[TimelineRow] = Rows()
    """The watch journal: what was done outside an incident."""
    due: tuple[Due, ...] = ()
    outbox: tuple[OutboxRow, ...] = ()
    """Effects that wait, are unknown or failed lately, in all open journals."""
    journal: JournalHealth = JournalHealth()
    away: Away | None = None
    notice: str = ""
    """One line that matters now (a red banner), ``""`` = none."""
