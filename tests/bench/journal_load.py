"""A long journal: read and verified, against SQLite and its rows' JSON; opened with a cache, in a fresh process.

``load``: by turns, a lane is opened (every frame read, verified and indexed) and all its entries are decoded; SQLite
reads the same entries as rows and parses their JSON: the whole documents, as a database of documents keeps them, and
the payloads alone, with the standard library's parser and with msgspec's. Nothing is verified there.
``open``: until the console could work: the journal is open, the fold is there, one append is durable.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import msgspec

from console.clock import RandomIds
from console.journal.cache import place
from console.journal.disk import Disk
from console.journal.follow import Follower
from console.journal.places import places
from console.model.fold import Fold
from tests.bench.journal_parts import INCIDENT, Part, Row, apart, collecting, draft, journal_in, lane_in, tell


def _as_rows(folder: Path, database: Path) -> int:
    """The lane's entries as rows: what orders them in columns, the rest as the JSON that stands in the lane."""
    (lane, files), *_ = places(folder).lanes().items()
    with closing(sqlite3.connect(database)) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute(
            "CREATE TABLE entry (seq INTEGER PRIMARY KEY, wall INTEGER, logical INTEGER, kind TEXT, payload TEXT)"
        )
        db.execute("CREATE TABLE document (seq INTEGER PRIMARY KEY, document TEXT)")
        documents = (
            (one.stamp.seq, msgspec.json.encode(one).decode())
            for one in Follower(lane, INCIDENT, Disk()).entries(files)
        )
        found = Follower(lane, INCIDENT, Disk()).advance(files)
        rows = (
            (one.header.seq, one.header.wall, one.header.logical, one.header.kind, one.sealed.payload.decode())
            for one in found
        )
        with db:
            db.executemany("INSERT INTO entry VALUES (?, ?, ?, ?, ?)", rows)
            db.executemany("INSERT INTO document VALUES (?, ?)", documents)
        return int(db.execute("SELECT count(*) FROM entry").fetchone()[0])


PAYLOADS = "SELECT seq, wall, logical, kind, payload FROM entry ORDER BY seq"
DOCUMENTS = "SELECT seq, document FROM document ORDER BY seq"


def _from_database(database: Path, query: str, parse: Callable[[str], object]) -> tuple[float, int]:
    """Seconds, and how many were read."""
    start, count = time.perf_counter(), 0
    with closing(sqlite3.connect(database)) as db:
        for *_, text in db.execute(query):
            parse(text)
            count += 1
    return time.perf_counter() - start, count


def _from_lane(folder: Path) -> tuple[float, float, int]:
    """Seconds to verify and index, seconds to decode, and how many were read."""
    start = time.perf_counter()
    lane = lane_in(folder, Disk())
    opened = time.perf_counter()
    count = sum(1 for _ in lane.storage.entries())
    done = time.perf_counter()
    assert not lane.damages, "a lane that nobody touched is damaged"
    lane.close()
    return opened - start, done - opened, count


