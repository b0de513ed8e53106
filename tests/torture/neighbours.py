"""Others in the same folder: a second process, one that stands still, planted files, a folder nobody may write."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import subprocess
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from random import Random

from console.clock import RandomIds, SystemClock
from console.journal import roll
from console.journal.disk import Disk
from console.journal.journal import Journal
from console.journal.places import lane_name, make_folder, segment_name
from console.journal.roll import RETRY_S
from tests.torture.forked import Child, Tell, start
from tests.torture.full import small_disk
from tests.torture.judge import Judge
from tests.torture.kills import reopen
from tests.torture.tally import INCIDENT, Run
from tests.torture.writers import Life, draft, live
from tests.unit.clocks import CountingIds, ManualClock

STRANGER = 64_001


def stopped(run: Run) -> None:
    """The holder of a lock stands still; a second console goes on in its slot; both lanes are whole afterwards."""
    roll.FULL = 12_000
    for trial in run.trials(40, 4):
        if run.over:
            return
        judge, chance = Judge(run.fresh(), run.tally), run.chance
        first = start(partial(live, Life(judge.folder, "first", f"{trial}a", pause_s=0.004)))
        held = first.until("lane")[1]
        first.wait(chance.uniform(0, 0.04))
        _stop(first)
        second = start(partial(live, Life(judge.folder, "second", f"{trial}b", pause_s=0.004)))
        begin = time.monotonic()
        taken = second.until("lane")[1]
        run.tally.count("ms to open beside one that stands still", round(1000 * (time.monotonic() - begin)))
        second.wait(chance.uniform(0.01, 0.05))
        if trial % 2:
            second.kill()
        first.kill(signal.SIGCONT)
        first.wait(chance.uniform(0.01, 0.05))
        for child in (first, second):
            child.kill()
            judge.listen(child.end())
        if held == taken:
            run.tally.fault(f"stopped {trial}: two writers in {held}")
        judge.look(clean=False, where=f"stopped {trial}")
        reopen(judge, 2, f"stopped {trial}, opened")
        run.tally.trials += 1


def _stop(child: Child) -> None:
    child.kill(signal.SIGSTOP)
    while Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":
        time.sleep(0.001)


def planted(run: Run) -> None:
    """What stands in the way of a lane's files is stepped round and left as it is."""
    roll.FULL = 4_000
    for trial in run.trials(120, 8):
        if run.over:
            return
        asyncio.run(_among(run, trial))
        run.tally.trials += 1


async def _among(run: Run, trial: int) -> None:
    chance, folder = run.chance, run.fresh()
    judge = Judge(folder, run.tally, folder.parent / "spare")
    judge.strangers = True
    make_folder(folder, Disk(), group=bool(trial & 1))
    victim = folder.parent / "victim"
    victim.write_text("precious")
    names = [segment_name(lane_name("bastion", os.geteuid(), f"{slot}"), n) for slot in range(3) for n in range(4)]
    plants = [_plant(folder / name, victim, chance) for name in chance.sample(names, chance.randrange(1, 5))]
    before = {path: _seen(path) for path in plants}
    clock, number = ManualClock(), 0
    for _ in range(2):
        journal = await Journal.open(
            folder, INCIDENT, clock=clock, ids=CountingIds(), host="bastion", fallback=judge.fallback
        )
        for _ in range(chance.randrange(5, 25)):
            clock.move(chance.choice((0.1, RETRY_S + 1)))
            judge.ask("a", [number, number + 1])
            entries = await journal.append([draft("a", number), draft("a", number + 1)])
            judge.hear("a", [entry.id for entry in entries], [number, number + 1])
            number += 2
        await journal.close()
        judge.look(where=f"planted {trial}")
    changed = [path.name for path in plants if _seen(path) != before[path]]
    if changed or victim.read_text() != "precious":
        run.tally.fault(f"planted {trial}: {changed or 'the victim'} was written to")


