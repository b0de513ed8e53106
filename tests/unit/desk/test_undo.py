from __future__ import annotations

import asyncio

import pytest

from console.desk.desk import Desk
from console.desk.handling import Handling
from console.desk.undo import handlers
from console.errors import Moot, PolicyRefused
from console.model.action import Action, Intent, Preview, Receipt, Reply, Tier, Undo
from console.model.entry import Draft, Kind
from tests.unit.desk.fakes import INC, World, act, desk_of, intent


class Expire:
    """The inverse of a silence: through the desk, as every handler does it."""

    def __init__(self, desk: Desk, journal: str | None = None) -> None:
        self.desk = desk
        self.journal = journal
        self.seen: list[Action] = []

    async def preview(self, action: Action) -> Preview:
        return Preview("Expire a silence", "DELETE /silence/7", str(action.args["silence"]), Tier.R2)

    async def perform(self, action: Action) -> Reply:
        self.seen.append(action)
        wanted = Intent("", "", "expire the silence", "DELETE /silence/7", "am/7", Tier.R2)
        incident = INC if self.journal is None else self.journal
        outcome = await self.desk.carry_out(incident, wanted, _sent, action=action)
        return Reply(action.request_id, outcome.state == "sent", "expired")


async def _sent() -> Receipt:
    return Receipt()


async def _silenced() -> Receipt:
    return Receipt(undo=Undo("silence.expire", {"silence": "am/7"}, "expire it"))


def room(world: World, journal: str | None = None) -> tuple[Desk, Handling, Expire]:
    desk, _ = desk_of(world)
    expire = Expire(desk, journal)
    registry: dict[str, object] = {"silence.expire": expire}
    registry |= handlers(desk, registry, state=world.state, current=lambda: INC)  # type: ignore[arg-type]
    return desk, Handling(registry, desk, lambda: INC), expire  # type: ignore[arg-type]


def test_undo_asks_with_the_tier_of_the_inverse_and_marks_what_it_reversed():
    world = World()
    desk, door, expire = room(world)

    async def scenario() -> tuple[Reply, Reply, Reply]:
        await desk.carry_out(INC, intent(), _silenced, action=act("alert.silence"))
        asked = await door.respond(act("desk.undo"))
        assert asked.preview is not None
        done = await door.respond(act("desk.undo", digest=asked.preview.digest))
        again = await door.respond(act("desk.undo", operation="op-1"))
        return asked, done, again

    asked, done, again = asyncio.run(scenario())
    assert not asked.ok
    assert asked.preview is not None
    assert asked.preview.tier is Tier.R2
    assert asked.preview.title == "Undo: silence 3 alerts"
    assert done.ok
    assert expire.seen[0].undoes == "op-1"
    operations = world.state(INC).operations
    assert operations["op-1"].undone_by == "op-2"
    assert operations["op-2"].intent.undoes == "op-1"
    assert world.state(INC).timeline[0].result == "undone"
    assert "already" in again.text


def test_undo_takes_the_operators_own_last_act_and_the_named_one_of_anybody():
    world = World()
    desk, door, _ = room(world)

    async def scenario() -> tuple[Reply, Reply, Reply]:
        await desk.carry_out(INC, intent("silence one"), _silenced, action=act("alert.silence", "ana"))
        world.clock.move(1)
        await desk.carry_out(INC, intent("silence two"), _silenced, action=act("alert.silence", "ben"))
        own = await door.respond(act("desk.undo", preview=True))
        row = world.state(INC).timeline[1].key
        others = await door.respond(act("desk.undo", operation=row, preview=True))
        nobody = await door.respond(act("desk.undo", "eve", preview=True))
        return own, others, nobody

    own, others, nobody = asyncio.run(scenario())
    assert own.text == "Undo: silence one"
    assert others.text == "Undo: silence two"
    assert others.preview is not None
    assert "done by ben" in others.preview.warning
    assert "nothing of eve's" in nobody.text


def test_a_confirmation_never_undoes_another_deed():
    world = World()
    desk, door, expire = room(world)

    async def scenario() -> Reply:
        await desk.carry_out(INC, intent("silence one"), _silenced, action=act("alert.silence"))
        asked = await door.respond(act("desk.undo", preview=True))
        world.clock.move(1)
        await desk.carry_out(INC, intent("silence two"), _silenced, action=act("alert.silence"))
        assert asked.preview is not None
        return await door.respond(act("desk.undo", digest=asked.preview.digest))

    assert "changed" in asyncio.run(scenario()).text
    assert expire.seen == []


