"""Leaving: what began comes to its end, and one journal that hangs holds up no other."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from console.alerts.renewal import Renewal
from console.clock import RandomIds, SystemClock
from console.config import Config
from console.engine.handle import Handle
from console.engine.parts import Parts
from console.engine.room import Room
from console.engine.rooms import Rooms
from console.errors import JournalError
from console.journal.places import guest
from console.model.entry import Actor, Draft
from console.model.fold import Fold
from tests.unit.clocks import CountingIds, ManualClock

ANA = Actor("ana")


class Book:
    """A journal that hangs, fails or takes what it is given."""

    lane = "host.1.0"

    def __init__(self, mood: str = "ok") -> None:
        self.mood = mood
        self.told: list[Draft] = []
        self.closed = False

    async def append(self, drafts: Sequence[Draft]) -> tuple[()]:
        if self.mood == "hang":
            await asyncio.Event().wait()
        if self.mood == "fail":
            raise JournalError("the disk is full")
        self.told += drafts
        return ()

    async def close(self) -> None:
        self.closed = True
        if self.mood == "hang":
            await asyncio.Event().wait()


def rooms(tmp_path: Path, *, guest: bool = False) -> Rooms:
    return Rooms(
        tmp_path, clock=SystemClock(), ids=RandomIds(), redact=lambda value: value, changed=lambda: None, guest=guest
    )


def test_a_journal_that_hangs_does_not_keep_the_others_from_being_closed(tmp_path: Path) -> None:
    books = {f"INC-000{n}": Book(mood) for n, mood in enumerate(("hang", "ok", "hang", "fail", "ok"))}

    async def go() -> float:
        held = rooms(tmp_path)
        for key, book in books.items():
            room = held._rooms[key] = Room(key, book, Fold(key))  # type: ignore[arg-type]
            room.attached = True
        begin = asyncio.get_running_loop().time()
        await held.close(ANA, "left", limit_s=0.2)
        return asyncio.get_running_loop().time() - begin

    took = asyncio.run(go())
    assert all(book.closed for book in books.values())
    assert [len(book.told) for book in books.values()] == [0, 1, 0, 0, 1]
    assert took < 0.4  # two that hang, one after the other, would take 0.4 s at the least


def test_a_renewal_under_way_may_end_before_the_console_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[str] = []

    async def go() -> None:
        go_on = asyncio.Event()

        async def settle(_: Renewal) -> None:
            await go_on.wait()
            ended.append("whole")

        monkeypatch.setattr(Renewal, "settle", settle)
        for allowed_s in (60.0, 0.0):
            parts = Parts(Config(folder=str(tmp_path / "state")), ANA, Handle(), ManualClock(), CountingIds())
            await parts.open("")
            end = asyncio.Event()
            end.set()
            await parts.work(end)
            settling = asyncio.create_task(parts.settle(lambda allowed_s=allowed_s: allowed_s))  # type: ignore[misc]
            if allowed_s:
                await asyncio.sleep(0.05)
                assert ended == []
                go_on.set()
            await settling
            await parts.close("left")
            go_on.clear()

    asyncio.run(go())
    assert ended == ["whole"]  # the second was given no time, and leaving did not wait


def test_the_lane_of_a_single_command_is_a_guests(tmp_path: Path) -> None:
    async def lane(*, guest: bool) -> str:
        held = rooms(tmp_path, guest=guest)
        await held.start(ANA)
        try:
            incident = await held.create()
            assert held.lanes(incident)[0] == held.lanes("")[0]
            return held.lanes("")[0]
        finally:
            await held.close(ANA, "done")

    async def both() -> list[str]:
        return [await lane(guest=True), await lane(guest=False)]

    command, console = asyncio.run(both())
    assert guest(command)
    assert not guest(console)
    assert command.endswith(".g0")
    assert len(list((tmp_path / "watch").rglob("*.lane"))) == 2
