"""What linked alerts do later stands in the incident's journal: one frame a pass, facts only."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from console.engine.room import Room
from console.model.alert import Alert, AlertState
from console.model.entry import Actor, ActorType, Draft, Kind
from console.model.group import Group
from console.ports import Alerts

_SOURCE = Actor("alerts", ActorType.ALERT)


def later_drafts(room: Room, alerts: Alerts, groups: Sequence[str], answered: Callable[[str], bool]) -> list[Draft]:
    """Entries that are due: state changes of linked alerts, and alerts that joined a linked group.

    ``answered(source)`` tells whether a source has listed its alerts since the console started: before that,
    an unknown alert says nothing.
    """
    state = room.state
    if not state.status.open:
        return []
    drafts = []
    changed = []
    for key, linked in state.linked.items():
        alert = alerts.alert(key)
        if alert is None and not answered(key.split("/", 1)[0]):
            continue
        now = alert.state if alert is not None else AlertState.RESOLVED
        if now is not linked.state:
            host = alert.host if alert is not None else linked.host
            told = {"key": key, "name": linked.name, "service": linked.service, "state": str(now), "host": host}
            changed.append(told)
    if changed:
        drafts.append(Draft(Kind.ALERT_RECEIVED, {"alerts": changed}, _SOURCE, origin="alerts"))
    for name in groups:
        group = alerts.group(name)
        joined = _joined(group, state.linked) if group is not None else []
        if joined:
            body: dict[str, object] = {"alerts": [_fact(a) for a in joined], "group": name}
            drafts.append(Draft(Kind.ALERT_LINKED, body, _SOURCE, origin="alerts"))
    return drafts


def _joined(group: Group, linked: dict[str, object] | object) -> list[Alert]:
    return [r.alert for r in group.members if r.alert.firing and r.alert.key not in linked]  # type: ignore[operator]


def _fact(alert: Alert) -> dict[str, str]:
    return {
        "key": alert.key,
        "name": alert.name,
        "service": alert.service,
        "state": str(alert.state),
        "host": alert.host,
    }
