"""The frame: one transaction as one line of ASCII, checked by length, CRC and hash chain; bytes only, no I/O."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import NamedTuple
from zlib import crc32

MAX_BODY = 16 << 20
"""Longest body of a frame in bytes; a larger transaction is refused, a larger LEN is damage."""
SALT = 32
"""Characters of a salt (hex of 16 random bytes)."""
BLANK = b"-"
"""Fills salt and payload of a redacted entry."""
ROOM = 128
"""No entry takes fewer bytes, so n damaged bytes held at most n / ROOM entries."""

_LEAD = 83  # LEN, CRC32, H, each with a blank behind it
_FIXED = 81  # header length, payload length, digest, each with a blank behind it
_LINE = re.compile(rb"([0-9a-f]{8}) ([0-9a-f]{8}) ([0-9a-f]{64}) ")
_ENTRY = re.compile(rb"([0-9a-f]{6}) ([0-9a-f]{8}) ([0-9a-f]{64}) ")


class Sealed(NamedTuple):
    """One entry as it stands in a frame."""

    offset: int
    """Of the entry's first byte, counted from the frame's first."""
    header: bytes
    digest: bytes
    """SHA-256 of ``salted``, 32 bytes; stays when salt and payload are redacted."""
    salted: bytes
    """Salt and payload in one piece."""

    @property
    def redacted(self) -> bool:
        return len(self.salted) > SALT and not self.salted.strip(BLANK)

    @property
    def whole(self) -> bool:
        """Whether salt and payload are those that were sealed, or were redacted."""
        return sha256(self.salted).digest() == self.digest or self.redacted

    @property
    def payload(self) -> bytes:
        return self.salted[SALT:]

    @property
    def size(self) -> int:
        """Bytes that the entry takes in the file."""
        return _FIXED + len(self.header) + len(self.salted)


class Frame(NamedTuple):
    """A whole frame that passed CRC and digests; its place in the chain is checked by who knows the frame before."""

    size: int
    head: bytes
    """The chain's head behind its last entry, 32 bytes."""
    entries: tuple[Sealed, ...]
    prologue: bytes = b""
    """Body of a segment's first frame, which has no entries and whose head is where the chain starts."""


class Broken(NamedTuple):
    """A line that is no valid frame."""

    size: int
    why: str
    head: bytes | None
    """What stands where its head should be, if that can be read."""


def genesis(incident: str, lane: str, key: bytes = b"") -> bytes:
    """Where a lane's chain starts, so that no lane can be passed off as another's."""
    return sha256(incident.encode() + lane.encode() + key).digest()


def link(prev: bytes, header: bytes, digest: bytes) -> bytes:
    """The head behind one entry: ``SHA256(prev ‖ SHA256(header) ‖ SHA256(salt ‖ payload))``."""
    return sha256(prev + sha256(header).digest() + digest).digest()


def seal(prev: bytes, parts: Sequence[tuple[bytes, bytes]]) -> tuple[bytes, tuple[bytes, ...]]:
    """The frame's bytes and the heads behind each entry; ``parts`` are pairs of header and salted payload."""
    body, heads, head = bytearray(), [], prev
    covered = bytearray()
    for header, salted in parts:
        digest = sha256(salted)
        lead = b"%06x %08x %s %s" % (len(header), len(salted), digest.hexdigest().encode(), header)
        head = link(head, header, digest.digest())
        heads.append(head)
        covered += lead
        body += lead
        body += salted
    if len(body) > MAX_BODY:
        raise ValueError(f"a transaction of {len(body)} bytes is over the limit of {MAX_BODY}")
    return _line(bytes(body), bytes(covered), head), tuple(heads)


def extents(parts: Sequence[tuple[bytes, bytes]]) -> Iterator[tuple[int, int]]:
    """Where each entry of a frame sealed from ``parts`` begins, counted from the frame's first byte, and its size."""
    at = _LEAD
    for header, salted in parts:
        size = _FIXED + len(header) + len(salted)
        yield at, size
        at += size


def prologue(head: bytes, body: bytes) -> bytes:
    """The first frame of a segment: ``body`` is a JSON object, the chain goes on from ``head``."""
    return _line(body, body, head)


