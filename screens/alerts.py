"""Every alert by itself, or those of one group: filtered, marked, with all that its source says of it."""

from __future__ import annotations

from console.actions import Scope
from console.model.alert import AlertRow
from console.model.rows import Rows
from console.model.snapshot import Snapshot
from screens.beside import Beside
from screens.group_list import empty_words
from screens.host import Host
from screens.situation import find_group
from widgets import words
from widgets.alert_rows import AlertRows
from widgets.line_list import LineList, Section


class AlertsScreen(Beside):
    """The alerts pane on the whole screen."""

    SCOPES = (Scope.ALERTS,)
    MORE = ("ui.next_pane", "ui.previous_pane", "desk.undo")
    DETAIL = "Alert"

    def __init__(self, host: Host, group: str = "") -> None:
        super().__init__(host, AlertRows())
        self._group = group
        self._title = ""

    def scope_of(self, focused: LineList | None) -> Scope:
        return Scope.ALERTS

    def _rows(self, snapshot: Snapshot) -> Rows[AlertRow]:
        if not self._group:
            return snapshot.alerts.flat
        group = find_group(snapshot.alerts, self._group)
        return group.members if group is not None else Rows()

    def all_keys(self) -> frozenset[str]:
        return frozenset(row.key for row in self._rows(self.host.snapshot))

    def show_rows(self, snapshot: Snapshot, now: int) -> None:
        rows, alerts = self._rows(snapshot), snapshot.alerts
        group = find_group(alerts, self._group) if self._group else None
        self._title = group.title if group is not None else self._title
        gone = f"the group {self._title!r} is gone, or the filter hides it"
        self.rows.set_empty(gone if self._group else empty_words(snapshot))
        self.rows.show([Section("", rows)] if rows else [], now)
        if self._group:
            amount = f"{self._title}  {words.count(len(rows), 'alert')}"
        elif alerts.filter:
            amount = f"{alerts.matching} of {alerts.total} match {alerts.filter}"
        else:
            amount = f"{alerts.firing} firing of {alerts.total}"
        self.list_pane.show_title("Alerts", amount)
        self.list_pane.show_sources([s for s in snapshot.sources if "alerts" in s.serves], now)
        self.tell_filter_error()
