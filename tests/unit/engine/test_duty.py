"""Duty between consoles of one state folder: taken, kept, lost, taken over in time, and held."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from console.desk.desk import Desk
from console.desk.hold import HoldHandler
from console.desk.policy import Policy
from console.engine.duty import GAP_S, RENEW_S, TERM_S, Duties, DutyRoster, Facts
from console.engine.rooms import Rooms
from console.errors import PolicyRefused
from console.journal.reading import read
from console.model.action import Action, Intent, OperationState, Receipt, Tier
from console.model.duty import Duty, next_id
from console.model.entry import Actor, Draft, Kind
from console.secret import Redactor
from tests.unit.clocks import CountingIds, ManualClock

LIMIT_S = 30


class Look:
    """A roster and what it would see."""

    def __init__(self, *, commander: str = "", who: str = "ana") -> None:
        self.live = {"a", "b"}
        self.roster = DutyRoster("me", lambda lane: lane in self.live)
        self.duty = Duty()
        self.commander = commander
        self.who = who
        self.now = 100.0

    def __call__(self, seconds: float = 1.0) -> str:
        self.now += seconds
        return self.roster.look(Facts(self.duty, "b", ("a", "b"), self.who, self.commander), self.now)

    def until(self, basis: str) -> float:
        begin = self.now
        while self() != basis:
            assert self.now - begin < 100
        return self.now - begin


def held_by(lane: str, console: str, mark: str = "1", who: str = "ben") -> Duty:
    return Duty(lane, console, who, 0, 0, mark)


def test_vacant_duty_is_taken_at_once_and_acted_on_from_the_next_look() -> None:
    look = Look()
    assert look() == "vacant"
    assert not look.roster.held
    look.duty = held_by("b", "me")
    assert look() == ""
    assert look.roster.held


def test_a_claim_that_another_forestalled_is_no_duty() -> None:
    look = Look()
    assert look() == "vacant"
    look.duty = held_by("a", "other")
    assert look() == ""
    assert not look.roster.held


def test_vacant_duty_is_left_to_the_commander_for_a_moment() -> None:
    assert Look(commander="ana")() == "vacant"
    look = Look(commander="ben")
    assert look() == ""
    assert look.until("vacant") <= 4


def test_the_commanders_console_takes_it_from_another_operators() -> None:
    look = Look(commander="ana")
    look.duty = held_by("a", "other", who="ben")
    assert look() == "command"
    look = Look(commander="ana")
    look.duty = held_by("a", "other", who="ana")
    assert look() == "", "a commander with two consoles does not take it from himself"


def test_a_dead_holder_is_followed_at_once_a_silent_one_within_its_term() -> None:
    look = Look()
    look.duty = held_by("a", "other")
    assert look() == ""
    look.live.discard("a")
    assert look() == "dead"
    look = Look()
    look.duty = held_by("a", "other")
    assert look.until("lapsed") + 2 <= LIMIT_S


def test_our_own_lane_held_by_another_process_means_that_it_is_dead() -> None:
    look = Look()
    look.duty = held_by("b", "predecessor")
    assert look() == "dead"


def test_renewals_keep_it_and_a_lone_console_writes_none() -> None:
    look = Look()
    look.duty = held_by("a", "other", "1")
    for count in range(20):
        look.duty = held_by("a", "other", str(count))
        for _ in range(10):
            assert look() == ""
    look = Look()
    look.live = {"b"}
    look()
    look.duty = held_by("b", "me")
    assert [look() for _ in range(100)] == [""] * 100
    look.live.add("a")
    assert look.until("renewal") <= RENEW_S
    look.duty = held_by("b", "me", "2")
    assert RENEW_S <= look.until("renewal") <= RENEW_S + 5 < TERM_S


def test_a_process_that_stood_still_does_not_act_on_what_it_held() -> None:
    look = Look()
    look()
    look.duty = held_by("b", "me")
    look()
    assert look.roster.fresh(look.now + 1)
    assert not look.roster.fresh(look.now + GAP_S + 1)
    look(GAP_S + 1)
    assert not look.roster.held
    look()
    assert look.roster.held, "nobody took it meanwhile"


def test_a_turned_page_is_claimed_under_the_lane_it_has_there() -> None:
    look = Look()
    look()
    look.duty = held_by("old", "me")
    assert look() == "renewal"
    assert look.roster.held


# Consoles with journals.


class Console:
    """Rooms, duties and a desk of one console; time is moved by hand."""

    def __init__(self, root: Path, who: str, clock: ManualClock) -> None:
        self.who = who
        self.clock = clock
        redact = Redactor()
        self.rooms = Rooms(root, clock=clock, ids=CountingIds(), redact=redact.value, changed=lambda: None)
        self.duties = Duties(self.rooms, Actor(who), f"console-{who}", clock, self.tail)
        self.desk = Desk(
            self.rooms, policy=Policy(), clock=clock, ids=CountingIds(), redact=redact, state=self.rooms.state,
            automatic=self.duties,
        )  # fmt: skip
        self.hold = HoldHandler(self.desk, state=self.rooms.state, current=lambda: "")
        self.calls = 0

    async def start(self) -> Console:
        await self.rooms.start(Actor(self.who))
        return self

    async def tail(self) -> None:
        await self.rooms.tail()

    async def tick(self) -> tuple[str, ...]:
        await self.tail()
        return await self.duties.look()

    async def act(self, due: int = 1) -> OperationState | str:
        async def call() -> Receipt:
            self.calls += 1
            return Receipt("done")

        name = next_id(self.rooms.state("").operations, "", "test", "x", due)
        intent = Intent(name, "test", "renew x", "", "x", Tier.R1, automatic=True)
        try:
            outcome = await self.desk.carry_out("", intent, call, action=Action("r", "test", actor=Actor("tool")))
        except PolicyRefused as error:
            return error.what
        return outcome.state

    async def press(self, to: str = "") -> None:
        await self.hold.perform(Action("r", "desk.hold", {"to": to} if to else {}, Actor(self.who)))


def consoles(root: Path, work: Callable[[Console, Console, ManualClock], Awaitable[None]]) -> None:
    async def go() -> None:
        clock = ManualClock()
        a, b = await Console(root, "ana", clock).start(), await Console(root, "ben", clock).start()
        try:
            await work(a, b, clock)
        finally:
            await a.rooms.close(Actor("ana"), "end")
            await b.rooms.close(Actor("ben"), "end")

    asyncio.run(go())


async def seconds(clock: ManualClock, count: int, *those: Console) -> dict[str, list[str]]:
    """So many ticks of each; in which second who was on duty."""
    seen: dict[str, list[str]] = {}
    for _ in range(count):
        clock.move(1)
        for one in those:
            if "" in await one.tick():
                seen.setdefault(one.who, []).append("")
    return seen


def test_one_of_two_consoles_acts_and_each_effect_once(tmp_path: Path) -> None:
    async def work(a: Console, b: Console, clock: ManualClock) -> None:
        assert list(await seconds(clock, 60, a, b)) == ["ana"]
        assert await b.act() == "renew x: not done by itself, another console is on duty"
        assert await a.act() == OperationState.SENT
        assert await a.act() == OperationState.SENT
        assert (a.calls, b.calls) == (1, 0)
        kinds = [str(e.kind) for e in read(tmp_path / "watch" / "2026-11-18")]
        assert kinds.count("duty.taken") <= 60 / RENEW_S + 1

    consoles(tmp_path, work)


def test_a_killed_console_is_followed_and_its_effect_not_begun_again(tmp_path: Path) -> None:
    async def work(a: Console, b: Console, clock: ManualClock) -> None:
        await seconds(clock, 3, a, b)
        assert await a.act(due=7) == OperationState.SENT
        await a.rooms.close(Actor("ana"), "killed")
        seen = await seconds(clock, 3, b)
        assert len(seen["ben"]) >= 1
        assert await b.act(due=7) == OperationState.SENT
        assert (a.calls, b.calls) == (1, 0)

    consoles(tmp_path, work)


def test_a_console_that_hangs_is_followed_within_30_s_and_stands_back_when_it_wakes(tmp_path: Path) -> None:
    async def work(a: Console, b: Console, clock: ManualClock) -> None:
        await seconds(clock, 40, a, b)
        silent_since = clock.now()
        while "" not in await b.tick():
            clock.move(1)
            assert clock.now() - silent_since <= LIMIT_S * 1000
        assert await b.act() == OperationState.SENT
        assert "another console is on duty" in str(await a.act()), "it has not looked yet, and knows that"
        assert "" not in await a.tick()
        assert a.calls == 0

    consoles(tmp_path, work)


def test_a_console_that_leaves_lays_duty_down(tmp_path: Path) -> None:
    async def work(a: Console, b: Console, clock: ManualClock) -> None:
        await seconds(clock, 3, a, b)
        await a.duties.release()
        await b.tick()
        await b.tick()
        assert b.duties.why_not("") == ""

    consoles(tmp_path, work)


def test_a_hold_stops_everything_everywhere_until_somebody_lets_go(tmp_path: Path) -> None:
    async def work(a: Console, b: Console, clock: ManualClock) -> None:
        await seconds(clock, 3, a, b)
        await b.press()
        assert await a.act() == "renew x: not done by itself, ben holds all automatic actions", "told by catching up"
        assert a.calls == 0
        await a.tick()
        await a.press("off")
        assert await a.act() == OperationState.SENT

    consoles(tmp_path, work)


def test_a_hold_reaches_the_incident_on_screen_and_its_undo_is_one(tmp_path: Path) -> None:
    async def work(a: Console, b: Console, clock: ManualClock) -> None:
        incident = await a.rooms.create()
        await a.rooms.append(incident, [Draft(Kind.NOTE_ADDED, {"text": "x"})])
        reply = await a.hold.perform(Action("r", "desk.hold", {"incident": incident, "reason": "freeze"}, Actor("ana")))
        assert reply.undo is not None
        assert reply.undo.args == {"to": "off"}
        assert a.rooms.state(incident).hold.on
        await a.hold.perform(Action("r", "desk.hold", {"incident": incident, **reply.undo.args}, Actor("ana")))
        assert not a.rooms.state(incident).hold.on
        assert not a.rooms.state("").hold.on

    consoles(tmp_path, work)


@pytest.mark.parametrize("days", [1, 3, 20])
def test_a_hold_outlasts_midnight_and_days_without_a_console(tmp_path: Path, days: int) -> None:
    async def work(a: Console, b: Console, clock: ManualClock) -> None:
        await seconds(clock, 3, a, b)
        await a.press()
        for one in (a, b):
            await one.rooms.close(Actor(one.who), "away")
        clock.move(days * 86_400)
        for who in ("cem", "dan", "eva"):
            late = await Console(tmp_path, who, clock).start()
            await late.duties.carry_hold()
            assert late.rooms.state("").hold.by == "ana"
            await late.rooms.close(Actor(who), "gone")
            clock.move(86_400)

    consoles(tmp_path, work)


def test_a_page_that_turns_says_again_that_all_is_held(tmp_path: Path) -> None:
    async def work(a: Console, b: Console, clock: ManualClock) -> None:
        await seconds(clock, 3, a, b)
        await a.press()
        clock.move(86_400)
        seen = await seconds(clock, 40, a, b)
        assert list(seen) == ["ana"] or list(seen) == ["ben"]
        page = sorted((tmp_path / "watch").iterdir())[-1]
        told = [e for e in read(page) if e.kind is Kind.HOLD_SET]
        assert len(told) == 1
        assert told[0].body["by"] == "ana"

    consoles(tmp_path, work)
