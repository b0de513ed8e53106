"""A real disk that is full: with and without ballast, with and without a fallback; full at any byte of a frame."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random

from console.journal import ballast as ballasts
from console.journal.ballast import Ballast
from console.journal.journal import Journal
from console.journal.roll import RETRY_S
from tests.torture.judge import Judge
from tests.torture.tally import INCIDENT, Run, Skipped
from tests.torture.writers import draft
from tests.unit.clocks import CountingIds, ManualClock

SIZE = 3 << 20


@contextmanager
def small_disk(place: Path, options: str = "") -> Iterator[Path]:
    """A disk of 3 MB."""
    place.mkdir(parents=True)
    argv = ["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=0700{options}", "none", str(place)]
    done = subprocess.run(argv, capture_output=True, check=False)
    if done.returncode:
        raise Skipped(f"a small disk cannot be mounted here: {done.stderr.decode().strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def nospace(run: Run) -> None:
    """Fill the disk, go on, make room, come back: all that was acknowledged is in the folder, once."""
    if os.geteuid():
        raise Skipped("only root mounts a small disk")
    ballasts.PLENTY = 1
    for trial in run.trials(60, 4):
        if run.over:
            return
        with small_disk(run.fresh().parent / "disk") as disk:
            asyncio.run(_scene(run, disk, with_ballast=bool(trial & 1), with_fallback=bool(trial & 2)))
        run.tally.trials += 1


async def _scene(run: Run, disk: Path, *, with_ballast: bool, with_fallback: bool) -> None:
    chance, clock, folder = run.chance, ManualClock(), disk / INCIDENT
    fallback = disk.parent / "spare" if with_fallback else None
    ballast = Ballast(disk, 1) if with_ballast else None
    judge = Judge(folder, run.tally, fallback)
    judge.may_be_torn = True
    if ballast is not None and not ballast.lay():
        run.tally.fault("the ballast was not laid on an empty disk")
    journal = await Journal.open(
        folder, INCIDENT, clock=clock, ids=CountingIds(), host="bastion", fallback=fallback, ballast=ballast
    )
    number = await _append(journal, judge, 0, chance.randrange(1, 30))
    _fill(disk / "filler", chance)
    number = await _append(journal, judge, number, chance.randrange(20, 120))
    _expect(run, journal, disk, with_ballast=with_ballast, with_fallback=with_fallback)
    number = await _append(journal, judge, number, chance.randrange(1, 500))
    health = journal.health()
    if health.ok:
        run.tally.fault("health is good on a full disk")
    (disk / "filler").unlink()
    clock.move(RETRY_S + 1)
    await _append(journal, judge, number, 10)
    if ballast is not None and not ballast.lay():
        run.tally.fault("the ballast was not laid again")
    if not journal.health().ok:
        run.tally.fault(f"health is bad on a disk with room: {journal.health().detail}")
    judge.look(where="with room again")
    Judge.look(_alone(judge), where="the folder alone")
    await journal.close()
    judge.look(where="closed")


def _alone(judge: Judge) -> Judge:
    """The same account, held against the folder without its fallback."""
    other = Judge(judge.folder, judge.tally)
    other.asked, other.acknowledged, other.may_be_torn = judge.asked, judge.acknowledged, True
    return other


def _expect(run: Run, journal: Journal, disk: Path, *, with_ballast: bool, with_fallback: bool) -> None:
    """Where the writes have gone."""
    place = journal._own.storage.roll.tail.place
    wanted = "folder" if with_ballast else "fallback" if with_fallback else "memory"
    run.tally.count(f"went to: {place}")
    if place != wanted:
        run.tally.fault(f"on a full disk the journal went to {place}, not to {wanted}")


async def _append(journal: Journal, judge: Judge, number: int, count: int) -> int:
    """Appends, some side by side."""

    async def one(n: int) -> None:
        judge.ask("a", [n])
        entries = await journal.append([draft("a", n)])
        judge.hear("a", [entry.id for entry in entries], [n])

    for first in range(number, number + count, 4):
        await asyncio.gather(*map(one, range(first, min(first + 4, number + count))))
    return number + count


def _fill(path: Path, chance: Random) -> None:
    """Write until nothing more goes onto the disk; or leave a page or two, which some frame in the middle fills."""
    with path.open("wb", buffering=0) as file:
        with suppress(OSError):
            while True:
                file.write(bytes(1 << 16))
        with suppress(OSError):
            while True:
                file.write(bytes(512))
        if chance.random() < 0.5:
            os.ftruncate(file.fileno(), file.tell() - 4096 * chance.randrange(1, 3))
