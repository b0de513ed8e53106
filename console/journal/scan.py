"""One lane's frames out of files that may be damaged, as far as they hold, and what a log has of them."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Sequence

from msgspec import Struct

from console.journal import frame
from console.journal.frame import Broken, Frame
from console.journal.record import UNREADABLE, Prologue, read_header, read_prologue, write_json

_LEAD = re.compile(rb"[0-9a-f]{8} [0-9a-f]{8} [0-9a-f]{64} ")


class Loss(Struct, frozen=True):
    """Bytes that could not be taken along."""

    file: str
    offset: int
    size: int
    why: str

    def __str__(self) -> str:
        return f"{self.file} at byte {self.offset}: {self.size} bytes lost: {self.why}"


class Scan:
    """One lane's frames, as far as they hold."""

    def __init__(self, lane: str, incident: str, logged: Sequence[bytes] = ()) -> None:
        """``logged``: frames of the lane that a log holds, in their order; those that no file has are put back."""
        self.lane = lane
        self.logged = deque(logged)
        self.from_log = 0
        self.aside: list[bytes] = []
        """Frames of the log whose numbers the lane has used for something else."""
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
                    yield self.prologue(number)
                yield from self._put_back(_seqs(item)[0])
                self._compare(item)
                self.frames += 1
                self.head = item.head
                yield line
            else:
                self._lose(name, at, item.size, "speaks for another lane or cannot be read")
            at += item.size

    def prologue(self, number: int) -> bytes:
        """What a file begins with that goes on from here."""
        return frame.prologue(self.head, write_json(Prologue(self.incident, self.lane, number)))

    def rest(self, number: int) -> bytes:
        """A file of what the log has behind all that the files have."""
        start, lines = self.prologue(number), [*self._put_back(None)]
        return b"".join([start, *lines]) if lines else b""

    def _put_back(self, before: int | None) -> Iterator[bytes]:
        """Frames of the log that belong before an entry and that no file has."""
        while self.logged:
            item = frame.parse(self.logged[0], 0)
            assert isinstance(item, Frame)
            seqs = _seqs(item)
            if before is not None and seqs[-1] >= before:
                return
            line = self.logged.popleft()
            if self.seqs.isdisjoint(seqs):
                self.seqs.update(seqs)
                self.from_log += len(seqs)
                self.frames += 1
                self.head = item.head
                yield line
            else:
                self._set_aside(line, seqs)

    def _compare(self, item: Frame) -> None:
        """Frames of the log that the files have too are done with."""
        seqs = set(_seqs(item))
        while self.logged:
            other = frame.parse(self.logged[0], 0)
            assert isinstance(other, Frame)
            if seqs.isdisjoint(_seqs(other)):
                return
            line = self.logged.popleft()
            if other.head != item.head:
                self._set_aside(line, _seqs(other))

    def _set_aside(self, line: bytes, seqs: Sequence[int]) -> None:
        self.aside.append(line)
        why = f"entry {seqs[-1]} of {self.lane} says something else in the log than in the lane; see {self.lane}.log"
        self._lose("the log", 0, len(line), why)

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


def _seqs(item: Frame) -> list[int]:
    return [read_header(sealed).seq for sealed in item.entries]


def _next(data: bytes, at: int, size: int) -> int:
    """Bytes up to where the next frame begins within a broken line: its own line feed may be what was lost."""
    for lead in _LEAD.finditer(data, at + 1, at + size):
        if isinstance(frame.parse(data, lead.start()), Frame):
            return lead.start() - at
    return size
