"""The decoder process: reads bodies from standard input, answers with what came of them; ends when its parent does.

Frames both ways: four bytes of length, big-endian, then that many bytes. The first frame in is the set-up as JSON. A
body is a frame of eight bytes (the time at the source, milliseconds, big-endian), frames of content, and one of length
zero; ``ABANDONED`` in place of a length lets go of a body that broke off. Each frame out is one byte and msgpack: ``d``
a slice, ``e`` an error (class, what, next), ``n`` which items were odd, which ends the answer.
"""

from __future__ import annotations

import contextlib
import fcntl
import gc
import sys
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import msgspec
from msgspec import Struct

from console.adapters.alert_forms import AlertmanagerForm, PrometheusForm
from console.adapters.alertmanager_lists import GROUPS, SILENCES
from console.adapters.listing import Listing, Odd, plain_list
from console.adapters.packing import Packer
from console.adapters.prometheus_lists import RULES, TARGETS, alert_items
from console.adapters.readers import Reader
from console.config import GroupingConfig
from console.errors import BackendError
from console.model.normal import Normaliser

ABANDONED = b"\xff\xff\xff\xff"
"""Stands for a length: what came of this body is forgotten."""

PARTS = 500
"""Objects in one slice of a body that is read whole."""

READERS: dict[str, Reader[Any]] = {r.name: r for r in (SILENCES, GROUPS, TARGETS, RULES)}


class SetUp(Struct):
    """What the process must know: of whom the bodies are, and what is to be made of them."""

    source: str
    kind: str
    """``alertmanager``, ``prometheus``: lists of alerts, compared with the one before; else a reader's name."""
    grouping: GroupingConfig = GroupingConfig()
    added: dict[str, str] = {}
    """Labels that alerts get where they have none of the name."""


class _Body(Struct):
    now: int
    data: bytearray


def listing_for(setup: SetUp, now: Callable[[], int], *, keep: bool) -> Listing:
    """What remembers the lists of alerts of one source; ``keep`` = its alerts stay in this process."""
    normaliser = Normaliser(setup.grouping)
    if setup.kind == "prometheus":
        return Listing(PrometheusForm(setup.source, normaliser, keep=keep, added=setup.added), alert_items)
    return Listing(AlertmanagerForm(setup.source, normaliser, now, keep=keep), plain_list)


def main(into: BinaryIO, out: BinaryIO) -> None:
    """Serve bodies until the input ends."""
    first = _frame(into)
    if not first:
        return
    setup = msgspec.json.decode(first, type=SetUp)
    worker = _Reading(setup) if setup.kind in READERS else _Comparing(setup)
    gc.freeze()
    gc.disable()
    while (body := _body(into)) is not None:
        odd = Odd()
        try:
            for part in worker.slices(body):
                _send(out, b"d" + part)
            odd = worker.odd
        except BackendError as error:
            _send(out, b"e" + msgspec.msgpack.encode((type(error).__name__, error.what, error.next)))
        body = None  # before the answer ends: who reads it may look at what memory is held
        _send(out, b"n" + msgspec.msgpack.encode(odd))


class _Comparing:
    """Lists of alerts: only what changed is told."""

    def __init__(self, setup: SetUp) -> None:
        self._now = 0
        self._listing = listing_for(setup, lambda: self._now, keep=False)

    @property
    def odd(self) -> Odd:
        return self._listing.odd

    def slices(self, body: _Body) -> Iterator[bytes]:
        self._now = body.now
        return map(Packer().pack, self._listing.read(body.data))


class _Reading:
    """Bodies that are read whole."""

    odd = Odd()

    def __init__(self, setup: SetUp) -> None:
        self._setup = setup

    def slices(self, body: _Body) -> Iterator[bytes]:
        found = READERS[self._setup.kind].read(body.data, self._setup.source)
        for at in range(0, len(found), PARTS):
            yield msgspec.msgpack.encode(found[at : at + PARTS])


def _body(into: BinaryIO) -> _Body | None:
    """The next whole body; ``None`` = the input ended."""
    body: _Body | None = None
    while True:
        frame = _frame(into)
        if frame is None:
            return None
        if frame is ABANDONED:
            body = None
        elif body is None:
            body = _Body(int.from_bytes(frame, "big"), bytearray())
        elif frame:
            body.data += frame
        else:
            return body


def _frame(into: BinaryIO) -> bytes | None:
    """One frame; ``None`` = the input ended."""
    head = into.read(4)
    if len(head) < 4:
        return None
    if head == ABANDONED:
        return ABANDONED
    size = int.from_bytes(head, "big")
    return into.read(size)


def _send(out: BinaryIO, data: bytes) -> None:
    out.write(len(data).to_bytes(4, "big") + data)
    out.flush()


def _widen(*pipes: BinaryIO) -> None:
    """A mebibyte of room in each pipe: at 64 KiB half of the time goes into waking each other."""
    for pipe in pipes:
        with contextlib.suppress(OSError, AttributeError):  # Linux has it
            fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, 1 << 20)


if __name__ == "__main__":
    _widen(sys.stdin.buffer, sys.stdout.buffer)
    main(sys.stdin.buffer, sys.stdout.buffer)