def _line(body: bytes, covered: bytes, head: bytes) -> bytes:
    size, name = b"%08x" % len(body), head.hex().encode()
    crc = crc32(covered, crc32(size + name))
    return b"%s %08x %s %s\n" % (size, crc, name, body)


def parse(data: bytes, at: int) -> Frame | Broken | None:
    """The frame that starts at ``at``; ``None`` = the bytes end before it does.

    The CRC covers LEN, H and, of each entry, its lengths, digest and header. Salt and payload are
    covered by their digest instead, so blanking both leaves every other byte of the frame as it was.
    """
    lead = _LINE.match(data, at)
    if lead is None:
        return None if data.find(b"\n", at) < 0 else _broken(data, at, "is not a frame")
    start = at + _LEAD
    end = start + int(lead[1], 16)
    if end - start > MAX_BODY:
        return _broken(data, at, "has an impossible length") if data.find(b"\n", at) >= 0 else None
    if end >= len(data):
        return None
    if data[end] != 10:
        if data[end] == 0 and data.find(b"\n", at) < 0:
            return None  # zero-filled so far: the end of the file tells whether it is torn
        broken = _broken(data, at, "does not end where its length says")
        alone = isinstance(parse(data[at:end] + b"\n", 0), Frame)  # then the next frame is not lost with it
        return broken._replace(size=end + 1 - at) if alone else broken
    if end == start:
        return _broken(data, at, "holds no entry")
    crc = crc32(lead[1] + lead[3])
    if data[start : start + 1] == b"{":
        body = data[start:end]
        if b"%08x" % crc32(body, crc) != lead[2]:
            return _broken(data, at, "fails its CRC")
        return Frame(end + 1 - at, bytes.fromhex(lead[3].decode()), (), body)
    entries, why = _entries(data, at, start, end, crc, lead[2])
    if why:
        return _broken(data, at, why)
    return Frame(end + 1 - at, bytes.fromhex(lead[3].decode()), entries)


def _entries(data: bytes, at: int, start: int, end: int, crc: int, stored: bytes) -> tuple[tuple[Sealed, ...], str]:
    entries, why = [], ""
    while start < end:
        fields = _ENTRY.match(data, start, end)
        if fields is None:
            return (), "has an entry that cannot be read"
        middle = start + _FIXED + int(fields[1], 16)
        stop = middle + int(fields[2], 16)
        if stop > end:
            return (), "has an entry that is longer than the frame"
        crc = crc32(data[start:middle], crc)
        digest = bytes.fromhex(fields[3].decode())
        sealed = Sealed(start - at, data[start + _FIXED : middle], digest, data[middle:stop])
        if not sealed.whole:
            why = "has a payload that does not match its digest"
        entries.append(sealed)
        start = stop
    return tuple(entries), "fails its CRC" if b"%08x" % crc != stored else why


def unpack(data: bytes) -> Sealed:
    """One entry from exactly its own bytes, which were verified before."""
    middle = _FIXED + int(data[:6], 16)
    return Sealed(0, data[_FIXED:middle], bytes.fromhex(data[16:80].decode()), data[middle:])


def _broken(data: bytes, at: int, why: str) -> Broken:
    end = data.find(b"\n", at)
    lead = _LINE.match(data, at)
    return Broken((end if end >= 0 else len(data) - 1) + 1 - at, why, bytes.fromhex(lead[3].decode()) if lead else None)


def torn(rest: bytes) -> bool:
    """Whether the last bytes of a file are a frame whose writing was cut off, zero-filled or not.

    A frame holds no line feed but its last byte: with one in it, or as long as its LEN says, it is not torn.
    """
    text = rest.rstrip(b"\0")
    if b"\n" in text:
        return False
    lead = _LINE.match(text)
    if lead is None:
        return len(text) < _LEAD and _PREFIX.fullmatch(text) is not None
    return len(text) <= _LEAD + int(lead[1], 16) <= _LEAD + MAX_BODY and b"\0" not in text


_PREFIX = re.compile(rb"[0-9a-f]{0,8}|[0-9a-f]{8} [0-9a-f]{0,8}|[0-9a-f]{8} [0-9a-f]{8} [0-9a-f]{0,64}")
