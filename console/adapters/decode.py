"""Where a list of alerts is decoded: small bodies here in slices, large ones in a process of their own.

A 41 MB decode holds the interpreter's lock for 70 to 265 ms, and a held body is as large again; so from 4 MB on the
bytes are passed on as they arrive and only what changed comes back.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator

import msgspec
from msgspec.structs import replace

from console.adapters.alert_forms import Shared
from console.adapters.decode_child import SetUp
from console.adapters.listing import Build, Listing
from console.errors import BackendError, BadAnswer
from console.model.alert import Alert, AlertDelta

SMALL = 4_000_000
"""Bytes of a body that are decoded in this process."""

_DELTA = msgspec.msgpack.Decoder(AlertDelta)
_TEXT = msgspec.msgpack.Decoder(str)
_COUNT = msgspec.msgpack.Decoder(int)


class AlertDecoder:
    """Bodies to deltas; once a source's lists are large they stay with the process that remembers them."""

    def __init__(self, setup: SetUp, build: Build) -> None:
        self._setup = setup
        self._listing = Listing(build)
        self._child: asyncio.subprocess.Process | None = None
        self._share = Shared()
        self._told: dict[str, None] = {}
        self.unread = 0
        """Items of the last list that could not be read."""

    async def read(self, body: AsyncIterator[bytes]) -> AsyncIterator[AlertDelta]:
        """What changed since the last list, in slices of at most 10 ms; the last has ``last``."""
        held: list[bytes] = []
        size = 0
        async for chunk in body:
            if self._child is not None:
                await self._pass_on(chunk)
                continue
            held.append(chunk)
            size += len(chunk)
            if size > SMALL:
                await self._begin()
                for piece in held:
                    await self._pass_on(piece)
                held.clear()
        source = self._answers() if self._child is not None else self._here(b"".join(held))
        async for delta in source:
            self._note(delta)
            yield delta

    def _note(self, delta: AlertDelta) -> None:
        for alert in delta.changed:
            self._told[alert.key] = None
        for key in delta.gone:
            self._told.pop(key, None)

    async def _here(self, body: bytes) -> AsyncIterator[AlertDelta]:
        for delta in self._listing.read(body):
            yield delta
            await asyncio.sleep(0)
        self.unread = self._listing.unread

    async def _begin(self) -> None:
        """Start the process; what was told before it and is gone by then is told as gone with its first list."""
        environment = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG", "PYTHONPATH", "TZ")}
        self._child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "console.adapters.decode_child",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
            env=environment, start_new_session=True, limit=1 << 20,
        )  # fmt: skip
        await self._pass_on(msgspec.json.encode(self._setup))

    async def _pass_on(self, data: bytes) -> None:
        child = self._child
        assert child is not None
        assert child.stdin is not None
        try:
            child.stdin.write(len(data).to_bytes(4, "big") + data)
            await child.stdin.drain()
        except (BrokenPipeError, ConnectionResetError):
            await self.close()
            raise BadAnswer("the decoder process ended", next="it is started again with the next poll") from None

    async def _answers(self) -> AsyncIterator[AlertDelta]:
        child = self._child
        assert child is not None
        assert child.stdin is not None
        child.stdin.write(bytes(4))
        await child.stdin.drain()
        whole = False
        before = dict(self._told) if self._listing is not _MOVED else None
        try:
            problem: BackendError | None = None
            while True:
                kind, data = await self._frame(child)
                if kind == b"d":
                    delta = self._compact(_DELTA.decode(data))
                    if before is not None:
                        delta = self._bridge(delta, before)
                    yield delta
                    await asyncio.sleep(0)
                elif kind == b"e":
                    problem = BadAnswer(_TEXT.decode(data))
                else:
                    self.unread = _COUNT.decode(data)
                    break
            whole = True
            if problem is not None:
                raise problem
            self._listing = _MOVED
        finally:
            if not whole:
                await self.close()

    def _bridge(self, delta: AlertDelta, before: dict[str, None]) -> AlertDelta:
        """The child's first list: what this process told and the list no longer has is gone."""
        for alert in delta.changed:
            before.pop(alert.key, None)
        if not delta.last:
            return delta
        return AlertDelta(delta.changed, (*delta.gone, *before))

    async def _frame(self, child: asyncio.subprocess.Process) -> tuple[bytes, bytes]:
        assert child.stdout is not None
        try:
            size = int.from_bytes(await child.stdout.readexactly(4), "big")
            data = await child.stdout.readexactly(size)
        except asyncio.IncompleteReadError:
            raise BadAnswer("the decoder process ended", next="it is started again with the next poll") from None
        return data[:1], data[1:]

    def _compact(self, delta: AlertDelta) -> AlertDelta:
        """One object for equal texts, as in the process that decodes by itself."""
        return AlertDelta(tuple(self._shared(a) for a in delta.changed), delta.gone, delta.last)

    def _shared(self, alert: Alert) -> Alert:
        share = self._share
        labels = {share.text(k): share.text(v) for k, v in alert.labels.items()}
        return replace(
            alert,
            source=share.text(alert.source),
            name=share.text(alert.name),
            summary=share.text(alert.summary),
            service=share.text(alert.service),
            cluster=share.text(alert.cluster),
            host=share.text(alert.host),
            pod=share.text(alert.pod),
            labels=labels,
            annotations={share.text(k): share.text(v) for k, v in alert.annotations.items()},
            link=share.text(alert.link),
        )

    async def close(self) -> None:
        """End the process; the next large list starts another, whose first list is told whole."""
        child, self._child = self._child, None
        if child is None:
            return
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        if child.stdin is not None:
            child.stdin.close()
        await child.wait()
        self._listing = Listing(_nothing)


def _nothing(_data: bytes) -> Alert | None:
    return None


_MOVED = Listing(_nothing)
"""Stands for the listing of a source whose lists are kept by its decoder process."""
