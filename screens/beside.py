"""A list with the detail of what is under its cursor beside it, or below where the terminal is narrow."""

from __future__ import annotations

from pathlib import PurePath
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.containers import Container
from textual.widget import Widget

from console.model.snapshot import Snapshot
from screens.detail import detail
from screens.facts import FactList
from screens.filtering import Filtering
from screens.host import Host
from widgets.line_list import LineList, Painter
from widgets.pane import Pane

WIDE = 110
SHORT = 14


class Beside(Filtering):
    """The zoomed screens: enter goes into the detail, where a line can be copied; escape comes back."""

    CSS_PATH: ClassVar[list[str | PurePath]] = ["base.tcss", "beside.tcss"]
    DETAIL = "Detail"

    def __init__(self, host: Host, painter: Painter, *, follow: bool = False) -> None:
        super().__init__(host)
        self.rows = LineList(painter, follow=follow, id="rows")
        self.facts = FactList(cursor=True, empty="nothing is under the cursor")
        self.list_pane = Pane(id="list-pane")
        self.detail_pane = Pane(self.DETAIL, id="detail-pane")

    def beside(self) -> Widget | None:
        """A widget above the facts in the detail's pane."""
        return None

    def body(self) -> ComposeResult:
        with Container(id="body"):
            with self.list_pane:
                yield self.rows
            with self.detail_pane:
                above = self.beside()
                if above is not None:
                    yield above
                yield self.facts

    def lists(self) -> tuple[LineList, ...]:
        return (self.rows, self.facts)

    def alert_list(self) -> LineList:
        return self.rows

    def all_keys(self) -> frozenset[str]:
        return frozenset()

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width >= WIDE, "-wide")
        self.set_class(event.size.height < SHORT and event.size.width < WIDE, "-short")

    def show_rows(self, snapshot: Snapshot, now: int) -> None:
        """Show the list and its titles."""
        raise NotImplementedError

    def show_body(self, snapshot: Snapshot, now: int) -> None:
        self.show_rows(snapshot, now)
        self.show_detail(snapshot, now)

    def show_detail(self, snapshot: Snapshot, now: int) -> None:
        """Show what is known of the row under the cursor."""
        self.facts.tell(detail(self.rows.cursor_row, snapshot, now - now % 5000), now)

    def tick_body(self, now: int) -> None:
        self.rows.tick(now)
        self.list_pane.tick(now)
        self.show_detail(self.host.snapshot, now)

    def on_line_list_cursor_moved(self, event: LineList.CursorMoved) -> None:
        if event.list is self.rows:
            self.show_detail(self.host.snapshot, self.host.clock.now())

    def on_line_list_opened(self, event: LineList.Opened) -> None:
        """Into the detail; a terminal too low for both shows it in a box."""
        event.prevent_default()
        if event.list is not self.rows:
            return
        if self.has_class("-short"):
            from screens.opening import read
            from screens.reading import Reading

            facts = detail(event.row, self.host.snapshot, self.host.clock.now())
            read(self.host, Reading(self.DETAIL, facts))
        else:
            self.facts.focus()

    def do_back(self) -> None:
        if self.here is self.facts:
            self.rows.focus()
        else:
            super().do_back()

    def do_zoom(self) -> None:
        """The same key comes back."""
        self.leave()

    def do_pane_1(self) -> None:
        self.host.pane(0)

    def do_pane_2(self) -> None:
        self.host.pane(1)

    def do_pane_3(self) -> None:
        self.host.pane(2)

    def do_pane_4(self) -> None:
        self.host.pane(3)

    def situation_row(self) -> object:
        """Actions are about the list's row, also while its detail has the focus."""
        return self.facts.cursor_row if self.here is self.facts else self.rows.cursor_row
