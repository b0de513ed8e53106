from __future__ import annotations

import asyncio

import pytest

from console.desk.policy import Policy
from console.errors import JournalError, PolicyRefused, Rejected, ServerFailed, TimedOut, Unreachable
from console.model.action import OperationState, Receipt, Tier, Undo
from console.model.entry import Draft, Kind
from console.model.incident import Tone
from console.secret import Secret
from tests.unit.desk.fakes import INC, World, act, desk_of, intent, until


async def done() -> Receipt:
    return Receipt("exit 0", {"id": 7}, Undo("silence.expire", {"silence": "am/7"}, "expire it"))


def test_an_effect_is_intended_and_sending_before_the_call_and_settled_after():
    world = World()
    desk, _ = desk_of(world)
    seen: list[list[str]] = []

    async def call() -> Receipt:
        seen.append(world.kinds())
        world.clock.move(0.21)
        return await done()

    outcome = asyncio.run(desk.carry_out(INC, intent(), call, action=act("alert.silence")))
    assert seen == [["action.intended", "action.sending"]]
    assert world.kinds()[-1] == "action.sent"
    assert (outcome.state, outcome.took_ms, outcome.detail) == (OperationState.SENT, 210, "exit 0")
    operation = world.state(INC).operations[outcome.operation_id]
    assert operation.state is OperationState.SENT
    assert operation.by == "ana"
    assert operation.intent.action == "alert.silence"
    assert [row.text for row in world.state(INC).timeline] == ["silenced 3 alerts"]
    assert desk.inflight == frozenset()


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (Unreachable("no route"), OperationState.FAILED),
        (Rejected("400"), OperationState.FAILED),
        (TimedOut("no answer in 10 s"), OperationState.UNKNOWN),
        (ServerFailed("503"), OperationState.UNKNOWN),
        (RuntimeError("boom"), OperationState.UNKNOWN),
        (asyncio.CancelledError(), OperationState.UNKNOWN),
    ],
)
def test_every_way_a_call_can_end_has_its_outcome(error: BaseException, state: OperationState):
    world = World()
    desk, _ = desk_of(world)

    async def call() -> Receipt:
        raise error

    outcome = asyncio.run(desk.carry_out(INC, intent(), call, action=act("alert.silence")))
    assert outcome.state is state
    assert world.kinds()[-1] == f"action.{state}"
    assert world.state(INC).timeline[0].tone is Tone.BAD


def test_a_call_that_gives_no_receipt_is_unknown_and_an_odd_receipt_is_kept_as_text():
    world = World()
    desk, _ = desk_of(world)

    async def nothing() -> Receipt:
        return None  # type: ignore[return-value]

    async def odd() -> Receipt:
        return Receipt("", {"when": {1: object()}})

    async def both() -> list[OperationState]:
        one = await desk.carry_out(INC, intent(), nothing, action=act("alert.silence"))
        two = await desk.carry_out(INC, intent(), odd, action=act("alert.silence"))
        return [one.state, two.state]

    assert asyncio.run(both()) == [OperationState.UNKNOWN, OperationState.SENT]
    assert "object" in str(world.bodies(Kind.ACTION_SENT)[0]["receipt"])


def test_a_call_may_know_better_than_sent():
    world = World()
    desk, _ = desk_of(world)

    async def call() -> Receipt:
        return Receipt("exit 1", {"exit": 1}, state=OperationState.FAILED)

    outcome = asyncio.run(desk.carry_out(INC, intent(), call, action=act("step.run")))
    assert outcome.state is OperationState.FAILED
    assert world.bodies(Kind.ACTION_FAILED)[0]["receipt"] == {"exit": 1}


def test_secrets_reach_neither_intent_nor_outcome_nor_log(caplog: pytest.LogCaptureFixture):
    world = World()
    desk, _ = desk_of(world)
    desk.redact.learn(Secret("hunter2-value"))

    async def call() -> Receipt:
        raise RuntimeError("refused for hunter2-value")

    wanted = intent("post hunter2-value", "https://u:hunter2-value@x")
    outcome = asyncio.run(desk.carry_out(INC, wanted, call, action=act("alert.silence")))
    assert "hunter2" not in str(world.entries) + str(outcome) + caplog.text
    assert "RuntimeError" in caplog.text


