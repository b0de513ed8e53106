"""Redacting through the desk: in our own lane, in one of ours that another console writes, and not in others'."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from console import paths
from console.config import Config
from console.desk.desk import Desk
from console.desk.handling import Handling
from console.desk.policy import Policy
from console.engine import redacting
from console.engine.oneshot import perform
from console.engine.redacting import RedactHandler
from console.engine.rooms import Rooms
from console.journal import cache
from console.journal.reading import read
from console.model import fold as folds
from console.model.action import Action, Intent, Reply, Tier
from console.model.bodies import body_from
from console.model.entry import Actor, Draft, Entry, Kind
from console.secret import Redactor
from tests.unit.clocks import CountingIds, ManualClock

SECRET = "hunter2-the-password-of-production"
ANA = Actor("ana")


class Console:
    """Rooms, desk and handler of one console of ours."""

    def __init__(self, root: Path, clock: ManualClock) -> None:
        self.rooms = Rooms(root, clock=clock, ids=CountingIds(), redact=Redactor().value, changed=lambda: None)
        self.incident = ""
        desk = Desk(
            self.rooms, policy=Policy(), clock=clock, ids=CountingIds(), redact=Redactor(), state=self.rooms.state
        )  # fmt: skip
        self.handling = Handling({"entry.redact": RedactHandler(desk, self.rooms, lambda: self.incident)}, desk)

    async def note(self, text: str) -> Entry:
        (entry,) = await self.rooms.append(self.incident, [Draft(Kind.NOTE_ADDED, {"text": text}, ANA)])
        return entry

    async def redact(self, entry: str, **more: str) -> Reply:
        args: dict[str, object] = {"entry": entry, "reason": "leaked", "incident": self.incident, **more}
        shown = await self.handling.respond(Action("p", "entry.redact", args, ANA, preview=True))
        if shown.preview is None:
            return shown
        assert shown.preview.tier is Tier.R3
        assert SECRET not in repr(shown)
        return await self.handling.respond(Action("r", "entry.redact", args, ANA, digest=shown.preview.digest))

    def shown(self) -> str:
        return repr(list(self.rooms.state(self.incident).timeline))


def play(root: Path, work: Callable[[Console, Console], Awaitable[None]]) -> None:
    async def go() -> None:
        clock = ManualClock()
        a, b = Console(root, clock), Console(root, clock)
        for one in (a, b):
            await one.rooms.start(ANA)
        a.incident = b.incident = await a.rooms.create()
        await b.rooms.open(b.incident)
        try:
            await work(a, b)
        finally:
            for one in (a, b):
                await one.rooms.close(ANA, "end")

    asyncio.run(go())


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARROOM_STATE", str(tmp_path / "log"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "log").mkdir()


def on_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_our_own_entry_goes_from_disk_screen_log_and_cache(tmp_path: Path) -> None:
    async def work(a: Console, b: Console) -> None:
        entry = await a.note(SECRET)
        await b.rooms.tail()
        assert SECRET in b.shown()
        log = tmp_path / "log" / "warroom.log"
        log.write_text(f"2026 WARNING {SECRET}\n")
        folder = tmp_path / "state" / "incidents" / a.incident
        kept = cache.place(paths.cache(), folder)
        kept.parent.mkdir(parents=True)
        for one in (a, b):
            kept.write_text(SECRET)
            if one is a:
                reply = await a.redact(entry.id, basis="policy 7", approver="ben")
                assert reply.ok, reply.text
            else:
                await b.rooms.tail()
            assert SECRET not in one.shown()
            assert not kept.exists()
        assert SECRET.encode() not in on_disk(tmp_path)
        told = [e.body for e in read(folder) if e.kind is Kind.ENTRY_REDACTED]
        assert [(t["target"], t["basis"], t["approver"], t["reason"]) for t in told] == [
            (entry.id, "policy 7", "ben", "leaked")
        ]
        kinds = [e.kind for e in read(folder)]
        order = [Kind.ACTION_INTENDED, Kind.SELF_APPROVED, Kind.ACTION_SENDING, Kind.ENTRY_REDACTED, Kind.ACTION_SENT]
        assert [k for k in kinds if k in order] == order
        again = await a.redact(entry.id)
        assert "redacted already" in again.text

    play(tmp_path / "state", work)


def test_the_console_that_writes_the_lane_does_it_when_another_of_ours_says_so(tmp_path: Path) -> None:
    async def work(a: Console, b: Console) -> None:
        entry = await a.note(SECRET)
        await b.rooms.tail()

        async def tailing() -> None:
            while True:
                await a.rooms.tail()
                await asyncio.sleep(0.01)

        watching = asyncio.create_task(tailing())
        reply = await b.redact(entry.id)
        watching.cancel()
        assert reply.ok, reply.text
        assert SECRET.encode() not in on_disk(tmp_path)
        assert SECRET not in a.shown() + b.shown()
        await a.note("goes on")
        journal = a.rooms.journal(a.incident)
        assert journal is not None
        assert journal.health().ok, journal.health()

    play(tmp_path / "state", work)


def test_a_console_that_does_not_answer_leaves_it_unknown_but_hidden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redacting, "WAIT_S", 0.2)

    async def work(a: Console, b: Console) -> None:
        entry = await a.note(SECRET)
        await b.rooms.tail()
        reply = await b.redact(entry.id)
        assert not reply.ok
        assert "its bytes may still stand" in reply.text
        assert SECRET not in b.shown()
        assert SECRET.encode() in on_disk(tmp_path)
        await a.rooms.tail()
        assert SECRET.encode() not in on_disk(tmp_path), "it wakes, and does it"
        assert SECRET not in a.shown()

    play(tmp_path / "state", work)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_what_stands_in_the_lane_of_another_user_is_for_them(tmp_path: Path) -> None:
    async def work(a: Console, b: Console) -> None:
        entry = await b.note(SECRET)
        folder = tmp_path / "state" / "incidents" / a.incident
        os.chown(folder / f"{entry.stamp.lane}.lane", 1, 1)
        reply = await a.redact(entry.id)
        assert not reply.ok
        assert "stands in a lane of daemon (uid 1), who alone can redact it" in reply.text
        assert reply.next == "ask daemon (uid 1)"
        assert SECRET.encode() in on_disk(tmp_path)
        os.chown(folder / f"{entry.stamp.lane}.lane", 0, 0)

    play(tmp_path / "state", work)


def test_the_journals_own_words_and_what_is_under_way_stay(tmp_path: Path) -> None:
    async def work(a: Console, b: Console) -> None:
        journal = a.rooms.journal(a.incident)
        assert journal is not None
        reply = await a.redact(f"{journal.lane}:1")
        assert "the journal's own proof" in reply.text
        intent = Intent("op-1", "x", "restart", "POST", "t", Tier.R1)
        (entry,) = await a.rooms.append(a.incident, [Draft(Kind.ACTION_INTENDED, body_from(intent), ANA)])
        reply = await a.redact(entry.id)
        assert reply.text == "restart is queued"
        for wrong in ("", "x:1", f"{journal.lane}:77"):
            assert not (await a.redact(wrong)).ok

    play(tmp_path / "state", work)


def test_a_redaction_far_behind_folds_the_whole_journal_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folds, "RECENT", 32)
    monkeypatch.setattr(folds, "EVERY", 8)

    async def work(a: Console, b: Console) -> None:
        entry = await a.note(SECRET)
        for number in range(120):
            await a.note(f"note {number}")
        await b.rooms.tail()
        assert (await a.redact(entry.id)).ok
        await b.rooms.tail()
        for one in (a, b):
            assert SECRET not in one.shown()
            assert one.rooms.state(one.incident).notes == 120
        await a.note("goes on")
        await b.rooms.tail()
        assert b.rooms.state(b.incident).notes == 121

    play(tmp_path / "state", work)


def test_without_a_screen_it_is_one_command(tmp_path: Path) -> None:
    """Each command has a process of its own, so a lane of its own: the free lane of the one before is taken."""
    config = Config(folder=str(tmp_path / "state"))

    async def go(id: str, digest: str = "", **args: object) -> Reply:
        return await perform(config, Action("r", id, args, ANA, preview=digest == "?", digest=digest.strip("?")))

    async def all_of_it() -> None:
        declared = await go("incident.declare", title="x", severity="SEV2")
        incident = str(declared.data["incident"])
        await go("incident.note", text=SECRET, incident=incident)
        folder = tmp_path / "state" / "incidents" / incident
        (entry,) = [e for e in read(folder) if e.kind is Kind.NOTE_ADDED]
        args: dict[str, object] = {"entry": entry.id, "reason": "leaked", "incident": incident}
        shown = await go("entry.redact", "?", **args)
        assert shown.preview is not None
        assert not (await go("entry.redact", **args)).ok, "not without a confirmation"
        reply = await go("entry.redact", shown.preview.digest, **args)
        assert reply.ok, reply.text
        assert SECRET.encode() not in on_disk(tmp_path)

    asyncio.run(all_of_it())