def _plant(path: Path, victim: Path, chance: Random) -> Path:
    """Something that is no file of ours."""
    kind = chance.choice(("link", "dangling", "fifo", "hard link", "folder", "of another"))
    if kind == "link":
        path.symlink_to(victim)
    elif kind == "dangling":
        path.symlink_to(victim.with_name("nowhere"))
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "hard link":
        os.link(victim, path)
    elif kind == "folder" or os.geteuid():
        path.mkdir()
    else:
        path.write_bytes(b"of another\n")
        path.chmod(0o666)
        os.chown(path, STRANGER, STRANGER)
    return path


def _seen(path: Path) -> tuple[int, int, bytes]:
    status = path.lstat()
    return status.st_ino, status.st_mode, path.read_bytes() if stat.S_ISREG(status.st_mode) else b""


def readonly(run: Run) -> None:
    """A folder that cannot be written from the start, or from some moment on: the fallback has it all."""
    for trial in run.trials(20, 2):
        if run.over:
            return
        if trial % 2 or os.geteuid():
            _closed_folder(run, trial)
        else:
            with small_disk(run.fresh().parent / "disk") as disk:
                asyncio.run(_remounted(run, disk))
        run.tally.trials += 1


def _closed_folder(run: Run, trial: int) -> None:
    """Whoever may not write to the incident's folder writes beside it."""
    base = run.fresh().parent
    base.mkdir()
    folder, spare = base / INCIDENT, base / "spare"
    for path in (folder, spare):
        path.mkdir()
    folder.chmod(0o555)
    for path in (run.folder.parent, run.folder, base):
        path.chmod(0o711)
    if not os.geteuid():
        os.chown(spare, STRANGER, STRANGER)
    judge = Judge(folder, run.tally, spare)
    judge.strangers = True  # a folder of another owner is told, rightly

    async def work(tell: Tell) -> None:
        if not os.geteuid():
            become(STRANGER, STRANGER)
        journal = await Journal.open(
            folder, INCIDENT, clock=SystemClock(), ids=RandomIds(), host="bastion", fallback=spare
        )
        tell("red", not journal.health().ok)
        for n in range(20):
            tell("ask", "a", [n])
            entries = await journal.append([draft("a", n)])
            tell("ack", "a", [entries[0].id], [n])
        os.kill(os.getpid(), signal.SIGKILL)

    said = start(work).end()
    judge.listen(said)
    if ["red", True] not in said:
        run.tally.fault(f"readonly {trial}: health was good in a folder that cannot be written")
    judge.look(clean=False, where=f"readonly {trial}")


async def _remounted(run: Run, disk: Path) -> None:
    clock, folder, spare = ManualClock(), disk / INCIDENT, disk.parent / "spare"
    judge = Judge(folder, run.tally, spare)
    judge.may_be_torn = True
    journal = await Journal.open(folder, INCIDENT, clock=clock, ids=CountingIds(), host="bastion", fallback=spare)
    number = 0
    for mode in ("rw", "ro", "rw"):
        if mode == "ro":
            _blind(folder)
        _remount(disk, mode)
        clock.move(RETRY_S + 1)
        for n in range(number, number + 15):
            judge.ask("a", [n])
            entries = await journal.append([draft("a", n)])
            judge.hear("a", [entry.id for entry in entries], [n])
        number += 15
        if journal.health().ok != (mode == "rw"):
            run.tally.fault(f"remounted {mode}: health says {journal.health()}")
    await journal.close()
    alone = Judge(folder, run.tally)
    alone.asked, alone.acknowledged, alone.may_be_torn = judge.asked, judge.acknowledged, True
    alone.look(where="remounted, the folder alone")


def _remount(disk: Path, mode: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{mode}", str(disk)], check=True, capture_output=True)


def _blind(folder: Path) -> None:
    """Our descriptors of the folder's files become ones for reading: with one for writing no disk is remounted."""
    for name in os.listdir("/proc/self/fd"):
        with suppress(OSError):
            path = os.readlink(f"/proc/self/fd/{name}")
            if path.startswith(f"{folder}/"):
                fd = os.open(path, os.O_RDONLY)
                os.dup2(fd, int(name))
                os.close(fd)


def become(uid: int, gid: int) -> None:
    """Be another user from here on, for good."""
    os.setgroups([gid])
    os.setgid(gid)
    os.setuid(uid)
