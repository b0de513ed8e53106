"""Lanes with every shape of frame at their end, made by the real writer."""

from __future__ import annotations

import os
from pathlib import Path

from msgspec import Struct

from console.journal import redaction, roll
from console.journal.disk import Disk
from console.journal.follow import Follower
from console.journal.frame import Frame, parse
from console.journal.lane import Lane, open_lane
from console.journal.places import places
from console.journal.record import read_header
from console.journal.stamp import HybridClock
from console.model.bodies import body_from
from console.model.entry import Draft, Entry, Kind
from console.model.redacted import redaction as body_of
from tests.torture.tally import INCIDENT
from tests.unit.clocks import CountingIds, ManualClock

LONG = "connection reset by peer; " * 120


class Mask:
    """A ``Sealer`` that hides nothing from anybody but looks like one."""

    def seal(self, visibility: str, body: bytes) -> tuple[str, str] | None:
        return None if visibility == "normal" else ("key-1", body[::-1].hex())

    def open(self, key: str, text: str) -> bytes | None:
        return bytes.fromhex(text)[::-1]


class Shape(Struct, frozen=True):
    """A lane's files as bytes, and where its entries stand."""

    name: str
    lane: str
    files: tuple[bytes, ...]
    ends: tuple[tuple[int, int, tuple[str, ...]], ...]
    """Of each frame: its file, the offset behind it, the ids in it."""
    bodies: dict[str, dict[str, object]]

    def until(self, number: int, size: int) -> list[str]:
        """Ids that stand before that byte of that file."""
        return [id for file, end, ids in self.ends if (file, end) <= (number, size) for id in ids]


def opened(folder: Path, *, disk: Disk | None = None, fallback: Path | None = None, clock: ManualClock | None = None,
           ids: CountingIds | None = None) -> Lane:  # fmt: skip
    """A lane with the masking sealer."""
    clock = clock or ManualClock()
    return open_lane(
        places(folder, fallback), INCIDENT, clock=clock, hybrid=HybridClock(clock), ids=ids or CountingIds(),
        host="bastion", disk=disk or Disk(), sealer=Mask(),
    )  # fmt: skip


def note(text: str, visibility: str = "normal") -> Draft:
    """A note."""
    return Draft(Kind.NOTE_ADDED, {"text": text}, visibility=visibility)


def write(lane: Lane, *transactions: list[Draft]) -> list[Entry]:
    """Transactions with one sync; all of them accepted."""
    out: list[Entry] = []
    for result in lane.append(transactions):
        assert not isinstance(result, Exception), result
        out += result
    return out


def shape(folder: Path, name: str) -> Shape:
    """A lane whose last frames are of this kind."""
    lane = opened(folder)
    write(lane, [note("before")])
    if name == "one":
        write(lane, [note("a")])
        write(lane, [note("ünïcode, € and 漢字")])
    elif name == "transaction":
        write(lane, [note("a"), note("b"), note("c"), note("d")])
    elif name == "group":
        write(lane, *[[note(f"{n}"), note(f"{n}'")] for n in range(3)])
    elif name == "long":
        write(lane, [note("short")])
        write(lane, [note(LONG)])
    elif name == "encrypted":
        write(lane, [note("for everybody")])
        write(lane, [note("for few", "restricted"), note("for all")])
    elif name == "redacted":
        _redact(folder, lane, write(lane, [note("hunter2"), note("b")])[0])
    elif name in ("sealed", "rotated"):
        _rotate(lane)
        if name == "rotated":
            write(lane, [note("in the next")])
    lane.close()
    files = [path for _, path in places(folder).lanes()[lane.name]]
    if name == "sealed":
        files.pop().unlink()
    return _described(name, lane.name, files)


SHAPES = ("one", "transaction", "group", "long", "encrypted", "redacted", "sealed", "rotated")


def _redact(folder: Path, lane: Lane, entry: Entry) -> None:
    where, disk = places(folder), Disk()
    target = redaction.find(where, INCIDENT, entry.id, disk)
    mark = redaction.mark(where, target, disk)
    body = body_of(target.entry, basis="", approver="ana", reason="leaked")
    write(lane, [Draft(Kind.ENTRY_REDACTED, body_from(body))])
    redaction.overwrite(where, mark, disk)
    redaction.finish(mark, disk)


def _rotate(lane: Lane) -> None:
    """Fill the segment so that the next append seals it."""
    full, roll.FULL = roll.FULL, 1
    try:
        write(lane, [note("the first behind the seal")])
    finally:
        roll.FULL = full


def _described(name: str, lane: str, files: list[Path]) -> Shape:
    follower = Follower(lane, INCIDENT, Disk(), Mask())
    bodies: dict[str, dict[str, object]] = {}
    ends: list[tuple[int, int, tuple[str, ...]]] = []
    data = tuple(path.read_bytes() for path in files)
    for number, path in enumerate(files):
        bodies |= {entry.id: entry.body for entry in follower.entries([(number, path)])}
        at = 0
        while at < len(data[number]):
            item = parse(data[number], at)
            assert isinstance(item, Frame)
            at += item.size
            ends.append((number, at, _ids(lane, item)))
    assert not follower.damages, follower.damages
    return Shape(name, lane, data, tuple(ends), bodies)


def _ids(lane: str, item: Frame) -> tuple[str, ...]:
    return tuple(f"{lane}:{read_header(sealed).seq}" for sealed in item.entries)


def put(folder: Path, lane: str, files: tuple[bytes, ...]) -> list[tuple[int, Path]]:
    """Lay a lane's files into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    out = []
    for number, data in enumerate(files):
        path = folder / (f"{lane}.lane" + (f".{number}" if number else ""))
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.write(fd, data)
        os.close(fd)
        out.append((number, path))
    return out


def clear(folder: Path) -> None:
    """Empty a folder for the next trial."""
    for path in folder.iterdir():
        path.unlink()
