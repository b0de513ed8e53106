"""The hatch between the screen's thread and the engine's: a latest-wins slot, an inbox, one pending wake each way."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from console.model.action import Action, Reply
from console.model.snapshot import Snapshot, View

Request = Action | View | str
"""An action, what the screens look at, or the key of a group that was looked at."""


class Handle:
    """Thread-safe on both sides; no call ever waits for the other side."""

    def __init__(self, first: Snapshot | None = None) -> None:
        self._lock = threading.Lock()
        self._snapshot = first or Snapshot()
        self._replies: list[Reply] = []
        self._wake: Callable[[], None] | None = None
        self._woken = False
        self._inbox: deque[Request] = deque()
        self._ring: Callable[[], None] | None = None
        self._rung = False

    # The screen's side.

    def submit(self, action: Action) -> None:
        """Ask for an action; its Reply has the same request id."""
        self._ask(action)

    def look(self, view: View) -> None:
        """Say what the screens show, so that the snapshot is made for it."""
        self._ask(view)

    def seen(self, group: str) -> None:
        """Say that the operator looked at a group."""
        self._ask(group)

    def take(self) -> tuple[Snapshot, list[Reply]]:
        """The latest snapshot, and the replies since the last call."""
        with self._lock:
            self._woken = False
            replies, self._replies = self._replies, []
            return self._snapshot, replies

    def on_news(self, wake: Callable[[], None]) -> None:
        """Have ``wake`` called, on the engine's thread, when there is something to take; once until it is taken."""
        with self._lock:
            self._wake = wake
            call = self._snapshot.version > 0 or bool(self._replies)
            self._woken = call
        if call:
            wake()

    # The engine's side.

    def publish(self, snapshot: Snapshot) -> None:
        """Put a snapshot into the slot; the one before is forgotten."""
        with self._lock:
            self._snapshot = snapshot
        self._news()

    def answer(self, reply: Reply) -> None:
        """Send a reply; replies are never dropped."""
        with self._lock:
            self._replies.append(reply)
        self._news()

    def on_request(self, ring: Callable[[], None]) -> None:
        """Have ``ring`` called, on the screen's thread, when the inbox has something; once until it is emptied."""
        with self._lock:
            self._ring = ring
            call = self._rung = bool(self._inbox)
        if call:
            ring()

    def requests(self) -> list[Request]:
        """Empty the inbox."""
        with self._lock:
            self._rung = False
            out = list(self._inbox)
            self._inbox.clear()
            return out

    def _ask(self, request: Request) -> None:
        with self._lock:
            self._inbox.append(request)
            ring = None if self._rung else self._ring
            self._rung = self._rung or ring is not None
        if ring is not None:
            ring()

    def _news(self) -> None:
        with self._lock:
            wake = None if self._woken else self._wake
            self._woken = self._woken or wake is not None
        if wake is not None:
            wake()
