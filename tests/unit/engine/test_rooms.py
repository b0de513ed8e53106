"""Rooms: a long journal opens from its cache, wrong caches are found out, and others are heard without asking."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from console.clock import RandomIds, SystemClock
from console.engine.ear import Ear
from console.engine.rooms import LIVELY_S, Rooms
from console.journal import cache, proving
from console.journal.notice import Notice
from console.model import fold as folds
from console.model.entry import Actor, Draft, Kind
from tests.unit.clocks import ManualClock

ANA = Actor("ana")


def rooms(tmp_path: Path) -> Rooms:
    return Rooms(
        tmp_path / "state",
        clock=SystemClock(),
        ids=RandomIds(),
        redact=lambda value: value,
        changed=lambda: None,
        cache=tmp_path / "cache",
    )


def note(text: str) -> Draft:
    return Draft(Kind.NOTE_ADDED, {"text": text})


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "WORTH", 10)
    monkeypatch.setattr("console.journal.journal.WORTH", 10)
    monkeypatch.setattr(proving, "PAUSE_S", 0.0)


async def filled(tmp_path: Path, count: int = 30) -> str:
    held = rooms(tmp_path)
    await held.start(ANA)
    incident = await held.create()
    for number in range(count):
        await held.append(incident, [note(str(number))])
    await held.close(ANA, "left")
    return incident


def test_the_next_console_goes_on_from_the_cache_and_verifies_behind_that(tmp_path: Path) -> None:
    async def scene() -> None:
        incident = await filled(tmp_path)
        held = rooms(tmp_path)
        await held.start(ANA)
        room = await held.open(incident)
        assert room.journal.resumed is not None  # type: ignore[union-attr]
        assert [row.text for row in room.state.timeline][-1] == "29"
        await asyncio.gather(*held._proving)
        assert held.health(incident).verified
        await held.append(incident, [note("more")])
        await held.close(ANA, "left")
        again = rooms(tmp_path)
        await again.start(ANA)
        state = (await again.open(incident)).state
        assert [row.text for row in state.timeline][-2:] == ["29", "more"]
        assert state.entries == 32
        await again.close(ANA, "left")

    asyncio.run(scene())


def test_where_the_cache_was_wrong_the_files_count(tmp_path: Path) -> None:
    async def scene() -> None:
        incident = await filled(tmp_path)
        path = next((tmp_path / "state" / "incidents" / incident).glob("*.lane"))
        data = path.read_bytes()
        at = data.index(b'"text":"17"')
        path.write_bytes(data[: at + 8] + b"9" + data[at + 9 :])
        held = rooms(tmp_path)
        await held.start(ANA)
        room = await held.open(incident)
        assert "17" in [row.text for row in room.state.timeline]
        await asyncio.gather(*held._proving)
        assert "17" not in [row.text for row in room.state.timeline]
        assert not held.health(incident).ok
        assert list((tmp_path / "cache").rglob("*.cache")) == []
        await held.close(ANA, "left")

    asyncio.run(scene())


def test_an_entry_later_than_the_fold_reaches_has_all_folded_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folds, "RECENT", 64)

    async def scene() -> None:
        ours, theirs = rooms(tmp_path), rooms(tmp_path)
        await ours.start(ANA)
        await theirs.start(ANA)
        incident = await ours.create()
        await theirs.open(incident)
        await theirs.append(incident, [note("early, and read late")])
        for number in range(300):
            await ours.append(incident, [note(str(number))])
        assert ours.state(incident).entries == 301
        news = await ours.tail()
        assert [entry.body["text"] for entry in news[incident] if entry.kind is Kind.NOTE_ADDED] == [
            "early, and read late"
        ]
        told = [row.text for row in ours.state(incident).timeline]
        assert told.index("early, and read late") < told.index("100")
        assert ours.state(incident).entries == 303
        await ours.close(ANA, "left")
        await theirs.close(ANA, "left")

    asyncio.run(scene())


def test_another_console_is_heard_at_once_and_silence_costs_nothing(tmp_path: Path) -> None:
    async def scene() -> None:
        ours, theirs = rooms(tmp_path), rooms(tmp_path)
        await ours.start(ANA)
        await theirs.start(ANA)
        incident = await ours.create()
        await theirs.open(incident)
        await ours.heard()
        await ours.tail()
        hearing = asyncio.create_task(ours.heard())
        await ours.append(incident, [note("our own")])
        await asyncio.sleep(0)
        assert not hearing.done()
        await theirs.append(incident, [note("theirs")])
        async with asyncio.timeout(1.0):  # without the kernel's word it would be 2 s
            await hearing
        assert [e.body["text"] for e in (await ours.tail())[incident]] == ["theirs"]
        await ours.close(ANA, "left")
        await theirs.close(ANA, "left")

    asyncio.run(scene())


@pytest.mark.parametrize("without", ["any notice", "a watch for one file"])
def test_what_the_kernel_does_not_tell_is_looked_at_often_while_something_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, without: str
) -> None:
    opened = Notice.open

    def open_(folders: tuple[Path, ...], own: str) -> Notice | None:
        notice = opened(folders, own)
        if notice is not None and without == "any notice":
            notice.close()
            return None
        if notice is not None:
            notice.deaf = True
        return notice

    waits: list[float] = []
    patience = Ear.patience

    def waited(self: Ear, *, lively: bool) -> float:
        waits.append(patience(self, lively=lively))
        return 0.0

    clock = ManualClock()

    async def scene() -> None:
        ours = Rooms(
            tmp_path / "state", clock=clock, ids=RandomIds(), redact=lambda value: value, changed=lambda: None
        )  # fmt: skip
        await ours.start(ANA)
        monkeypatch.setattr(Ear, "patience", waited)
        await ours.heard()
        incident = await ours.create()
        monkeypatch.setattr(Notice, "open", open_)
        clock.move(600)
        await ours.heard()
        await ours.append(incident, [Draft(Kind.DUTY_TAKEN, {})])
        await ours.heard()
        await ours.append(incident, [note("something happens")])
        await ours.heard()
        clock.move(LIVELY_S + 1)
        await ours.heard()
        await ours.close(ANA, "left")

    asyncio.run(scene())
    assert waits == [2.0, 0.2, 0.2, 0.05, 0.2]
