"""Clocks that jump: by lane the order never falls, and what answers sorts behind what it answers."""

from __future__ import annotations

import asyncio

from console.journal import roll
from console.journal.journal import Journal
from console.journal.stamp import AHEAD_MS
from tests.torture.judge import Judge
from tests.torture.tally import INCIDENT, Run
from tests.torture.writers import draft
from tests.unit.clocks import CountingIds, ManualClock

STEPS_S = (
    0, 0, 0, 0.001, 0.001, 1, 1, 60, 200, 299, 3600, 86_400, -0.001, -0.001, -1, -1, -60, -200, -299, -3600, -86_400,
)  # fmt: skip


def steps(run: Run) -> None:
    """Two consoles with a clock each that steps to and fro, closed and opened in between."""
    roll.FULL = 9_000
    for trial in run.trials(150, 10):
        if run.over:
            return
        asyncio.run(_scene(run, trial))
        run.tally.trials += 1


async def _scene(run: Run, trial: int) -> None:
    chance, folder = run.chance, run.fresh()
    clocks = {host: ManualClock() for host in ("ana", "ben")}
    judge = Judge(folder, run.tally)
    journals = {host: await _open(judge, host, clock) for host, clock in clocks.items()}
    for number in range(30):
        host = chance.choice(("ana", "ben"))
        other = {"ana": "ben", "ben": "ana"}[host]
        clocks[host].wall = max(0, clocks[host].wall + round(1000 * chance.choice(STEPS_S)))
        if chance.random() < 0.1:
            await journals[host].close()
            journals[host] = await _open(judge, host, clocks[host])
        news = await journals[host].news() if chance.random() < 0.7 else ()
        judge.ask(host, [number])
        (entry,) = await journals[host].append([draft(host, number)])
        judge.hear(host, [entry.id], [number])
        near = [one for one in news if one.stamp.wall - clocks[host].wall <= AHEAD_MS]
        behind = [one.id for one in near if one.stamp >= entry.stamp]
        if behind:
            run.tally.fault(f"clocks {trial}: {entry.id} stands before {behind[:2]} of {other}, which it had read")
        ahead = journals[host].health().detail
        run.tally.count("clocks told to be ahead", "min ahead" in ahead)
    for journal in journals.values():
        await journal.close()
    judge.look(where=f"clocks {trial}")


async def _open(judge: Judge, host: str, clock: ManualClock) -> Journal:
    return await Journal.open(judge.folder, INCIDENT, clock=clock, ids=CountingIds(), host=host)
