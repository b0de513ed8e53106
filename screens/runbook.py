"""The runbook on the whole screen: every step with what it does, its way back and its output; or the books to start."""

from __future__ import annotations

from console.actions import Scope
from console.model.rows import Rows
from console.model.runbook import Runbook
from console.model.snapshot import Snapshot
from screens.beside import Beside
from screens.facts import Fact
from screens.host import Host
from screens.questions import suggested
from screens.steps import Turn, current_run
from widgets import checklist, line
from widgets.line_list import LineList, Section


class _StepOrBook(checklist.StepRows):
    """Paints steps of a run, or the books that could be started."""

    def paint(
        self, row: object, width: int, height: int, *, selected: bool, marked: bool, now: int
    ) -> list[line.Segments]:
        """One or more lines."""
        if isinstance(row, Runbook):
            on = "select" if selected else "ground"
            right = [(f"{len(row.steps)} steps ", "grey")]
            return [line.lay(width, [(f" {row.title}", "text bold" if selected else "text")], right, on)]
        return super().paint(row, width, height, selected=selected, marked=marked, now=now)  # type: ignore[arg-type]

    def ticks(self, row: object) -> bool:
        """Only a running step."""
        return not isinstance(row, Runbook) and super().ticks(row)  # type: ignore[arg-type]


class RunbookScreen(Beside):
    """The runbook pane on the whole screen."""

    SCOPES = (Scope.RUNBOOK, Scope.ROOM)
    DETAIL = "Step"

    def __init__(self, host: Host, key: str = "") -> None:
        run_key, undo_key = host.keys.shown("step.run"), host.keys.shown("desk.undo")
        super().__init__(host, _StepOrBook(run_key, undo_key))
        self._key = key
        self._turn = Turn()

    def scope_of(self, focused: LineList | None) -> Scope:
        return Scope.RUNBOOK

    def show_rows(self, snapshot: Snapshot, now: int) -> None:
        run = current_run(snapshot.incident)
        if run is None:
            self._show_books(snapshot, now)
            return
        self.rows.show(checklist.sections(run, 0), now)
        self.list_pane.show_title("Runbook", run.title)
        started = f"started by {run.by}" if run.by else ""
        self.list_pane.show_note("  ".join(part for part in (checklist.progress(run), started) if part))
        self._turn.follow(self.rows, run, self._key)

    def _show_books(self, snapshot: Snapshot, now: int) -> None:
        ordered = suggested(self.situation())
        fitting = [book for book, fits in ordered if fits]
        others = [book for book, fits in ordered if not fits]
        parts = [Section("fit this incident", Rows.of(fitting))] if fitting else []
        if others:
            parts.append(Section("others" if fitting else "", Rows.of(others)))
        self.rows.set_empty("no runbook is known: see runbooks in the configuration")
        self.rows.show(parts, now)
        key = self.host.keys.shown("runbook.start")
        self.list_pane.show_title("Runbooks", f"none runs; {key} starts one")
        self.list_pane.show_note("")

    def show_detail(self, snapshot: Snapshot, now: int) -> None:
        row = self.rows.cursor_row
        if not isinstance(row, Runbook):
            self.detail_pane.show_title("Step")
            super().show_detail(snapshot, now)
            return
        self.detail_pane.show_title("Runbook", row.id)
        facts = [Fact("", row.title, "text bold"), Fact("version", row.version), Fact("owner", row.owner or "nobody")]
        facts += [Fact("services", ", ".join(row.services))] if row.services else []
        facts += [Fact(f"{n}", f"{step.title}  {step.tier.label}") for n, step in enumerate(row.steps, 1)]
        facts += [Fact("ends when" if n == 0 else "", text) for n, text in enumerate(row.exit_criteria)]
        self.facts.tell([*facts, Fact("file", row.path, "grey")], now)
