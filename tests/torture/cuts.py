"""A file cut at every byte of its last frames, and zeros where bytes should have come."""

from __future__ import annotations

from pathlib import Path

from console.journal.check import check
from console.journal.disk import Disk
from console.journal.follow import Follower
from console.journal.places import places
from console.model.entry import Entry, Kind
from tests.torture.shapes import SHAPES, Mask, Shape, clear, note, opened, put, shape, write
from tests.torture.tally import INCIDENT, Run

LAST = 3
"""So many frames at the end are cut."""


def every_byte(run: Run) -> None:
    """Each shape cut at each length; every tenth length also goes on in zeros."""
    for name in SHAPES:
        made = shape(run.fresh(name), name)
        number, size = len(made.files) - 1, len(made.files[-1])
        starts = [0, *(end for file, end, _ in made.ends if file == number)]
        first = starts[-1 - LAST] if len(starts) > LAST + 1 else 0
        step = 67 if run.short else 1
        folder = run.fresh(name)
        folder.mkdir(parents=True, mode=0o700)
        for cut in (*range(first, size, step), *starts[1:]):
            if run.over:
                return
            whole = made.files[-1][:cut]
            _trial(run, made, folder, whole, cut)
            if cut % (step * 10) == 0 or cut in starts:
                for zeros in (1, size - cut, 4096):
                    _trial(run, made, folder, whole + bytes(zeros), cut)


def _trial(run: Run, made: Shape, folder: Path, last: bytes, cut: int) -> None:
    tally, where = run.tally, f"{made.name} cut at {cut}, {len(last) - cut} zeros"
    files = put(folder, made.lane, (*made.files[:-1], last))
    kept = made.until(len(made.files) - 1, cut)
    tally.trials += 1
    tally.acknowledged += len(kept)
    boundary = max((end for file, end, _ in made.ends if file == len(made.files) - 1 and end <= cut), default=0)
    torn = len(last) > boundary
    follower = Follower(made.lane, INCIDENT, Disk(), Mask())
    read = {entry.id: entry.body for entry in follower.entries(files)}
    _compare(run, made, kept, read, where)
    if follower.damages:
        tally.fault(f"{where}: read as damage: {follower.damages[:2]}")
    if bool(check(folder, INCIDENT).lanes[0].torn) != torn:
        tally.fault(f"{where}: check says torn={not torn}")
    _go_on(run, made, folder, kept, last[boundary:], where)
    clear(folder)


def _go_on(run: Run, made: Shape, folder: Path, kept: list[str], rest: bytes, where: str) -> None:
    """Two consoles more, one behind the other."""
    tally = run.tally
    lane = opened(folder)
    (added,) = write(lane, [note("after")])
    entries = list(lane.storage.entries())
    recovered = [entry for entry in entries if entry.kind == Kind.LANE_RECOVERED]
    if len(recovered) != bool(rest):
        tally.fault(f"{where}: {len(recovered)} lane.recovered for {len(rest)} torn bytes")
    for entry in recovered:
        if (folder / str(entry.body["file"])).read_bytes() != rest:
            tally.fault(f"{where}: the torn bytes were not kept")
    lane.close()
    again = opened(folder)
    later: list[Entry] = list(again.storage.entries())
    again.close()
    _compare(run, made, kept, {entry.id: entry.body for entry in later if entry.id in kept}, where)
    if [e.id for e in later[: len(entries)]] != [e.id for e in entries] or later[len(entries) - 1].id != added.id:
        tally.lost += 1
        tally.fault(f"{where}: what was appended after it is not there")
    seen = check(folder, INCIDENT)
    if not seen.sound or seen.lanes[0].torn or lane.damages or again.damages:
        tally.fault(f"{where}: not clean afterwards: {seen.lanes[0].damage} {seen.troubles} {seen.lanes[0].torn}")
    if len(places(folder).lanes()) != 1:
        tally.fault(f"{where}: there is another lane")


def _compare(run: Run, made: Shape, kept: list[str], read: dict[str, dict[str, object]], where: str) -> None:
    lost = [id for id in kept if read.get(id) != made.bodies[id]]
    strange = [id for id in read if id not in kept]
    run.tally.lost += len(lost)
    run.tally.strange += len(strange)
    if lost or strange:
        run.tally.fault(f"{where}: lost {lost[:3]}, invented {strange[:3]}")
