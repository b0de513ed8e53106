"""What waits is edited in its place: the old one is dropped and the edited one sent in its turn, both or neither."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import pytest
from msgspec.structs import replace

from console.desk.editing import fields_of, handlers
from console.desk.handling import Handling
from console.desk.policy import Policy
from console.errors import Refused, Rejected, Unreachable
from console.model.action import Intent, OperationState, Reply, Tier
from console.model.entry import Kind
from console.model.outbox import EditField
from tests.unit.desk.fakes import INC, World, act, until
from tests.unit.desk.test_outbox import Console, Service, post


class Post(Service):
    """A service whose posts may be edited."""

    def fields(self, intent: Intent) -> Sequence[EditField]:
        return (EditField("text", "text", str(intent.args["text"])),)

    def edited(self, intent: Intent, changes: Mapping[str, str], by: str, now: int) -> Intent:
        if changes["text"] == "bad":
            raise Refused("bad words")
        tier = Tier.R3 if changes["text"] == "risky" else intent.tier
        words = f"post {changes['text']!r}"
        return replace(intent, words=words, args={"text": changes["text"]}, call=f"POST {changes['text']}", tier=tier)


class Table:
    """A console whose handler answers."""

    def __init__(self, service: Service | None = None) -> None:
        self.world = World()
        self.service = service or Post()
        self.console = Console(self.world, self.service)
        served = handlers(self.console.desk, state=self.world.state, current=lambda: INC)
        self.handling = Handling(served, self.console.desk, lambda: INC)

    async def waiting(self, *intents: Intent) -> list[str]:
        """The first rests; those after it wait for its target."""
        self.console.sleep.gate = asyncio.Event()
        self.service.fails = [Unreachable("down")]
        first, *rest = intents or (post(),)
        names = [(await self.console.post(first)).operation_id]
        await until(lambda: self.console.desk.outbox.resting(names[0]))
        self.later = [asyncio.create_task(self.console.post(one)) for one in rest]
        await until(lambda: len(self.world.state(INC).operations) == 1 + len(rest))
        return [*self.world.state(INC).operations]

    async def edit(self, operation: str, who: str = "ben", *, confirmed: bool = True, **changes: str) -> Reply:
        args = {"operation": operation, "changes": changes}
        asked = await self.handling.respond(act("outbox.edit", who, preview=True, **args))
        if asked.preview is None or not confirmed:
            return asked
        return await self.handling.respond(act("outbox.edit", who, digest=asked.preview.digest, **args))

    def state(self, name: str) -> OperationState:
        return self.world.state(INC).operations[name].state


def test_the_old_one_is_dropped_and_the_edited_one_intended_in_one_transaction() -> None:
    table = Table()

    async def scene() -> str:
        [name] = await table.waiting()
        reply = await table.edit(name, text="all is well")
        assert reply.ok, reply
        await until(lambda: not table.console.desk.inflight)
        assert table.state(name) is OperationState.DROPPED
        return name

    name = asyncio.run(scene())
    assert table.service.has == ["all is well"]
    [written] = [kinds for kinds in table.console.ledger.writes if "action.dropped" in kinds]
    assert written == ("action.dropped", "action.intended", "action.sending")
    dropped = table.world.bodies(Kind.ACTION_DROPPED)[0]
    assert dropped["operation_id"] == name
    assert dropped["detail"] == "edited by ben: text: we are on it → all is well"
    fresh = table.world.bodies(Kind.ACTION_INTENDED)[-1]
    assert (fresh["replaces"], fresh["words"]) == (name, "post 'all is well'")
    old, edited = table.world.state(INC).timeline
    assert old.result.startswith("not sent, edited by ben")
    assert f"edited form of {name}" in edited.detail


def test_what_waits_behind_it_stays_behind_it() -> None:
    table = Table()

    async def scene() -> None:
        first, *_ = await table.waiting(post("one"), post("two"), post("three"))
        table.service.fails = []
        assert (await table.edit(first, text="one, edited")).ok
        await asyncio.gather(*table.later)

    asyncio.run(scene())
    assert table.service.has == ["one, edited", "two", "three"]


def test_the_edited_one_waits_as_the_old_one_did_and_can_be_edited_again_and_dropped() -> None:
    table = Table()

    async def scene() -> None:
        [name] = await table.waiting()
        for text in ("second", "third"):
            table.service.fails = [Unreachable("still down")]
            reply = await table.edit(name, text=text)
            assert (reply.ok, "edited, and waits" in reply.text) == (True, True)
            name = str(reply.data["operation"])
            await until(lambda name=name: table.console.desk.outbox.resting(name))
            assert table.state(name) is OperationState.QUEUED
        table.console.desk.outbox.drop(name, "enough")
        await until(lambda: not table.console.desk.inflight)

    asyncio.run(scene())
    assert [str(op.state) for op in table.world.state(INC).operations.values()] == ["dropped"] * 3
    assert table.service.has == []


def test_the_edited_one_is_judged_by_its_own_risk() -> None:
    table = Table()

    async def scene() -> None:
        [name] = await table.waiting()
        asked = await table.edit(name, confirmed=False, text="risky")
        assert asked.preview is not None
        assert (asked.preview.tier, asked.preview.call) == (Tier.R3, "POST risky")
        unconfirmed = await table.handling.respond(act("outbox.edit", "ben", operation=name, changes={"text": "risky"}))
        assert not unconfirmed.ok
        assert table.state(name) is OperationState.QUEUED
        assert (await table.edit(name, text="risky")).ok
        await until(lambda: not table.console.desk.inflight)

    asyncio.run(scene())
    assert "self_approved" in str(table.world.kinds())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"text": "bad"}, "bad words"),
        ({"text": "we are on it"}, "nothing is changed"),
        ({"target": "x"}, "has no 'target'"),
    ],
)
def test_an_edit_that_cannot_be_leaves_everything_as_it_was(changes: dict[str, str], said: str) -> None:
    table = Table()

    async def scene() -> None:
        [name] = await table.waiting()
        reply = await table.edit(name, **changes)
        assert (reply.ok, said in reply.text) == (False, True), reply
        assert table.console.desk.outbox.resting(name)

    asyncio.run(scene())
    assert table.world.kinds() == ["action.intended", "action.sending", "action.queued"]


def test_what_failed_is_edited_and_sent_as_an_effect_of_its_own() -> None:
    table = Table()

    async def scene() -> str:
        table.service.fails = [Rejected("400: too long")]
        name = (await table.console.post(post())).operation_id
        assert (await table.edit(name, text="shorter")).ok
        assert table.state(name) is OperationState.FAILED
        return name

    name = asyncio.run(scene())
    assert table.service.has == ["shorter"]
    assert table.world.bodies(Kind.ACTION_INTENDED)[-1]["replaces"] == name


def test_where_there_is_nothing_to_edit_no_key_is_offered_and_the_desk_says_so() -> None:
    table = Table(Service())

    async def scene() -> None:
        [name] = await table.waiting()
        assert fields_of(table.console.desk)(table.world.state(INC).operations[name]) == ()
        assert "nothing in it" in (await table.edit(name, text="x")).text

    asyncio.run(scene())


def test_when_the_journal_fails_neither_is_sent() -> None:
    table = Table()

    async def scene() -> None:
        [name] = await table.waiting()
        table.console.ledger.broken = {Kind.ACTION_INTENDED}
        assert not (await table.edit(name, text="x")).ok
        await until(lambda: not table.console.desk.inflight)

    asyncio.run(scene())
    assert table.service.has == []


def test_what_waits_elsewhere_and_what_was_sent_are_refused_and_a_reader_edits_nothing() -> None:
    table = Table()

    async def scene() -> None:
        [name] = await table.waiting()
        other = Console(table.world, table.service, lane="host.1000.1")
        handling = Handling(handlers(other.desk, state=table.world.state, current=lambda: INC), other.desk, lambda: INC)
        reply = await handling.respond(act("outbox.edit", "tomo", operation=name, changes={"text": "x"}))
        assert "in the console of ana" in reply.text
        table.console.desk.policy = Policy(read_only=True)
        assert not (await table.edit(name, text="x")).ok

    asyncio.run(scene())
