"""The bridge between the screen's loop and the engine's thread: one wake at a time, answers found by their request."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import threading
from collections.abc import Callable
from typing import Protocol

from console.model.action import Action, Reply
from console.model.snapshot import Snapshot, View


class EngineHandle(Protocol):
    """What the screen's side may ask of the engine; no call waits."""

    def submit(self, action: Action) -> None:
        """Ask for an action; a Reply with its request id comes back."""
        ...

    def look(self, view: View) -> None:
        """Say what the screens show."""
        ...

    def take(self) -> tuple[Snapshot, list[Reply]]:
        """The latest snapshot, and the replies since the last call."""
        ...

    def on_news(self, wake: Callable[[], None]) -> None:
        """Have ``wake`` called, from any thread, when there is something to take."""
        ...

    def seen(self, group: str) -> None:
        """Say that the operator looked at a group."""
        ...


class Bridge:
    """Carries requests to the engine and news to the screen.

    However long the loop is stuck, at most one callback of ours waits in it, and it brings the latest snapshot.
    """

    def __init__(self, handle: EngineHandle, show: Callable[[Snapshot], None]) -> None:
        self.handle = handle
        self._show = show
        self._loop: asyncio.AbstractEventLoop | None = None
        self._guard = threading.Lock()
        self._context: contextvars.Context | None = None
        self._pending = False
        self._asked: dict[str, asyncio.Future[Reply]] = {}

    def open(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to hear news, on this loop and in the caller's context: Textual finds its running app there."""
        self._loop = loop
        self._context = contextvars.copy_context()
        self.handle.on_news(self._wake)

    def close(self) -> None:
        """Hear nothing any more."""
        self._loop = None

    def ask(self, action: Action) -> asyncio.Future[Reply]:
        """Submit, and a future of the reply; it stays open as long as the engine takes."""
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._asked[action.request_id] = future
        self.handle.submit(action)
        return future

    def _wake(self) -> None:
        """On the engine's thread."""
        with self._guard:
            loop = self._loop
            if self._pending or loop is None:
                return
            self._pending = True
        with contextlib.suppress(RuntimeError):  # the loop is closed: the screen is gone
            loop.call_soon_threadsafe(self._take, context=self._context)

    def _take(self) -> None:
        with self._guard:
            self._pending = False
        if self._loop is None:
            return
        snapshot, replies = self.handle.take()
        for reply in replies:
            future = self._asked.pop(reply.request_id, None)
            if future is not None and not future.done():
                future.set_result(reply)
        self._show(snapshot)