def test_nothing_is_called_when_the_intent_cannot_be_made_durable():
    world = World()
    desk, ledger = desk_of(world)
    ledger.broken = {Kind.ACTION_INTENDED}
    called: list[int] = []

    async def call() -> Receipt:
        called.append(1)
        return Receipt()

    with pytest.raises(JournalError):
        asyncio.run(desk.carry_out(INC, intent(), call, action=act("alert.silence")))
    assert called == []
    assert world.kinds() == []
    assert desk.inflight == frozenset()


def test_an_outcome_that_cannot_be_written_is_written_before_the_next_entry():
    world = World()
    desk, ledger = desk_of(world)
    ledger.broken = {Kind.ACTION_SENT}

    async def scenario() -> str:
        outcome = await desk.carry_out(INC, intent(), done, action=act("alert.silence"))
        assert outcome.state is OperationState.SENT
        await desk.record(INC, [Draft(Kind.NOTE_ADDED, {"text": "still broken"})], act("incident.note"))
        ledger.broken = set()
        await desk.record(INC, [Draft(Kind.NOTE_ADDED, {"text": "whole again"})], act("incident.note"))
        return outcome.detail

    assert "not in the journal" in asyncio.run(scenario())
    assert world.kinds() == ["action.intended", "action.sending", "note.added", "action.sent", "note.added"]


def test_a_cancelled_caller_does_not_cut_the_call_nor_its_outcome():
    world = World()
    desk, _ = desk_of(world)

    async def scenario() -> None:
        on_its_way, answer = asyncio.Event(), asyncio.Event()

        async def call() -> Receipt:
            on_its_way.set()
            await answer.wait()
            return Receipt("exit 0")

        caller = asyncio.create_task(desk.carry_out(INC, intent(), call, action=act("step.run")))
        await on_its_way.wait()
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
        assert len(desk.inflight) == 1
        answer.set()
        await until(lambda: not desk.inflight)

    asyncio.run(scenario())
    assert world.kinds()[-1] == "action.sent"


def test_a_cancelled_caller_withdraws_what_only_waits_for_its_target():
    world = World()
    desk, _ = desk_of(world)
    called: list[str] = []

    async def scenario() -> None:
        answer = asyncio.Event()

        async def first() -> Receipt:
            await answer.wait()
            return Receipt()

        async def second() -> Receipt:
            called.append("second")
            return Receipt()

        one = asyncio.create_task(desk.carry_out(INC, intent(), first, action=act("step.run")))
        await until(lambda: world.kinds() == ["action.intended", "action.sending"])
        two = asyncio.create_task(desk.carry_out(INC, intent(), second, action=act("step.run")))
        await until(lambda: len(world.kinds()) == 3)
        assert world.state(INC).waiting == 2
        two.cancel()
        with pytest.raises(asyncio.CancelledError):
            await two
        answer.set()
        await one
        await until(lambda: not desk.inflight)

    asyncio.run(scenario())
    assert called == []
    assert sorted(world.kinds()[3:]) == ["action.dropped", "action.sent"]
    assert desk._carrier._turns.locks == {}


def test_effects_on_one_target_follow_each_other_and_others_do_not_wait():
    world = World()
    desk, _ = desk_of(world)
    log: list[str] = []

    def call(name: str):
        async def run() -> Receipt:
            log.append(f"{name} begins")
            for _ in range(20):
                await asyncio.sleep(0)
            log.append(f"{name} ends")
            return Receipt()

        return run

    async def scenario() -> None:
        await asyncio.gather(
            desk.carry_out(INC, intent(target="a"), call("a1"), action=act("step.run")),
            desk.carry_out(INC, intent(target="a"), call("a2"), action=act("step.run")),
            desk.carry_out(INC, intent(target="a"), call("a3"), action=act("step.run")),
            desk.carry_out(INC, intent(target="b"), call("b"), action=act("step.run")),
        )

    asyncio.run(scenario())
    of_a = [line for line in log if line.startswith("a")]
    assert of_a == [f"a{n} {verb}" for n in (1, 2, 3) for verb in ("begins", "ends")]
    assert log.index("b begins") < log.index("a1 ends")


