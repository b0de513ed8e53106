"""Where bodies are decoded: small ones here in slices, large ones in a process of their own.

A 41 MB decode holds the interpreter's lock for 70 to 265 ms, and a held body is as large again; so from 4 MB on the
bytes are passed on as they arrive and only what changed comes back.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Iterator
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from console.adapters.decode_child import SetUp, listing_for
from console.adapters.decode_process import DecoderProcess
from console.adapters.listing import SLICE, Odd
from console.adapters.packing import Unpacker
from console.adapters.readers import Reader
from console.adapters.sharing import Shared
from console.model.alert import AlertDelta

SMALL = 4_000_000
"""Bytes of a list of alerts that are compared in this process."""

SMALL_WHOLE = 1_000_000
"""Bytes of any other body that are decoded in this process: about 10 ms."""

QUIET = 20
"""Lists under half of ``SMALL`` in a row after which the process is let go."""

T = TypeVar("T")

_ODD = msgspec.msgpack.Decoder(Odd)


class AlertDecoder:
    """Bodies to deltas; once a source's lists are large they stay with the process that remembers them."""

    def __init__(self, setup: SetUp, now: Callable[[], int]) -> None:
        self._setup = setup
        self._now = now
        self._process: DecoderProcess | None = None
        self._listing = listing_for(setup, now, keep=True)
        self._fresh = True
        """Whoever remembers, here or there, has told no whole list yet: what was told before may be gone unseen."""
        self._share = Shared()
        self._told: dict[str, str] = {}
        """Keys of alerts that are listed, each by itself: one object for the key of all that is told of an alert."""
        self._quiet = 0
        self.odd = Odd()
        """Items of the last list that could be read in part or not at all."""

    @property
    def process(self) -> DecoderProcess | None:
        """The process that remembers the list, if it was large."""
        return self._process

    def add(self, labels: dict[str, str]) -> None:
        """Give alerts these labels too, from the next list on, which is then told whole."""
        if labels != self._setup.added:
            self._setup = replace(self._setup, added=labels)
            self._lose()

    async def read(self, body: AsyncGenerator[bytes, None]) -> AsyncGenerator[AlertDelta, None]:
        """What changed since the last list, in slices of at most 10 ms; the last has ``last``."""
        if self._process is not None and not self._process.alive:
            await self.close()
        held, size = await self._taken(body)
        missing = dict(self._told) if self._fresh else {}
        half = False
        try:
            async with contextlib.aclosing(self._here(held) if self._process is None else self._there()) as deltas:
                async for delta in deltas:
                    for alert in delta.changed:
                        missing.pop(alert.key, None)
                        self._told.setdefault(alert.key, alert.key)
                    if delta.last:
                        delta = AlertDelta(delta.changed, (*delta.gone, *missing))
                    for part in _sliced(delta):
                        for key in part.gone:
                            self._told.pop(key, None)
                        half, self._fresh = not part.last, self._fresh and not part.last
                        yield part
                        await asyncio.sleep(0)
        finally:
            if half:
                self._lose()
        self._quiet = self._quiet + 1 if size < SMALL // 2 else 0
        if self._quiet >= QUIET and self._process is not None:
            await self.close()

    async def _taken(self, body: AsyncGenerator[bytes, None]) -> tuple[bytes, int]:
        """Take the body in: returned if it is small, else passed on as it comes; and its size."""
        held: list[bytes] = []
        size, whole = 0, False
        process: DecoderProcess | None = None
        try:
            async with contextlib.aclosing(body):
                async for chunk in body:
                    held.append(chunk)
                    size += len(chunk)
                    if self._process is None and size <= SMALL:
                        continue
                    if process is None:
                        process = await self._begun()
                    for piece in held:
                        await process.send(piece)
                    held.clear()
            if self._process is not None and process is None:
                await self._begun()
            whole = True
        finally:
            if not whole and process is not None:
                process.abandon()
        return b"".join(held), size

    async def _begun(self) -> DecoderProcess:
        """The process, told that a body begins."""
        if self._process is None:
            self._process = await DecoderProcess.start(self._setup)
            self._forget()
        await self._process.send(_stamp(self._now()))
        return self._process

    async def _here(self, body: bytes) -> AsyncGenerator[AlertDelta, None]:
        whole = True
        try:
            deltas = self._listing.read(body)
            for delta in deltas:
                whole = False
                await asyncio.sleep(0)  # building is one turn of the loop, taking it in another
                whole = delta.last
                yield delta
            self.odd = self._listing.odd
        finally:
            if not whole:
                self._forget()

    async def _there(self) -> AsyncGenerator[AlertDelta, None]:
        assert self._process is not None
        unpacker = Unpacker(self._setup.source, self._share, self._told)
        async with contextlib.aclosing(self._process.answers()) as answers:
            async for kind, data in answers:
                if kind == b"d":
                    yield unpacker.unpack(data)
                else:
                    self.odd = _ODD.decode(data)

    async def close(self) -> None:
        """End the process; the next large list starts another, whose first list is told whole."""
        process, self._process = self._process, None
        if process is not None:
            self._forget()
            await process.close()

    def _lose(self) -> None:
        """Let go of what is remembered: not all of it has been told."""
        if self._process is not None:
            self._process.kill()
        self._forget()

    def _forget(self) -> None:
        self._listing = listing_for(self._setup, self._now, keep=True)
        self._fresh = True
        self._quiet = 0


async def whole(body: AsyncGenerator[bytes, None], reader: Reader[T], source: str) -> list[T]:
    """All objects of a body; one that is large is read in a process that ends with it."""
    held: list[bytes] = []
    size = 0
    process: DecoderProcess | None = None
    try:
        async with contextlib.aclosing(body):
            async for chunk in body:
                held.append(chunk)
                size += len(chunk)
                if size <= SMALL_WHOLE:
                    continue
                if process is None:
                    process = await DecoderProcess.start(SetUp(source, reader.name))
                    await process.send(_stamp(0))
                for piece in held:
                    await process.send(piece)
                held.clear()
        if process is None:
            return reader.read(b"".join(held), source)
        return await _all(process, reader)
    finally:
        if process is not None:
            await process.close()


async def _all(process: DecoderProcess, reader: Reader[T]) -> list[T]:
    out: list[T] = []
    decoder = msgspec.msgpack.Decoder(list[reader.item])  # type: ignore[name-defined]
    async with contextlib.aclosing(process.answers()) as answers:
        async for kind, data in answers:
            if kind == b"d":
                out += decoder.decode(data)
                await asyncio.sleep(0)
    return out


def _sliced(delta: AlertDelta) -> Iterator[AlertDelta]:
    """The same with at most ``SLICE`` keys gone in each."""
    parts = [delta.gone[at : at + SLICE] for at in range(0, len(delta.gone), SLICE)] or [()]
    for number, gone in enumerate(parts, 1):
        yield AlertDelta(delta.changed if number == 1 else (), gone, delta.last and number == len(parts))


def _stamp(now: int) -> bytes:
    return now.to_bytes(8, "big")
