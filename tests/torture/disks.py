"""A disk whose calls fail by plan: in the incident's folder, in the fallback too, for a while, for ever."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Callable
from pathlib import Path
from random import Random

from console.journal import roll
from console.journal.disk import Disk
from console.journal.journal import Journal
from console.model.entry import Entry
from tests.torture.judge import Judge
from tests.torture.tally import INCIDENT, Run
from tests.torture.writers import draft
from tests.unit.clocks import CountingIds, ManualClock

ERRORS = (errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EINTR, errno.EROFS, errno.ESTALE, errno.ENOMEM, errno.EAGAIN)
CALLS = ("create", "write", "sync", "truncate", "sync_folder", "status", "open", "read")


class FailingDisk(Disk):
    """Each call may fail, with the chance that its plan gives; writes may come short, fail half done, or do nothing."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.plan: dict[str, float] = {}
        self.errors: tuple[int, ...] = ERRORS
        self.only: Path | None = None
        """The folder whose calls fail, ``None`` = every one."""
        self.failed: dict[str, int] = {}

    def read(self, fd: int, size: int, offset: int) -> bytes:
        self._try("read", os.readlink(f"/proc/self/fd/{fd}"))
        return super().read(fd, size, offset)

    def heal(self) -> None:
        """All is well from here on."""
        self.plan = {}

    def _try(self, call: str, path: str) -> None:
        inside = self.only is None or path.startswith(str(self.only))
        if inside and self.chance.random() < self.plan.get(call, 0.0):
            code = self.chance.choice(self.errors)
            self.failed[call] = self.failed.get(call, 0) + 1
            raise OSError(code, os.strerror(code), path)

    def create(self, path: Path, mode: int) -> int:
        self._try("create", str(path))
        return super().create(path, mode)

    def open(self, path: Path, flags: int, mode: int = 0o600) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR):
            self._try("open", str(path))
        return super().open(path, flags, mode)

    def write(self, fd: int, data: bytes) -> int:
        path = os.readlink(f"/proc/self/fd/{fd}")
        try:
            self._try("write", path)
        except OSError:
            if self.chance.random() < 0.6:
                super().write(fd, data[: self.chance.randrange(len(data) + 1)])
            raise
        if self.chance.random() < self.plan.get("short", 0.0):
            return super().write(fd, data[: self.chance.randrange(1, len(data) + 1)])
        return super().write(fd, data)

    def sync(self, fd: int) -> None:
        self._try("sync", os.readlink(f"/proc/self/fd/{fd}"))
        super().sync(fd)

    def truncate(self, fd: int, size: int) -> None:
        self._try("truncate", os.readlink(f"/proc/self/fd/{fd}"))
        super().truncate(fd, size)

    def sync_folder(self, folder: Path) -> None:
        self._try("sync_folder", f"{folder}/")
        super().sync_folder(folder)

    def status(self, fd: int) -> os.stat_result:
        self._try("status", os.readlink(f"/proc/self/fd/{fd}"))
        return super().status(fd)


def faults(run: Run) -> None:
    """Consoles come and go, or crash, on a disk that fails; what was acknowledged is in the folder at the end."""
    roll.FULL = 6_000
    for trial in run.trials(400, 25):
        if run.over:
            return
        asyncio.run(_scene(run, trial))
        run.tally.trials += 1


async def _scene(run: Run, trial: int) -> None:
    chance, folder = run.chance, run.fresh()
    with_fallback, may_crash = trial % 4 != 3, trial % 4 < 2
    fallback = folder.parent / "spare" if with_fallback else None
    folder.mkdir(parents=True, mode=0o700)
    disk, clock, ids = FailingDisk(chance), ManualClock(), CountingIds()
    disk.only = folder if may_crash else None
    judge = Judge(folder, run.tally, fallback)
    judge.may_be_torn = True
    number = 0
    for life in range(chance.randrange(2, 5)):
        _worsen(disk, chance)
        clock.move(1)
        journal = await Journal.open(
            folder, INCIDENT, clock=clock, ids=ids, host="bastion", disk=disk, fallback=fallback
        )
        before = set(judge.acknowledged)
        for _ in range(chance.randrange(1, 14)):
            if chance.random() < 0.3:
                (disk.heal if chance.random() < 0.5 else lambda: _worsen(disk, chance))()
            clock.move(chance.choice((0.01, 1, 31)))
            number = await _append(journal, judge, number, chance)
        await _own(journal, disk, judge, before, f"disk {trial} life {life}")
        if may_crash and chance.random() < 0.5:
            await _crash(journal, disk)
        else:
            disk.heal()
            clock.move(31)
            await journal.close()
    disk.heal()
    await _last(folder, fallback, judge, clock, ids, f"disk {trial}")
    for call, count in disk.failed.items():
        run.tally.count(f"failed: {call}", count)


def _worsen(disk: FailingDisk, chance: Random) -> None:
    """Another plan of what fails, and with which error."""
    calls = chance.sample((*CALLS, "short"), chance.randrange(1, 4))
    disk.plan = {call: chance.choice((0.05, 0.3, 1.0)) for call in calls}
    disk.errors = (chance.choice(ERRORS),) if chance.random() < 0.5 else ERRORS


async def _append(journal: Journal, judge: Judge, number: int, chance: Random) -> int:
    """Some transactions side by side."""
    groups = []
    for _ in range(chance.choice((1, 1, 3))):
        size = chance.randrange(1, 4)
        groups.append(list(range(number, number + size)))
        number += size

    async def one(numbers: list[int]) -> None:
        judge.ask("a", numbers)
        entries = await journal.append([draft("a", n) for n in numbers])
        judge.hear("a", [entry.id for entry in entries], numbers)

    await asyncio.gather(*map(one, groups))
    return number


async def _own(journal: Journal, disk: FailingDisk, judge: Judge, before: set[str], where: str) -> None:
    """The console itself reads all it acknowledged in this life."""
    plan, disk.plan = disk.plan, {}
    own: dict[str, Entry] = {entry.id: entry for entry in await asyncio.to_thread(lambda: list(journal.entries()))}
    disk.plan = plan
    missing = [id for id in judge.acknowledged if id not in own and id not in before]
    if missing:
        judge.tally.lost += len(missing)
        judge.tally.fault(f"{where}: the console does not read its own {missing[:3]}")


async def _crash(journal: Journal, disk: FailingDisk) -> None:
    """As a kill would: nothing is written out, the files are let go."""
    lane = journal._own
    silent: Callable[[], None] = lane.storage.roll.close
    lane.close = silent  # type: ignore[method-assign]
    disk.heal()
    await journal.close()


async def _last(
    folder: Path, fallback: Path | None, judge: Judge, clock: ManualClock, ids: CountingIds, where: str
) -> None:
    """Sound disks again: consoles on all lanes come and go, then the folder alone is looked at."""
    while True:
        lanes = _files(folder)
        for _ in range(4):
            journal = await Journal.open(folder, INCIDENT, clock=clock, ids=ids, host="bastion", fallback=fallback)
            clock.move(31)
            await journal.close()
        if _files(folder) == lanes:
            break
    judge.look(where=where)


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.lane*"))
