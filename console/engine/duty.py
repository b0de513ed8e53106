"""Duty: what happens by itself happens in one console only, and in none while it is held.

Duty is a lease in the journal (``console/model/duty.py``). A console takes it where nobody has it, where its holder's
lane is free (a writer holds its lock for life), where its holder has been silent for a term by our own monotonic clock,
or where our operator commands the incident and the holder's does not. A lone console need not renew it: nobody waits
for it to fall silent. Lanes of single commands never stand for it: who runs one does nothing by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from functools import partial

from msgspec import Struct

from console.clock import Clock, Millis
from console.engine.rooms import Rooms
from console.journal.places import guest
from console.model.bodies import DutyReleased, DutyTaken, HoldSet, body_from
from console.model.duty import TERM_MS, Duty
from console.model.entry import Actor, Draft, Kind
from console.model.wording import one_line

TERM_S = TERM_MS / 1000
RENEW_S = 10.0
"""How often a holder renews while another console could take over."""
LOOK_S = 5.0
"""How often a holder looks for such a console."""
YIELD_S = 3.0
"""How long duty that nobody has is left to the console of who commands."""
GAP_S = 5.0
"""Between two looks further apart than this the process stood still: others may have taken over meanwhile."""


class Facts(Struct, frozen=True):
    """What a look at one journal saw."""

    duty: Duty
    own: str
    """Our lane."""
    lanes: Sequence[str]
    who: str
    """Our operator."""
    commander: str = ""


class DutyRoster:
    """Who is on duty for one journal, as this console sees it."""

    def __init__(self, console: str, alive: Callable[[str], bool]) -> None:
        """``alive`` tells whether a lane's writer still holds its lock; it touches the disk."""
        self.held = False
        """Whether we are: certain from the look after the one that took it, when others had the time to object."""
        self._console = console
        self._alive = alive
        self._mark: str | None = None
        self._since = 0.0
        self._last: float | None = None
        self._ours = False
        self._looked = 0.0

    def look(self, facts: Facts, now: float) -> str:
        """The basis on which duty is to be claimed or renewed, ``""`` = leave it; ``now`` is monotonic, seconds."""
        gap = 0.0 if self._last is None else now - self._last
        self._last = now
        if facts.duty.mark != self._mark:
            self._mark, self._since = facts.duty.mark, now
        ours = facts.duty.console == self._console and bool(facts.duty.lane)
        self.held = ours and self._ours and gap <= GAP_S
        self._ours = ours
        basis = self._renewal(facts, now) if ours else self._claim(facts, now)
        self._ours = ours or bool(basis)
        return basis

    def fresh(self, now: float) -> bool:
        """Whether the last look is recent enough to act on."""
        return self.held and self._last is not None and now - self._last <= GAP_S

    def _renewal(self, facts: Facts, now: float) -> str:
        if facts.own != facts.duty.lane:
            return "renewal"  # a page of the watch was turned, and our lane has another name there
        if now - self._since < RENEW_S or now - self._looked < LOOK_S:
            return ""
        self._looked = now
        return "renewal" if any(lane != facts.own and self._alive(lane) for lane in facts.lanes) else ""

    def _claim(self, facts: Facts, now: float) -> str:
        duty, silent_s = facts.duty, now - self._since
        commands = bool(facts.commander) and facts.commander == facts.who
        if not duty.lane:
            return "vacant" if commands or not facts.commander or silent_s >= YIELD_S else ""
        if duty.lane == facts.own or not self._alive(duty.lane):
            return "dead"
        if silent_s >= TERM_S:
            return "lapsed"
        return "command" if commands and duty.who != facts.who else ""


class Duties:
    """This console's duty for every open journal; fulfils ``desk.automatic.Automatic``."""

    def __init__(
        self, rooms: Rooms, actor: Actor, console: str, clock: Clock, tail: Callable[[], Awaitable[None]]
    ) -> None:
        """``console`` names this process; ``tail`` takes in what other consoles wrote."""
        self._tail = tail
        self._rooms = rooms
        self._actor = actor
        self._console = console
        self._clock = clock
        self._rosters: dict[str, DutyRoster] = {}

    async def look(self) -> tuple[str, ...]:
        """Look at every open journal, claim and renew; those that this console is on duty for (``""``: the watch)."""
        keys = ("", *(room.key for room in self._rooms.open_rooms()))
        held = [key for key in keys if await self._look(key)]
        if "" in held:
            await self.carry_hold()
        return tuple(held)

    @property
    def held(self) -> tuple[str, ...]:
        """Journals that this console is on duty for, by the last look."""
        return tuple(key for key, roster in self._rosters.items() if roster.held)

    async def _look(self, key: str) -> bool:
        roster = self._rosters.get(key)
        if roster is None:
            roster = self._rosters[key] = DutyRoster(self._console, partial(self._rooms.alive, key))
        own, lanes = await asyncio.to_thread(self._rooms.lanes, key)
        if not own or guest(own):
            return False
        state = self._rooms.state(key)
        others = [lane for lane in lanes if not guest(lane)]
        facts = Facts(state.duty, own, others, self._actor.id, state.ic if key and state.status.open else "")
        basis = await asyncio.to_thread(roster.look, facts, self._clock.monotonic())
        if basis:
            until = self._clock.now() + TERM_MS
            body = DutyTaken(own, self._console, until, facts.duty.mark, basis)
            await self._rooms.append(key, [Draft(Kind.DUTY_TAKEN, body_from(body), self._actor)])
        return roster.held

    async def carry_hold(self) -> None:
        """Say on today's page of the watch that everything is held, if only an earlier page says so."""
        hold = self._rooms.state("").hold
        if hold.on and _day(hold.told_at) < _day(self._clock.now()):
            body = HoldSet(hold.reason, carried=True, by=hold.by, since=hold.since)
            await self._rooms.append("", [Draft(Kind.HOLD_SET, body_from(body), self._actor)])

    async def release(self) -> None:
        """Lay down what is held, so that nobody has to wait for it."""
        for key, roster in self._rosters.items():
            if roster.held:
                roster.held = False
                draft = Draft(Kind.DUTY_RELEASED, body_from(DutyReleased(self._console)), self._actor)
                await self._rooms.append(key, [draft])

    def why_not(self, incident: str) -> str:
        """Why nothing may be begun here now, ``""`` = it may."""
        hold = self._rooms.state("").hold
        if hold.on:
            return f"{one_line(hold.by, 64)} holds all automatic actions"
        roster = self._rosters.get(incident)
        if roster is None or not roster.fresh(self._clock.monotonic()):
            return "another console is on duty"
        return ""

    async def catch_up(self) -> None:
        """Read what other consoles wrote."""
        await self._tail()


def _day(at: Millis) -> str:
    return f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d}"
