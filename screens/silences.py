"""The silences in force: what they mute, who set them and why, when they end; and ending one."""

from __future__ import annotations

from console.actions import Scope
from console.model.rows import Rows
from console.model.snapshot import Snapshot
from screens.beside import Beside
from screens.host import Host
from widgets import words
from widgets.line_list import LineList, Section
from widgets.silence_rows import SilenceRows


class SilencesScreen(Beside):
    """All silences, those that end first at the top."""

    SCOPES = (Scope.SILENCES,)
    MORE = ("ui.next_pane", "ui.previous_pane", "desk.undo")
    DETAIL = "Silence"

    def __init__(self, host: Host) -> None:
        super().__init__(host, SilenceRows())

    def scope_of(self, focused: LineList | None) -> Scope:
        return Scope.SILENCES

    def on_mount(self) -> None:
        self.host.look(targets=True)

    def on_unmount(self) -> None:
        self.host.look(targets=False)

    def show_rows(self, snapshot: Snapshot, now: int) -> None:
        silences = sorted((s for s in snapshot.silences if s.state != "expired"), key=lambda s: (s.ends_at, s.key))
        able = any("silences" in s.serves for s in snapshot.sources)
        self.rows.set_empty("nothing is silenced" if able else "no configured source can silence")
        self.rows.show([Section("", Rows.of(silences), 2)] if silences else [], now)
        self.list_pane.show_title("Silences", words.count(len(silences), "silence") if silences else "none")
        self.list_pane.show_sources([s for s in snapshot.sources if "silences" in s.serves], now)
