"""Alerts put together by service, cluster and onset; streaming, with the reasons in words.

A *unit* is one service in one cluster. Alerts of a unit whose onsets lie within the window stand in one group; units of
one cluster stand in one group when the younger one's onset lies within two minutes of the group's last fresh symptom,
so that a failure that cascades shows as one group of several services.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from itertools import islice

from msgspec import Struct

from console.clock import Millis
from console.model.alert import Alert, AlertState
from console.model.severity import Severity
from console.ports import GroupFacts

CASCADE_MS = 120_000
QUIET_MS = 600_000
"""After this long without a member that fires, a group takes nothing in; an alert that returns is judged anew."""
MOST = 2_000
"""Members of a group; what would come after them opens another."""
NEAR = 8
"""Grave groups of one cluster that are considered."""
REASONS = 6
"""Reasons that a group keeps: the first, which stand nearest to the root."""
PAST = 4
"""Groups of one unit that are considered."""


class _Group(Struct, eq=False, gc=False):
    """What is known of a group; most have one member, so nothing here is a container until a second comes."""

    key: str
    cluster: str
    service: str
    """The first member's, as are ``name`` and the last onset in its unit, ``last``."""
    name: str
    last: Millis
    fresh: Millis
    first: str
    root_at: Millis
    root_rank: int
    root_key: str
    size: int = 0
    firing: int = 0
    quiet: Millis = 0
    grave: bool = False
    symptoms: tuple[tuple[str, str], ...] | set[tuple[str, str]] = ()
    """Beside the first member's."""
    why: tuple[str, ...] = ()

    def learn(self, symptom: tuple[str, str]) -> bool:
        """Note a service's symptom; whether none like it was known."""
        known = self.symptoms
        if symptom in known or symptom == (self.service, self.name):
            return False
        if isinstance(known, set):
            known.add(symptom)
        else:
            # Most groups have few symptoms, for which a set is 150 bytes too large.
            self.symptoms = (*known, symptom) if len(known) < 8 else {*known, symptom}
        return True


_Past = tuple[tuple[_Group, Millis], ...]


