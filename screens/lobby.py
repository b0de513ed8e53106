"""The lobby: what is open, what fires, and in one sentence what to do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.containers import Container, Vertical

from console.actions import Scope
from console.model.rows import Rows
from console.model.snapshot import Snapshot
from screens.advice import TO_TOP, Hint, advise, ill, open_incidents
from screens.ask import Words
from screens.detail import detail
from screens.facts import FactList
from screens.filtering import Filtering
from screens.group_list import empty_words, group_list, keys, sections
from screens.host import Host
from widgets.footer import key_label
from widgets.incident_rows import IncidentRows
from widgets.line import Part
from widgets.line_list import LineList, Section
from widgets.pane import Pane

WIDE, HUGE = 110, 170


class Lobby(Filtering):
    """Where the console starts, and where ``f3`` goes."""

    CSS_PATH: ClassVar[list[str | PurePath]] = ["base.tcss", "lobby.tcss"]
    SCOPES = (Scope.LOBBY, Scope.ALERTS)
    MORE = ("ui.next_pane", "ui.previous_pane", "desk.undo")

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.incidents = LineList(IncidentRows(), id="incidents")
        self.alerts = group_list()
        self._incidents_pane = Pane("Incidents", id="incidents-pane")
        self._alerts_pane = Pane("Alerts", id="alerts-pane")
        self._first, self._second, self._third = Words(), Words(), Words()
        self.detail = FactList(id="detail")
        self._detail_pane = Pane("Detail", id="detail-pane")
        self._chosen = False

    def body(self) -> ComposeResult:
        with Container(id="body"):
            with Vertical(id="advice"):
                yield self._first
                yield self._second
                yield self._third
            with Container(id="halves"):
                with self._incidents_pane:
                    yield self.incidents
                with self._alerts_pane:
                    yield self.alerts
                with self._detail_pane:
                    yield self.detail

    def lists(self) -> tuple[LineList, ...]:
        return (self.incidents, self.alerts)

    def scope_of(self, focused: LineList | None) -> Scope:
        return Scope.ALERTS if focused is self.alerts else Scope.LOBBY

    def alert_list(self) -> LineList:
        return self.alerts

    def all_keys(self) -> frozenset[str]:
        return keys(self.host.snapshot.alerts)

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width >= WIDE, "-wide")
        self.set_class(event.size.width >= HUGE, "-huge")

    def leave(self) -> None:
        """There is nothing behind the lobby."""
        self.say(f"this is the lobby; {self.host.keys.shown('ui.quit')} leaves the console")

    def show_body(self, snapshot: Snapshot, now: int) -> None:
        opened = open_incidents(snapshot)
        past = [i for i in snapshot.incidents if not i.status.open]
        shown = [Section("", Rows.of(opened))] if opened else []
        if past:
            shown.append(Section("past", Rows.of(past)))
        declare = self.host.keys.shown("incident.declare")
        self.incidents.set_empty(f"no incident yet; {declare} declares one" if snapshot.version else "starting")
        self.incidents.show(shown, now)
        self._incidents_pane.show_title(
            "Incidents", f"{len(opened)} open, {len(past)} past" if snapshot.incidents else ""
        )
        alerts = snapshot.alerts
        self.alerts.set_empty(empty_words(snapshot))
        self.alerts.show(sections(alerts), now)
        self._alerts_pane.show_title("Alerts", self.amount(len(alerts.major) + len(alerts.minor)))
        self._alerts_pane.show_sources([s for s in snapshot.sources if "alerts" in s.serves], now)
        self.tell_filter_error()
        self._settle_focus(bool(opened), bool(alerts.firing))
        self._show_advice(snapshot, now)
        self._show_detail(snapshot, now)

    def _settle_focus(self, opened: bool, firing: bool) -> None:
        """Once, when there is first something to choose: open incidents before alerts."""
        if self._chosen or not (opened or firing):
            return
        self._chosen = True
        if self.here is self.incidents and not opened and firing:
            self.alerts.focus()

    def _show_detail(self, snapshot: Snapshot, now: int) -> None:
        """What is known of the row under the cursor, in the third column of a wide terminal."""
        if self.has_class("-huge"):
            row = self.here.cursor_row if self.here is not None else None
            self.detail.tell(detail(row, snapshot, now - now % 5000), now)

    def on_line_list_cursor_moved(self, event: LineList.CursorMoved) -> None:
        self._show_cursor()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        self._show_cursor()

    def _show_cursor(self) -> None:
        snapshot, now = self.host.snapshot, self.host.clock.now()
        self._show_advice(snapshot, now)
        self._show_detail(snapshot, now)

    def tick_body(self, now: int) -> None:
        super().tick_body(now)
        self._alerts_pane.tick(now)

    # What is under the cursor, and the keys that act on it

    def _show_advice(self, snapshot: Snapshot, now: int) -> None:
        """What the focused list's cursor stands on, the keys that take just that, and what is amiss."""
        quit_key = self.host.keys.shown("ui.quit")
        leave: list[Part] = [(f" {quit_key} leaves, ? shows the keys", "grey")]
        if not snapshot.version:
            self._first.put([(" starting", "text bold")])
            self._second.put(leave)
            return
        row = self.here.cursor_row if self.here is not None else None
        advice = advise(snapshot, row, now)
        self._first.put(advice.left, advice.right)
        self._second.put(self._keys(advice.keys))
        self._third.put(self._warnings(snapshot) or leave)

    def _keys(self, hints: Sequence[Hint]) -> list[Part]:
        out: list[Part] = [(" ", "grey")]
        for id, text in hints:
            keys = (id,) if id == TO_TOP else self.host.keys.of(id)
            out += [(key_label(keys[0]) if keys else ":", "accent bold"), (f" {text}   ", "grey")]
        return out

    def _warnings(self, snapshot: Snapshot) -> list[Part]:
        names = ill(snapshot)
        key = self.host.keys.shown("ui.sources")
        return [(f" not everything is seen: {names}", "wait"), (f"  {key} tells more", "grey")] if names else []
