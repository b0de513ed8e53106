"""The alerts in their groups, as the lobby and the war room list them."""

from __future__ import annotations

from itertools import chain

from console.model.snapshot import AlertsView, Snapshot
from console.model.source import Health
from widgets.group_rows import GroupRows
from widgets.line_list import LineList, Section


def group_list(id: str = "alerts") -> LineList:
    """A list of groups."""
    return LineList(GroupRows(), id=id)


def sections(view: AlertsView) -> list[Section]:
    """Major groups with two lines, others with one, single alerts in a tray at the end."""
    out = []
    if view.major:
        out.append(Section("", view.major, 2))
    if view.minor:
        out.append(Section("", view.minor))
    if view.loose:
        out.append(Section("unattributed", view.loose))
    return out


def keys(view: AlertsView) -> frozenset[str]:
    """Keys of all groups."""
    return frozenset(g.key for g in chain(view.major, view.minor, view.loose))


def empty_words(snapshot: Snapshot) -> str:
    """Why no alert is listed; an empty list is only good news when every source answered."""
    if snapshot.alerts.filter:
        return f"no alert matches {snapshot.alerts.filter}; esc takes the filter away"
    serving = [s for s in snapshot.sources if "alerts" in s.serves]
    if not snapshot.version:
        return "starting"
    if not serving:
        return "no source of alerts is configured: warroom init writes a configuration"
    silent = [s.name for s in serving if not s.answers]
    if silent:
        return f"not all clear: no answer from {', '.join(silent)}"
    if partial := [s.name for s in serving if s.health is Health.PARTIAL]:
        return f"not all clear: some alerts of {', '.join(partial)} cannot be read"
    return "nothing fires"
