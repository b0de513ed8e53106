"""Groups: alerts that belong together, with the reasons in words."""

from __future__ import annotations

from msgspec import Struct

from console.clock import Millis
from console.model.alert import AlertRow
from console.model.rows import Rows
from console.model.severity import Severity


class Group(Struct, frozen=True, gc=False):
    """Alerts that belong together; what a list shows of them stands ready."""

    key: str
    title: str
    """The symptom in words."""
    severity: Severity
    """That of the worst member that fires and is not muted."""
    root: str
    """Root-most member in words (``orders-db pool exhausted``), ``""`` if there is none to name."""
    firing: int
    total: int
    """Members, resolved ones included."""
    acked: int
    muted: int
    joined: int
    """Members that joined since the operator last looked."""
    services: tuple[str, ...]
    clusters: tuple[str, ...]
    hosts: int
    started_at: Millis
    changed_at: Millis
    why: tuple[str, ...]
    """Reasons in words, strongest first."""
    attributed: bool = True
    """``False``: a single alert, shown in the unattributed tray."""
    incident: str = ""
    members: Rows[AlertRow] = Rows()
