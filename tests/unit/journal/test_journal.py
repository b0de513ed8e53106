"""The journal: durable appends on one thread, the merged view, news of others, health."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.errors import JournalError
from console.journal.journal import Journal
from console.journal.reading import lane_alive, read
from console.journal.stamp import AHEAD_MS
from console.journal.writer import SLOW_S
from console.model.entry import Draft, Entry, Kind
from console.secret import Redactor, Secret
from tests.unit.clocks import ManualClock
from tests.unit.journal.support import ENOSPC, NOON, BrokenDisk, note, open_journal, texts


def test_append_news_entries(tmp_path: Path) -> None:
    async def scene() -> None:
        a, b = await open_journal(tmp_path), await open_journal(tmp_path)
        made = await a.append([note("one"), note("two")])
        assert await a.append([]) == ()
        told = await b.news()
        assert texts(told) == ["one", "two"]
        assert told[:2] == made
        assert await b.news() == ()
        await b.append([note("three")])
        assert texts(list(a.entries())) == ["one", "two"], "what news() has not told is not shown"
        assert texts(await a.news()) == ["three"]
        assert list(a.entries()) == list(b.entries()) == list(read(tmp_path))
        assert a.health().lanes == 2
        assert a.health().entries == 5
        assert a.health().ok
        assert set(a.authors()) == {a.lane, b.lane}
        await a.close()
        await a.close()
        assert not lane_alive(tmp_path, a.lane)
        assert lane_alive(tmp_path, b.lane)
        await b.close()

    asyncio.run(scene())


def test_what_was_there_before_is_in_entries_and_not_in_news(tmp_path: Path) -> None:
    async def scene() -> None:
        first = await open_journal(tmp_path, host="other")
        await first.append([note("early")])
        journal = await open_journal(tmp_path)
        assert texts(list(journal.entries())) == ["early"]
        assert await journal.news() == ()
        await first.close()
        await journal.close()

    asyncio.run(scene())


def test_concurrent_appends_keep_their_order_and_share_syncs(tmp_path: Path) -> None:
    async def scene() -> None:
        disk = BrokenDisk()
        journal = await open_journal(tmp_path, disk=disk)
        gate = threading.Event()
        waiting = asyncio.ensure_future(journal._writer.call(gate.wait))
        appends = [asyncio.ensure_future(journal.append([note(str(n))])) for n in range(50)]
        await asyncio.sleep(0)
        before = disk.synced
        gate.set()
        made = [entries[0] for entries in await asyncio.gather(*appends)]
        await waiting
        assert disk.synced - before == 1
        assert texts(made) == [str(n) for n in range(50)]
        assert [e.stamp.seq for e in made] == list(range(2, 52))
        await journal.close()

    asyncio.run(scene())


def test_secrets_never_reach_the_disk(tmp_path: Path) -> None:
    async def scene() -> None:
        redactor = Redactor()
        redactor.learn(Secret("hunter2-the-token"))
        journal = await open_journal(tmp_path, redact=redactor.value)
        made = await journal.append(
            [Draft(Kind.NOTE_ADDED, {"text": "use hunter2-the-token", "list": [{"password": "p"}]})]
        )
        assert made[0].body == {"text": "use [redacted]", "list": [{"password": "[redacted]"}]}
        await journal.close()

    asyncio.run(scene())
    for path in tmp_path.iterdir():
        assert b"hunter2" not in path.read_bytes()


def test_a_redaction_that_fails_writes_nothing(tmp_path: Path) -> None:
    def broken(value: object) -> object:
        if value == {"text": "x"}:
            raise KeyError("redaction")
        return value

    async def scene() -> None:
        journal = await open_journal(tmp_path, redact=broken)
        with pytest.raises(KeyError):
            await journal.append([note("fine"), note("x")])
        await journal.append([note("after")])
        assert texts(list(journal.entries())) == ["after"]
        await journal.close()

    asyncio.run(scene())


def test_text_of_another_lane_is_cleaned(tmp_path: Path) -> None:
    async def scene() -> None:
        hostile, journal = await open_journal(tmp_path, host="evil"), await open_journal(tmp_path)
        await hostile.append([note("\x1b]52;c;x\x07 two\nlines \u202e")])
        (entry,) = [e for e in await journal.news() if e.kind == Kind.NOTE_ADDED]
        assert entry.body["text"] == "␛]52;c;x␇ two\nlines <202E>"
        await hostile.close()
        await journal.close()

    asyncio.run(scene())


def test_a_remote_clock_far_ahead_is_flagged_and_not_followed(tmp_path: Path) -> None:
    async def scene() -> None:
        ahead = await open_journal(tmp_path, host="fast", clock=ManualClock(NOON + AHEAD_MS + 60_000))
        await ahead.append([note("from the future")])
        journal = await open_journal(tmp_path)
        assert "min ahead" in journal.health().detail
        assert journal.health().ok
        assert (await journal.append([note("now")]))[0].stamp.wall == NOON
        near = await open_journal(tmp_path, host="near", clock=ManualClock(NOON + 1000))
        await near.append([note("soon")])
        await journal.news()
        after = (await journal.append([note("answer")]))[0]
        assert after.stamp.wall == NOON + 1000
        assert texts(list(journal.entries())) == ["now", "soon", "answer", "from the future"]
        for each in (ahead, journal, near):
            await each.close()

    asyncio.run(scene())


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(-400_000, 400_000), st.booleans()), max_size=25))
def test_all_consoles_agree_on_one_order(
    tmp_path_factory: pytest.TempPathFactory, moves: list[tuple[int, int, bool]]
) -> None:
    folder = tmp_path_factory.mktemp("INC-0001")
    folder.chmod(0o700)

    async def scene() -> None:
        clocks = [ManualClock(), ManualClock(NOON + 120_000), ManualClock(NOON - 240_000)]
        consoles = [await open_journal(folder, host=f"h{n}", clock=clock) for n, clock in enumerate(clocks)]
        for number, (who, shift, looks) in enumerate(moves):
            clocks[who].wall = NOON + shift
            if looks:
                await consoles[who].news()
            await consoles[who].append([note(f"{number}")])
        views: list[list[Entry]] = []
        for console in consoles:
            await console.news()
            views.append(list(console.entries()))
            assert console.health().verified
        assert views[0] == views[1] == views[2] == list(read(folder))
        assert views[0] == sorted(views[0], key=lambda entry: entry.stamp)
        for number, lane in enumerate(console.lane for console in consoles):
            own = [e.body["text"] for e in views[0] if e.stamp.lane == lane and e.kind == Kind.NOTE_ADDED]
            assert own == [f"{n}" for n, (who, _, _) in enumerate(moves) if who == number]
        for console in consoles:
            await console.close()

    asyncio.run(scene())


def test_news_reads_only_what_was_added(tmp_path: Path) -> None:
    class Counting(BrokenDisk):
        read_bytes = 0

        def read(self, fd: int, size: int, offset: int) -> bytes:
            data = super().read(fd, size, offset)
            self.read_bytes += len(data)
            return data

    async def scene() -> None:
        disk = Counting()
        other, journal = await open_journal(tmp_path, host="other"), await open_journal(tmp_path, disk=disk)
        await other.append([note("x" * 10_000)])
        await journal.news()
        disk.read_bytes = 0
        await journal.news()
        assert disk.read_bytes == 0
        await other.append([note("y")])
        await journal.news()
        assert 0 < disk.read_bytes < 1000
        await other.close()
        await journal.close()

    asyncio.run(scene())


def test_health_names_damage_and_gone_lanes(tmp_path: Path) -> None:
    async def scene() -> None:
        other, journal = await open_journal(tmp_path, host="other"), await open_journal(tmp_path)
        path = tmp_path / f"{other.lane}.lane"
        await other.append([note("seen")])
        await other.close()
        data = bytearray(path.read_bytes())
        data[-5] ^= 1
        path.write_bytes(data)
        assert await journal.news() == ()
        health = journal.health()
        assert not health.ok
        assert not health.verified
        assert path.name in health.detail
        path.unlink()
        await journal.news()
        assert f"the files of lane {other.lane} are gone" in journal.health().detail
        assert texts(list(journal.entries())) == []
        await journal.close()

    asyncio.run(scene())


def test_a_full_disk_is_red_and_the_response_goes_on(tmp_path: Path) -> None:
    async def scene() -> None:
        disk = BrokenDisk()
        journal = await open_journal(tmp_path, disk=disk)
        disk.fail("write", ENOSPC)
        made = await journal.append([note("still here")])
        assert texts(made) == ["still here"]
        health = journal.health()
        assert not health.ok
        assert "No space left" in health.detail
        assert texts(list(journal.entries())) == ["still here"]
        disk.heal()
        await journal.close()
        assert texts(list(read(tmp_path))) == ["still here"]

    asyncio.run(scene())


def test_a_disk_that_hangs_holds_up_no_loop_and_is_told(tmp_path: Path) -> None:
    class Hanging(BrokenDisk):
        gate = threading.Event()
        entered = threading.Event()

        def sync(self, fd: int) -> None:
            self.entered.set()
            self.gate.wait()
            super().sync(fd)

    async def scene() -> None:
        clock, disk = ManualClock(), Hanging()
        disk.gate.set()
        journal = await open_journal(tmp_path, clock=clock, disk=disk)
        disk.gate.clear()
        disk.entered.clear()
        append = asyncio.ensure_future(journal.append([note("slow")]))
        await asyncio.sleep(0)
        assert disk.entered.wait(10)
        clock.move(SLOW_S + 1)
        assert "waiting for 3 s" in journal.health().detail
        assert not journal.health().ok
        assert not append.done()
        disk.gate.set()
        assert texts(await append) == ["slow"]
        assert journal.health().ok
        await journal.close()

    asyncio.run(scene())


def test_a_closed_journal_says_so(tmp_path: Path) -> None:
    async def scene() -> None:
        journal = await open_journal(tmp_path)
        last = asyncio.ensure_future(journal.append([note("last")]))
        await asyncio.sleep(0)
        await journal.close()
        assert texts(await last) == ["last"]
        with pytest.raises(JournalError, match="closed"):
            await journal.append([note()])
        with pytest.raises(JournalError, match="closed"):
            journal.entries()
        assert await journal.news() == ()
        assert not journal.health().ok

    asyncio.run(scene())


def test_a_kind_of_a_later_version_stays_readable(tmp_path: Path) -> None:
    async def scene() -> None:
        other, journal = await open_journal(tmp_path, host="later"), await open_journal(tmp_path)
        await other.append([Draft("tide.turned", {"text": "?"})])  # type: ignore[arg-type]
        told = await journal.news()
        assert told[-1].kind == "tide.turned"
        assert journal.health().verified
        await other.close()
        await journal.close()

    asyncio.run(scene())


def test_an_unusable_folder_still_opens(tmp_path: Path) -> None:
    async def scene() -> None:
        (tmp_path / "file").write_text("")
        journal: Journal = await open_journal(tmp_path / "file" / "INC-0001", fallback=tmp_path / "spare")
        await journal.append([note("a")])
        assert texts(list(journal.entries())) == ["a"]
        assert "spare" in journal.health().detail
        assert not journal.health().ok
        await journal.close()

    asyncio.run(scene())


def test_what_was_read_before_a_clock_ran_away_is_still_followed(tmp_path: Path) -> None:
    async def scene() -> None:
        theirs = ManualClock()
        ana, ben = await open_journal(tmp_path, host="ana", clock=theirs), await open_journal(tmp_path, host="ben")
        theirs.move(60)
        (asked,) = await ana.append([note("a question")])
        theirs.move(3600)
        await ana.append([note("from an hour ahead")])
        assert len(await ben.news()) == 2
        (answered,) = await ben.append([note("an answer")])
        assert answered.stamp > asked.stamp
        assert "min ahead" in ben.health().detail
        await ben.close()
        late = await open_journal(tmp_path, host="ben")
        (again,) = await late.append([note("an answer from the next console")])
        assert again.stamp > asked.stamp
        other = await open_journal(tmp_path, host="cyd")
        (third,) = await other.append([note("an answer of somebody who came later")])
        assert third.stamp > asked.stamp
        for journal in (ana, late, other):
            await journal.close()

    asyncio.run(scene())
