"""A cache opens a long journal at once, is believed only as far as the files bear it out, and is never in the way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from console.journal import cache as caches
from console.journal import proving
from console.journal.cache import place
from console.journal.follow import Follower
from console.journal.journal import Journal
from console.model.entry import Entry
from console.model.fold import Fold
from tests.unit.clocks import CountingIds, ManualClock
from tests.unit.journal.support import note, texts


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caches, "WORTH", 10)
    monkeypatch.setattr("console.journal.journal.WORTH", 10)
    monkeypatch.setattr(proving, "PAUSE_S", 0.0)


class Scene:
    """A journal's folder, its cache file, and consoles that come and go."""

    def __init__(self, root: Path) -> None:
        self.folder = root / "INC-0001"
        self.path = place(root / "cache", self.folder)
        self.clock = ManualClock()

    async def open(self, host: str = "ours") -> Journal:
        self.clock.move(1)
        return await Journal.open(
            self.folder, "INC-0001", clock=self.clock, ids=CountingIds(), host=host, cache=self.path
        )

    async def fill(self, count: int = 40, host: str = "ours") -> list[Entry]:
        """One console writes, keeps a cache and leaves; what it had."""
        journal = await self.open(host)
        for number in range(count):
            await journal.append([note(str(number))])
        fold = Fold("INC-0001")
        fold.apply(list(journal.entries()))
        assert await journal.keep(self.path, fold.save(), CountingIds())
        entries = list(journal.entries())
        await journal.close()
        return entries


def folded(journal: Journal) -> Fold:
    """The fold as a console makes it."""
    if journal.resumed is None:
        fold = Fold("INC-0001")
        fold.apply(list(journal.entries()))
        return fold
    fold = Fold.restored(journal.resumed[0])
    fold.apply(journal.resumed[1])
    return fold


def whole(journal: Journal) -> Fold:
    fold = Fold("INC-0001")
    fold.apply(list(journal.entries()))
    return fold


def test_what_the_cache_holds_is_not_read_when_the_journal_opens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        world = Scene(tmp_path)
        entries = await world.fill()
        read: list[int] = []
        plain = Follower._frame
        monkeypatch.setattr(Follower, "_frame", lambda *args: (read.append(1), plain(*args))[1])
        journal = await world.open()
        assert read == []
        assert folded(journal).state == whole(journal).state
        assert (journal.health().verified, journal.health().checked, journal.health().ok) == (False, 0, True)
        assert list(journal.entries()) == entries
        (entry,) = await journal.append([note("later")])
        assert entry.prev == entries[-1].hash
        assert await journal.verify()
        assert len(read) > 40
        assert (journal.health().verified, journal.health().checked) == (True, 100)
        await journal.close()
        again = await world.open()
        assert texts(list(again.entries()))[-1] == "later"
        assert folded(again).state == whole(again).state
        await again.close()

    asyncio.run(scene())


def test_entries_of_others_since_then_are_taken_in_in_their_order(tmp_path: Path) -> None:
    async def scene() -> None:
        world = Scene(tmp_path)
        other = await world.open("theirs")
        await other.append([note("before")])
        await world.fill()
        await other.append([note("while we were away")])
        third = await world.open("third")
        await third.append([note("and another")])
        journal = await world.open()
        assert journal.resumed is not None
        assert [str(text) for text in texts(journal.resumed[1])] == ["while we were away", "and another"]
        assert folded(journal).state == whole(journal).state
        assert await journal.verify()
        for one in (journal, other, third):
            await one.close()

    asyncio.run(scene())


def test_another_slot_than_the_one_that_kept_the_cache_reads_its_own_lane_and_no_other(tmp_path: Path) -> None:
    async def scene() -> None:
        world = Scene(tmp_path)
        await world.fill()
        first = await world.open()
        second = await world.open()
        assert (first.lane, second.lane) == ("ours.0.0", "ours.0.1")
        assert second.resumed is not None
        await second.append([note("from slot 1")])
        assert folded(second).taken + 1 == len(list(second.entries()))
        assert await second.verify()
        await second.close()
        await first.close()

    asyncio.run(scene())


def rewrite(path: Path, change: Callable[[bytearray], None]) -> None:
    data = bytearray(path.read_bytes())
    change(data)
    path.write_bytes(bytes(data))


