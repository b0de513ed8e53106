from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from msgspec.structs import replace

from console.alerts import store
from console.alerts.renewal import Renewal
from console.config import AckConfig
from console.model.entry import Kind
from tests.unit.alerts.made import alert
from tests.unit.alerts.staff import DEAD, Staff

KEYS = ["am/1", "am/2"]


def acknowledged() -> tuple[Staff, Renewal]:
    staff = Staff(alert("1"), alert("2", service="b"), ack=AckConfig(silence=True))
    asyncio.run(staff.perform("alert.ack", keys=KEYS))
    staff.am.calls.clear()
    return staff, Renewal(staff.office)


def go(staff: Staff, renewal: Renewal, seconds: int) -> None:
    """The engine's tick, once a second, and the sources' polls."""

    async def run() -> None:
        for _ in range(seconds):
            staff.world.clock.move(1)
            staff.mute()
            await renewal.tick(staff.world.clock.now())
            await renewal.settle()

    asyncio.run(run())


def test_silences_are_renewed_in_their_last_third_while_the_alerts_fire() -> None:
    staff, renewal = acknowledged()
    go(staff, renewal, 595)
    assert staff.am.calls == []
    go(staff, renewal, 20)
    assert staff.am.calls == ["renew", "renew"]
    go(staff, renewal, 3600)
    assert len(asyncio.run(staff.am.silences())) == 2
    assert len(staff.am.kept) == 2, "renewing keeps the id, so that undoing the first ends the silence"
    assert set(Counter(staff.am.calls)) == {"renew"}


def test_the_entries_say_that_nobody_asked() -> None:
    staff, renewal = acknowledged()
    go(staff, renewal, 620)
    bodies = staff.world.bodies(Kind.ACTION_INTENDED, "")
    assert [b["automatic"] for b in bodies] == [True, True]
    assert bodies[0]["words"] == "renew the silence of HighErrorRate: it still fires"


def test_a_silence_ends_when_its_alert_resolves() -> None:
    staff, renewal = acknowledged()
    go(staff, renewal, 30)
    staff.tell(gone=["am/1"])
    go(staff, renewal, 30)
    assert staff.am.calls == ["expire"]
    assert len(asyncio.run(staff.am.silences())) == 1


def test_without_the_console_on_duty_they_lapse() -> None:
    staff, _ = acknowledged()
    staff.world.clock.move(901)
    assert asyncio.run(staff.am.silences()) == []


def test_what_was_un_acknowledged_elsewhere_is_not_renewed() -> None:
    staff, renewal = acknowledged()
    staff.store.unack(["am/1"])
    go(staff, renewal, 1000)
    left = asyncio.run(staff.am.silences())
    assert [m.value for s in left for m in s.matchers if m.name == "id"] == ["2"]


def test_silences_of_others_are_left_alone() -> None:
    staff, renewal = acknowledged()
    asyncio.run(staff.perform("alert.silence", keys=["am/1"], duration="16m", reason="mine"))
    staff.am.calls.clear()
    go(staff, renewal, 959)
    staff.world.clock.move(2)
    assert len(asyncio.run(staff.am.silences())) == 2


def test_a_dead_alertmanager_is_asked_once_a_minute_and_recovers() -> None:
    staff, renewal = acknowledged()
    staff.am.error = DEAD
    go(staff, renewal, 600 + 170)
    assert len(staff.am.calls) == 3
    staff.am.error = None
    go(staff, renewal, 70)
    assert len(asyncio.run(staff.am.silences())) == 2


def test_a_call_that_hangs_holds_the_engine_up_for_nothing() -> None:
    async def run() -> None:
        staff, renewal = acknowledged_in_loop(await ready())
        gate = asyncio.Event()

        async def hang(id: str) -> None:
            staff.am.calls.append("hang")
            await gate.wait()

        staff.am.expire_silence = hang  # type: ignore[method-assign]
        staff.tell(gone=KEYS)
        for _ in range(30):
            staff.world.clock.move(1)
            await renewal.tick(staff.world.clock.now())
            await asyncio.sleep(0)
        for _ in range(50):
            await asyncio.sleep(0)
        assert staff.am.calls == ["hang"]
        gate.set()
        await renewal.settle()
        assert staff.am.calls == ["hang", "hang"]

    def acknowledged_in_loop(staff: Staff) -> tuple[Staff, Renewal]:
        staff.am.calls.clear()
        return staff, Renewal(staff.office)

    async def ready() -> Staff:
        staff = Staff(alert("1"), alert("2", service="b"), ack=AckConfig(silence=True))
        await staff.perform("alert.ack", keys=KEYS)
        staff.mute()
        return staff

    asyncio.run(run())


def test_a_journal_that_cannot_be_written_renews_nothing_and_stops_nobody() -> None:
    staff, renewal = acknowledged()
    staff.ledger.broken.add(Kind.ACTION_INTENDED)
    go(staff, renewal, 620)
    assert staff.am.calls == []
    staff.ledger.broken.clear()
    go(staff, renewal, 70)
    assert staff.am.calls == ["renew", "renew"]


def test_looking_through_many_alerts_gives_the_loop_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "SIFT_S", 0.0)

    async def run() -> None:
        staff = Staff(*(alert(str(n), service=f"s{n}") for n in range(3000)), ack=AckConfig(silence=True))
        await staff.perform("alert.ack", keys=["am/2999"])
        renewal = Renewal(staff.office)
        staff.world.clock.move(700)
        turns, done = 0, False

        async def watch() -> None:
            nonlocal turns
            while not done:
                turns += 1
                await asyncio.sleep(0)

        watching = asyncio.create_task(watch())
        await renewal.tick(staff.world.clock.now())
        await renewal.settle()
        done = True
        await watching
        assert staff.am.calls == ["create", "renew"]
        assert turns > 3000 // store.SIFTED

    asyncio.run(run())


def test_a_clock_that_was_set_back_does_not_stop_the_renewal() -> None:
    staff, renewal = acknowledged()
    staff.am.error = DEAD
    go(staff, renewal, 605)
    assert staff.am.calls == ["renew"]
    staff.am.error = None
    staff.world.clock.wall -= 300_000
    for name, silence in staff.am.kept.items():
        staff.am.kept[name] = replace(silence, ends_at=silence.ends_at - 300_000)
    go(staff, renewal, 15)
    assert staff.am.calls == ["renew"] * 3
