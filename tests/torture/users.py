"""Two real users in one incident's folder: each sees what the other writes, soon, once, and all of it."""

from __future__ import annotations

import asyncio
import os
import time
from functools import partial
from pathlib import Path
from random import Random

from msgspec import Struct

from console.clock import RandomIds, SystemClock
from console.engine.ear import Ear
from console.journal import roll
from console.journal.disk import Disk
from console.journal.journal import Journal
from console.journal.places import make_folder
from console.model.entry import Kind
from tests.torture.forked import Tell, start
from tests.torture.judge import Judge
from tests.torture.neighbours import STRANGER, become
from tests.torture.tally import INCIDENT, Run, Skipped
from tests.torture.writers import draft

USERS = (65_534, STRANGER)
GROUP = 64_100
LIMIT_MS = 250.0


class Talk(Struct, frozen=True):
    """One user's part."""

    folder: Path
    uid: int
    writer: str
    count: int
    seed: str


def two(run: Run) -> None:
    """They write at the same time; the moment an append returned is held against the moment the other had read it."""
    if os.geteuid():
        raise Skipped("only root can be two users")
    roll.FULL = 24_000
    late: list[float] = []
    for path in (run.folder.parent, run.folder):
        path.chmod(0o711)
    for trial in run.trials(6, 1):
        if run.over:
            break
        folder = run.fresh()
        folder.parent.mkdir()
        folder.parent.chmod(0o711)
        make_folder(folder, Disk(), group=True)
        os.chown(folder, 0, GROUP)
        folder.chmod(0o3770)
        late += _trial(run, folder, trial)
        run.tally.trials += 1
    late.sort()
    if late:
        figures = {p: round(late[min(len(late) - 1, int(len(late) * at))], 1) for p, at in
                   (("p50", 0.5), ("p99", 0.99), ("max", 1.0))}  # fmt: skip
        run.tally.notes["seen_after_ms"] = figures
        if figures["p99"] > LIMIT_MS:
            run.tally.fault(f"the other's entries are seen late: {figures} ms")


def _trial(run: Run, folder: Path, trial: int) -> list[float]:
    judge, count = Judge(folder, run.tally), 40 if run.short else 150
    parts = [Talk(folder, uid, f"u{n}", count, f"{trial}/{n}/{run.chance.random()}") for n, uid in enumerate(USERS)]
    children = [start(partial(_talk, part)) for part in parts]
    said = [child.end() for child in children]
    late: list[float] = []
    for mine, theirs in ((0, 1), (1, 0)):
        judge.listen(said[mine])
        written = {id: at for line in said[mine] if line[0] == "at" for id, at in [line[1:]]}
        seen = [(line[1], line[2]) for line in said[theirs] if line[0] == "saw"]
        missing = written.keys() - {id for id, _ in seen}
        if missing or len(seen) != len(written):
            run.tally.lost += len(missing)
            run.tally.fault(f"users {trial}: {len(missing)} not seen by the other, {len(seen)} told")
        late += [max(0.0, (at - written[id]) / 1e6) for id, at in seen if id in written]
    judge.look(where=f"users {trial}")
    for path in folder.glob("*.lane"):
        status = path.stat()
        if (status.st_mode & 0o777, status.st_gid) != (0o640, GROUP) or f".{status.st_uid}." not in path.name:
            run.tally.fault(f"users {trial}: {path.name} is {status.st_mode:o} of {status.st_uid}:{status.st_gid}")
    return late


async def _talk(part: Talk, tell: Tell) -> None:
    become(part.uid, GROUP)
    os.umask(0o077)
    chance, ear = Random(part.seed), Ear()
    journal = await Journal.open(part.folder, INCIDENT, clock=SystemClock(), ids=RandomIds(), host="bastion")
    tell("lane", journal.lane)
    seen = sum(e.kind == Kind.NOTE_ADDED for e in journal.entries())
    for entry in journal.entries():
        if entry.kind == Kind.NOTE_ADDED:
            tell("saw", entry.id, time.monotonic_ns())

    async def write() -> None:
        await asyncio.sleep(0.1)
        for n in range(part.count):
            tell("ask", part.writer, [n])
            (entry,) = await journal.append([draft(part.writer, n)])
            tell("at", entry.id, time.monotonic_ns())
            tell("ack", part.writer, [entry.id], [n])
            await asyncio.sleep(chance.uniform(0, 0.02))

    async def hear() -> None:
        nonlocal seen
        while seen < part.count:
            await ear.wait([((part.folder,), journal.lane)])
            for entry in await journal.news():
                if entry.kind == Kind.NOTE_ADDED:
                    tell("saw", entry.id, time.monotonic_ns())
                    seen += 1

    async with asyncio.timeout(20):
        await asyncio.gather(write(), hear())
    ear.close()
    health = journal.health()
    if not health.ok or not health.verified:
        tell("failed", f"health of {part.writer}: {health.detail}")
    await journal.close()
