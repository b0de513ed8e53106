"""What cannot be sent waits, is tried again, is looked up before it is sent twice, and obeys the operator."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress

import pytest
from msgspec.structs import replace

from console.desk.outbox import Outbox
from console.desk.reconcile import LookUps, reconcile
from console.errors import JournalError, PolicyRefused, RateLimited, Refused, Rejected, TimedOut, Unreachable
from console.model.action import Intent, OperationState, Outcome, Receipt, Tier
from console.model.entry import Actor, Kind
from tests.unit.clocks import CountingIds
from tests.unit.desk.fakes import INC, FakeLedger, World, act, desk_of, until

ANA = Actor("ana")


class Service:
    """A backend that can be down, cut answers, and tell what it has."""

    def __init__(self) -> None:
        self.has: list[str] = []
        self.fails: list[Exception] = []
        """Raised one by one before the call is heard."""
        self.cut = False
        """The call is heard, the answer is lost."""
        self.deaf = False
        """Look-ups are not answered."""
        self.calls = 0

    async def send(self, intent: Intent) -> Receipt:
        self.calls += 1
        if self.fails:
            raise self.fails.pop(0)
        self.has.append(str(intent.args["text"]))
        if self.cut:
            raise TimedOut("no answer in 10 s")
        return Receipt("posted")

    async def look_up(self, intent: Intent) -> Receipt | None:
        if self.deaf:
            raise Unreachable("no route")
        return Receipt("posted") if intent.args["text"] in self.has else None


class Sleeper:
    """Sleeps by the world's clock, as long as the test lets it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.asked: list[float] = []
        self.gate: asyncio.Event | None = None

    async def __call__(self, seconds: float) -> None:
        self.asked.append(seconds)
        if self.gate is not None:
            await self.gate.wait()
        self.world.clock.move(seconds)


def post(text: str = "we are on it", ttl_s: int = 300, merge: str = "", target: str = "chat/ops") -> Intent:
    return Intent(
        "", "", f"post {text!r}", "POST /x", target, Tier.R1, {"text": text}, effect="post", ttl_s=ttl_s, merge=merge
    )


class Console:
    def __init__(self, world: World, service: Service, lane: str = "host.1000.0") -> None:
        self.desk, self.ledger = desk_of(world, lane=lane)
        self.sleep = Sleeper(world)
        self.desk.effects = {"post": service}
        self.desk.outbox = Outbox(world.clock, self.sleep, random.Random(1))
        self.desk._carrier._outbox = self.desk.outbox

    async def post(self, intent: Intent) -> Outcome:
        return await self.desk.carry_out(INC, intent, action=act("incident.note"))


def test_what_cannot_be_sent_is_answered_at_once_and_sent_when_it_can_be() -> None:
    world, service = World(), Service()
    console = Console(world, service)
    service.fails = [Unreachable("chat does not answer"), RateLimited("too many", retry_after=40.0)]

    async def scene() -> None:
        console.sleep.gate = asyncio.Event()
        outcome = await console.post(post())
        assert (outcome.state, outcome.detail) == (OperationState.QUEUED, "chat does not answer")
        operation = world.state(INC).operations[outcome.operation_id]
        assert operation.state is OperationState.QUEUED
        assert (operation.why, operation.until) == ("chat does not answer", world.clock.now() + 300_000)
        assert operation.again_at > world.clock.now()
        assert world.state(INC).waiting == 1
        console.sleep.gate.set()
        await until(lambda: not console.desk.inflight)
        assert world.state(INC).operations[outcome.operation_id].state is OperationState.SENT

    asyncio.run(scene())
    assert service.has == ["we are on it"]
    assert 1.6 <= console.sleep.asked[0] <= 2.4
    assert console.sleep.asked[1] == 40.0
    assert world.kinds() == [
        "action.intended", "action.sending", "action.queued", "action.sending", "action.queued", "action.sending",
        "action.sent",
    ]  # fmt: skip


def test_it_is_given_up_when_its_time_is_over() -> None:
    world, service = World(), Service()
    console = Console(world, service)
    service.fails = [Unreachable("down")] * 50

    async def scene() -> None:
        outcome = await console.post(post(ttl_s=120))
        await until(lambda: not console.desk.inflight)
        assert world.state(INC).operations[outcome.operation_id].state is OperationState.FAILED

    asyncio.run(scene())
    assert sum(console.sleep.asked) <= 120
    assert service.has == []