def test_what_stands_on_the_watch_is_marked_there_though_its_inverse_stands_elsewhere():
    world = World()
    desk, door, _ = room(world)

    async def scenario() -> Reply:
        await desk.carry_out("", intent(), _silenced, action=act("alert.silence"))
        asked = await door.respond(act("desk.undo", preview=True))
        assert asked.preview is not None
        return await door.respond(act("desk.undo", digest=asked.preview.digest))

    assert asyncio.run(scenario()).ok
    assert world.state("").operations["op-1"].undone_by
    assert world.bodies(Kind.NOTE_ADDED, "")[0]["text"] == "took back: silence 3 alerts"


def test_a_failed_inverse_leaves_the_deed_as_it_is():
    world = World()
    desk, door, expire = room(world)

    async def fails(action: Action) -> Reply:
        return Reply(action.request_id, False, "no route to am")

    expire.perform = fails  # type: ignore[method-assign]

    async def scenario() -> Reply:
        await desk.carry_out(INC, intent(), _silenced, action=act("alert.silence"))
        asked = await door.respond(act("desk.undo", preview=True))
        assert asked.preview is not None
        return await door.respond(act("desk.undo", digest=asked.preview.digest))

    assert asyncio.run(scenario()).text == "no route to am"
    assert world.state(INC).operations["op-1"].undone_by == ""


def test_acknowledgements_can_be_taken_back_too():
    world = World()
    desk, door, _ = room(world)

    async def scenario() -> Reply:
        await desk.carry_out(INC, intent(), _silenced, action=act("alert.silence"))
        world.clock.move(1)
        await desk.record(INC, [Draft(Kind.ALERT_ACKED, {"keys": ["am/1", "am/2"]})], act("alert.ack"))
        return await door.respond(act("desk.undo", preview=True))

    assert "not available" in asyncio.run(scenario()).text
    kept = world.state(INC).reversible
    assert [(k.undo.action, k.undo.args["keys"]) for k in kept] == [("alert.unack", ["am/1", "am/2"])]


def test_two_presses_undo_once():
    world = World()
    desk, _, expire = room(world)
    registry = {"silence.expire": expire}
    undo = handlers(desk, registry, state=world.state, current=lambda: INC)["desk.undo"]

    async def scenario() -> list[object]:
        await desk.carry_out(INC, intent(), _silenced, action=act("alert.silence"))
        confirmed = act("desk.undo", digest=(await undo.preview(act("desk.undo"))).digest)
        return await asyncio.gather(undo.perform(confirmed), undo.perform(confirmed), return_exceptions=True)

    first, second = asyncio.run(scenario())
    assert isinstance(first, Reply)
    assert "being taken back" in str(second)
    assert len(expire.seen) == 1


def test_each_press_goes_one_further_back_and_never_forth_again():
    world = World()
    desk, door, expire = room(world)

    async def press() -> Reply:
        asked = await door.respond(act("desk.undo", preview=True))
        if asked.preview is None:
            return asked
        return await door.respond(act("desk.undo", digest=asked.preview.digest))

    async def scenario() -> list[Reply]:
        for words in ("silence one", "silence two"):
            await desk.carry_out(INC, intent(words), _silenced, action=act("alert.silence"))
        return [await press() for _ in range(3)]

    said = [reply.text for reply in asyncio.run(scenario())]
    assert said == [
        "undone: silence two; expired",
        "undone: silence one; expired",
        "nothing of ana's can be taken back",
    ]
    assert [a.undoes for a in expire.seen] == ["op-2", "op-1"]


def test_what_nothing_is_left_of_is_passed_over_and_named_only_if_there_is_nothing_else():
    world = World()
    desk, door, expire = room(world)
    over = {"op-2"}
    shown = expire.preview

    async def preview(action: Action) -> Preview:
        if action.undoes in over:
            raise Moot("that silence has ended already")
        return await shown(action)

    expire.preview = preview  # type: ignore[method-assign]

    async def scenario() -> tuple[Reply, Reply]:
        for words in ("silence one", "silence two"):
            await desk.carry_out(INC, intent(words), _silenced, action=act("alert.silence"))
        first = await door.respond(act("desk.undo", preview=True))
        over.add("op-1")
        return first, await door.respond(act("desk.undo", preview=True))

    first, second = asyncio.run(scenario())
    assert first.text == "Undo: silence one"
    assert second.text == "nothing of ana's can be taken back (silence two: that silence has ended already)"


def test_what_became_moot_after_it_was_shown_does_not_let_another_be_undone_unasked():
    world = World()
    desk, _, expire = room(world)
    undo = handlers(desk, {"silence.expire": expire}, state=world.state, current=lambda: INC)["desk.undo"]

    async def scenario() -> None:
        await desk.carry_out(INC, intent("silence one"), _silenced, action=act("alert.silence"))
        await undo.perform(act("desk.undo", digest="what was shown was another deed"))

    with pytest.raises(PolicyRefused):
        asyncio.run(scenario())
    assert expire.seen == []
