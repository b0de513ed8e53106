"""The smallest honest Textual app: the yardstick for first paint and key to paint."""

from __future__ import annotations

from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.widgets import Static


class Trivial(App[None]):
    BINDINGS: ClassVar[list[BindingType]] = [("down", "count", "count")]
    count = 0

    def compose(self) -> ComposeResult:
        yield Static("ready 0")

    def action_count(self) -> None:
        self.count += 1
        self.query_one(Static).update(f"ready {self.count}")


if __name__ == "__main__":
    Trivial().run()
