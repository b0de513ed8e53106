"""When heads are anchored, by whom, and what the journal says of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from console.config import JournalConfig
from console.engine.anchoring import RETRY_S, Anchoring, behind
from console.engine.rooms import Rooms
from console.errors import Unreachable
from console.journal.anchor import read_line
from console.model.entry import Actor, Draft, Kind
from console.ports import AnchorReceipt
from console.secret import Redactor
from tests.unit.clocks import CountingIds, ManualClock

ANA = Actor("ana")
DECLARED = Draft(Kind.INCIDENT_DECLARED, {"title": "x", "severity": 2}, ANA)


class FakeSink:
    """Takes lines in, or fails."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lines: list[str] = []
        self.puts = 0
        self.error: Exception | None = None
        self.gate: asyncio.Event | None = None

    async def put(self, lines: Sequence[str]) -> AnchorReceipt:
        self.puts += 1
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None:
            raise self.error
        self.lines += lines
        return AnchorReceipt(self.name, "kept")


class Place:
    """A console with one incident, two sinks, and time moved by hand."""

    def __init__(self, root: Path) -> None:
        self.clock = ManualClock()
        self.root = root
        self.rooms = self.console()
        self.sinks = FakeSink("log"), FakeSink("file")
        self.held = ""
        self.incident = ""
        self.anchoring = self.anchor(self.rooms)

    def console(self) -> Rooms:
        return Rooms(
            self.root, clock=self.clock, ids=CountingIds(), redact=Redactor().value, changed=lambda: None
        )  # fmt: skip

    def anchor(self, rooms: Rooms) -> Anchoring:
        return Anchoring(
            self.sinks, JournalConfig(every_entries=5, every_minutes=2), self.clock, heads=rooms.heads,
            append=rooms.append, why_not=lambda key: self.held,
        )  # fmt: skip

    async def note(self, count: int = 1, key: str | None = None) -> None:
        for _ in range(count):
            await self.rooms.append(self.incident if key is None else key, [Draft(Kind.NOTE_ADDED, {"text": "x"}, ANA)])

    async def go(self, seconds: int, key: str | None = None) -> list[str]:
        """So many looks; the lines that came of them."""
        before = len(self.sinks[0].lines)
        for _ in range(seconds):
            self.clock.move(1)
            name = self.incident if key is None else key
            self.anchoring.look(name, self.rooms.state(name))
            await self.anchoring.settle()
        return self.sinks[0].lines[before:]

    def made(self) -> list[dict[str, object]]:
        room = self.rooms.room(self.incident)
        assert room is not None
        return [e.body for e in room.journal.entries() if e.kind is Kind.ANCHOR_MADE]


def play(root: Path, work: Callable[[Place], Awaitable[None]]) -> None:
    async def go() -> None:
        place = Place(root)
        await place.rooms.start(ANA)
        place.incident = await place.rooms.create()
        await place.rooms.append(place.incident, [DECLARED])
        try:
            await work(place)
        finally:
            await place.rooms.close(ANA, "end")

    asyncio.run(go())


def test_after_some_minutes_each_lane_that_moved_is_told_to_each_sink_once(tmp_path: Path) -> None:
    async def work(place: Place) -> None:
        assert await place.go(119) == []
        (line,) = await place.go(3)
        assert place.sinks[1].lines == [line]
        anchor = read_line(line)
        assert anchor is not None
        room = place.rooms.room(place.incident)
        assert room is not None
        entry = next(e for e in room.journal.entries() if e.stamp.seq == anchor.seq)
        assert (anchor.incident, anchor.lane, anchor.head) == (place.incident, entry.stamp.lane, entry.hash)
        heads = {anchor.lane: [anchor.seq, anchor.head]}
        assert place.made()[0] == {"heads": heads, "sink": "log", "text": "kept"}
        assert {body["sink"] for body in place.made()} == {"log", "file"}
        assert await place.go(600) == [], "an anchor alone is no reason for another"

    play(tmp_path, work)


