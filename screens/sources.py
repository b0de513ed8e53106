"""What the console sees through: each source's health, the targets it watches and the rules it alerts by."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from console.actions import Scope
from console.model.metric import Rule, Target
from console.model.rows import Rows
from console.model.snapshot import Snapshot
from console.model.source import SourceHealth
from screens.beside import Beside
from screens.facts import Fact
from screens.host import Host
from widgets import line, marks, words
from widgets.line_list import LineList, Section
from widgets.source_rows import SourceRows


class Watched(Struct, frozen=True):
    """A target or a rule as a row."""

    key: str
    what: Target | Rule


class _Rows(SourceRows):
    """Paints sources, and what they watch."""

    def paint(
        self, row: object, width: int, height: int, *, selected: bool, marked: bool, now: int
    ) -> list[line.Segments]:
        """One line for what is watched, two for a source."""
        if isinstance(row, Watched):
            return [_watched(row.what, width, "select" if selected else "ground")]
        return super().paint(row, width, height, selected=selected, marked=marked, now=now)  # type: ignore[arg-type]


def _watched(what: Target | Rule, width: int, on: str) -> line.Segments:
    if isinstance(what, Target):
        sign, colour, word = ("ok", "good", "up") if what.up else ("down", "sev1", "down")
        left = [
            (f" {marks.sign(sign)} ", colour),
            (words.fit(word, 9), colour),
            (f"{what.job} {what.instance}", "text"),
        ]
        return line.lay(width, left, [(f"{words.cut(what.error, width // 2)} ", "wait")] if what.error else (), on)
    well = what.health in ("", "ok")
    sign, colour = ("ok", "good") if well else ("down", "sev1")
    left = [(f" {marks.sign(sign)} ", colour), (words.fit(what.state or "idle", 9), "grey"), (what.name, "text")]
    return line.lay(width, left, [(f"{what.severity} ", "grey")] if what.severity else (), on)


class SourcesScreen(Beside):
    """Sources, targets that are down before those that are up, rules that fail before those that do not."""

    SCOPES = (Scope.SOURCES,)
    MORE = ("ui.next_pane", "ui.previous_pane")
    DETAIL = "Source"

    def __init__(self, host: Host) -> None:
        super().__init__(host, _Rows())

    def scope_of(self, focused: LineList | None) -> Scope:
        return Scope.SOURCES

    def on_mount(self) -> None:
        self.host.look(targets=True)

    def on_unmount(self) -> None:
        self.host.look(targets=False)

    def show_rows(self, snapshot: Snapshot, now: int) -> None:
        parts = [Section("", Rows.of(snapshot.sources), 2)] if snapshot.sources else []
        targets = sorted(snapshot.targets, key=lambda t: (t.up, t.job, t.instance))
        rules = sorted(snapshot.rules, key=lambda r: (r.health in ("", "ok"), r.state != "firing", r.name))
        down = sum(not t.up for t in targets)
        parts += _section(f"targets, {down} of {len(targets)} down", [(f"{t.job}/{t.instance}", t) for t in targets])
        parts += _section(f"rules, {len(rules)}", [(f"{r.group}/{r.name}", r) for r in rules])
        self.rows.set_empty("no source is configured: warroom init writes a configuration")
        self.rows.show(parts, now)
        self.list_pane.show_title("Sources", words.count(len(snapshot.sources), "source"))

    def show_detail(self, snapshot: Snapshot, now: int) -> None:
        row = self.rows.cursor_row
        if isinstance(row, Watched):
            from screens.detail import detail

            self.facts.tell(detail(row.what, snapshot, now), now)
            return
        super().show_detail(snapshot, now)
        if isinstance(row, SourceHealth) and row.name in self.host.logins:
            key = self.host.keys.shown("ui.login")
            told = Fact("log in", f"{key} runs {' '.join(self.host.logins[row.name])} in this terminal", "accent")
            self.facts.tell([*detail_of(row, snapshot, now), told], now)

    def do_login(self) -> None:
        """Give the terminal to the source's login command."""
        row = self.rows.cursor_row
        if isinstance(row, SourceHealth):
            self.host.log_in(row.name)


def detail_of(row: SourceHealth, snapshot: Snapshot, now: int) -> list[Fact]:
    """What is known of a source, ages in steps of five seconds."""
    from screens.detail import detail

    return detail(row, snapshot, now - now % 5000)


def _section(title: str, rows: Sequence[tuple[str, Target | Rule]]) -> list[Section]:
    if not rows:
        return []
    watched = [Watched(f"{index}:{key}", what) for index, (key, what) in enumerate(rows)]
    return [Section(title, Rows.of(watched))]
