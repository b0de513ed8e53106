"""The outbox: what waits to be sent, why and since when; of what nobody knows whether it happened; what failed."""

from __future__ import annotations

from console.actions import Scope
from console.model.action import OperationState
from console.model.outbox import OutboxRow
from console.model.rows import Rows
from console.model.snapshot import Snapshot
from screens.beside import Beside
from screens.host import Host
from widgets import words
from widgets.line_list import LineList, Section
from widgets.outbox_rows import OutboxRows

_PARTS = (
    ("nobody knows", (OperationState.UNKNOWN,)),
    ("waiting", (OperationState.QUEUED, OperationState.SENDING)),
    ("failed in the last half hour", (OperationState.FAILED,)),
)


class OutboxScreen(Beside):
    """What wants a look first, first."""

    SCOPES = (Scope.OUTBOX,)
    MORE = ("ui.next_pane", "ui.previous_pane", "desk.undo")
    DETAIL = "Effect"

    def __init__(self, host: Host) -> None:
        super().__init__(host, OutboxRows())

    def scope_of(self, focused: LineList | None) -> Scope:
        return Scope.OUTBOX

    def show_rows(self, snapshot: Snapshot, now: int) -> None:
        self.rows.set_empty("nothing waits, nothing is unknown, nothing failed lately")
        sections = []
        for title, states in _PARTS:
            found = [row for row in snapshot.outbox if row.state in states]
            if found:
                sections.append(Section(title, Rows.of(found), 2))
        self.rows.show(sections, now)
        self.list_pane.show_title("Outbox", told(snapshot.outbox) or "empty")


def told(rows: tuple[OutboxRow, ...]) -> str:
    """``2 wait, 1 unknown``."""
    waiting = sum(row.state in (OperationState.QUEUED, OperationState.SENDING) for row in rows)
    unknown = sum(row.state is OperationState.UNKNOWN for row in rows)
    failed = len(rows) - waiting - unknown
    parts = [
        f"{words.count(unknown, 'effect')} unknown" if unknown else "",
        f"{waiting} waiting" if waiting else "",
        f"{failed} failed" if failed else "",
    ]
    return ", ".join(filter(None, parts))
