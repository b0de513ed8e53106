"""Seeing what another console writes: how late, and what it costs while nobody writes.

The listener is what the console does (console/engine): an ear on the folder, and ``Journal.news`` when it hears
something. ``told``: by the kernel. ``unaided``: where the kernel does not tell, at the two paces that the ear then has.

``tail``: milliseconds from the start of another process's append, and from its return, until the entry is here. The
latter is below zero where the entry was seen while its sync was under way.
``idle``: share of a core while ten other lanes are silent.
"""

from __future__ import annotations

import asyncio
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from random import Random
from unittest.mock import patch

from console.engine.ear import Ear
from console.journal.journal import Journal
from console.journal.notice import Notice
from console.model.entry import Draft, Entry, Kind
from tests.bench.journal_parts import Child, Part, Row, apart, collecting, journal_in, percentiles, tell

PAUSE_S = 0.03
"""Mean time between two entries."""
PATIENCE_S = 10.0
OTHERS = 10
PACES = {"told": True, "unaided_lively": True, "unaided_calm": False}
"""How the listener listens, and whether the ear takes the journal for lively."""


class Listener:
    """A journal that listens for what others write."""

    def __init__(self, journal: Journal, pace: str) -> None:
        self._journal = journal
        self._ear = Ear()
        self._pace = pace
        self._place = journal.places.folders, journal.lane
        self.wakes = 0

    async def hear(self, limit_s: float) -> tuple[Entry, ...]:
        """What was written since, as soon as there is something to look at; waits no longer than the limit."""
        self.wakes += 1
        try:
            async with asyncio.timeout(limit_s):
                await self._wait()
        except TimeoutError:
            return ()
        return await self._journal.news()

    async def _wait(self) -> None:
        lively = PACES[self._pace]
        if self._pace == "told":
            await self._ear.wait([self._place], lively=lively)
            return
        with patch.object(Notice, "open", return_value=None):
            await self._ear.wait([self._place], lively=lively)

    def close(self) -> None:
        self._ear.close()


async def _latency(folder: Path, pace: str, count: int) -> dict[str, object]:
    """One listener here and one writer in another process."""
    journal = await journal_in(folder, "r")
    listener = Listener(journal, pace)
    came: dict[int, tuple[int, object]] = {}
    with apart("journal_tail", "write", folder, count, pace) as child:
        await listener.hear(0.0)
        child.say("go")
        end = time.monotonic() + PATIENCE_S + count * PAUSE_S
        while len(came) < count and time.monotonic() < end:
            entries = await listener.hear(1.0)
            now = time.monotonic_ns()
            for entry in entries:
                if entry.kind == Kind.NOTE_ADDED:
                    number = entry.body["number"]
                    assert isinstance(number, int)
                    assert number not in came, "an entry was told twice"
                    came[number] = now, entry.body["begun"]
        written = child.hear()
    listener.close()
    await journal.close()
    assert isinstance(written, list)
    assert len(written) == count
    assert list(came) == list(range(count)), "an entry did not come, or not in its order"
    assert all(came[number][1] == begun for number, (begun, _) in enumerate(written)), "entries were mixed up"
    start = [(came[number][0] - begun) / 1e6 for number, (begun, _) in enumerate(written)]
    behind = [(came[number][0] - ended) / 1e6 for number, (_, ended) in enumerate(written)]
    return {
        "entries": count,
        "from_start_ms": {**percentiles(start, 1, 2), "max": round(max(start), 2)},
        "from_return_ms": {**percentiles(behind, 1, 2), "max": round(max(behind), 2)},
    }


