"""Turns at a target: two effects on the same thing never overlap, and go in the order they were asked."""

from __future__ import annotations

import asyncio
from types import TracebackType


class Turn:
    """A place in the queue of one target; ``async with`` waits for it and holds it."""

    def __init__(self, turns: Turns, target: str) -> None:
        self._turns = turns
        self._target = target

    @property
    def free(self) -> bool:
        """Whether nobody is ahead: entering then does not wait."""
        return self._target not in self._turns.locks

    async def __aenter__(self) -> None:
        lock, users = self._turns.locks.get(self._target, (None, 0))
        lock = lock or asyncio.Lock()
        self._turns.locks[self._target] = (lock, users + 1)
        try:
            await lock.acquire()
        except BaseException:
            self._leave()
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._turns.locks[self._target][0].release()
        self._leave()

    def _leave(self) -> None:
        lock, users = self._turns.locks[self._target]
        if users > 1:
            self._turns.locks[self._target] = (lock, users - 1)
        else:
            del self._turns.locks[self._target]


class Turns:
    """The targets that somebody works on."""

    def __init__(self) -> None:
        self.locks: dict[str, tuple[asyncio.Lock, int]] = {}
        """Target → its lock, and how many hold or want it."""

    def of(self, target: str) -> Turn:
        """A turn at the target."""
        return Turn(self, target)