def test_a_journal_that_was_changed_behind_the_cache_is_found_out(tmp_path: Path) -> None:
    async def scene() -> None:
        world = Scene(tmp_path)
        await world.fill()
        path = next(world.folder.glob("*.lane"))
        at = path.read_bytes().index(b'"text":"7"') + 8

        def change(data: bytearray) -> None:
            data[at] = ord("8")

        rewrite(path, change)
        journal = await world.open()
        assert journal.resumed is not None
        assert not await journal.verify()
        assert "does not match its digest" in journal.health().detail
        assert (journal.health().ok, journal.health().verified) == (False, False)
        (entry,) = await journal.append([note("goes on")])
        assert len(list(world.folder.glob("*.lane*"))) == 2, "the damaged segment takes no more"
        assert texts(list(journal.entries()))[-1] == entry.body["text"]
        assert not await journal.keep(world.path, whole(journal).save(), CountingIds())
        await journal.close()

    asyncio.run(scene())


def test_another_lane_that_was_changed_is_found_out_and_ours_goes_on(tmp_path: Path) -> None:
    async def scene() -> None:
        world = Scene(tmp_path)
        other = await world.open("theirs")
        await other.append([note("what they said")])
        await other.close()
        await world.fill()
        path = world.folder / f"{other.lane}.lane"

        def change(data: bytearray) -> None:
            at = data.index(b"what they said")
            data[at : at + 4] = b"That"

        rewrite(path, change)
        journal = await world.open()
        assert not await journal.verify()
        assert "theirs" in journal.health().detail
        await journal.append([note("x")])
        assert len(list(world.folder.glob("ours*.lane*"))) == 1
        await journal.close()

    asyncio.run(scene())


def shorter(world: Scene) -> None:
    path = next(world.folder.glob("*.lane"))
    path.write_bytes(path.read_bytes()[:-500])


def replaced(world: Scene) -> None:
    path = next(world.folder.glob("*.lane"))
    data = path.read_bytes()
    path.rename(path.with_name("aside"))
    path.write_bytes(data)


def flipped(world: Scene) -> None:
    rewrite(world.path, lambda data: data.__setitem__(len(data) // 2, data[len(data) // 2] ^ 1))


def cut(world: Scene) -> None:
    world.path.write_bytes(world.path.read_bytes()[:-1])


def emptied(world: Scene) -> None:
    world.path.write_bytes(b"")


def linked(world: Scene) -> None:
    real = world.path.with_name("real")
    world.path.rename(real)
    world.path.symlink_to(real)


def of_another_folder(world: Scene) -> None:
    moved = world.folder.with_name("INC-0001-moved")
    world.folder.rename(moved)
    world.folder = moved


@pytest.mark.parametrize("harm", [shorter, replaced, flipped, cut, emptied, linked, of_another_folder])
def test_a_cache_that_does_not_fit_is_not_used(tmp_path: Path, harm: Callable[[Scene], None]) -> None:
    async def scene() -> None:
        world = Scene(tmp_path)
        await world.fill()
        harm(world)
        journal = await world.open()
        assert journal.resumed is None
        assert journal.health().checked == 100
        assert await journal.verify()
        await journal.append([note("x")])
        await journal.close()

    asyncio.run(scene())


def test_no_cache_is_kept_of_a_fold_that_is_not_where_the_journal_is(tmp_path: Path) -> None:
    async def scene() -> None:
        world = Scene(tmp_path)
        journal = await world.open()
        for number in range(20):
            await journal.append([note(str(number))])
        fold = whole(journal)
        await journal.append([note("one more")])
        assert not await journal.keep(world.path, fold.save(), CountingIds())
        assert not world.path.exists()
        fold = whole(journal)
        assert await journal.keep(world.path, fold.save(), CountingIds())
        assert world.path.stat().st_mode & 0o777 == 0o600
        assert world.path.parent.stat().st_mode & 0o777 == 0o700
        assert [p.name for p in world.path.parent.iterdir()] == [world.path.name]
        await journal.close()

    asyncio.run(scene())


def test_closing_while_verifying_ends_the_verifying(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        world = Scene(tmp_path)
        await world.fill(200)
        journal = await world.open()
        assert journal._proving is not None
        stopping: list[float] = []

        def pause(seconds: float) -> None:
            stopping.append(seconds)
            assert journal._proving is not None
            journal._proving.stopped = True

        journal._proving._pause = pause
        assert await journal.verify(), "nothing was found wrong"
        assert len(stopping) == 1
        assert journal.health().checked < 100
        await journal.close()

    asyncio.run(scene())
