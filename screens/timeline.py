"""The whole timeline, with call, target, receipt and hash of the entry under the cursor."""

from __future__ import annotations

from console.actions import Scope
from console.model.incident import TimelineRow
from console.model.rows import Rows
from console.model.snapshot import Snapshot
from screens.beside import Beside
from screens.host import Host
from screens.room_lists import timeline_note, timeline_sections
from widgets.line_list import LineList
from widgets.timeline import Days, TimelineRows


class TimelineScreen(Beside):
    """The timeline pane on the whole screen; outside an incident, the watch."""

    SCOPES = (Scope.TIMELINE, Scope.ROOM)
    DETAIL = "Entry"

    def __init__(self, host: Host, key: str = "") -> None:
        super().__init__(host, TimelineRows(), follow=True)
        self._days = Days()
        self._key = key

    def scope_of(self, focused: LineList | None) -> Scope:
        return Scope.TIMELINE

    def show_rows(self, snapshot: Snapshot, now: int) -> None:
        incident = snapshot.incident
        rows: Rows[TimelineRow] = incident.timeline if incident is not None else snapshot.watch
        since = snapshot.away.since if snapshot.away else 0
        self.rows.set_empty("nothing is written down yet")
        self.rows.show(timeline_sections(self._days, rows, since), now)
        if self._key:
            self.rows.move_to(self._key)
            self._key = ""
        self.list_pane.show_title("Timeline", incident.key if incident else "outside an incident")
        self.list_pane.show_note(*timeline_note(snapshot))
