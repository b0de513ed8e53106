from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from console.actions import TABLE
from console.desk.arguments import check_arguments, parse_duration
from console.desk.handling import Handling
from console.desk.policy import Confirm, Policy, check_digest, digest
from console.errors import PolicyRefused, Refused, TimedOut
from console.model.action import Preview, Receipt, Reply, Tier
from console.secret import Secret
from tests.unit.desk.fakes import INC, FakeHandler, World, act, desk_of, intent


def handling(handler: FakeHandler, id: str = "alert.ack", policy: Policy | None = None) -> Handling:
    desk, _ = desk_of(World(), policy=policy)
    return Handling({id: handler}, desk, lambda: INC)


def ask(handling: Handling, *args: object, **more: object) -> Reply:
    return asyncio.run(handling.respond(act(*args, **more)))  # type: ignore[arg-type]


def test_a_preview_changes_nothing_and_carries_its_digest():
    handler = FakeHandler(Tier.R2)
    reply = ask(handling(handler), "alert.ack", preview=True)
    assert reply.ok
    assert reply.preview is not None
    assert reply.preview.digest
    assert handler.performed == []


def test_a_risky_action_is_not_done_without_its_confirmation():
    handler = FakeHandler(Tier.R2)
    desk = handling(handler)
    first = ask(desk, "alert.ack")
    assert not first.ok
    assert first.preview is not None
    assert handler.performed == []
    assert ask(desk, "alert.ack", digest=first.preview.digest).ok
    assert len(handler.performed) == 1


def test_what_changed_since_it_was_shown_is_refused():
    handler = FakeHandler(Tier.R2, "am/3 alerts")
    desk = handling(handler)
    shown = ask(desk, "alert.ack", preview=True).preview
    assert shown is not None
    handler.shown = replace(handler.shown, target="am/4 alerts")
    reply = ask(desk, "alert.ack", digest=shown.digest)
    assert not reply.ok
    assert "changed" in reply.text
    assert handler.performed == []


def test_counts_and_samples_do_not_break_a_confirmation_but_the_call_does():
    shown = Preview("Silence 37 alerts", "POST /a", "am", Tier.R2, blast=("37 alerts",))
    later = replace(shown, title="Silence 38 alerts", blast=("38 alerts",), warning="ben too")
    check_digest(digest(shown), later)
    with pytest.raises(PolicyRefused):
        check_digest(digest(shown), replace(shown, call="POST /b"))


def test_harmless_actions_are_done_at_once():
    handler = FakeHandler(Tier.R1)
    assert ask(handling(handler), "alert.ack").ok
    assert len(handler.performed) == 1


def test_errors_become_words_and_unexpected_ones_a_safe_reply(caplog: pytest.LogCaptureFixture):
    handler = FakeHandler(error=TimedOut("no answer from am in 10 s", next="look at its health"))
    reply = ask(handling(handler), "alert.ack")
    assert (reply.ok, reply.text, reply.next) == (False, "no answer from am in 10 s", "look at its health")

    desk, _ = desk_of(World())
    desk.redact.learn(Secret("hunter2-value"))
    broken = FakeHandler(error=KeyError("hunter2-value"))
    reply = asyncio.run(Handling({"alert.ack": broken}, desk).respond(act("alert.ack")))
    assert not reply.ok
    assert "KeyError" in reply.text
    assert "hunter2" not in str(reply) + caplog.text
    assert "KeyError" in caplog.text


def test_a_reply_says_nothing_secret_and_nothing_that_a_terminal_obeys():
    desk, _ = desk_of(World())
    desk.redact.learn(Secret("hunter2-value"))

    class Loud(FakeHandler):
        async def perform(self, action):
            return Reply("other", True, "\x1b]52;c;eA==\x07 hunter2-value", data={"x": "hunter2-value"})

    reply = asyncio.run(Handling({"alert.ack": Loud()}, desk).respond(act("alert.ack")))
    assert reply.request_id == "r1"
    assert "\x1b" not in reply.text
    assert "hunter2" not in str(reply)


