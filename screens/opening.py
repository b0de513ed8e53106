"""Going deeper: which screen shows what is under the cursor; nothing is changed by it."""

from __future__ import annotations

from textual.screen import Screen

from console.actions import Scope
from console.model.alert import AlertRow
from console.model.group import Group
from console.model.incident import IncidentLine, TimelineRow
from console.model.metric import Metric
from console.model.runbook import StepView
from screens.facts import Fact
from screens.host import Host
from screens.situation import find_group


def deeper(host: Host, row: object) -> None:
    """Open the screen that shows this row whole."""
    if isinstance(row, Group):
        from screens.alerts import AlertsScreen

        host.seen(row.key)
        host.deepen(AlertsScreen(host, group=row.key))
    elif isinstance(row, TimelineRow):
        from screens.timeline import TimelineScreen

        host.deepen(TimelineScreen(host, row.key))
    elif isinstance(row, Metric):
        from screens.metrics import MetricsScreen

        host.deepen(MetricsScreen(host, row.key))
    elif isinstance(row, StepView):
        from screens.runbook import RunbookScreen

        host.deepen(RunbookScreen(host, row.key))
    elif isinstance(row, IncidentLine):
        open_incident(host, row.key)


def open_incident(host: Host, key: str) -> None:
    """Go to an incident's war room; the engine is asked only where it is another one."""
    if host.snapshot.incident is not None and host.snapshot.incident.key == key:
        host.go("room")
        return
    from screens import errand

    host.begin(errand.send(host, "incident.open", "open", {"incident": key}, False))


def why(host: Host, row: object) -> None:
    """Say why alerts stand together."""
    group = row if isinstance(row, Group) else None
    if isinstance(row, AlertRow):
        group = find_group(host.snapshot.alerts, row.group)
    if group is None:
        host.say("this alert stands alone: nothing it was grouped with")
        return
    from screens.reading import Reading

    host.seen(group.key)
    facts = [Fact("", group.title, "text bold"), Fact("root", group.root or "none found")]
    facts += [Fact("because" if n == 0 else "", text) for n, text in enumerate(group.why or ("no reason is noted",))]
    many = "service" if len(group.services) == 1 else "services"
    facts.append(Fact("alerts", f"{group.total} in {len(group.services)} {many}: {', '.join(group.services)}"))
    read(host, Reading("Why these stand together", facts))


def read(host: Host, reading: Screen[None]) -> None:
    """Show something to read until it is left."""

    async def until_left() -> None:
        await host.dialog(reading)

    host.begin(until_left())


def zoom(host: Host, scope: Scope, key: str) -> None:
    """Show a pane of the war room on the whole screen, the cursor on the same row."""
    if scope is Scope.ALERTS:
        from screens.alerts import AlertsScreen

        host.deepen(AlertsScreen(host))
    elif scope is Scope.TIMELINE:
        from screens.timeline import TimelineScreen

        host.deepen(TimelineScreen(host, key))
    elif scope is Scope.METRICS:
        from screens.metrics import MetricsScreen

        host.deepen(MetricsScreen(host, key))
    else:
        from screens.runbook import RunbookScreen

        host.deepen(RunbookScreen(host, key))
