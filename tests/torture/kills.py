"""kill -9 at random points: of a lone writer, and of four in one folder."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from random import Random

from console.journal import frame, roll
from console.journal.places import places
from tests.torture.dying import PHASES, Death
from tests.torture.forked import Child, start
from tests.torture.judge import Judge
from tests.torture.tally import Run
from tests.torture.writers import Life, live, reopened

FULL = 12_000
"""Segments are sealed at this size here, so that a life of 100 ms sees several."""
LIVES = 20
"""Deaths in one folder, before a fresh one is taken."""


def single(run: Run) -> None:
    """One writer dies again and again; half of the deaths at a planned call to the disk, half whenever it comes."""
    roll.FULL = FULL
    judge = Judge(run.fresh(), run.tally)
    for trial in run.trials(500, 12):
        if run.over:
            break
        if trial % LIVES == 0:
            judge = _next(run, judge)
        death = _death(run.chance, trial) if trial % 2 else None
        if death is not None and death.phase == "recovery":
            _tear(judge.folder, run.chance)
        first = "redact" if death is not None and death.phase == "redaction" else ""
        life = Life(judge.folder, f"w{trial}", f"{trial}/{run.chance.random()}", death, first)
        child = start(partial(live, life))
        ended = child.wait(0.3 if death else _moment(run.chance))
        _killed(run, judge, child, planned=death is not None and ended)
        judge.look(clean=False, where=f"kill {trial}")
        if len(lanes := places(judge.folder).lanes()) > 1:
            run.tally.fault(f"kill {trial}: the slot was not free: {sorted(lanes)}")
        if run.chance.random() < 0.4:
            reopen(judge, 1, f"opened after kill {trial}")
    reopen(judge, 1, "at the end")
    _spread(run)


def four(run: Run) -> None:
    """Four writers in one folder die at moments of their own, or all at once."""
    roll.FULL = FULL
    judge = Judge(run.fresh(), run.tally)
    rounds = run.trials(100, 2)
    run.tally.wanted *= 4
    for trial in rounds:
        if run.over:
            break
        if trial % 10 == 0:
            judge = _next(run, judge, 4)
        children = []
        for writer in range(4):
            death = _death(run.chance, trial) if run.chance.random() < 0.4 else None
            life = Life(judge.folder, f"w{trial}.{writer}", f"{trial}/{writer}/{run.chance.random()}", death)
            children.append(start(partial(live, life)))
        together = run.chance.random() < 0.3
        moments = sorted(0.15 if together else 3 * _moment(run.chance) for _ in children)
        for child, before, moment in zip(children, [0.0, *moments], moments, strict=False):
            _killed(run, judge, child, planned=child.wait(moment - before), listen=False)
        for child in children:
            _listen(run, judge, child)
        judge.look(clean=False, where=f"round {trial}")
        reopen(judge, 4, f"opened after round {trial}")


def _next(run: Run, before: Judge, lanes: int = 1) -> Judge:
    """Close a folder's account and begin with an empty one."""
    if before.asked:
        reopen(before, lanes, "closing the account")
    return Judge(run.fresh(), run.tally)


def _moment(chance: Random) -> float:
    """Seconds until the kill: many early, where a console opens, some late."""
    return chance.choice((chance.uniform(0, 0.02), chance.uniform(0, 0.08), chance.uniform(0.02, 0.16)))


def _death(chance: Random, trial: int) -> Death:
    phase = PHASES[trial // 2 % len(PHASES)]
    nth = 1 + int(chance.expovariate(0.7)) if phase not in ("append", "group commit") else chance.randrange(1, 13)
    return Death(phase, nth, chance.choice((0.0, chance.random(), chance.random(), 1.0)))


def _killed(run: Run, judge: Judge, child: Child, *, planned: bool, listen: bool = True) -> None:
    child.kill()
    run.tally.count("by its own plan" if planned else "by the parent")
    if listen:
        _listen(run, judge, child)


def _listen(run: Run, judge: Judge, child: Child) -> None:
    said = child.end()
    judge.listen(said)
    phases = [line[1] for line in said if line[0] == "at"]
    run.tally.count(f"in {phases[-1] if phases else 'the fork'}")
    run.tally.trials += 1


def reopen(judge: Judge, lanes: int, where: str) -> None:
    """The next consoles come; everything must be there, whole and clean."""
    # A lane's lock is taken for an instant by whoever finishes a redaction there: who starts then takes another slot.
    opened = [reopened(judge.folder) for _ in range(max(lanes, len(places(judge.folder).lanes())))]
    for lane in opened:
        if lane.damages or lane.storage.roll.trouble or lane.storage.spoiled:
            judge.tally.fault(f"{where}: {lane.name}: {lane.damages[:2]} {lane.storage.roll.trouble}")
        list(lane.storage.entries())
    judge.look(where=where)
    for lane in opened:
        lane.close()


def _tear(folder: Path, chance: Random) -> None:
    """The end that a write leaves which was cut off."""
    for files in places(folder).lanes().values():
        path = files[-1][1]
        data = path.read_bytes()
        if data.endswith(b"\n") and b'"segment.sealed"' not in data[data.rfind(b"\n", 0, -1) :]:
            whole = frame.seal(bytes(32), [(json.dumps({"lane": "x"}).encode(), b"a" * 300)])[0]
            with path.open("ab") as file:
                file.write(whole[: chance.randrange(1, len(whole))])


def _spread(run: Run) -> None:
    """Deaths came in every phase, or the run says nothing about it."""
    missing = [phase for phase in PHASES if not run.tally.counts.get(f"in {phase}")]
    if missing and not run.short and run.tally.trials >= run.tally.wanted:
        run.tally.fault(f"nobody died in: {', '.join(missing)}")