@pytest.mark.parametrize(
    ("id", "args", "says"),
    [
        ("alert.akc", {}, "there is no action"),
        ("ui.help", {}, "screen itself"),
        ("alert.silence", {"duration": "2h"}, "needs reason"),
        ("alert.silence", {"duration": "soon", "reason": "x"}, "not a duration"),
        ("alert.silence", {"duration": "31d", "reason": "x"}, "out of range"),
        ("incident.status", {"status": "resolvd"}, "closed, not 'resolvd'"),
        ("alert.ack", {"kyes": "a"}, "knows no"),
        ("silence.expire", {"silence": "am/1"}, "not available"),
    ],
)
def test_what_is_asked_wrongly_is_refused_with_a_hint(id: str, args: dict[str, object], says: str):
    desk, _ = desk_of(World())
    registry = {name: FakeHandler() for name in TABLE if name != "silence.expire"}
    reply = asyncio.run(Handling(registry, desk).respond(act(id, **args)))
    assert not reply.ok
    assert says in reply.text
    assert all(not handler.performed for handler in registry.values())


def test_read_only_previews_but_does_not_act():
    handler = FakeHandler()
    desk = handling(handler, policy=Policy(read_only=True))
    assert ask(desk, "alert.ack", preview=True).ok
    assert "read-only" in ask(desk, "alert.ack").text
    assert handler.performed == []


def test_arguments_get_their_shape():
    silence, ack, start = TABLE["alert.silence"], TABLE["alert.ack"], TABLE["runbook.start"]
    assert check_arguments(silence, {"duration": " 2h ", "reason": "noise\x1b"}) == {
        "duration": "2h",
        "reason": "noise␛",
    }
    assert check_arguments(ack, {"keys": "am/1, am/2,am/1", "note": None}) == {"keys": ["am/1", "am/2"]}
    assert check_arguments(start, {"runbook": "r", "params": "a=1,b=x=y"})["params"] == {"a": "1", "b": "x=y"}
    assert check_arguments(start, {"runbook": "r", "params": ["a=1,2"]})["params"] == {"a": "1,2"}
    severity = check_arguments(TABLE["incident.severity"], {"severity": "sev2", "incident": INC})
    assert severity == {"severity": "SEV2", "incident": INC}
    assert check_arguments(TABLE["incident.status"], {"status": "false positive"})["status"] == "false_positive"
    with pytest.raises(Refused):
        check_arguments(start, {"runbook": "r", "params": "alone"})
    with pytest.raises(Refused):
        check_arguments(TABLE["incident.note"], {"text": "x" * 20_000})


def test_durations():
    assert [parse_duration(d) for d in ("90s", "15m", "2h", "30d", 5)] == [90, 900, 7200, 2_592_000, 5]
    for wrong in ("0s", "31d", "15", "-5m", "1h30m", "", 0, True, "9" * 30 + "s"):
        with pytest.raises(Refused):
            parse_duration(wrong)


def test_what_each_tier_asks_for():
    policy = Policy()
    asked = [policy.needs_confirmation(tier) for tier in Tier]
    assert asked == [Confirm.NONE, Confirm.NONE, Confirm.KEY, Confirm.TYPED]
    assert Policy(rules={}).needs_confirmation(Tier.R0) is Confirm.TYPED


def test_roles_are_told_where_somebody_commands():
    policy = Policy()
    assert policy.lacking(Tier.R2, "ben", {}) == ""
    assert "ana" in policy.lacking(Tier.R2, "ben", {"ic": "ana"})
    assert policy.lacking(Tier.R2, "ben", {"ic": "ana", "ops": "ben"}) == ""
    assert policy.lacking(Tier.R1, "ben", {"ic": "ana"}) == ""


def test_who_touches_what_another_touched_lately_is_told():
    world = World()
    desk, _ = desk_of(world)
    door = Handling({"alert.silence": FakeHandler(Tier.R2), "alert.ack": FakeHandler(Tier.R1)}, desk, lambda: INC)

    async def sent() -> Receipt:
        return Receipt()

    async def scenario() -> list[Reply]:
        await desk.carry_out(INC, intent(), sent, action=act("alert.silence", "ben"))
        world.clock.move(120)
        told = await door.respond(act("alert.silence", duration="1h", reason="x", preview=True))
        done = await door.respond(act("alert.ack"))
        own = await door.respond(act("alert.ack", "ben"))
        world.clock.move(240)
        later = await door.respond(act("alert.ack"))
        return [told, done, own, later]

    told, done, own, later = asyncio.run(scenario())
    assert told.preview is not None
    assert told.preview.warning == "ben, 2 min ago, same target: silence 3 alerts"
    assert "ben, 2 min ago" in done.text
    assert own.text == "done"
    assert later.text == "done"
