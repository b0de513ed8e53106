"""Metrics with the chart of the one under the cursor; longer and shorter times."""

from __future__ import annotations

from pathlib import PurePath
from typing import ClassVar

from textual import events
from textual.widget import Widget

from console.actions import Scope
from console.model.snapshot import Snapshot
from screens.beside import Beside
from screens.detail import detail
from screens.host import Host
from screens.room_lists import RoomMetrics, metric_sections
from widgets.chart import Chart
from widgets.line_list import LineList

LOW = 30


class MetricsScreen(Beside):
    """The metrics pane on the whole screen."""

    CSS_PATH: ClassVar[list[str | PurePath]] = ["base.tcss", "beside.tcss", "metrics.tcss"]
    SCOPES = (Scope.METRICS, Scope.ROOM)
    DETAIL = "Chart"

    def __init__(self, host: Host, key: str = "") -> None:
        self._painter = RoomMetrics()
        super().__init__(host, self._painter)
        self.chart = Chart()
        self._key = key

    def beside(self) -> Widget:
        return self.chart

    def scope_of(self, focused: LineList | None) -> Scope:
        return Scope.METRICS

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.height < LOW, "-low")

    def show_rows(self, snapshot: Snapshot, now: int) -> None:
        metrics = snapshot.metrics
        self._painter.take(metrics)
        self.rows.set_empty("no metric is configured")
        self.rows.show(metric_sections(metrics), now)
        if self._key:
            self.rows.move_to(self._key)
            self._key = ""
        self.list_pane.show_title("Metrics", f"the last {span(self.host.view.range_s)}")
        names = {m.query.source for m in metrics}
        self.list_pane.show_sources([s for s in snapshot.sources if s.name in names], now)

    def show_detail(self, snapshot: Snapshot, now: int) -> None:
        row = self.rows.cursor_row
        # Its title stands over the chart already.
        self.facts.tell(detail(row, snapshot, now - now % 5000)[1:], now)
        self.chart.show(row)


def span(seconds: int) -> str:
    """A time that is shown: ``15 min``, ``3 h``, ``7 d``."""
    if seconds < 3600:
        return f"{seconds // 60} min"
    return f"{seconds // 3600} h" if seconds < 2 * 86_400 else f"{seconds // 86_400} d"
