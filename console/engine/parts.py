"""The engine's parts put together: sources, alerts, rooms, desk and handlers around one loop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine, Iterator
from functools import partial
from pathlib import Path

from console.clock import Clock, Ids
from console.config import Config
from console.engine import heartbeat
from console.engine.handle import Handle
from console.engine.linking import later_drafts
from console.engine.publish import Publisher
from console.engine.rooms import Rooms
from console.engine.view import Viewer
from console.engine.viewstate import ViewState, load, place, save
from console.engine.wiring import Wiring
from console.model.action import Action, Reply
from console.model.entry import Actor, Draft, Kind
from console.model.snapshot import View

log = logging.getLogger("warroom.engine")

TICK_S = 1.0
KEEP_S = 1.0
"""How long the end waits for the file that says where the operator was."""
MOVES = frozenset({"incident.open", "incident.leave", "incident.declare"})
"""What puts another incident on the screen."""
BALLAST_S = 30.0


class Parts:
    """What lives on the engine's loop; built, worked and closed by the runtime."""

    def __init__(self, config: Config, actor: Actor, handle: Handle, clock: Clock, ids: Ids) -> None:
        self.config = config
        self.actor = actor
        self._handle = handle
        self._clock = clock
        self.publisher = Publisher(self._publish)
        self.wiring = Wiring(config, actor, clock, ids, changed=self.publisher.touch, current=lambda: self.current)
        self.rooms: Rooms = self.wiring.rooms
        self.viewer = Viewer(self.wiring, actor, clock)
        self.current = ""
        self._inflight: set[asyncio.Task[None]] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._bell = asyncio.Event()
        self._moving = asyncio.Lock()
        self._kept: Path | None = None
        self._keeping = asyncio.Lock()
        self._came_back = ViewState()
        self._asking = False

    # Life

    async def open(self, start: str) -> None:
        """Open the journals, come back to where the operator was, reconcile what a crash left open."""
        await self.rooms.start(self.actor)
        await self.wiring.connect(self.enter, self.leave)
        self._kept = await asyncio.to_thread(place, self.rooms.root)
        self._came_back = await asyncio.to_thread(load, self._kept)
        self.publisher.touch()
        await self.wiring.reconcile("")
        incident = start or self._came_back.incident
        if incident:
            try:
                await self.enter(incident)
                self.viewer.away(self.rooms.state(incident), self._came_back.seen_at)
            except Exception:
                log.exception("could not come back to %s", incident)
                if start:
                    raise

    async def work(self, end: asyncio.Event) -> None:
        """Serve until ``end`` is set."""
        loop = asyncio.get_running_loop()
        self._handle.on_request(partial(_ring, loop, self._bell))
        begin = asyncio.create_task
        self._tasks = [begin(task.run(), name=task.health.name) for task in self.wiring.feeds.tasks]
        self._ticking = begin(self._tick())
        self._tasks += [
            begin(self.publisher.run()), begin(self._serve()), self._ticking, begin(self._tail()),
            begin(self.viewer.keep_lobby(self.publisher.touch)), begin(self._keep_ballast()),
        ]  # fmt: skip
        if gaps := heartbeat.wanted():
            self._tasks.append(begin(heartbeat.watch_gaps(gaps)))
        ended = asyncio.create_task(end.wait())
        await asyncio.wait([ended, *self._tasks], return_when=asyncio.FIRST_COMPLETED)
        for task in self._tasks:
            if task.done() and not task.cancelled() and task.exception() is not None:
                raise task.exception() or RuntimeError(task.get_name())

    async def settle(self, allowed_s: Callable[[], float]) -> None:
        """Let what is in flight come to its end, for as long as is allowed; a later word may shorten it."""
        # From here on nobody looks: what still happens is told at the next start.
        keeping = asyncio.create_task(self._keep())
        begin = self._clock.monotonic()

        async def wait_for(busy: Callable[[], set[asyncio.Task[None]]]) -> None:
            while (tasks := busy()) and self._clock.monotonic() - begin < allowed_s():
                await asyncio.wait(tasks, timeout=0.1)

        await wait_for(lambda: self._inflight)
        # Until here silences were renewed; from here on nothing begins by itself, and what began may end.
        self._ticking.cancel()
        renewing = asyncio.create_task(self.wiring.renewal.settle())
        await wait_for(lambda: {renewing} if not renewing.done() else set())
        renewing.cancel()
        await asyncio.wait([keeping, renewing], timeout=KEEP_S)

    async def close(self, reason: str) -> None:
        """Stop asking, write the last entry, let the lanes go."""
        for task in [*self._tasks, *self._inflight]:
            task.cancel()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1.0):
                await self.wiring.desk.close()
        with self._going_on("the last anchors"):
            await self.wiring.anchoring.last({key: self.rooms.state(key) for key in self.wiring.duties.held})
        with self._going_on("laying duty down"):
            async with asyncio.timeout(1.0):
                await self.wiring.duties.release()
        await self.rooms.close(self.actor, reason)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1.0):
                await self.wiring.feeds.close()

    # Rooms

    async def enter(self, incident: str) -> None:
        """Make an incident the one on screen."""
        room = await self.rooms.open(incident)
        if not self.config.read_only:
            room.attached = True
            body: dict[str, object] = {"user": self.actor.id}
            await self.rooms.append(incident, [Draft(Kind.CONSOLE_ATTACHED, body, self.actor)])
            await self.wiring.reconcile(incident)
        self.current = room.key
        self.wiring.remember_acks()
        self.publisher.touch()
        self._begin(self._keep())

    async def leave(self) -> None:
        """Go back to the lobby."""
        self.current = ""
        self.publisher.touch()
        self._begin(self._keep())

    async def _keep(self) -> None:
        """Keep where the operator is; saved in order, each time as it is then."""
        async with self._keeping:
            await asyncio.to_thread(save, self._kept, ViewState(self.current, self._clock.now()))

    # Loops

    async def _serve(self) -> None:
        while True:
            await self._bell.wait()
            self._bell.clear()
            for request in self._handle.requests():
                if isinstance(request, View):
                    self.viewer.set(request, self.publisher.touch)
                elif isinstance(request, str):
                    self.wiring.store.look(request)
                    self.publisher.touch()
                else:
                    self._begin(self._answer(request))

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        """Something that has an end of its own, which leaving waits for."""
        task = asyncio.create_task(work)
        self._inflight.add(task)
        task.add_done_callback(self._inflight.discard)

    async def _answer(self, action: Action) -> None:
        # One move after the other, in the order of the keys: the last that was asked for wins.
        moves = action.id in MOVES and not action.preview
        try:
            async with self._moving if moves else contextlib.nullcontext():
                reply = await self.wiring.respond(action)
                if action.id == "incident.declare" and moves and reply.ok:
                    await self.enter(str(reply.data["incident"]))
        except Exception as error:
            log.exception("%s went unanswered", action.id)
            text = f"{action.id} stopped at a fault of the console ({type(error).__name__})"
            reply = Reply(action.request_id, False, text, next="look at the timeline for what was done")
        self._handle.answer(reply)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            with self._going_on("the tick"):
                now = self._clock.now()
                if self.wiring.store.expire(now):
                    self.publisher.touch()
                if not self.config.read_only:
                    await self._do_duty(now)

    async def _do_duty(self, now: int) -> None:
        """What happens by itself, where this console is on duty; facts are written down even while it is held."""
        duty = await self.wiring.duties.look()
        if "" in duty and not self.rooms.state("").hold.on:
            await self.wiring.renewal.tick(now)
        for key in duty:
            state = self.rooms.state(key)
            if state.waiting:
                await self.wiring.reconcile(key)
            if state.unknown and not self._asking:
                self._begin(self._ask_after(key))
            self.wiring.anchoring.look(key, state)
        for key in filter(None, duty):
            room = self.rooms.room(key)
            if room is None:
                continue
            drafts = later_drafts(room, self.wiring.store, self.wiring.linked_groups(key), self.wiring.feeds.answered)
            if drafts:
                await self.rooms.append(key, drafts)

    async def _ask_after(self, incident: str) -> None:
        """Look up what nobody knows, while the tick goes on."""
        self._asking = True
        try:
            with self._going_on("looking up"):
                await self.wiring.look_up(incident)
        finally:
            self._asking = False

    async def _keep_ballast(self) -> None:
        while True:
            await asyncio.sleep(BALLAST_S)
            before = self.rooms.health("").ok
            await self.rooms.lay_ballast()
            if self.rooms.health("").ok is not before:
                self.publisher.touch()

    async def _tail(self) -> None:
        while True:
            await self.rooms.heard()
            with self._going_on("the tail"):
                await self.wiring.tail()

    @contextlib.contextmanager
    def _going_on(self, what: str) -> Iterator[None]:
        """One pass's failure is logged; the next pass comes all the same."""
        try:
            yield
        except Exception:
            log.exception("%s failed", what)

    def _publish(self) -> None:
        self._handle.publish(self.viewer.snapshot(self.current))
        if self.wiring.store.behind:
            self.publisher.touch()


def _ring(loop: asyncio.AbstractEventLoop, bell: asyncio.Event) -> None:
    with contextlib.suppress(RuntimeError):  # the engine has ended: nobody serves any more
        loop.call_soon_threadsafe(bell.set)
