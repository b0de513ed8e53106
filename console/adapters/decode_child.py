"""The decoder process: reads bodies from standard input, answers with what changed; ends when its parent does.

Frames both ways: four bytes of length, big-endian, then that many bytes; a length of zero ends a body, ``ABANDONED``
lets go of one that broke off. The first frame in is the set-up as JSON. Each frame out is one byte (``d`` delta, ``e``
error, ``n`` how many items could not be read, which ends the answer) and msgpack.
"""

from __future__ import annotations

import gc
import sys
import time
from typing import BinaryIO

import msgspec
from msgspec import Struct

from console.adapters.alert_forms import alertmanager_form
from console.adapters.listing import Listing
from console.config import GroupingConfig
from console.errors import BadAnswer
from console.model.normal import Normaliser

ABANDONED = b"\xff\xff\xff\xff"
"""Stands for a length: what came of this body is forgotten."""


class SetUp(Struct):
    """What the decoder must know of its source."""

    source: str
    grouping: GroupingConfig


def main(into: BinaryIO, out: BinaryIO) -> None:
    """Serve bodies until the input ends."""
    first = _frame(into)
    if not first:
        return
    setup = msgspec.json.decode(first, type=SetUp)
    build = alertmanager_form(setup.source, Normaliser(setup.grouping), lambda: time.time_ns() // 1_000_000)
    listing = Listing(build)
    gc.freeze()
    gc.disable()
    while (body := _body(into)) is not None:
        try:
            for delta in listing.read(body):
                _send(out, b"d" + msgspec.msgpack.encode(delta))
        except BadAnswer as error:
            _send(out, b"e" + msgspec.msgpack.encode(error.what))
        _send(out, b"n" + msgspec.msgpack.encode(listing.unread))
        del body


def _body(into: BinaryIO) -> bytes | None:
    """The next whole body; ``None`` = the input ended."""
    parts: list[bytes] = []
    while chunk := _frame(into):
        if chunk == ABANDONED:
            parts.clear()
        else:
            parts.append(chunk)
    return None if chunk is None else b"".join(parts)


def _frame(into: BinaryIO) -> bytes | None:
    head = into.read(4)
    if len(head) < 4:
        return None
    if head == ABANDONED:
        return ABANDONED
    size = int.from_bytes(head, "big")
    return into.read(size) if size else b""


def _send(out: BinaryIO, data: bytes) -> None:
    out.write(len(data).to_bytes(4, "big") + data)
    out.flush()


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
