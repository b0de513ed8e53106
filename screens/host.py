"""What a screen may ask of the application that shows it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any, Protocol, TypeVar

from textual.screen import Screen

from console.clock import Clock
from console.model.action import Reply, Undo
from console.model.incident import Tone
from console.model.snapshot import Snapshot, View
from screens.guard import KeyGuard
from screens.keymap import Keys
from screens.link import Link

T = TypeVar("T")


class Host(Protocol):
    """The application as the screens know it; tests may put their own in its place."""

    keys: Keys
    clock: Clock
    guard: KeyGuard
    link: Link
    snapshot: Snapshot
    """The latest."""
    view: View
    undo: Undo | None
    """The way back of the last action of this sitting."""
    drafts: dict[str, tuple[dict[str, object], dict[str, object]]]
    """What was typed and came to nothing: by action its target and the answers."""
    logins: Mapping[str, tuple[str, ...]]
    """Commands that renew credentials, by source."""

    def request(
        self, id: str, args: dict[str, object], *, preview: bool = False, digest: str = ""
    ) -> asyncio.Future[Reply]:
        """Send an action to the engine; a future of its reply."""
        ...

    def look(self, *, filter: str | None = None, range_s: int | None = None, targets: bool | None = None) -> None:
        """Say what of the view changes."""
        ...

    def seen(self, group: str) -> None:
        """The operator looked at a group."""
        ...

    def say(self, text: str, tone: Tone = Tone.PLAIN, hint: tuple[str, str] = ("", "")) -> None:
        """Say a line to the operator, on whichever screen is shown."""
        ...

    def answer(self, reply: Reply) -> None:
        """Tell what came of an action, and remember its way back."""
        ...

    def begin(self, errand: Coroutine[Any, Any, None]) -> None:
        """Run something that waits for answers or dialogs."""
        ...

    async def dialog(self, screen: Screen[T]) -> T | None:
        """Show a dialog and wait for its end; from within an errand."""
        ...

    def deepen(self, screen: Screen[None]) -> None:
        """Show a screen on top of this one."""
        ...

    def back(self) -> None:
        """Leave the screen on top."""
        ...

    def go(self, place: str) -> None:
        """Go to ``lobby``, ``room``, ``silences``, ``outbox``, ``evidence`` or ``sources``."""
        ...

    def pane(self, index: int) -> None:
        """Go to the open incident's room, to one of its panes: 0 … 3."""
        ...

    def picture(self) -> str:
        """The screen as it is at this moment, as SVG."""
        ...

    def copy(self, text: str) -> None:
        """Put text into the clipboard of the operator's terminal."""
        ...

    def log_in(self, source: str) -> None:
        """Give the terminal to a source's login command, and take it back."""
        ...

    def switch_utc(self) -> None:
        """Tell times in the other zone."""
        ...

    def leave(self) -> None:
        """End the console."""
        ...
