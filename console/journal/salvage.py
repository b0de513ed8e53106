"""Salvage: every whole and verified frame out of a journal, damaged or not, into fresh files elsewhere."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from console.errors import JournalError
from console.journal import frame
from console.journal.blobs import Blobs
from console.journal.disk import Disk
from console.journal.frame import Broken, Frame
from console.journal.places import make_folder, places, segment_name
from console.journal.record import UNREADABLE, Prologue, read_header, read_prologue, write_json
from console.model.wording import count

REPORT = "SALVAGE.txt"
_LEAD = re.compile(rb"[0-9a-f]{8} [0-9a-f]{8} [0-9a-f]{64} ")


class Loss(Struct, frozen=True):
    """Bytes that could not be taken along."""

    file: str
    offset: int
    size: int
    why: str

    def __str__(self) -> str:
        return f"{self.file} at byte {self.offset}: {self.size} bytes lost: {self.why}"


class Saved(Struct, frozen=True):
    """What was saved of one lane."""

    lane: str
    files: int
    frames: int
    entries: int
    gaps: tuple[str, ...]
    """Numbers between which entries are missing."""


class Salvaged(Struct, frozen=True):
    """What was saved of a journal, and what was not."""

    folder: Path
    lanes: tuple[Saved, ...]
    blobs: int
    losses: tuple[Loss, ...]


class _Scan:
    """One lane's frames, as far as they hold."""

    def __init__(self, lane: str, incident: str) -> None:
        self.lane = lane
        self.incident = incident
        self.losses: list[Loss] = []
        self.frames = 0
        self.head = frame.genesis(incident, lane)
        self.seqs: set[int] = set()

    def frames_of(self, number: int, name: str, data: bytes) -> Iterator[bytes]:
        """The lines to keep of a file: a prologue, then whole frames."""
        at, begun = 0, False
        while at < len(data):
            item = frame.parse(data, at)
            if item is None:
                why = "a frame that was not written to its end" if frame.torn(data[at:]) else "is not a frame"
                end = data.find(b"\n", at) + 1 or len(data)
                item = Broken(end - at, why, None)
            if isinstance(item, Broken):
                item = Broken(_next(data, at, item.size), item.why, None)
            line = data[at : at + item.size]
            if isinstance(item, Broken):
                self._lose(name, at, item.size, item.why)
            elif item.prologue:
                if begun or not self._fits(number, item):
                    self._lose(name, at, item.size, "is the prologue of another file")
                else:
                    self.head, begun = item.head, True
                    yield line
            elif self._ours(item):
                if not begun:
                    begun = True
                    yield frame.prologue(self.head, write_json(Prologue(self.incident, self.lane, number)))
                self.frames += 1
                self.head = item.head
                yield line
            else:
                self._lose(name, at, item.size, "speaks for another lane or cannot be read")
            at += item.size

    def _lose(self, name: str, at: int, size: int, why: str) -> None:
        self.losses.append(Loss(name, at, size, why))

    def _fits(self, number: int, item: Frame) -> bool:
        try:
            said = read_prologue(item.prologue)
        except UNREADABLE:
            return False
        return (said.incident, said.lane, said.segment) == (self.incident, self.lane, number)

    def _ours(self, item: Frame) -> bool:
        try:
            headers = [read_header(sealed) for sealed in item.entries]
        except UNREADABLE:
            return False
        if not headers or any(header.lane != self.lane for header in headers):
            return False
        self.seqs.update(header.seq for header in headers)
        return True

    def gaps(self) -> tuple[str, ...]:
        """Where numbers are missing; the last entries of a lane may be missing without a trace here."""
        found, before = [], 0
        for seq in sorted(self.seqs):
            if seq > before + 1:
                found.append(f"{before + 1}" if seq == before + 2 else f"{before + 1} to {seq - 1}")
            before = seq
        return tuple(found)


def _next(data: bytes, at: int, size: int) -> int:
    """Bytes up to where the next frame begins within a broken line: its own line feed may be what was lost."""
    for lead in _LEAD.finditer(data, at + 1, at + size):
        if isinstance(frame.parse(data, lead.start()), Frame):
            return lead.start() - at
    return size


def salvage(
    folder: Path, incident: str, out: Path, *, fallback: Path | None = None, disk: Disk | None = None
) -> Salvaged:
    """Copy what holds into ``out``, which must not exist, with a report; the journal itself is only read.

    What was lost leaves a break in the chain that every reader tells. ``JournalError`` if ``out`` cannot be written.
    """
    disk = disk or Disk()
    try:
        make_folder(out, disk, exclusive=True)
    except OSError as error:
        raise JournalError(
            f"{out} could not be made: {error.strerror}", next="name a folder that is not there yet"
        ) from error
    lanes, losses = [], []
    try:
        for lane, files in places(folder, fallback).lanes().items():
            scan, kept = _Scan(lane, incident), 0
            for number, path in files:
                data = _bytes(path, scan, disk)
                lines = b"".join(scan.frames_of(number, path.name, data))
                if lines:
                    _write(out / segment_name(lane, number), lines, disk)
                    kept += 1
            lanes.append(Saved(lane, kept, scan.frames, len(scan.seqs), scan.gaps()))
            losses += scan.losses
        blobs = _blobs(Blobs(folder, disk=disk), Blobs(out, disk=disk), losses)
        done = Salvaged(out, tuple(lanes), blobs, tuple(losses))
        _write(out / REPORT, report(done, folder).encode(), disk)
    except OSError as error:
        raise JournalError(
            f"{out} could not be written: {error.strerror}", next="free space, or name another"
        ) from error
    return done


def _bytes(path: Path, scan: _Scan, disk: Disk) -> bytes:
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
        lines += [f"  missing: {gap}" for gap in lane.gaps]
    lines += ["", count(done.blobs, "blob"), "", count(len(done.losses), "place") + " where something was lost"]
    return "\n".join([*lines, *map(str, done.losses), ""])
