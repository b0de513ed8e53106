"""What the operator says of effects that wait or are unknown is done, and never twice by accident."""

from __future__ import annotations

import asyncio

import pytest

from console.desk.handling import Handling
from console.desk.waiting import handlers
from console.errors import Rejected, Unreachable
from console.model.action import OperationState, Reply, Tier
from console.model.entry import Kind
from tests.unit.desk.fakes import INC, World, act, until
from tests.unit.desk.test_outbox import Console, Service, post


class Table:
    """A console whose handlers answer actions."""

    def __init__(self) -> None:
        self.world, self.service = World(), Service()
        self.console = Console(self.world, self.service)
        served = handlers(self.console.desk, state=self.world.state, current=lambda: INC)
        self.handling = Handling(served, self.console.desk, lambda: INC)

    async def do(self, id: str, operation: str, **args: object) -> Reply:
        return await self.handling.respond(act(id, "ana", operation=operation, **args))

    async def confirmed(self, id: str, operation: str, **args: object) -> Reply:
        asked = await self.do(id, operation, **args)
        assert asked.preview is not None
        return await self.handling.respond(act(id, "ana", digest=asked.preview.digest, operation=operation, **args))

    async def waiting(self) -> str:
        self.console.sleep.gate = asyncio.Event()
        self.service.fails = [Unreachable("down")]
        name = (await self.console.post(post())).operation_id
        await until(lambda: self.console.desk.outbox.resting(name))
        return name

    async def unknown(self) -> str:
        self.service.cut = self.service.deaf = True
        return (await self.console.post(post())).operation_id

    def state(self, name: str) -> OperationState:
        return self.world.state(INC).operations[name].state


def test_what_waits_is_tried_now_without_asking() -> None:
    table = Table()

    async def scene() -> None:
        name = await table.waiting()
        reply = await table.do("outbox.retry", name)
        assert (reply.ok, reply.preview) == (True, None)
        await until(lambda: table.state(name) is OperationState.SENT)

    asyncio.run(scene())


def test_what_waits_is_dropped_with_the_reason_and_the_name() -> None:
    table = Table()

    async def scene() -> None:
        name = await table.waiting()
        assert not (await table.do("outbox.drop", name)).ok, "a reason is asked for"
        assert (await table.do("outbox.drop", name, reason="it is over")).ok
        await until(lambda: table.state(name) is OperationState.DROPPED)
        assert not (await table.do("outbox.drop", name, reason="again")).ok

    asyncio.run(scene())
    last = table.world.entries[INC][-1]
    assert (last.kind, last.actor.id, last.body["detail"]) == (Kind.ACTION_DROPPED, "ana", "it is over")


def test_what_waits_elsewhere_is_left_to_that_console() -> None:
    table = Table()

    async def scene() -> None:
        name = await table.waiting()
        other = Console(table.world, table.service, lane="host.1000.1")
        handling = Handling(handlers(other.desk, state=table.world.state, current=lambda: INC), other.desk, lambda: INC)
        reply = await handling.respond(act("outbox.retry", "tomo", operation=name))
        assert not reply.ok
        assert "in the console of ana" in reply.text

    asyncio.run(scene())


@pytest.mark.parametrize("deaf", [True, False])
def test_the_unknown_is_looked_up_before_it_is_sent_again_and_both_are_asked_for(deaf: bool) -> None:
    table = Table()

    async def scene() -> None:
        name = await table.unknown()
        assert table.state(name) is OperationState.UNKNOWN
        table.service.cut, table.service.deaf = False, deaf
        asked = await table.do("outbox.retry", name)
        assert asked.preview is not None
        assert (asked.ok, asked.preview.tier) == (False, Tier.R2)
        assert "twice" in asked.preview.warning
        assert len(table.service.has) == 1
        assert (await table.confirmed("outbox.retry", name)).ok
        assert len(table.service.has) == (2 if deaf else 1)
        assert table.state(name) is (OperationState.FAILED if deaf else OperationState.SENT)

    asyncio.run(scene())


def test_what_failed_is_sent_again_as_an_effect_of_its_own() -> None:
    table = Table()

    async def scene() -> None:
        table.service.fails = [Rejected("400: archived")]
        name = (await table.console.post(post())).operation_id
        assert table.state(name) is OperationState.FAILED
        assert (await table.confirmed("outbox.retry", name)).ok
        assert table.state(name) is OperationState.FAILED
        assert not (await table.do("outbox.retry", max(table.world.state(INC).operations))).ok, "it was sent"

    asyncio.run(scene())
    assert table.service.has == ["we are on it"]


@pytest.mark.parametrize(("happened", "wanted"), [("yes", OperationState.SENT), ("no", OperationState.FAILED)])
def test_a_person_who_looked_says_what_happened(happened: str, wanted: OperationState) -> None:
    table = Table()

    async def scene() -> None:
        name = await table.unknown()
        assert not (await table.do("outbox.settle", name, happened=happened)).ok, "how do you know?"
        assert (await table.do("outbox.settle", name, happened=happened, reason="I see it in the channel")).ok
        assert table.state(name) is wanted
        assert not (await table.do("outbox.settle", name, happened="no", reason="x")).ok, "it is known"

    asyncio.run(scene())
    assert "ana saw: I see it" in str(table.world.entries[INC][-1].body["detail"])


def test_steps_and_other_calls_are_not_sent_again_from_here() -> None:
    table = Table()

    async def scene() -> Reply:
        table.console.desk.effects = {}
        name = "op-x"

        async def call() -> None:
            raise Rejected("no")

        outcome = await table.console.desk.carry_out(
            INC,
            post(),
            call,
            action=act("step.run"),  # type: ignore[arg-type]
        )
        name = outcome.operation_id
        return await table.do("outbox.retry", name)

    reply = asyncio.run(scene())
    assert not reply.ok
    assert "where you began it" in reply.next
