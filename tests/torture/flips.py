"""Every single bit of a sample of frames, turned: noticed by all who read, at the cost of one frame."""

from __future__ import annotations

from pathlib import Path

from console.journal import proof
from console.journal.check import check
from console.journal.disk import Disk
from console.journal.follow import Follower
from tests.torture.shapes import Mask, Shape, clear, note, opened, put, shape, write
from tests.torture.tally import INCIDENT, Run

SAMPLE = ("transaction", "encrypted", "redacted", "rotated")


def every_bit(run: Run) -> None:
    """Each bit of each file; every 61st also with a console that has to go on there."""
    for name in SAMPLE:
        made = shape(run.fresh(name), name)
        folder = run.fresh(name)
        step = 97 if run.short else 1
        for number, data in enumerate(made.files):
            for bit in range(0, 8 * len(data), step):
                if run.over:
                    return
                turned = bytearray(data)
                turned[bit // 8] ^= 1 << bit % 8
                files = (*made.files[:number], bytes(turned), *made.files[number + 1 :])
                _trial(run, made, folder, files, (number, bit))


def _trial(run: Run, made: Shape, folder: Path, files: tuple[bytes, ...], spot: tuple[int, int]) -> None:
    tally, (number, bit) = run.tally, spot
    where = f"{made.name} file {number} byte {bit // 8} bit {bit % 8}"
    tally.trials += 1
    hit = _hit(made, number, bit // 8)
    laid = put(folder, made.lane, files)
    follower = Follower(made.lane, INCIDENT, Disk(), Mask())
    _compare(run, made, hit, {e.id: e.body for e in follower.entries(laid)}, where)
    if not follower.damages:
        tally.fault(f"{where}: not noticed by a reader")
    report = proof.Report()
    reader = proof.LaneReader(INCIDENT, made.lane, report)
    for segment, data in enumerate(files):
        for _ in reader.read(f"{segment}.lane", segment, data):
            tally.count("entries read by the verifier")
    if not report.lines:
        tally.fault(f"{where}: not noticed by the verifier")
    if bit % 5 == 0 and check(folder, INCIDENT).sound:
        tally.fault(f"{where}: not noticed by check")
    if bit % 61 == 0:
        _go_on(run, made, folder, hit, where)
    clear(folder)


def _hit(made: Shape, number: int, at: int) -> tuple[str, ...]:
    """Ids in the frame that holds this byte."""
    return next(ids for file, end, ids in made.ends if file == number and at < end)


def _go_on(run: Run, made: Shape, folder: Path, hit: tuple[str, ...], where: str) -> None:
    """The next console writes behind the damage, which stays as it is."""
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    lane = opened(folder)
    (added,) = write(lane, [note("after")])
    lane.close()
    again = opened(folder)
    read = {entry.id: entry.body for entry in again.storage.entries()}
    again.close()
    _compare(run, made, hit, {id: body for id, body in read.items() if id in made.bodies}, f"{where}, gone on")
    if read.get(added.id) != added.body:
        run.tally.lost += 1
        run.tally.fault(f"{where}: what was appended behind it is not there")
    changed = [name for name, data in before.items() if not (folder / name).read_bytes().startswith(data)]
    if changed:
        run.tally.fault(f"{where}: {changed} was written to")
    run.tally.count("gone on behind it")


def _compare(run: Run, made: Shape, hit: tuple[str, ...], read: dict[str, dict[str, object]], where: str) -> None:
    """Everything but the frame that was hit is there as it was; of that nothing else than what it said."""
    lost = [id for id in made.bodies if id not in hit and read.get(id) != made.bodies[id]]
    strange = [id for id, body in read.items() if made.bodies.get(id) != body]
    run.tally.acknowledged += len(made.bodies) - len(hit)
    run.tally.lost += len(lost)
    run.tally.strange += len(strange)
    if lost or strange:
        run.tally.fault(f"{where}: lost beside it {lost[:4]}, invented {strange[:3]}")