def load(folder: Path, rounds: int) -> Part:
    """The lane that stands in a folder against a database of the same entries."""
    database = folder.with_name("rows.sqlite")
    count = _as_rows(folder, database)
    taken: dict[str, list[float]] = {"documents": [], "json": [], "msgspec": [], "verify": [], "decode": []}
    for _ in range(rounds):
        for name, query, parse in (
            ("documents", DOCUMENTS, json.loads),
            ("json", PAYLOADS, json.loads),
            ("msgspec", PAYLOADS, msgspec.json.decode),
        ):
            seconds, read = _from_database(database, query, parse)
            assert read == count, "SQLite did not read all"
            taken[name].append(seconds)
        verify, decode, read = _from_lane(folder)
        assert read == count, "the lane did not read all"
        taken["verify"].append(verify)
        taken["decode"].append(decode)
    lane = [verify + decode for verify, decode in zip(taken["verify"], taken["decode"], strict=True)]
    ratios = {
        name: round(statistics.median(ours / theirs for ours, theirs in zip(lane, taken[name], strict=True)), 2)
        for name in ("documents", "json", "msgspec")
    }
    middle = {name: round(statistics.median(values), 3) for name, values in taken.items()}
    out: dict[str, object] = {
        "entries": count, "rounds": rounds, "lane_s": round(statistics.median(lane), 3),
        "lane_verify_and_index_s": middle["verify"], "lane_decode_s": middle["decode"],
        "sqlite_documents_s": middle["documents"], "sqlite_json_s": middle["json"],
        "sqlite_msgspec_s": middle["msgspec"],
    }  # fmt: skip
    return out, [
        Row(f"load and verify {count:,}, of SQLite and its documents' json", ratios["documents"], 1.4),
        Row(f"load and verify {count:,}, of SQLite and the payloads' json", ratios["json"]),
        Row(f"load and verify {count:,}, of SQLite and the payloads' msgspec", ratios["msgspec"]),
    ]


async def _keep(folder: Path, cache: Path) -> int:
    """Leave a cache as a console does; how many entries it vouches for."""
    journal, fold = await journal_in(folder, "b"), Fold(INCIDENT)
    fold.apply(list(journal.entries()))
    assert await journal.keep(cache, fold.save(), RandomIds()), "no cache was kept"
    await journal.close()
    return fold.taken


def reopen(folder: Path, rounds: int, uncached: int) -> Part:
    """Opening the journal in that folder, each time in a fresh process, with its cache and without."""
    cache = place(folder.with_name("cache"), folder)
    count = before = asyncio.run(_keep(folder, cache))
    taken: dict[str, list[dict[str, float]]] = {"cached": [], "plain": []}
    for name, path, times in (("cached", cache, rounds), ("plain", "", uncached)):
        for _ in range(times):
            with apart("journal_load", folder, path) as child:
                told = child.hear()
            assert isinstance(told, dict)
            count += 1
            assert told.pop("entries") == count, "not every entry was there"
            taken[name].append(told)
    middle = {
        name: {part: round(statistics.median(one[part] for one in found), 3) for part in found[0]}
        for name, found in taken.items()
    }
    usable = [one["usable_s"] for one in taken["cached"]]
    out: dict[str, object] = {
        "entries": before, "runs": rounds, "cache_bytes": cache.stat().st_size, **middle,
        "usable_from_s": round(min(usable), 3), "usable_to_s": round(max(usable), 3),
    }  # fmt: skip
    return out, [
        Row(f"open {before:,} with a cache, usable, s", middle["cached"]["usable_s"], 0.25),
        Row(f"open {before:,} without a cache, usable, s", middle["plain"]["usable_s"]),
    ]


async def _usable(folder: Path, cache: Path | None) -> dict[str, float]:
    """Seconds until the journal is open, its fold is there, and one append is durable."""
    start = time.perf_counter()
    journal = await journal_in(folder, "b", cache=cache)
    opened = time.perf_counter()
    assert (journal.resumed is not None) == (cache is not None), "the cache was not used"
    if journal.resumed is not None:
        fold = Fold.restored(journal.resumed[0])
        fold.apply(journal.resumed[1])
    else:
        fold = Fold(INCIDENT)
        fold.apply(list(journal.entries()))
    shown = len(fold.state.timeline)
    folded = time.perf_counter()
    fold.apply(await journal.append([draft(0)]))
    done = time.perf_counter()
    assert shown, "the fold shows nothing"
    assert fold.taken == journal.health().entries, "the fold is not where the journal is"
    await journal.close()
    parts = {"open_s": opened - start, "fold_s": folded - opened, "append_s": done - folded, "usable_s": done - start}
    return {**parts, "entries": fold.taken}


if __name__ == "__main__":
    with collecting():
        tell(asyncio.run(_usable(Path(sys.argv[1]), Path(sys.argv[2]) if sys.argv[2] else None)))
