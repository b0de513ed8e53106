"""A ledger in memory: stamps and order as the journal's, bodies through JSON, and faults on demand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import msgspec

from console.desk.desk import Desk
from console.desk.policy import Policy
from console.errors import JournalError
from console.model.action import Action, Intent, Preview, Reply, Tier
from console.model.entry import Actor, Draft, Entry, Kind, Stamp
from console.model.fold import Fold
from console.model.incident import Incident
from console.secret import Redactor
from tests.unit.clocks import CountingIds, ManualClock

INC = "INC-0001"


class World:
    """What several consoles share: the entries of every incident, and the folds over them."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.entries: dict[str, list[Entry]] = {}
        self.folds: dict[str, Fold] = {}

    def state(self, incident: str) -> Incident:
        return self.folds.setdefault(incident, Fold(incident)).state

    def kinds(self, incident: str = INC) -> list[str]:
        return [str(entry.kind) for entry in self.entries.get(incident, [])]

    def bodies(self, kind: Kind, incident: str = INC) -> list[dict[str, object]]:
        return [entry.body for entry in self.entries.get(incident, []) if entry.kind is kind]


class FakeLedger:
    """One console's lanes in the world; fulfils ``ports.Ledger``."""

    def __init__(self, world: World, lane: str = "host.1000.0") -> None:
        self.world = world
        self.lane = lane
        self.broken: set[Kind] = set()
        """Kinds whose transaction fails."""
        self.gate: asyncio.Event | None = None
        """While set and not released, every append waits."""
        self.dead = False
        """The console was killed: nothing is written any more, and nobody hears of it."""
        self.writes: list[tuple[str, ...]] = []
        self._seq = 0

    async def append(self, incident: str, drafts: Sequence[Draft]) -> tuple[Entry, ...]:
        await asyncio.sleep(0)
        if self.gate is not None:
            await self.gate.wait()
        if self.dead:
            raise JournalError("killed")
        if any(draft.kind in self.broken for draft in drafts):
            raise JournalError("no space left on the device", next="free some")
        self.writes.append(tuple(str(draft.kind) for draft in drafts))
        told = self.world.entries.setdefault(incident, [])
        entries = []
        for draft in drafts:
            self._seq += 1
            now = self.world.clock.now()
            logical = told[-1].stamp.logical + 1 if told else 0
            entry = Entry(
                f"{self.lane}:{self._seq}",
                incident,
                draft.kind,
                Stamp(now, logical, self.lane, self._seq),
                draft.occurred_at or now,
                now,
                draft.actor,
                msgspec.json.decode(msgspec.json.encode(draft.body)),
            )
            told.append(entry)
            entries.append(entry)
        self.world.folds.setdefault(incident, Fold(incident)).apply(entries)
        return tuple(entries)


def desk_of(world: World, *, lane: str = "host.1000.0", policy: Policy | None = None) -> tuple[Desk, FakeLedger]:
    """A desk of one console in the world."""
    ledger = FakeLedger(world, lane)
    desk = Desk(
        ledger,
        policy=policy or Policy(),
        clock=world.clock,
        ids=CountingIds(),
        redact=Redactor(),
        state=world.state,
    )
    return desk, ledger


def act(id: str, who: str = "ana", *, digest: str = "", preview: bool = False, **args: object) -> Action:
    """An action of the table."""
    return Action("r1", id, args, Actor(who), preview, digest)


def intent(words: str = "silence 3 alerts", target: str = "am/alerts", tier: Tier = Tier.R1) -> Intent:
    """An intent without an id."""
    return Intent("", "", words, "POST /api/v2/silences", target, tier)


async def until(condition: Callable[[], bool], turns: int = 1000) -> None:
    """Lets other tasks run until the condition holds."""
    for _ in range(turns):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never came to that")


class FakeHandler:
    """A handler with a settable preview, that counts what it does."""

    def __init__(self, tier: Tier = Tier.R1, target: str = "am/alerts", error: Exception | None = None) -> None:
        self.shown = Preview("Do it", "POST /x", target, tier)
        self.error = error
        self.performed: list[Action] = []

    async def preview(self, action: Action) -> Preview:
        return self.shown

    async def perform(self, action: Action) -> Reply:
        if self.error is not None:
            raise self.error
        self.performed.append(action)
        return Reply(action.request_id, True, "done")
