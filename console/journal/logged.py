"""Entries as lines of the machine's log: the last resort of a journal without a disk, and how they are read back.

A line holds a frame, or a numbered part of one, byte for byte: text of the entries as the journal has it, and all that
is needed to put them back and to verify them.

    warroom-entry <incident|watch> <lane> <seq> <crc> <part>/<parts> <text>|

``seq`` is the number of the frame's last entry, ``crc`` the frame's own; the bar keeps blanks from being trimmed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from msgspec import Struct

from console.journal import frame
from console.journal.frame import Frame
from console.journal.record import UNREADABLE, read_header
from console.journal.syslog import Syslog

LIMIT_S = 0.2
"""How long an append waits for the log."""
AGAIN_S = 5.0
"""How long a log that took nothing is left alone."""
TEXT = 720
"""Characters of a frame in one line; what stands before them is shorter than the rest of a datagram."""
_LINE = re.compile(
    r"warroom-entry (?P<incident>watch|[A-Za-z0-9][A-Za-z0-9._-]{0,80}) (?P<lane>[A-Za-z0-9][A-Za-z0-9._-]{0,120}) "
    r"(?P<seq>[0-9]{1,15}) (?P<crc>[0-9a-f]{8}) (?P<part>[0-9]{1,6})/(?P<of>[0-9]{1,6}) (?P<text>[ -~]{1,1000})\|"
)


def written(incident: str, lane: str, line: bytes) -> list[str]:
    """The lines of one frame; none if it is no frame with entries."""
    item = frame.parse(line, 0)
    if not isinstance(item, Frame) or not item.entries:
        return []
    text = line.decode("ascii", "replace").removesuffix("\n")
    seq, crc, of = read_header(item.entries[-1]).seq, text[9:17], -(-len(text) // TEXT)
    head = f"warroom-entry {incident or 'watch'} {lane} {seq} {crc}"
    return [f"{head} {part + 1}/{of} {text[part * TEXT : (part + 1) * TEXT]}|" for part in range(of)]


class LastResort:
    """Tells the log what a journal keeps in memory, in its order; owned by the journal's thread."""

    def __init__(self, incident: str, lane: str, log: Syslog, monotonic: Callable[[], float]) -> None:
        self.trouble = ""
        """Why not all is in the log, ``""`` = it is."""
        self._name = (incident, lane)
        self._log = log
        self._monotonic = monotonic
        self._at = 0
        self._parts = 0
        """Lines of the frame at that place which the log has."""
        self._again = 0.0

    def begin(self, at: int) -> None:
        """What is kept stands elsewhere too up to here."""
        self._at, self._parts, self._again, self.trouble = at, 0, 0.0, ""

    def tell(self, kept: bytearray) -> None:
        """Tell the log what it has not been told; what it does not take now comes with the next call."""
        if self._at >= len(kept) or self._monotonic() < self._again:
            return
        sent, error = self._log.send((text for text, _ in self._lines(kept, self._at, self._parts)), LIMIT_S)
        if sent:
            _, (self._at, self._parts) = next(islice(self._lines(kept, self._at, self._parts), sent - 1, None))
        self.trouble = "" if error is None else error.what
        self._again = 0.0 if error is None else self._monotonic() + AGAIN_S

    def _lines(self, kept: bytearray, at: int, done: int) -> Iterator[tuple[str, tuple[int, int]]]:
        """Each line that is left, and where the next one begins."""
        while at < len(kept):
            end = kept.find(b"\n", at) + 1 or len(kept)
            texts = written(*self._name, bytes(kept[at:end]))
            for part in range(done, len(texts)):
                yield texts[part], ((end, 0) if part + 1 == len(texts) else (at, part + 1))
            at, done = end, 0


class Logged(Struct):
    """What a log holds of one incident's lanes."""

    frames: dict[str, list[bytes]] = {}
    """Of each lane its whole and verified frames, in the order of their numbers."""
    broken: list[tuple[str, int, str]] = []
    """Lane, number, and why a frame cannot be put together."""


def read_back(lines: Iterable[str], incident: str) -> Logged:
    """The frames that lines of a log hold, whatever the log put before them; each once."""
    parts: dict[tuple[str, int, str, int], dict[int, str]] = {}
    for line in lines:
        match = _LINE.search(line)
        if match is not None and match["incident"] == (incident or "watch"):
            key = match["lane"], int(match["seq"]), match["crc"], int(match["of"])
            parts.setdefault(key, {})[int(match["part"])] = match["text"]
    found = Logged({}, [])
    for key in sorted(parts):
        lane, seq, _, of = key
        if len(parts[key]) < of:
            missing = islice((str(part) for part in range(1, of + 1) if part not in parts[key]), 5)
            found.broken.append((lane, seq, f"part {', '.join(missing)} of {of} is not in the log"))
            continue
        whole = "".join(parts[key].get(part, "") for part in range(1, of + 1)).encode() + b"\n"
        if not _fits(whole, lane, seq):
            found.broken.append((lane, seq, "does not hold what was written"))
        else:
            found.frames.setdefault(lane, []).append(whole)
    return found


def _fits(line: bytes, lane: str, seq: int) -> bool:
    item = frame.parse(line, 0)
    if not isinstance(item, Frame) or not item.entries or item.size != len(line):
        return False
    try:
        headers = [read_header(sealed) for sealed in item.entries]
    except UNREADABLE:
        return False
    return headers[-1].seq == seq and all(header.lane == lane for header in headers)
