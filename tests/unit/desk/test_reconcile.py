from __future__ import annotations

import asyncio

from console.desk.reconcile import reconcile
from console.model.action import OperationState, Receipt
from console.model.entry import Draft, Kind
from console.model.runbook import StepState
from tests.unit.desk.fakes import INC, World, act, desk_of, intent, until

STEPS = [
    {"id": "a", "type": "command", "title": "restart", "argv": ["true"]},
    {"id": "b", "type": "check", "title": "look", "argv": ["true"]},
    {"id": "c", "type": "manual", "title": "call them"},
    {"id": "d", "type": "command", "title": "scale", "argv": ["true"]},
]
DEAD, LIVE, OWN = "host.1000.1", "host.1001.0", "host.1000.0"


def begin(world: World, lane: str, operation: str, *, sending: bool) -> None:
    """What a console leaves behind that died at once."""
    _, ledger = desk_of(world, lane=lane)
    body: dict[str, object] = {
        "operation_id": operation,
        "action": "step.run",
        "words": f"run {operation}",
        "call": "",
        "target": operation,
        "tier": 1,
    }
    drafts = [Draft(Kind.ACTION_INTENDED, body, act("x", "ben").actor)]
    if sending:
        drafts.append(Draft(Kind.ACTION_SENDING, {"operation_id": operation}))
    asyncio.run(ledger.append(INC, drafts))


def settle(world: World, **more: object):
    world.clock.move(1)
    desk, _ = desk_of(world, lane=OWN)
    alive = {LIVE, OWN}.__contains__
    return desk, asyncio.run(reconcile(desk, INC, world.state(INC), alive=alive, own=OWN))


def test_what_a_dead_console_left_is_unknown_and_a_live_ones_is_left_alone():
    world = World()
    begin(world, DEAD, "op-dead", sending=True)
    begin(world, DEAD, "op-queued", sending=False)
    begin(world, LIVE, "op-live", sending=True)
    _, listed = settle(world)
    assert {o.key for o in listed} == {"op-dead", "op-queued"}
    states = {name: o.state for name, o in world.state(INC).operations.items()}
    assert states["op-live"] is OperationState.SENDING
    assert states["op-dead"] is OperationState.UNKNOWN
    assert "before it was seen to be sent" in str(world.bodies(Kind.ACTION_UNKNOWN))


def test_our_own_lane_was_a_dead_ones_before_we_came():
    world = World()
    begin(world, OWN, "op-before", sending=True)
    _, listed = settle(world)
    assert [o.key for o in listed] == ["op-before"]


def test_what_this_desk_has_on_its_way_is_left_alone():
    world = World()
    desk, _ = desk_of(world, lane=OWN)

    async def scenario() -> None:
        answer = asyncio.Event()

        async def call() -> Receipt:
            await answer.wait()
            return Receipt()

        task = asyncio.create_task(desk.carry_out(INC, intent(), call, action=act("step.run")))
        await until(lambda: len(world.kinds()) == 2)
        assert await reconcile(desk, INC, world.state(INC), alive=lambda _: False, own="another") == ()
        answer.set()
        await task

    asyncio.run(scenario())
    assert world.kinds()[-1] == "action.sent"


def test_a_second_look_writes_nothing():
    world = World()
    begin(world, DEAD, "op-dead", sending=True)
    settle(world)
    count = len(world.kinds())
    _, listed = settle(world)
    assert len(world.kinds()) == count
    assert [o.key for o in listed] == ["op-dead"]


def test_steps_whose_end_was_never_judged_are_failed_with_the_reason():
    world = World()
    _, ledger = desk_of(world, lane=DEAD)
    start: dict[str, object] = {"run": "run-1", "runbook": "r", "title": "Roll back", "steps": STEPS}
    drafts = [Draft(Kind.RUNBOOK_STARTED, start)]
    for step, operation in (("a", "op-a"), ("b", "op-b"), ("c", ""), ("d", "op-d")):
        drafts.append(Draft(Kind.STEP_STARTED, {"run": "run-1", "step": step, "operation": operation}))
    asyncio.run(ledger.append(INC, drafts))
    begin(world, DEAD, "op-a", sending=True)
    begin(world, DEAD, "op-b", sending=True)
    asyncio.run(ledger.append(INC, [Draft(Kind.ACTION_SENT, {"operation_id": "op-b", "state": "sent"})]))
    settle(world)
    states = [view.state for view in world.state(INC).runs[0].steps]
    assert states == [StepState.UNKNOWN, StepState.FAILED, StepState.RUNNING, StepState.FAILED]
    assert "call was sent" in world.state(INC).runs[0].steps[1].result
    assert "before it began" in world.state(INC).runs[0].steps[3].result
