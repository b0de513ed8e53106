"""Which segment takes a lane's writes: the folder while it can, else the fallback, else memory; and back again."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from console.clock import Clock
from console.journal import frame
from console.journal.ballast import FULL as FULL_DISK
from console.journal.ballast import Ballast
from console.journal.blanking import blank
from console.journal.disk import Disk
from console.journal.logged import LastResort
from console.journal.places import Places, file_mode, make_folder, segment_name
from console.journal.record import Prologue, write_json
from console.journal.segment import FileSegment, Segment
from console.journal.syslog import ERROR, Syslog

RETRY_S = 30.0
"""How often the folder is tried again while the writes go elsewhere."""
FULL = 16 << 20
"""Bytes at which a segment is sealed."""


class Attempt(Struct, frozen=True):
    """A place where a fresh segment is tried."""

    number: int
    place: str
    body: dict[str, object]
    """Body of the ``segment.opened`` that it starts with."""


class Roll:
    """The segments of a lane in the order they were opened; the last one is written.

    ``bridge`` is the head where the folder's own segments end; frames behind it that stand only in the fallback
    or in memory are ``adrift`` and are carried into the next segment that the folder takes, byte for byte.
    """

    def __init__(
        self,
        places: Places,
        lane: str,
        incident: str,
        disk: Disk,
        clock: Clock,
        guard: int = -1,
        ballast: Ballast | None = None,
    ) -> None:
        self.places = places
        self.lane = lane
        self.incident = incident
        self.bridge = frame.genesis(incident, lane)
        self.adrift = bytearray()
        self.number = 0
        self.tail: Segment = Segment(0)
        self.opened: list[Segment] = []
        """Every segment that this process holds open, to be closed."""
        self.trouble = ""
        """What is wrong, in words for the header; ``""`` = all is well."""
        self._disk = disk
        self._clock = clock
        self._guard = guard
        self._ballast = ballast
        self._again = 0.0
        self._failed = ""
        self._resort = LastResort(incident, lane, Syslog("user", ERROR, clock), clock.monotonic)

    def append(self, data: bytes) -> int:
        """Durable on return; the offset of the first byte. ``OSError`` = this segment takes no more."""
        start = b"" if self.tail.size else self.start(self.tail.number, self.bridge)
        try:
            at = self.tail.append(start + data) + len(start)
        except OSError as error:
            self._make_room(error)
            raise
        if self.tail.place != "folder":
            self.adrift += data
        if self.tail.place == "memory":
            self._tell_log()
        return at

    def start(self, number: int, head: bytes) -> bytes:
        """The prologue of a segment."""
        return frame.prologue(head, write_json(Prologue(self.incident, self.lane, number)))

    @property
    def full(self) -> bool:
        """Whether the segment that is written has become long enough."""
        return self.tail.place == "folder" and self.tail.size >= FULL

    def may_return(self) -> bool:
        """Whether it is time to try the folder again."""
        return self.tail.place != "folder" and self._clock.monotonic() >= self._again

    def attempts(self, why: str, *, returning: bool) -> Iterator[Attempt]:
        """Places for a fresh segment, best first; memory, which cannot fail, is the last unless we are returning."""
        self._again = self._clock.monotonic() + RETRY_S
        self._failed = self._failed if returning else why
        before = self.tail
        spare = ["fallback"] if self.places.spare is not None else []
        for place in ["folder"] if returning else ["folder", *spare, "memory"]:
            yield Attempt(
                self.number + 1,
                place,
                {
                    "segment": self.number + 1,
                    "place": place,
                    "before": {"segment": before.number, "place": before.place, "bytes": before.size},
                    "reason": why,
                },
            )

    def open(self, attempt: Attempt, data: bytes, opened: bytes) -> int:
        """Open the fresh segment with what is adrift, ``data`` and its own announcement; the offset of ``data``."""
        try:
            return self._open(attempt, data, opened)
        except OSError as error:
            if attempt.place != "folder" or not self._make_room(error):
                raise
        return self._open(attempt, data, opened)

    def _make_room(self, error: OSError) -> bool:
        """Give the ballast back if it is space that is missing; whether that made room."""
        return error.errno in FULL_DISK and self._ballast is not None and self._ballast.release()

    def _open(self, attempt: Attempt, data: bytes, opened: bytes) -> int:
        self.number = attempt.number
        segment = self._create(attempt)
        start = self.start(attempt.number, self.bridge) + bytes(self.adrift)
        try:
            segment.append(start + data + opened)
        except OSError:
            segment.discard()
            raise
        self.use(segment)
        self._resort.begin(len(self.adrift))
        self.settle(data + opened)
        return len(start)

    def use(self, segment: Segment) -> None:
        """Make a segment the one that is written."""
        self.tail, self.number = segment, segment.number
        self.opened.append(segment)

    def failed(self, why: str) -> None:
        """Say why the folder was not to be had when the lane was opened."""
        self._failed = why or self._failed
        self.settle()

    def settle(self, data: bytes = b"") -> None:
        """Take note of where the writes go."""
        if self.tail.place == "folder":
            self.adrift.clear()
            self.trouble = ""
            return
        self.adrift += data
        if self.tail.place == "memory":
            self._tell_log()
        else:
            self.trouble = f"the journal goes to {self.tail.where}{self._because}; check {self.places.folder}"

    @property
    def _because(self) -> str:
        return f": {self._failed}" if self._failed else ""

    def _tell_log(self) -> None:
        """Have the machine's log hold what stands in memory, and say whether it does."""
        self._resort.tell(self.adrift)
        missing, where = self._resort.trouble, "in memory and in the machine's log only"
        if missing:
            where, missing = "in memory only", f"; nor does the machine's log have it: {missing}"
        self.trouble = f"the journal is kept {where}{self._because}{missing}; free space in {self.places.folder}"

    def blank(self, digest: bytes) -> None:
        """Overwrite what was redacted where it is kept in memory, so that it is carried nowhere."""
        blank(self.adrift, digest)
        for segment in {*self.opened, self.tail}:
            segment.blank(digest)

    def _create(self, attempt: Attempt) -> Segment:
        if attempt.place == "memory":
            return Segment(attempt.number)
        folder = self.places.folder
        if attempt.place == "fallback":
            assert self.places.spare is not None
            folder = self.places.spare
            make_folder(folder, self._disk)
        path = folder / segment_name(self.lane, attempt.number)
        fd = self._disk.create(path, file_mode(folder))
        self._disk.lock(fd)
        return FileSegment(attempt.number, attempt.place, path, fd, self._disk)

    def close(self) -> None:
        """Close every segment and give the lane's lock back."""
        for segment in self.opened:
            segment.close()
        if self._guard >= 0:
            self._disk.close(self._guard)
            self._guard = -1
