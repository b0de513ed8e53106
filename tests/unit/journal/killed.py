"""The child of the kill test: appends until it is killed, and says what was acknowledged."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from console.clock import RandomIds, SystemClock
from console.journal.journal import Journal
from console.model.entry import Draft, Kind


async def main(folder: Path, start: int) -> None:
    journal = await Journal.open(folder, "INC-0001", clock=SystemClock(), ids=RandomIds(), host="bastion")
    number = start

    async def one(text: str) -> None:
        await journal.append([Draft(Kind.NOTE_ADDED, {"text": text}), Draft(Kind.NOTE_ADDED, {"text": text + "'"})])
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()

    while True:
        await asyncio.gather(*(one(f"{number + n} " + "x" * (37 * n)) for n in range(4)))
        number += 4


asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