def test_closing_cuts_calls_and_leaves_no_operation_open():
    world = World()
    desk, _ = desk_of(world)

    async def forever() -> Receipt:
        await asyncio.Event().wait()
        return Receipt()

    async def scenario() -> None:
        one = asyncio.create_task(desk.carry_out(INC, intent(), forever, action=act("step.run")))
        await until(lambda: world.kinds() == ["action.intended", "action.sending"])
        two = asyncio.create_task(desk.carry_out(INC, intent(), forever, action=act("step.run")))
        await until(lambda: len(world.kinds()) == 3)
        await desk.close()
        assert (await one).state is OperationState.UNKNOWN
        assert (await two).state is OperationState.DROPPED

    asyncio.run(scenario())
    assert world.state(INC).waiting == 0


def test_a_cancellation_while_the_intent_is_being_written_never_reaches_the_call():
    world = World()
    desk, ledger = desk_of(world)
    called: list[int] = []

    async def call() -> Receipt:
        called.append(1)
        return Receipt()

    async def scenario() -> None:
        ledger.gate = asyncio.Event()
        caller = asyncio.create_task(desk.carry_out(INC, intent(), call, action=act("step.run")))
        for _ in range(5):
            await asyncio.sleep(0)
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
        ledger.gate.set()
        await until(lambda: not desk.inflight)

    asyncio.run(scenario())
    assert called == []
    assert world.kinds() == ["action.intended", "action.sending", "action.dropped"]


def test_read_only_writes_and_does_nothing_but_say_that_it_looked():
    world = World()
    desk, _ = desk_of(world, policy=Policy(read_only=True))

    async def scenario() -> None:
        with pytest.raises(PolicyRefused):
            await desk.record(INC, [Draft(Kind.NOTE_ADDED, {"text": "x"})], act("incident.note"))
        with pytest.raises(PolicyRefused):
            await desk.carry_out(INC, intent(tier=Tier.R0), done, action=act("step.run"))
        await desk.record(INC, [Draft(Kind.CONSOLE_ATTACHED, {"host": "h"})])

    asyncio.run(scenario())
    assert world.kinds() == ["console.attached"]


def test_irreversible_effects_done_alone_are_marked_for_the_review():
    world = World()
    desk, ledger = desk_of(world)
    asyncio.run(desk.carry_out(INC, intent("delete the pod", tier=Tier.R3), done, action=act("step.run")))
    assert ledger.writes[0] == ("action.intended", "self_approved", "action.sending")


def test_strict_policy_demands_the_role():
    world = World()
    desk, _ = desk_of(world, policy=Policy(strict=True))

    async def scenario() -> None:
        await desk.record(INC, [Draft(Kind.ROLE_ASSIGNED, {"role": "ic", "who": "ana"})], act("incident.command"))
        with pytest.raises(PolicyRefused, match="ic ana"):
            await desk.carry_out(INC, intent(tier=Tier.R2), done, action=act("step.run", "ben"))
        await desk.carry_out(INC, intent(tier=Tier.R2), done, action=act("step.run", "ana"))

    asyncio.run(scenario())
    assert world.kinds()[-1] == "action.sent"


def test_the_same_operation_is_not_begun_twice():
    world = World()
    desk, _ = desk_of(world)

    async def scenario() -> None:
        from msgspec.structs import replace

        same = replace(intent(), operation_id="auto-1")
        first = asyncio.create_task(desk.carry_out(INC, same, done, action=act("step.run")))
        await asyncio.sleep(0)
        with pytest.raises(PolicyRefused, match="under way"):
            await desk.carry_out(INC, same, done, action=act("step.run"))
        await first

    asyncio.run(scenario())
    assert world.kinds().count("action.intended") == 1
