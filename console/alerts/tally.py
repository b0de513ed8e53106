"""One group's members and the words and counts it is shown with, made when it is looked at."""

from __future__ import annotations

from functools import lru_cache

from console.clock import Millis
from console.model.alert import Alert, AlertRow, AlertState
from console.model.group import Group
from console.model.rows import OneRow, Rows
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
            members=Rows.of(rows) if attributed else OneRow(rows[0]),
        )


def group_of_one(key: str, row: AlertRow) -> Group:
    """The group of a member that is alone, as ``Tally.group`` has it; most groups are, and few stay for long."""
    alert = row.alert
    firing = alert.firing
    return Group(
        key=key,
        title=_title(alert),
        severity=alert.severity,
        root="",
        firing=int(firing),
        total=1,
        acked=int(firing and row.acked_by != ""),
        muted=int(firing and alert.muted),
        joined=0,
        services=_only(alert.service),
        clusters=_only(alert.cluster),
        hosts=int(alert.host != ""),
        started_at=alert.started_at if 0 < alert.started_at < _NEVER else 0,
        changed_at=max(alert.started_at, alert.ended_at, 0),
        why=(),
        attributed=False,
        members=OneRow(row),
    )


class Tallies:
    """All groups' members; a group of one is its row and nothing else, which takes a fifth of the memory."""

    def __init__(self) -> None:
        self._of: dict[str, AlertRow | Tally] = {}
        self._unseen: set[str] = set()
        """Groups of one that nobody was shown."""

    def put(self, key: str, row: AlertRow) -> None:
        """Add or change a member of a group."""
        held = self._of.get(key)
        if held is None:
            self._of[key] = row
            self._unseen.add(key)
        elif isinstance(held, Tally):
            held.put(row)
        elif held.key == row.key:
            self._of[key] = row
        else:
            self._grown(key, held).put(row)

    def drop(self, key: str, member: str) -> None:
        """A member is gone; a group without any stays until it is let go."""
        if (tally := self._tally(key)) is not None:
            tally.drop(member)

    def firing(self, key: str) -> bool:
        """Whether a member fires."""
        held = self._of.get(key)
        return held is not None and bool(held.firing if isinstance(held, Tally) else held.alert.firing)

    def tell(self, key: str, root: str, why: tuple[str, ...]) -> bool:
        """What is known of a group's cause; whether there is such a group."""
        held = self._of.get(key)
        if isinstance(held, AlertRow) and (why or root != held.key):
            held = self._grown(key, held)
        if isinstance(held, Tally):
            held.root, held.why = root, why
        return held is not None

    def look(self, key: str) -> bool:
        """The operator saw the group as it is; whether there is such a group."""
        held = self._of.get(key)
        if isinstance(held, Tally):
            held.look()
        elif held is not None:
            self._shown(key)
        return held is not None

    def link(self, key: str, incident: str) -> bool:
        """The group belongs to an incident; whether that is news."""
        if self.incident(key) == incident or (tally := self._tally(key)) is None:
            return False
        tally.incident = incident
        return True

    def incident(self, key: str) -> str:
        """The incident that the group belongs to, ``""`` if none."""
        held = self._of.get(key)
        return held.incident if isinstance(held, Tally) else ""

    def root(self, key: str) -> str:
        """The key of the root-most member, ``""`` where none is known or there is nobody else to name."""
        held = self._of.get(key)
        return held.root if isinstance(held, Tally) else ""

    def group(self, key: str, root: Alert | None) -> Group | None:
        """The group as lists show it; ``None`` = it has no members."""
        held = self._of.get(key)
        if isinstance(held, Tally):
            return held.group(root) if held.members else None
        if held is None:
            return None
        self._shown(key)
        return group_of_one(key, held)

    def forget(self, key: str) -> None:
        """The group has no members any more."""
        self._of.pop(key, None)
        self._unseen.discard(key)

    def _shown(self, key: str) -> None:
        if key in self._unseen:
            self._unseen.remove(key)
            if not self._unseen:
                self._unseen = set()  # one that was large keeps its table

    def _tally(self, key: str) -> Tally | None:
        held = self._of.get(key)
        return self._grown(key, held) if isinstance(held, AlertRow) else held

    def _grown(self, key: str, row: AlertRow) -> Tally:
        """The full form of a group of one."""
        tally = self._of[key] = Tally(key)
        tally.put(row)
        tally.root = row.key
        if key in self._unseen:
            self._shown(key)
        else:
            tally.look()
        return tally


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


@lru_cache(8192)
def _only(text: str) -> tuple[str, ...]:
    """One tuple for equal texts: what a group of one names, others name too."""
    return (text,) if text else ()


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
