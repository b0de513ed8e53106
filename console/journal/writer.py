"""The journal's thread: appends in their order, many on one sync, and every other touch of the disk between them."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, NamedTuple, TypeVar

from console.clock import Clock
from console.errors import JournalError
from console.journal.lane import Lane
from console.model.entry import Draft, Entry

T = TypeVar("T")
SLOW_S = 2.0
"""A disk that takes longer than this to answer is news."""


class Append(NamedTuple):
    """One transaction and who waits for it, on which loop."""

    drafts: Sequence[Draft]
    future: asyncio.Future[tuple[Entry, ...]]
    loop: asyncio.AbstractEventLoop


class Call(NamedTuple):
    """Some other work and who waits for it."""

    work: Callable[[], Any]
    future: Future[Any]


class Writer:
    """One daemon thread; a disk that hangs holds up it and nobody else."""

    def __init__(self, clock: Clock) -> None:
        self.lane: Lane | None = None
        self._clock = clock
        self._jobs: queue.SimpleQueue[Append | Call] = queue.SimpleQueue()
        self._since: float | None = None
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)

    def start(self) -> None:
        self._thread.start()

    async def append(self, drafts: Sequence[Draft]) -> tuple[Entry, ...]:
        """The drafts as entries, durable."""
        loop = asyncio.get_running_loop()
        job = Append(tuple(drafts), loop.create_future(), loop)
        self._jobs.put(job)
        return await job.future

    async def call(self, work: Callable[[], T]) -> T:
        """Run something on the thread, behind all that was asked before."""
        future: Future[T] = Future()
        self._jobs.put(Call(work, future))
        return await asyncio.wrap_future(future)

    async def stop(self, last: Callable[[], None]) -> None:
        """Run ``last`` behind all that was asked, then end the thread."""

        def ending() -> None:
            self._ended = True
            last()

        # Once asked for, the end comes even if nobody waits for it any more.
        await asyncio.shield(self.call(ending))

    def waiting(self) -> float:
        """Seconds for which the disk has not answered; 0 when nothing is asked of it."""
        since = self._since
        return 0.0 if since is None else max(0.0, self._clock.monotonic() - since)

    def _run(self) -> None:
        held: Append | Call | None = None
        while not self._ended:
            job = held or self._jobs.get()
            held = None
            self._since = self._clock.monotonic()
            if isinstance(job, Call):
                self._answer(job)
            else:
                batch = [job]
                while held is None and not self._jobs.empty():
                    following = self._jobs.get_nowait()
                    if isinstance(following, Append):
                        batch.append(following)
                    else:
                        held = following
                self._write([job for job in batch if not job.future.cancelled()])
            self._since = None
        while not self._jobs.empty():
            late, closed = self._jobs.get_nowait(), JournalError("the journal is closed")
            if isinstance(late, Append):
                _tell([late], [closed])
            elif late.future.set_running_or_notify_cancel():
                late.future.set_exception(closed)

    def _write(self, batch: Sequence[Append]) -> None:
        """Appends of one sync; each caller gets its entries or its own error."""
        assert self.lane is not None
        try:
            results = self.lane.append([job.drafts for job in batch])
        except Exception as error:  # the thread must outlive any fault, or every later append would wait for ever
            results = [error] * len(batch)
        self._since = None  # before the callers wake, who may ask
        _tell(batch, results)

    def _answer(self, job: Call) -> None:
        if not job.future.set_running_or_notify_cancel():
            return
        try:
            result = job.work()
        except Exception as error:  # handed to whoever waits
            self._since = None
            job.future.set_exception(error)
        else:
            self._since = None
            job.future.set_result(result)


Result = tuple[Entry, ...] | Exception


def _tell(batch: Sequence[Append], results: Sequence[Result]) -> None:
    """Wake those who wait, each loop once: through ``concurrent.futures`` every append would cost 25 µs more."""
    told: dict[asyncio.AbstractEventLoop, list[tuple[Append, Result]]] = {}
    for job, result in zip(batch, results, strict=True):
        told.setdefault(job.loop, []).append((job, result))
    for loop, some in told.items():
        # A loop that is closed has nobody who waits; what was appended is durable all the same.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_settle, some)


def _settle(told: Sequence[tuple[Append, Result]]) -> None:
    for job, result in told:
        if job.future.done():
            continue
        if isinstance(result, Exception):
            job.future.set_exception(result)
        else:
            job.future.set_result(result)
