"""A console's life in a child: it opens the journal, appends, commits in groups, redacts, and says what it was told."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from random import Random

from msgspec import Struct

from console.clock import RandomIds, SystemClock
from console.journal import redaction
from console.journal.disk import Disk
from console.journal.journal import Journal
from console.journal.lane import Lane, open_lane
from console.journal.places import places
from console.journal.stamp import HybridClock
from console.model.bodies import body_from
from console.model.entry import Draft, Kind
from console.model.redacted import redaction as body_of
from tests.torture.dying import Death, DyingDisk
from tests.torture.forked import Tell
from tests.torture.judge import text_of
from tests.torture.tally import INCIDENT


class Life(Struct, frozen=True):
    """What one writer is to do until it is killed."""

    folder: Path
    writer: str
    seed: str
    death: Death | None = None
    first: str = ""
    """``redact``: begin with that."""
    pause_s: float = 0.0


def reopened(folder: Path, disk: Disk | None = None) -> Lane:
    """The next console on the first free lane; recovery is done when this returns."""
    clock = SystemClock()
    return open_lane(
        places(folder), INCIDENT, clock=clock, hybrid=HybridClock(clock), ids=RandomIds(), host="bastion",
        disk=disk or Disk(),
    )  # fmt: skip


def draft(writer: str, number: int) -> Draft:
    """The note of that number."""
    return Draft(Kind.NOTE_ADDED, {"writer": writer, "n": number, "text": text_of(writer, number)})


async def live(life: Life, tell: Tell) -> None:
    """Go on for ever."""
    disk = DyingDisk(lambda phase: tell("at", phase), life.death)
    tell("at", "open")
    journal = await Journal.open(life.folder, INCIDENT, clock=SystemClock(), ids=RandomIds(), host="bastion", disk=disk)
    tell("lane", journal.lane)
    chance, number, own = Random(life.seed), 0, list[str]()

    async def append(numbers: Sequence[int]) -> None:
        tell("ask", life.writer, numbers)
        entries = await journal.append([draft(life.writer, n) for n in numbers])
        ids = [entry.id for entry in entries]
        tell("ack", life.writer, ids, numbers)
        own.extend(ids)

    while True:
        dice = 0.99 if life.first == "redact" and len(own) > 3 else chance.random()
        if dice < 0.45:
            await append([number, number + 1])
            number += 2
        elif dice < 0.9:
            await asyncio.gather(*(append([number + 2 * n, number + 2 * n + 1]) for n in range(4)))
            number += 8
        elif dice < 0.95 or not own:
            await journal.news()
        else:
            await _redact(journal, own.pop(chance.randrange(len(own))), disk, tell)
        if life.pause_s:
            await asyncio.sleep(chance.uniform(0, life.pause_s))


async def _redact(journal: Journal, name: str, disk: Disk, tell: Tell) -> None:
    """As the console does: mark, tell, overwrite, take the mark away."""
    target = await asyncio.to_thread(redaction.find, journal.places, INCIDENT, name, disk)
    tell("redacting", name)
    mark = await asyncio.to_thread(redaction.mark, journal.places, target, disk)
    body = body_of(target.entry, basis="", approver="ana", reason="leaked")
    await journal.append([Draft(Kind.ENTRY_REDACTED, body_from(body))])
    tell("redacted", name)
    await journal.overwrite(mark)
    redaction.finish(mark, disk)