def test_after_some_entries_at_once(tmp_path: Path) -> None:
    async def work(place: Place) -> None:
        await place.go(125)
        await place.note(1)
        assert await place.go(1) == []
        await place.note(5)
        assert len(await place.go(1)) == 1

    play(tmp_path, work)


def test_an_end_is_anchored_at_once(tmp_path: Path) -> None:
    async def work(place: Place) -> None:
        await place.go(125)
        body: dict[str, object] = {"from": "investigating", "to": "resolved", "reason": "it was nothing"}
        await place.rooms.append(place.incident, [Draft(Kind.STATUS_CHANGED, body, ANA)])
        assert not place.rooms.state(place.incident).status.open
        assert len(await place.go(1)) == 1
        assert await place.go(5) == []

    play(tmp_path, work)


def test_the_lanes_of_other_consoles_are_told_too(tmp_path: Path) -> None:
    async def work(place: Place) -> None:
        other = place.console()
        await other.start(Actor("ben"))
        await other.append(place.incident, [Draft(Kind.NOTE_ADDED, {"text": "y"}, Actor("ben"))])
        await place.rooms.tail()
        lanes = {anchor.lane for line in await place.go(121) if (anchor := read_line(line))}
        assert len(lanes) == 2
        # Whoever takes over knows from the journal what stands outside.
        await other.tail()
        assert behind(other.state(place.incident), "log") == {}
        await other.close(Actor("ben"), "end")

    play(tmp_path, work)


def test_held_or_off_duty_nothing_is_told(tmp_path: Path) -> None:
    async def work(place: Place) -> None:
        place.held = "ben holds all automatic actions"
        assert await place.go(300) == []
        await place.anchoring.last({place.incident: place.rooms.state(place.incident)})
        assert place.sinks[0].puts == 0
        place.held = ""
        assert len(await place.go(1)) == 1

    play(tmp_path, work)


def test_a_sink_that_fails_leaves_a_note_and_is_tried_again_without_holding_up_the_other(tmp_path: Path) -> None:
    async def work(place: Place) -> None:
        log, file = place.sinks
        log.error = Unreachable("no log daemon at /dev/log: No such file or directory")
        await place.go(121)
        assert len(file.lines) == 1
        assert place.anchoring.note == "not anchored: no log daemon at /dev/log: No such file or directory"
        assert log.puts == 1
        await place.go(round(RETRY_S) - 3)
        assert log.puts == 1
        log.error = None
        assert len(await place.go(4)) == 1
        assert place.anchoring.note == ""
        assert len(file.lines) == 1

    play(tmp_path, work)


def test_a_sink_that_hangs_is_asked_once_and_holds_up_nobody(tmp_path: Path) -> None:
    async def work(place: Place) -> None:
        log, file = place.sinks
        log.gate = asyncio.Event()
        for _ in range(300):
            place.clock.move(1)
            place.anchoring.look(place.incident, place.rooms.state(place.incident))
            await asyncio.sleep(0)
        for _ in range(200):
            await asyncio.sleep(0.001)
            if file.lines and len(place.made()) == 1:
                break
        assert (log.puts, len(file.lines)) == (1, 1)
        log.gate.set()
        await place.anchoring.settle()
        assert len(place.made()) == 2

    play(tmp_path, work)


def test_a_console_that_leaves_anchors_what_is_not_yet(tmp_path: Path) -> None:
    async def work(place: Place) -> None:
        await place.anchoring.last({place.incident: place.rooms.state(place.incident)})
        assert len(place.sinks[0].lines) == 1
        await place.anchoring.last({place.incident: place.rooms.state(place.incident)})
        assert len(place.sinks[0].lines) == 1

    play(tmp_path, work)


def test_the_watch_is_anchored_each_day_anew(tmp_path: Path) -> None:
    async def work(place: Place) -> None:
        await place.note(20, "")
        (line,) = await place.go(1, "")
        assert line.startswith("warroom-anchor watch ")
        place.clock.move(86_400)
        await place.note(1, "")
        await place.rooms.tail()
        (line,) = await place.go(125, "")
        anchor = read_line(line)
        assert anchor is not None
        assert anchor.seq < 20

    play(tmp_path, work)