@pytest.mark.parametrize("error", [Rejected("400: no such channel"), TimedOut("no answer")])
def test_what_was_refused_or_may_have_happened_is_not_sent_again_blindly(error: Exception) -> None:
    world, service = World(), Service()
    console = Console(world, service)
    service.fails, service.deaf = [error], True
    outcome = asyncio.run(console.post(post()))
    assert outcome.state in (OperationState.FAILED, OperationState.UNKNOWN)
    assert service.calls == 1
    assert console.sleep.asked == []


def test_an_answer_that_was_lost_is_looked_up_and_not_sent_twice() -> None:
    world, service = World(), Service()
    console = Console(world, service)
    service.cut = True
    outcome = asyncio.run(console.post(post()))
    assert (outcome.state, outcome.detail) == (OperationState.SENT, "looked up: posted")
    assert service.has == ["we are on it"]
    assert world.kinds()[-2:] == ["action.unknown", "action.sent"]


def test_what_is_certainly_not_there_is_sent_again_while_it_may_wait() -> None:
    world, service = World(), Service()
    console = Console(world, service)
    service.fails = [TimedOut("no answer")]

    async def scene(text: str, ttl_s: int) -> OperationState:
        outcome = await console.post(post(text, ttl_s=ttl_s))
        await until(lambda: not console.desk.inflight)
        return world.state(INC).operations[outcome.operation_id].state

    assert asyncio.run(scene("one", 300)) is OperationState.SENT
    assert service.has == ["one"]
    service.fails = [TimedOut("no answer")]
    assert asyncio.run(scene("two", 0)) is OperationState.FAILED
    assert service.has == ["one"]


def test_the_operator_may_hurry_or_drop_what_waits() -> None:
    world, service = World(), Service()
    console = Console(world, service)

    async def scene() -> None:
        console.sleep.gate = asyncio.Event()
        service.fails = [Unreachable("down")]
        one = await console.post(post("one"))
        await until(lambda: console.desk.outbox.resting(one.operation_id))
        console.desk.outbox.hurry(one.operation_id)
        await until(lambda: not console.desk.inflight)
        service.fails = [Unreachable("down")]
        two = await console.post(post("two"))
        await until(lambda: console.desk.outbox.resting(two.operation_id))
        console.desk.outbox.drop(two.operation_id, "no longer true", Actor("tomo"))
        await until(lambda: not console.desk.inflight)
        state = world.state(INC).operations[two.operation_id]
        assert state.state is OperationState.DROPPED
        assert state.outcome is not None
        assert state.outcome.detail == "no longer true"
        assert world.entries[INC][-1].actor == Actor("tomo")
        with pytest.raises(Refused):
            console.desk.outbox.drop(two.operation_id, "again")

    asyncio.run(scene())
    assert service.has == ["one"]


def test_to_one_place_they_go_in_order_and_a_later_one_replaces_those_that_wait() -> None:
    world, service = World(), Service()
    console = Console(world, service)

    async def scene() -> None:
        console.sleep.gate = asyncio.Event()
        service.fails = [Unreachable("down")]
        first = await console.post(post("10:00 looking", merge="status"))
        await until(lambda: console.desk.outbox.resting(first.operation_id))
        plain = asyncio.ensure_future(console.post(post("a word", merge="")))
        await until(lambda: len(console.desk.inflight) == 2)
        assert service.has == []
        second = await console.post(post("10:30 mitigated", merge="status"))
        await plain
        assert second.state is OperationState.SENT
        assert world.state(INC).operations[first.operation_id].state is OperationState.DROPPED

    asyncio.run(scene())
    assert service.has == ["a word", "10:30 mitigated"]


def test_a_console_that_ends_leaves_what_waits_to_the_next_which_looks_first() -> None:
    world, service = World(), Service()
    first = Console(world, service)

    async def end() -> str:
        first.sleep.gate = asyncio.Event()
        service.fails = [Unreachable("down")]
        outcome = await first.post(post())
        await first.desk.close()
        return outcome.operation_id

    name = asyncio.run(end())
    assert world.state(INC).operations[name].state is OperationState.QUEUED
    second = Console(world, service, lane="host.1000.1")
    looked: list[str] = []
    plain = service.look_up

    async def look_up(intent: Intent) -> Receipt | None:
        looked.append(intent.operation_id)
        return await plain(intent)

    service.look_up = look_up  # type: ignore[method-assign]

    async def go_on() -> None:
        await reconcile(second.desk, INC, world.state(INC), alive=lambda lane: False, own="host.1000.1")
        await until(lambda: world.state(INC).operations[name].state is OperationState.SENT)
        await reconcile(second.desk, INC, world.state(INC), alive=lambda lane: False, own="host.1000.1")

    asyncio.run(go_on())
    assert (looked, service.has) == ([name], ["we are on it"])
    assert world.bodies(Kind.ACTION_SENDING)[-1] == {"operation_id": name, "takes_over": "host.1000.0"}
    assert world.state(INC).operations[name].lane == "host.1000.1"


