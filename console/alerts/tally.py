"""One group's members and the words and counts it is shown with, made when it is looked at."""

from __future__ import annotations

from console.clock import Millis
from console.model.alert import Alert, AlertRow, AlertState
from console.model.group import Group
from console.model.rows import Rows
from console.model.severity import Severity

_NEVER: Millis = 1 << 62


def _place(row: AlertRow) -> tuple[int, int, int, str]:
    a = row.alert
    return (0 if a.firing and not a.muted else 1 if a.firing else 2, int(a.severity), a.started_at, a.key)


class Tally:
    """Members of a group; the group as shown costs a microsecond a member, and is made at most five times a second."""

    __slots__ = ("_added", "_seen", "firing", "incident", "key", "members", "root", "why")

    def __init__(self, key: str) -> None:
        self.key = key
        self.members: dict[str, AlertRow] = {}
        self.firing = 0
        self.root = ""
        self.why: tuple[str, ...] = ()
        self.incident = ""
        self._added = 0
        self._seen = -1

    def put(self, row: AlertRow) -> None:
        """Add or change a member."""
        before = self.members.get(row.key)
        self._added += before is None
        self.firing += row.alert.firing - (before is not None and before.alert.firing)
        self.members[row.key] = row

    def drop(self, key: str) -> None:
        """A member is gone."""
        before = self.members.pop(key, None)
        self.firing -= before is not None and before.alert.firing

    def look(self) -> None:
        """The operator saw the group as it is."""
        self._seen = self._added

    def group(self, root: Alert | None) -> Group:
        """The group as lists show it; the first view of it is the base of what joined later."""
        if self._seen < 0:
            self._seen = self._added
        rows = list(self.members.values())
        if len(rows) > 1:
            rows.sort(key=_place)
        first = rows[0].alert
        count = _Count()
        for row in rows:
            count.add(row)
        services = count.services
        attributed = len(rows) > 1
        return Group(
            key=self.key,
            title=_title(first),
            severity=count.worst or first.severity,
            root=_root(root, first) if attributed else "",
            firing=count.firing,
            total=len(rows),
            acked=count.acked,
            muted=count.muted,
            joined=self._added - self._seen,
            services=tuple(sorted(services, key=lambda s: -services[s])) if len(services) > 1 else tuple(services),
            clusters=tuple(sorted(count.clusters)),
            hosts=len(count.hosts),
            started_at=count.started_at if count.started_at < _NEVER else 0,
            changed_at=count.changed_at,
            why=self.why,
            attributed=attributed,
            incident=self.incident,
            members=Rows.of(rows),
        )


class _Count:
    """What a group's row tells of its members, in one pass over them."""

    __slots__ = ("acked", "changed_at", "clusters", "firing", "hosts", "muted", "services", "started_at", "worst")

    def __init__(self) -> None:
        self.firing = self.acked = self.muted = 0
        self.worst: Severity | None = None
        self.services: dict[str, int] = {}
        self.clusters: set[str] = set()
        self.hosts: set[str] = set()
        self.started_at = _NEVER
        self.changed_at: Millis = 0

    def add(self, row: AlertRow) -> None:
        """Count one more."""
        alert = row.alert
        if alert.state is AlertState.FIRING:
            muted = alert.muted
            self.firing += 1
            self.acked += row.acked_by != ""
            self.muted += muted
            if not muted and not row.flapping and (self.worst is None or alert.severity < self.worst):
                self.worst = alert.severity
        if alert.service:
            self.services[alert.service] = self.services.get(alert.service, 0) + 1
        if alert.cluster:
            self.clusters.add(alert.cluster)
        if alert.host:
            self.hosts.add(alert.host)
        if 0 < alert.started_at < self.started_at:
            self.started_at = alert.started_at
        self.changed_at = max(self.changed_at, alert.started_at, alert.ended_at)


def _title(alert: Alert) -> str:
    """The symptom in words, with the service where the words leave it out."""
    words = alert.summary or alert.name
    if alert.service and alert.service.lower() not in words.lower():
        return f"{alert.service}: {words}"
    return words


def _root(root: Alert | None, first: Alert) -> str:
    if root is None:
        return ""
    place = f" in {root.cluster}" if root.cluster else ""
    return f"{_title(root)}{place}" if root.key != first.key else f"{root.service or root.name}{place}"
