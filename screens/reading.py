"""Something to read: facts in a box, left with escape."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult

from screens.dialog import Dialog
from screens.facts import Fact, FactList, needed


class Reading(Dialog[None]):
    """Shows facts; ends with nothing."""

    def __init__(self, title: str, facts: Sequence[Fact], note: str = "") -> None:
        super().__init__(title, note)
        self.facts = tuple(facts)
        self.list = FactList(id="first")

    def body(self) -> ComposeResult:
        yield self.list

    def content_lines(self, width: int) -> int:
        return needed(self.facts, width)

    def hints(self) -> list[tuple[str, str]]:
        return [("esc", "back"), ("up down", "scroll")]

    def on_mount(self) -> None:
        self.list.tell(self.facts)