@pytest.mark.parametrize("happened", [True, False])
def test_what_was_under_way_is_never_sent_by_another_but_looked_up(happened: bool) -> None:
    world, service = World(), Service()
    first = Console(world, service)
    first.ledger.broken = {Kind.ACTION_SENT, Kind.ACTION_FAILED, Kind.ACTION_UNKNOWN, Kind.ACTION_QUEUED}
    if not happened:
        service.fails = [Rejected("400")]
    name = asyncio.run(first.post(post())).operation_id
    assert world.state(INC).operations[name].state is OperationState.SENDING
    second = Console(world, service, lane="host.1000.1")

    async def go_on() -> None:
        await reconcile(second.desk, INC, world.state(INC), alive=lambda lane: False, own="host.1000.1")
        assert world.state(INC).operations[name].state is OperationState.UNKNOWN
        lookups = LookUps(second.desk)
        service.deaf = True
        await lookups.run(INC, world.state(INC), ANA)
        assert world.state(INC).operations[name].state is OperationState.UNKNOWN
        service.deaf = False
        await lookups.run(INC, world.state(INC), ANA)
        assert world.state(INC).operations[name].state is OperationState.UNKNOWN, "not before its time"
        world.clock.move(5)
        await lookups.run(INC, world.state(INC), ANA)

    asyncio.run(go_on())
    wanted = OperationState.SENT if happened else OperationState.FAILED
    assert world.state(INC).operations[name].state is wanted
    assert len(service.has) == int(happened)


def test_a_queued_effect_that_cannot_be_looked_up_is_put_to_a_person() -> None:
    world, service = World(), Service()
    first = Console(world, service)

    async def end() -> str:
        first.sleep.gate = asyncio.Event()
        service.fails = [Unreachable("down")]
        outcome = await first.post(post())
        await first.desk.close()
        return outcome.operation_id

    name = asyncio.run(end())
    service.deaf = True
    second = Console(world, service, lane="host.1000.1")

    async def go_on() -> None:
        await reconcile(second.desk, INC, world.state(INC), alive=lambda lane: False, own="host.1000.1")
        await until(lambda: world.state(INC).operations[name].state is OperationState.UNKNOWN)

    asyncio.run(go_on())
    assert service.has == []


def test_an_effect_that_is_not_known_here_is_refused_before_anything_is_written() -> None:
    world = World()
    desk, ledger = desk_of(world)
    with pytest.raises(PolicyRefused, match="cannot be sent from here"):
        asyncio.run(desk.carry_out(INC, replace(post(), effect="fax"), action=act("incident.note")))
    assert ledger.writes == []


def counted(world: World, kind: Kind) -> int:
    return world.kinds().count(str(kind))


@pytest.mark.parametrize("seed", range(40))
def test_whatever_fails_nothing_is_sent_twice_and_all_is_told(seed: int) -> None:
    """Random faults, crashes and takeovers: each text arrives at most once, and once if it stands as sent."""
    rng = random.Random(seed)
    world, service, ids = World(), Service(), CountingIds()
    lanes = 0

    def console() -> Console:
        nonlocal lanes
        lanes += 1
        return Console(world, service, lane=f"host.1000.{lanes:x}")

    def broken(ledger: FakeLedger) -> None:
        kinds = [Kind.ACTION_SENT, Kind.ACTION_QUEUED, Kind.ACTION_UNKNOWN, Kind.ACTION_FAILED]
        ledger.broken = {kind for kind in kinds if rng.random() < 0.3}

    async def life(number: int) -> None:
        here = console()
        broken(here.ledger)
        service.cut, service.deaf = rng.random() < 0.3, rng.random() < 0.3
        service.fails = [Unreachable("down") for _ in range(rng.randrange(3))]
        here.desk.ids = ids
        with suppress(JournalError):
            await reconcile(here.desk, INC, world.state(INC), alive=lambda lane: False, own="")
            await LookUps(here.desk).run(INC, world.state(INC), ANA)
        posting = asyncio.ensure_future(here.post(post(f"text {number}")))
        for _ in range(rng.randrange(40)):
            await asyncio.sleep(0)
        here.ledger.dead = True
        posting.cancel()

    for number in range(6):
        asyncio.run(life(number))
        world.clock.move(10)
    assert sorted(service.has) == sorted(set(service.has))
    for operation in world.state(INC).operations.values():
        if operation.state is OperationState.SENT:
            assert operation.intent.args["text"] in service.has
        if operation.state is OperationState.FAILED:
            assert operation.intent.args["text"] not in service.has
