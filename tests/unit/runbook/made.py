"""Runbooks, a runner that is told what to answer, and a world with a desk and the handlers over it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, TypeVar

from console.actions import TABLE
from console.desk.desk import Desk
from console.desk.handling import Handling
from console.desk.policy import Policy
from console.desk.undo import handlers as undo_handlers
from console.model.action import Action, Reply
from console.model.entry import Actor, Draft, Kind
from console.model.incident import Incident
from console.model.runbook import Run, StepView
from console.ports import CommandResult, Handler
from console.runbook.acts import handlers
from console.runbook.live import LiveOutput
from console.runbook.load import parse
from console.runbook.shelf import Shelf
from console.secret import Secret
from tests.unit.desk.fakes import INC, FakeLedger, World, desk_of

T = TypeVar("T")

BOOK = """
id: roll-back
title: Roll back
version: "3"
owner: platform
services: [orders]
triggers: [high error rate]
params:
  mount: /var
  size: ""
steps:
  - {id: look, type: check, title: how full, argv: [df, --output=pcent, --, "{mount}"], expect: {max: 80}}
  - {id: tell, type: manual, title: tell the owners, text: say what happens}
  - id: shrink
    type: command
    title: shrink {mount}
    risk: R2
    argv: [shrinker, --to, "{size}", --, "{mount}"]
    undo: [shrinker, --grow, --, "{mount}"]
    timeout: 20s
  - {id: soft, type: command, title: soft reset, risk: R1, argv: [soft], undo: [hard], idempotent: true}
  - {id: gone, type: command, title: remove the rest, risk: R3, argv: [remover], undo: none}
  - {id: verify, type: check, title: verify, argv: [df, --output=pcent, --, "{mount}"], expect: {max: 80}, within: 60s}
"""


def result(exit: int | None = 0, *lines: str, **more: Any) -> CommandResult:
    return CommandResult(exit, lines, more.pop("dropped", 0), more.pop("took_ms", 5), digest="d1", **more)


class FakeRunner:
    """Answers by program name; an answer can be a list, one a call, or wait at a gate."""

    def __init__(self) -> None:
        self.calls: list[tuple[tuple[str, ...], dict[str, str]]] = []
        self.answers: dict[str, CommandResult | list[CommandResult]] = {}
        self.writes: tuple[str, ...] = ()
        self.gate: asyncio.Event | None = None
        self.begun = asyncio.Event()
        self._stopped: set[str] = set()

    async def run(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        timeout_s: float,
        stdin: bytes = b"",
        on_output: Callable[[str], None] | None = None,
        key: str = "",
    ) -> CommandResult:
        self.calls.append((tuple(argv), dict(env)))
        for line in self.writes if on_output is not None else ():
            on_output(line)  # type: ignore[misc]
        self.begun.set()
        if self.gate is not None:
            await self.gate.wait()
        if key and key in self._stopped:
            return result(None, error="it was stopped")
        answer = self.answers.get(argv[0], result())
        return (answer.pop(0) if len(answer) > 1 else answer[0]) if isinstance(answer, list) else answer

    def stop(self, key: str) -> bool:
        self._stopped.add(key)
        if self.gate is not None:
            self.gate.set()
        return True


class Room:
    """An incident with a desk, runbooks and all their handlers behind ``Handling``."""

    def __init__(self, book: str = BOOK, *, lane: str = "host.1000.0", world: World | None = None, **more: Any) -> None:
        self.world = world or World()
        self.desk: Desk
        self.ledger: FakeLedger
        self.desk, self.ledger = desk_of(self.world, lane=lane, policy=more.pop("policy", Policy()))
        self.runner: Any = more.pop("runner", None) or FakeRunner()
        self.shelf = more.pop("shelf", None) or Shelf([parse(book.encode())])
        self.live = LiveOutput(self.desk.redact)
        self.slept: list[float] = []
        self.secrets: dict[str, str] = {}
        registry: dict[str, Handler] = {}
        registry |= handlers(
            self.desk, self.runner, state=self.world.state, current=lambda: INC, shelf=self.shelf, live=self.live,
            environment=lambda: "bastion-1", secrets=lambda name: Secret(self.secrets[name]), sleep=self._sleep, **more,
        )  # fmt: skip
        registry |= undo_handlers(self.desk, registry, state=self.world.state, current=lambda: INC)
        self.registry = registry
        self._handling = Handling(registry, self.desk, lambda: INC)

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.world.clock.move(seconds)

    async def declare(self) -> None:
        body: dict[str, object] = {"title": "disk", "severity": 2, "services": ["orders"], "started_at": 1}
        await self.desk.record(INC, [Draft(Kind.INCIDENT_DECLARED, body, Actor("ana"))])

    async def ask(self, id: str, who: str = "ana", *, digest: str = "", preview: bool = False, **args: object) -> Reply:
        assert id in TABLE
        return await self._handling.respond(Action("r1", id, args, Actor(who), preview, digest))

    async def do(self, id: str, who: str = "ana", **args: object) -> Reply:
        """As a person at the screen: asks for the preview, confirms it, acts."""
        asked = await self.ask(id, who, preview=True, **args)
        if asked.preview is None:
            return asked
        return await self.ask(id, who, digest=asked.preview.digest, **args)

    async def start(self, **params: str) -> Reply:
        await self.declare()
        return await self.do("runbook.start", runbook="roll-back", params={"size": "2G", **params})

    @property
    def incident(self) -> Incident:
        return self.world.state(INC)

    @property
    def the_run(self) -> Run:
        return self.incident.runs[-1]

    def step(self, id: str) -> StepView:
        return next(v for v in self.the_run.steps if v.step.id == id)


def running(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Runs a test's body on a loop of its own."""
    return asyncio.run(asyncio.wait_for(work(), 30))
