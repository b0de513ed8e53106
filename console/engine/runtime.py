"""The engine: everything behind the screen, on a thread and loop of its own that no terminal can stall."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import threading
from concurrent.futures import ThreadPoolExecutor

from console.clock import Clock, Ids, RandomIds, SystemClock
from console.config import Config
from console.engine.handle import Handle
from console.model.entry import Actor
from console.model.snapshot import Snapshot

log = logging.getLogger("warroom.engine")


class Engine:
    """Runs the parts until it is told to end; reachable through ``handle`` only."""

    def __init__(
        self,
        config: Config,
        actor: Actor,
        *,
        start: str = "",
        handle: Handle | None = None,
        clock: Clock | None = None,
        ids: Ids | None = None,
    ) -> None:
        self.config = config
        self.actor = actor
        self.handle = handle or Handle(Snapshot(operator=actor.id, read_only=config.read_only, drill=config.drill))
        self.clock: Clock = clock or SystemClock()
        self.ids: Ids = ids or RandomIds()
        self.ended = threading.Event()
        self.crash: BaseException | None = None
        self._start_at = start
        self._loop: asyncio.AbstractEventLoop | None = None
        self._end: asyncio.Event | None = None
        self._reason = ""
        self._settle_s = 0.0
        self._guard = threading.Lock()
        self._thread = threading.Thread(target=self._main, name="warroom-engine", daemon=True)

    def start(self) -> None:
        """Begin, on the engine's own thread; a second call does nothing."""
        with self._guard:
            if not self._thread.is_alive() and not self.ended.is_set():
                self._thread.start()

    def end(self, reason: str, settle_s: float) -> None:
        """Ask it to end; what is in flight has ``settle_s`` seconds. Thread-safe; the latest call holds."""
        with self._guard:
            self._reason, self._settle_s = reason, settle_s
            loop, end = self._loop, self._end
        if loop is not None and end is not None:
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(end.set)
        elif not self._thread.is_alive():
            self.ended.set()

    def stop(self, timeout_s: float = 5.0) -> bool:
        """End and wait; whether it ended in time."""
        self.end("stopped", timeout_s)
        return self.ended.wait(timeout_s + 1.0)

    @property
    def settle_s(self) -> float:
        """How long what is in flight may still take, as last asked."""
        with self._guard:
            return self._settle_s

    @property
    def reason(self) -> str:
        """Why it ends."""
        with self._guard:
            return self._reason

    def _main(self) -> None:
        try:
            asyncio.run(self._live())
        except BaseException as error:
            self.crash = error
            log.critical("the engine failed", exc_info=error)
            snapshot, _ = self.handle.take()
            self.handle.publish(_failed(snapshot, error))
        finally:
            self.ended.set()

    async def _live(self) -> None:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(16, thread_name_prefix="warroom-io"))
        end = asyncio.Event()
        with self._guard:
            self._loop, self._end = loop, end
            if self._reason:
                end.set()
        from console.engine.parts import Parts

        parts = Parts(self.config, self.actor, self.handle, self.clock, self.ids)
        await parts.open(self._start_at)
        # What is loaded by now stays: a full collection over it and 100k alerts takes 100 ms of everybody's time.
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 50, 100)
        try:
            await parts.work(end)
            await parts.settle(lambda: self.settle_s)
        finally:
            await parts.close(self.reason or "ended")


def _failed(snapshot: Snapshot, error: BaseException) -> Snapshot:
    from msgspec.structs import replace

    text = f"the engine failed ({type(error).__name__}): leave with ctrl+q and start again; the journal is safe"
    return replace(snapshot, version=snapshot.version + 1, notice=text)