def tail(folder: Path, count: int) -> Part:
    """How late an entry of another process is seen."""
    found = {
        pace: asyncio.run(_latency(folder / pace, pace, count if pace == "told" else count // 3)) for pace in PACES
    }
    rows = []
    for pace, one in found.items():
        for name in ("from_return_ms", "from_start_ms"):
            took = one[name]
            assert isinstance(took, dict)
            what = f"tail, {pace.replace('_', ', ')}, p99 {name[:-3].replace('_', ' ')}, ms"
            rows.append(Row(what, took["p99"], 125.0 if pace == "told" else None))
    return dict(found), rows


async def _write(folder: Path, count: int, seed: str) -> None:
    """Append at random moments; say when each began and returned, in ns of the system's monotonic clock."""
    journal, rng = await journal_in(folder, "w"), Random(seed)
    sys.stdin.readline()
    said: list[tuple[int, int]] = []
    for number in range(count):
        await asyncio.sleep(rng.expovariate(1 / PAUSE_S))
        begun = time.monotonic_ns()
        text = f"checkout answers 503 in eu-1, {number:06} requests failed"
        await journal.append([Draft(Kind.NOTE_ADDED, {"text": text, "number": number, "begun": begun})])
        said.append((begun, time.monotonic_ns()))
    tell(said)
    await journal.close()


def idle(folder: Path, seconds: float) -> Part:
    """Two listeners side by side, told and unaided; each has the other's lane and nine more beside its own."""
    paces = ("told", "unaided_calm")
    with ExitStack() as stack:
        holder = stack.enter_context(apart("journal_tail", "hold", folder, OTHERS + 1 - len(paces)))
        assert holder.hear() == "ready"
        listeners: dict[str, Child] = {}
        for pace in paces:
            listeners[pace] = stack.enter_context(apart("journal_tail", "listen", folder, pace, seconds))
            assert listeners[pace].hear() == "ready"
        for child in listeners.values():
            child.say("go")
        found = {pace: child.hear() for pace, child in listeners.items()}
        # That nothing came is only worth something if what comes is heard.
        holder.say("write")
        for child in listeners.values():
            assert child.hear() == OTHERS + 1 - len(paces), "the listener was deaf"
    shares = {}
    for pace, one in found.items():
        assert isinstance(one, dict)
        assert one["lanes"] == OTHERS, f"{one['lanes']} lanes were followed"
        shares[pace] = round(100 * one["cpu_s"] / one["s"], 3)
    return {"lanes": OTHERS, **found}, [
        Row("idle, ten lanes, told, % of a core", shares["told"], 0.5),
        Row("idle, ten lanes, unaided, % of a core", shares["unaided_calm"]),
    ]


async def _hold(folder: Path, count: int) -> None:
    """So many consoles that write nothing until they are told to."""
    journals = [await journal_in(folder, f"h{number}") for number in range(count)]
    for journal in journals:
        for number in range(20):
            await journal.append([Draft(Kind.NOTE_ADDED, {"text": f"note {number}"})])
    tell("ready")
    for _ in sys.stdin:
        for journal in journals:
            await journal.append([Draft(Kind.NOTE_ADDED, {"text": "last"})])
    for journal in journals:
        await journal.close()


async def _listen(folder: Path, pace: str, seconds: float) -> None:
    """Listen while nobody writes, say what it cost; then count what comes."""
    journal = await journal_in(folder, pace)
    listener = Listener(journal, pace)
    await listener.hear(0.1)
    tell("ready")
    sys.stdin.readline()
    while await listener.hear(0.5):  # the other listener's first entry
        continue
    begin, used, wakes = time.monotonic(), time.process_time(), listener.wakes
    while (left := begin + seconds - time.monotonic()) > 0:
        assert not await listener.hear(left), "somebody wrote"
    out = {"cpu_s": time.process_time() - used, "s": time.monotonic() - begin, "wakes": listener.wakes - wakes}
    tell({**out, "lanes": journal.health().lanes - 1})
    heard, end = 0, time.monotonic() + PATIENCE_S
    while heard < OTHERS - 1 and time.monotonic() < end:
        heard += len(await listener.hear(1.0))
    tell(heard)
    listener.close()
    await journal.close()


def main(arguments: list[str]) -> None:
    """What the other processes do."""
    role, folder, *rest = arguments
    if role == "write":
        asyncio.run(_write(Path(folder), int(rest[0]), rest[1]))
    elif role == "hold":
        asyncio.run(_hold(Path(folder), int(rest[0])))
    else:
        asyncio.run(_listen(Path(folder), rest[0], float(rest[1])))


if __name__ == "__main__":
    with collecting():
        main(sys.argv[1:])
