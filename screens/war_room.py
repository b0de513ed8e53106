"""The war room: alerts, timeline, metrics and runbook of one incident, live, side by side or one above the other."""

from __future__ import annotations

from pathlib import PurePath
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.containers import Container

from console.actions import Scope
from console.model.incident import Incident
from console.model.snapshot import Snapshot
from screens.detail import detail, incident_facts
from screens.facts import FactList
from screens.filtering import Filtering
from screens.group_list import empty_words, group_list, keys, sections
from screens.host import Host
from screens.room_lists import RoomMetrics, metric_sections, timeline_note, timeline_sections
from screens.situation import undoable
from screens.steps import Turn, current_run
from screens.tabs import Tab, Tabs
from widgets import checklist
from widgets.line_list import LineList
from widgets.pane import Pane
from widgets.timeline import Days, TimelineRows

WIDE, HUGE = 110, 170
"""From these widths on: four panes; a third column."""
TALL = 18
"""From this height on two panes fit one above the other, and four two by two."""
SCOPES = (Scope.ALERTS, Scope.TIMELINE, Scope.METRICS, Scope.RUNBOOK)
NAMES = ("Alerts", "Timeline", "Metrics", "Runbook")


class WarRoom(Filtering):
    """One incident's room; stays as it was left while other screens lie on top."""

    CSS_PATH: ClassVar[list[str | PurePath]] = ["base.tcss", "war_room.tcss"]
    SCOPES = (Scope.ROOM, *SCOPES)

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.alerts = group_list()
        self.timeline = LineList(TimelineRows(), follow=True, id="timeline", empty="nothing is written down yet")
        self._metric_rows = RoomMetrics()
        self.metrics = LineList(self._metric_rows, id="metrics", empty="no metric is configured")
        run_key, undo_key = host.keys.shown("step.run"), host.keys.shown("desk.undo")
        self.runbook = LineList(checklist.StepRows(run_key, undo_key), id="runbook")
        self.panes = tuple(Pane(name, id=f"{name.lower()}-pane") for name in NAMES)
        self.detail = FactList(id="detail")
        self.facts = FactList(id="facts")
        self._detail_pane = Pane("Detail", classes="-extra")
        self._facts_pane = Pane("Incident", classes="-extra")
        self.tabs = Tabs(id="tabs")
        self._days = Days()
        self._at = 0
        self._before = 3
        self._told_away = 0
        self._turn = Turn()

    def body(self) -> ComposeResult:
        with Container(id="body"):
            yield self.tabs
            with Container(id="panes"):
                lists = self.lists()
                for index in (0, 1):
                    with self.panes[index]:
                        yield lists[index]
                with self._detail_pane:
                    yield self.detail
                for index in (2, 3):
                    with self.panes[index]:
                        yield lists[index]
                with self._facts_pane:
                    yield self.facts

    def lists(self) -> tuple[LineList, ...]:
        return (self.alerts, self.timeline, self.metrics, self.runbook)

    def scope_of(self, focused: LineList | None) -> Scope:
        lists = self.lists()
        return SCOPES[lists.index(focused)] if focused in lists else SCOPES[self._at]

    def alert_list(self) -> LineList:
        return self.alerts

    def all_keys(self) -> frozenset[str]:
        return keys(self.host.snapshot.alerts)

    # Which panes are seen

    @property
    def wide(self) -> bool:
        """Whether all four panes are seen."""
        return self.size.width >= WIDE and self.size.height >= TALL

    def sources_told(self) -> bool:
        """The tabs of a narrow room have a place for them."""
        return not self.wide and self.tabs.tells

    def on_mount(self) -> None:
        self._arrange()

    def on_resize(self, event: events.Resize) -> None:
        width, height = event.size
        self.set_class(width >= WIDE and height >= TALL, "-wide")
        self.set_class(width >= HUGE and height >= TALL, "-huge")
        self._arrange()

    def _arrange(self) -> None:
        """In a narrow terminal: the pane that was gone to, and where there is room the one it belongs with."""
        shown = {self._at}
        if self.size.height >= TALL:
            shown.add(self._companion())
        for index, pane in enumerate(self.panes):
            pane.set_class(index in shown, "-shown")

    def _companion(self) -> int:
        """The runbook beside everything else; beside the runbook what was looked at before."""
        if self._at != 3:
            return 3
        return self._before

    def go_to(self, index: int) -> None:
        """Bring a pane into view and give it the focus."""
        if index != self._at:
            self._before, self._at = (self._at if self._at != 3 else self._before), index
            if self._before == 3:
                self._before = 0
        self._arrange()
        self.lists()[index].focus()
        self._show_tabs(self.host.snapshot, self.host.clock.now())

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        lists = self.lists()
        if event.widget in lists and lists.index(event.widget) != self._at:
            self.go_to(lists.index(event.widget))

    def do_pane_1(self) -> None:
        self.go_to(0)

    def do_pane_2(self) -> None:
        self.go_to(1)

    def do_pane_3(self) -> None:
        self.go_to(2)

    def do_pane_4(self) -> None:
        self.go_to(3)

    def do_next_pane(self) -> None:
        self.go_to((self._at + 1) % 4)

    def do_previous_pane(self) -> None:
        self.go_to((self._at - 1) % 4)

    def do_zoom(self) -> None:
        from screens.opening import zoom

        here = self.lists()[self._at]
        zoom(self.host, self.scope_of(here), here.cursor_key)

    def leave(self) -> None:
        self.host.go("lobby")

    # What they show

    def show_body(self, snapshot: Snapshot, now: int) -> None:
        incident = snapshot.incident
        self._show_alerts(snapshot, now)
        self._show_metrics(snapshot, now)
        if incident is not None:
            self._show_timeline(incident, snapshot, now)
            self._show_run(incident, now)
            self._tell_away(snapshot)
        self._show_tabs(snapshot, now)
        self._show_detail(snapshot, now)

    def _show_alerts(self, snapshot: Snapshot, now: int) -> None:
        alerts, pane = snapshot.alerts, self.panes[0]
        self.alerts.set_empty(empty_words(snapshot))
        self.alerts.show(sections(alerts), now)
        pane.show_title("Alerts", self.amount(len(alerts.major) + len(alerts.minor)))
        pane.show_sources([s for s in snapshot.sources if "alerts" in s.serves], now)
        self.tell_filter_error()

    def _show_timeline(self, incident: Incident, snapshot: Snapshot, now: int) -> None:
        since = snapshot.away.since if snapshot.away else 0
        self.timeline.show(timeline_sections(self._days, incident.timeline, since), now)
        self.panes[1].show_title("Timeline")
        self.panes[1].show_note(*timeline_note(snapshot))

    def _show_metrics(self, snapshot: Snapshot, now: int) -> None:
        self._metric_rows.take(snapshot.metrics)
        self.metrics.show(metric_sections(snapshot.metrics), now)
        services = list(dict.fromkeys(m.query.service for m in snapshot.metrics if m.query.service))
        self.panes[2].show_title("Metrics", ", ".join(services[:4]))
        names = {m.query.source for m in snapshot.metrics}
        self.panes[2].show_sources([s for s in snapshot.sources if s.name in names], now)

    def _show_run(self, incident: Incident, now: int) -> None:
        run, pane = current_run(incident), self.panes[3]
        key = self.host.keys.shown("runbook.start")
        if run is None:
            count = len(self.host.snapshot.runbooks)
            self.runbook.set_empty(f"no runbook runs; {key} starts one of {count}" if count else "no runbook is known")
            self.runbook.show([], now)
            pane.show_title("Runbook")
            pane.show_note("")
            return
        self.runbook.show(checklist.sections(run), now)
        self._turn.follow(self.runbook, run)
        pane.show_title("Runbook", run.title)
        ready = " · undo ready" if undoable(incident) or any(s.undoable for s in run.steps) else ""
        pane.show_note(f"{checklist.progress(run)}{ready}")

    def _show_tabs(self, snapshot: Snapshot, now: int) -> None:
        run = current_run(snapshot.incident)
        done = f" {run.settled}/{len(run.steps)}" if run else ""
        amounts = (f" {snapshot.alerts.firing}", "", "", done)
        tabs = [Tab(str(n + 1), f"{NAMES[n]}{amounts[n]}", n == self._at) for n in range(4)]
        self.tabs.show(tabs, snapshot.sources, now)

    def _show_detail(self, snapshot: Snapshot, now: int) -> None:
        if not self.has_class("-huge") or snapshot.incident is None:
            return
        row = self.lists()[self._at].cursor_row
        self.detail.tell(detail(row, snapshot, now - now % 5000), now)
        self._detail_pane.show_title("Detail", "of what is under the cursor" if row is not None else "")
        self.facts.tell(incident_facts(snapshot.incident, snapshot, now - now % 5000), now)
        self._facts_pane.show_title("Incident", snapshot.incident.key)

    def _tell_away(self, snapshot: Snapshot) -> None:
        """Say once what happened since the operator left."""
        away = snapshot.away
        if away is None or away.since == self._told_away:
            return
        self._told_away = away.since
        unknown = f", {away.unknown} of unknown outcome" if away.unknown else ""
        self.say(f"since you left: {len(away.lines)} entries{unknown}; the timeline shows where you left")

    def on_line_list_cursor_moved(self, event: LineList.CursorMoved) -> None:
        self._show_detail(self.host.snapshot, self.host.clock.now())

    def tick_body(self, now: int) -> None:
        super().tick_body(now)
        for pane in self.panes:
            pane.tick(now)
        self.tabs.tick(now)
