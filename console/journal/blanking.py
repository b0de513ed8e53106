"""Where an entry's salt and payload stand in bytes, found by its digest, so that every copy can be blanked."""

from __future__ import annotations

import re
from collections.abc import Iterator

from console.journal.frame import BLANK

_LENGTHS = re.compile(rb"([0-9a-f]{6}) ([0-9a-f]{8}) ")


def copies(data: bytes | bytearray, digest: bytes) -> Iterator[tuple[int, int]]:
    """Where salt and payload of the entry with this digest stand in the bytes of segments: offset and length."""
    name, at = digest.hex().encode() + b" ", 0
    while (at := data.find(name, at)) >= 0:
        lengths = _LENGTHS.fullmatch(bytes(data[max(0, at - 16) : at]))
        at += len(name)
        if lengths is not None:
            start = at + int(lengths[1], 16)
            size = min(int(lengths[2], 16), len(data) - start)
            if size > 0:
                yield start, size


def blank(data: bytearray, digest: bytes) -> None:
    """The same in memory."""
    for at, size in list(copies(data, digest)):
        data[at : at + size] = BLANK * size