class WindowCorrelator:
    """Fulfils ``ports.Correlator``; the cost of a change does not depend on how many alerts there are."""

    def __init__(self, *, window_s: float = 300.0) -> None:
        self._window = round(window_s * 1000)
        self._groups: dict[str, _Group] = {}
        self._of: dict[str, _Group] = {}
        self._rested: dict[str, Millis] = {}
        """Members that fire no more, and since when."""
        self._units: dict[tuple[str, str], _Group | _Past] = {}
        """See ``_past``; a unit's only group, if the unit began it, stands here itself."""
        self._near: dict[str, deque[_Group]] = {}
        self._dirty: dict[str, None] = {}

    def apply(self, changed: Sequence[Alert], gone: Sequence[str], now: Millis) -> Mapping[str, str]:
        """Take in what changed; the group of each alert whose group is another than before."""
        moved: dict[str, str] = {}
        for alert in sorted(changed, key=lambda a: (a.started_at, a.key)) if len(changed) > 1 else changed:
            if alert.state is AlertState.FIRING:
                self._fire(alert, now, moved)
            else:
                self._rest(alert.key, now)
        for key in gone:
            self._forget(key, now)
        return moved

    def _fire(self, alert: Alert, now: Millis, moved: dict[str, str]) -> None:
        known = self._of.get(alert.key)
        if known is not None:
            rested = self._rested.get(alert.key, now)
            if now - rested <= QUIET_MS:
                self._wake(known, alert.key)
                return
            self._forget(alert.key, now)
        onset = min(alert.started_at or now, now)
        group, why = self._place(alert, onset, now)
        if group is None:
            name = self._name(alert.key, onset)
            first, rank = alert.service or alert.name, int(alert.severity)
            group = self._groups[name] = _Group(
                name, alert.cluster, alert.service, alert.name, onset, onset, first, onset, rank, alert.key
            )
        self._join(group, alert, onset, why)
        moved[alert.key] = group.key

    def _name(self, key: str, onset: Millis) -> str:
        """The same after a restart and in every console that heard of the same alert first."""
        text = f"{key}@{onset}"
        while (name := "g" + blake2b(text.encode(), digest_size=5).hexdigest()) in self._groups:
            text += "+"
        return name

    def _wake(self, group: _Group, key: str) -> None:
        if self._rested.pop(key, None) is not None:
            group.firing += 1
        group.quiet = 0
        self._dirty[group.key] = None

    def _place(self, alert: Alert, onset: Millis, now: Millis) -> tuple[_Group | None, str]:
        """The group that an alert belongs to, and why; a group without room or quiet for long takes nothing."""
        if not alert.service and not alert.cluster:
            return None, ""
        if alert.service:
            for group, last in reversed(self._past((alert.service, alert.cluster))):
                if abs(onset - last) <= self._window and self._takes(group, now):
                    return group, _same(group, alert)
        if not alert.cluster or alert.severity > Severity.SEV3:
            return None, ""
        for group in reversed(self._near.get(alert.cluster, ())):
            if self._takes(group, now) and abs(onset - group.fresh) <= CASCADE_MS:
                return group, _cascade(group, alert, onset)
        return None, ""

    def _takes(self, group: _Group, now: Millis) -> bool:
        return 0 < group.size < MOST and not (group.quiet and now - group.quiet > QUIET_MS)

    def _join(self, group: _Group, alert: Alert, onset: Millis, why: str) -> None:
        if alert.service:
            self._note((alert.service, alert.cluster), group, onset)
        group.size += 1
        group.firing += 1
        group.quiet = 0
        self._of[alert.key] = group
        self._dirty[group.key] = None
        if not group.grave and alert.severity <= Severity.SEV3:
            group.grave = True
            if group.cluster:
                self._near.setdefault(group.cluster, deque(maxlen=NEAR)).append(group)
        if group.learn((alert.service, alert.name)):
            group.fresh = max(group.fresh, onset)
        if onset <= group.root_at:
            root = (onset, int(alert.severity), alert.key)
            if root <= (group.root_at, group.root_rank, group.root_key):
                group.root_at, group.root_rank, group.root_key = root
                group.first = alert.service or alert.name
        if why and why not in group.why:
            group.why = (*group.why, why)

    def _past(self, unit: tuple[str, str]) -> _Past:
        """The groups of a unit, the latest last, each with the unit's last onset in it."""
        past = self._units.get(unit, ())
        return past if isinstance(past, tuple) else ((past, past.last),)

    def _note(self, unit: tuple[str, str], group: _Group, onset: Millis) -> None:
        """An alert of this unit comes to this group."""
        if self._units.get(unit) is group:
            group.last = max(group.last, onset)
            return
        known = self._past(unit)
        if known and known[-1][0] is group and known[-1][1] >= onset:
            return
        others = tuple(one for one in known if one[0] is not group and one[0].size)
        if not group.size and not others:
            self._units[unit] = group
            return
        last = max([onset, *(at for one, at in known if one is group)])
        self._units[unit] = (*others[1 - PAST :], (group, last))

    def _rest(self, key: str, now: Millis) -> None:
        group = self._of.get(key)
        if group is not None and key not in self._rested:
            self._rested[key] = now
            self._sink(group, now)

    def _sink(self, group: _Group, now: Millis) -> None:
        """One member fewer fires."""
        group.firing -= 1
        if not group.firing:
            group.quiet = now
        self._dirty[group.key] = None

    def _forget(self, key: str, now: Millis) -> None:
        group = self._of.pop(key, None)
        if group is None:
            return
        group.size -= 1
        if self._rested.pop(key, None) is None:
            self._sink(group, now)
        self._dirty[group.key] = None
        if not group.size:
            del self._groups[group.key]
            near = self._near.get(group.cluster)
            if near is not None and group in near:
                near.remove(group)
                if not near:
                    del self._near[group.cluster]

    def expire(self, now: Millis) -> None:
        """Let units go that no group stands behind, a few at a time."""
        for unit in list(islice(self._units, 200)):
            held = self._units.pop(unit)
            past = tuple(one for one in held if one[0].size) if isinstance(held, tuple) else held if held.size else ()
            if past:
                self._units[unit] = past

    def group_of(self, key: str) -> str:
        group = self._of.get(key)
        return group.key if group is not None else ""

    def dirty(self) -> Mapping[str, GroupFacts | None]:
        """Groups that changed since the last call; ``None`` = the group is gone."""
        out: dict[str, GroupFacts | None] = {}
        for key in self._dirty:
            group = self._groups.get(key)
            out[key] = GroupFacts(key, group.root_key, group.why) if group is not None else None
        self._dirty.clear()
        return out


def _same(group: _Group, alert: Alert) -> str:
    if len(group.why) == REASONS:
        return ""
    return f"same service and cluster: {alert.service} {alert.cluster}".rstrip()


def _cascade(group: _Group, alert: Alert, onset: Millis) -> str:
    if len(group.why) == REASONS:
        return ""
    seconds = (onset - group.root_at) // 1000
    when = f"{abs(seconds)} s {'after' if seconds >= 0 else 'before'}"
    return f"{alert.service or alert.name} {when} {group.first} in {alert.cluster}"
