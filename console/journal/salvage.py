"""Salvage: every whole and verified frame out of a journal, damaged or not, into fresh files elsewhere."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from console.errors import JournalError
from console.journal.blobs import Blobs
from console.journal.disk import Disk
from console.journal.logged import Logged, read_back
from console.journal.places import is_lane, make_folder, places, segment_name
from console.journal.scan import Loss, Scan
from console.model.wording import count

REPORT = "SALVAGE.txt"


class Saved(Struct, frozen=True):
    """What was saved of one lane."""

    lane: str
    files: int
    frames: int
    entries: int
    gaps: tuple[str, ...]
    """Numbers between which entries are missing."""
    from_log: int = 0
    """Entries that no file has: they were put back from the machine's log."""


class Salvaged(Struct, frozen=True):
    """What was saved of a journal, and what was not."""

    folder: Path
    lanes: tuple[Saved, ...]
    blobs: int
    losses: tuple[Loss, ...]


def salvage(
    folder: Path,
    incident: str,
    out: Path,
    *,
    fallback: Path | None = None,
    log: Path | None = None,
    disk: Disk | None = None,
) -> Salvaged:
    """Copy what holds into ``out``, which must not exist, with a report; the journal itself is only read.

    Entries that only a ``log`` of the machine holds, as consoles without a disk told it, are put back where they
    belong. What was lost leaves a break in the chain that every reader tells. ``JournalError`` if ``out`` cannot be
    written or the log not be read.
    """
    disk = disk or Disk()
    logged = Logged() if log is None else _logged(log, incident)
    try:
        make_folder(out, disk, exclusive=True)
    except OSError as error:
        raise JournalError(
            f"{out} could not be made: {error.strerror}", next="name a folder that is not there yet"
        ) from error
    lanes: list[Saved] = []
    losses: list[Loss] = []
    there: set[tuple[str, int]] = set()
    try:
        known = places(folder, fallback).lanes()
        for lane in sorted({*known, *filter(is_lane, logged.frames)}):
            scan = Scan(lane, incident, logged.frames.get(lane, ()))
            lanes.append(_lane(scan, known.get(lane, []), out, disk))
            losses += scan.losses
            there |= {(lane, seq) for seq in scan.seqs}
        for lane, seq, why in logged.broken:
            if (lane, seq) not in there:
                losses.append(Loss("the log", 0, 0, f"entry {seq} of {lane}: {why}"))
        blobs = _blobs(Blobs(folder, disk=disk), Blobs(out, disk=disk), losses)
        done = Salvaged(out, tuple(lanes), blobs, tuple(losses))
        _write(out / REPORT, report(done, folder).encode(), disk)
    except OSError as error:
        raise JournalError(
            f"{out} could not be written: {error.strerror}", next="free space, or name another"
        ) from error
    return done


def _lane(scan: Scan, files: Sequence[tuple[int, Path]], out: Path, disk: Disk) -> Saved:
    """Copy one lane, file by file, and what the log has behind them."""
    kept, number = 0, -1
    for number, path in files:
        data = _bytes(path, scan, disk)
        lines = b"".join(scan.frames_of(number, path.name, data))
        if lines:
            _write(out / segment_name(scan.lane, number), lines, disk)
            kept += 1
    if lines := scan.rest(number + 1):
        _write(out / segment_name(scan.lane, number + 1), lines, disk)
        kept += 1
    if scan.aside:
        _write(out / f"{scan.lane}.log", b"".join(scan.aside), disk)
    return Saved(scan.lane, kept, scan.frames, len(scan.seqs), scan.gaps(), scan.from_log)


def _logged(log: Path, incident: str) -> Logged:
    try:
        with log.open(encoding="ascii", errors="replace") as file:
            return read_back(file, incident)
    except OSError as error:
        raise JournalError(
            f"{log} cannot be read: {error.strerror}", next="name a text file, such as an extract of the system's log"
        ) from error


def _bytes(path: Path, scan: Scan, disk: Disk) -> bytes:
    """The file as it is; what cannot be read at all is a loss."""
    try:
        fd = disk.open(path, os.O_RDONLY)
    except OSError as error:
        scan.losses.append(Loss(path.name, 0, 0, f"cannot be opened: {error.strerror}"))
        return b""
    data = bytearray()
    try:
        while piece := disk.read(fd, 1 << 20, len(data)):
            data += piece
    except OSError as error:
        scan.losses.append(Loss(path.name, len(data), 0, f"cannot be read from here on: {error.strerror}"))
    finally:
        disk.close(fd)
    return bytes(data)


def _write(path: Path, data: bytes, disk: Disk) -> None:
    fd = disk.create(path, 0o600)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[disk.write(fd, bytes(rest)) :]
        disk.sync(fd)
    finally:
        disk.close(fd)


def _blobs(source: Blobs, target: Blobs, losses: list[Loss]) -> int:
    kept = 0
    for name in source.names():
        try:
            source.verify(name)
            target.put(source.pieces(name))
            kept += 1
        except JournalError as error:
            losses.append(Loss(f"blobs/{name}", 0, 0, error.what))
    return kept


def report(done: Salvaged, folder: Path) -> str:
    """The report, for people."""
    lines = [f"Salvaged from {folder}; the originals were only read.", ""]
    for lane in done.lanes:
        lines.append(
            f"{lane.lane}: {lane.entries} entries in {count(lane.frames, 'frame')}, {count(lane.files, 'file')}"
        )
        if lane.from_log:
            lines.append(f"  {lane.from_log} of them from the log, where every user of the machine may write")
        lines += [f"  missing: {gap}" for gap in lane.gaps]
    lines += ["", count(done.blobs, "blob"), "", count(len(done.losses), "place") + " where something was lost"]
    return "\n".join([*lines, *map(str, done.losses), ""])
