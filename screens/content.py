"""The content of a piece of evidence, line by line as it was filed; nothing here changes it."""

from __future__ import annotations

from pathlib import PurePath
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Container

from console.actions import Scope
from console.model.action import Reply
from console.model.evidence import EvidenceItem
from console.model.rows import Rows
from console.model.snapshot import Snapshot
from console.text import clean
from screens.facts import FactLine, FactRows, chop
from screens.host import Host
from screens.serving import Serving
from widgets.line_list import LineList, Section
from widgets.pane import Pane


class ContentScreen(Serving):
    """One item, read; long lines go on below."""

    CSS_PATH: ClassVar[list[str | PurePath]] = ["base.tcss", "beside.tcss"]
    SCOPES = (Scope.EVIDENCE,)

    def __init__(self, host: Host, item: EvidenceItem, reply: Reply) -> None:
        super().__init__(host)
        self.specs = tuple(spec for spec in self.specs if spec.id != "ui.open")
        self._item = item
        self._told = clean(reply.text)
        lines, more = reply.data.get("lines"), reply.data.get("more")
        self._lines = [clean(str(line)) for line in lines] if isinstance(lines, list) else []
        self._more = more if isinstance(more, int) else 0
        self._path = clean(str(reply.data.get("path", "")))
        self._width = 0
        self.pane = Pane(id="list-pane")
        self.content = LineList(FactRows(label=0), id="rows", empty="it is empty")

    def body(self) -> ComposeResult:
        with Container(id="body"), self.pane:
            yield self.content

    def lists(self) -> tuple[LineList, ...]:
        return (self.content,)

    def scope_of(self, focused: LineList | None) -> Scope:
        return Scope.EVIDENCE

    def situation_row(self) -> object:
        """Actions are about the item; copying takes the line under the cursor."""
        return self._item

    def show_body(self, snapshot: Snapshot, now: int) -> None:
        width = self.content.size.width
        if width and width != self._width:
            self._width = width
            self.content.show([Section("", Rows.of(self._wrapped(width - 1)))], now)
        self.pane.show_title(self._item.id, self._item.title)
        self.pane.show_note(self._told)

    def _wrapped(self, width: int) -> list[FactLine]:
        out = []
        for number, text in enumerate(self._lines):
            for part, piece in enumerate(chop(text, width)):
                out.append(FactLine(f"{number}.{part}", "", piece, "text", text))
        if self._more:
            rest = f"… {self._more:,} lines more in {self._path}"
            out += [FactLine(f"more.{n}", "", piece, "wait", rest) for n, piece in enumerate(chop(rest, width))]
        return out

    def open_row(self, row: object) -> None:
        """There is nothing deeper."""
