"""The watch: one journal a day, turned by the injected clock, with nothing lost at midnight."""

from __future__ import annotations

import asyncio
from pathlib import Path

from console.journal.reading import read
from console.journal.watch import Watch
from console.model.entry import Kind
from console.secret import Redactor, Secret
from tests.unit.clocks import CountingIds, ManualClock
from tests.unit.journal.support import note, texts

EVE = 1_795_046_399_000  # 2026-11-18 23:59:59 UTC
DAY_MS = 86_400_000


async def opened(root: Path, clock: ManualClock) -> Watch:
    return await Watch.open(root, clock=clock, ids=CountingIds())


def test_the_page_turns_at_midnight_utc(tmp_path: Path) -> None:
    async def scene() -> None:
        clock = ManualClock(EVE)
        watch = await opened(tmp_path, clock)
        first = (await watch.append([note("late")]))[0]
        assert first.incident == ""
        assert watch.folder == tmp_path / "watch" / "2026-11-18"
        clock.move(2)
        await watch.append([note("early")])
        assert watch.folder == tmp_path / "watch" / "2026-11-19"
        assert texts(list(read(tmp_path / "watch" / "2026-11-18"))) == ["late"]
        assert texts(list(watch.entries())) == ["late", "early"]
        assert texts(list(watch.entries(days=1))) == ["early"]
        clock.move(-4)
        await watch.append([note("stepped back")])
        assert texts(list(watch.entries(days=1))) == ["early", "stepped back"]
        assert watch.health().ok
        await watch.close()

    asyncio.run(scene())


def test_what_others_wrote_before_midnight_is_told_after_it(tmp_path: Path) -> None:
    async def scene() -> None:
        clock = ManualClock(EVE)
        one, two = await opened(tmp_path, clock), await opened(tmp_path, clock)
        await one.append([note("from one")])
        clock.move(2)
        assert texts(await two.news()) == ["from one"]
        assert await two.news() == ()
        await one.close()
        await two.close()

    asyncio.run(scene())


def test_what_others_wrote_on_the_fresh_page_before_us_is_told(tmp_path: Path) -> None:
    async def scene() -> None:
        clock = ManualClock(EVE)
        one, two = await opened(tmp_path, clock), await opened(tmp_path, clock)
        clock.move(2)
        await one.append([note("first on the page")])
        own = await two.append([note("second")])
        told = await two.news()
        assert texts(told) == ["first on the page"]
        assert [e.id for e in told if e.kind is Kind.LANE_OPENED and e.stamp.lane == two.lane]
        assert own[0].id not in {e.id for e in told}
        assert await two.news() == ()
        await one.close()
        await two.close()

    asyncio.run(scene())


def test_pages_are_followed_over_days_without_any(tmp_path: Path) -> None:
    async def scene() -> None:
        clock = ManualClock(EVE)
        watch = await opened(tmp_path, clock)
        await watch.append([note("last week")])
        await watch.close()
        (tmp_path / "watch" / "2026-11-99x").mkdir()
        clock.move(7 * 86_400)
        watch = await opened(tmp_path, clock)
        assert texts(list(watch.entries())) == ["last week"]
        await watch.close()

    asyncio.run(scene())


def test_appends_across_midnight_all_arrive(tmp_path: Path) -> None:
    async def scene() -> None:
        clock = ManualClock(EVE)
        watch = await opened(tmp_path, clock)
        early = [asyncio.ensure_future(watch.append([note(f"a{n}")])) for n in range(10)]
        await asyncio.sleep(0)
        clock.move(2)
        late = [asyncio.ensure_future(watch.append([note(f"b{n}")])) for n in range(10)]
        made = await asyncio.gather(*early, *late)
        assert sorted(texts([e for entries in made for e in entries])) == sorted(texts(list(watch.entries())))
        assert len(made) == 20
        await watch.close()

    asyncio.run(scene())


def test_the_watch_of_a_shared_state_folder_is_shared(tmp_path: Path) -> None:
    tmp_path.chmod(0o3770)

    async def scene() -> None:
        watch = await opened(tmp_path, ManualClock(EVE))
        assert watch.folder.stat().st_mode & 0o7777 == 0o3770
        assert (watch.folder / f"{watch.lane}.lane").stat().st_mode & 0o777 == 0o640
        await watch.close()

    asyncio.run(scene())


def test_redaction_holds_on_every_page(tmp_path: Path) -> None:
    async def scene() -> None:
        clock, redactor = ManualClock(EVE), Redactor()
        redactor.learn(Secret("hunter2"))
        watch = await Watch.open(tmp_path, clock=clock, ids=CountingIds(), redact=redactor.value)
        await watch.append([note("hunter2")])
        clock.move(DAY_MS / 1000)
        await watch.append([note("hunter2 again")])
        assert texts(list(watch.entries())) == ["[redacted]", "[redacted] again"]
        await watch.close()

    asyncio.run(scene())
