"""Where a list of alerts is decoded: small bodies here in slices, large ones in a process of their own.

A 41 MB decode holds the interpreter's lock for 70 to 265 ms, and a held body is as large again; so from 4 MB on the
bytes are passed on as they arrive and only what changed comes back.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import msgspec
from msgspec.structs import replace

import console
from console.adapters.alert_forms import Shared
from console.adapters.decode_child import ABANDONED, SetUp
from console.adapters.listing import Build, Listing
from console.errors import BackendError, BadAnswer
from console.model.alert import Alert, AlertDelta

SMALL = 4_000_000
"""Bytes of a body that are decoded in this process."""

PATIENCE_S = 30.0
"""How long the process may take over one frame; 100k alerts take it about 3 s."""

_CODE = str(Path(console.__file__).absolute().parent.parent)

_AGAIN = "it is started again with the next poll"

_DELTA = msgspec.msgpack.Decoder(AlertDelta)
_TEXT = msgspec.msgpack.Decoder(str)
_COUNT = msgspec.msgpack.Decoder(int)


class AlertDecoder:
    """Bodies to deltas; once a source's lists are large they stay with the process that remembers them."""

    def __init__(self, setup: SetUp, build: Build) -> None:
        self._setup = setup
        self._build = build
        self._listing = Listing(build)
        self._child: asyncio.subprocess.Process | None = None
        self._fresh = True
        """Whoever remembers, here or there, has told no whole list yet: what was told before may be gone unseen."""
        self._share = Shared()
        self._told: dict[str, None] = {}
        self.unread = 0
        """Items of the last list that could not be read."""

    async def read(self, body: AsyncGenerator[bytes, None]) -> AsyncGenerator[AlertDelta, None]:
        """What changed since the last list, in slices of at most 10 ms; the last has ``last``."""
        held = await self._taken(body)
        missing = dict(self._told) if self._fresh else {}
        async with contextlib.aclosing(self._here(held) if self._child is None else self._answers()) as deltas:
            async for delta in deltas:
                for alert in delta.changed:
                    missing.pop(alert.key, None)
                    self._told[alert.key] = None
                if delta.last:
                    delta = AlertDelta(delta.changed, (*delta.gone, *missing))
                    self._fresh = False
                for key in delta.gone:
                    self._told.pop(key, None)
                yield delta
                await asyncio.sleep(0)

    async def _taken(self, body: AsyncGenerator[bytes, None]) -> bytes:
        """Take the body in: returned if it is small, else passed on as it comes."""
        held: list[bytes] = []
        size = 0
        whole = False
        try:
            async with contextlib.aclosing(body):
                async for chunk in body:
                    held.append(chunk)
                    size += len(chunk)
                    if self._child is None and size <= SMALL:
                        continue
                    if self._child is None:
                        await self._begin()
                    for piece in held:
                        await self._pass_on(piece)
                    held.clear()
            whole = True
        finally:
            if not whole and self._child is not None and self._child.stdin is not None:
                self._child.stdin.write(ABANDONED)
        return b"".join(held)

    async def _here(self, body: bytes) -> AsyncGenerator[AlertDelta, None]:
        whole = True
        try:
            for delta in self._listing.read(body):
                whole = delta.last
                yield delta
            self.unread = self._listing.unread
        finally:
            if not whole:
                self._forget()

    async def _begin(self) -> None:
        """Start the process; this one's code is named to it, so that nothing in the current folder can stand for it."""
        environment = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG", "TZ")}
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, (_CODE, os.environ.get("PYTHONPATH", ""))))
        try:
            self._child = await asyncio.create_subprocess_exec(
                sys.executable, "-P", "-m", "console.adapters.decode_child",
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
                env=environment, start_new_session=True, limit=1 << 20,
            )  # fmt: skip
        except OSError as error:
            raise BadAnswer(f"the decoder process cannot be started: {error.strerror}") from None
        self._forget()
        await self._pass_on(msgspec.json.encode(self._setup))

    async def _pass_on(self, data: bytes) -> None:
        """One frame to the process; an empty one ends the body."""
        child = self._child
        assert child is not None
        assert child.stdin is not None
        child.stdin.write(len(data).to_bytes(4, "big") + data)
        read = False
        try:
            async with asyncio.timeout(PATIENCE_S):
                await child.stdin.drain()
            read = True
        except (BrokenPipeError, ConnectionResetError):
            raise BadAnswer("the decoder process ended", next=_AGAIN) from None
        except TimeoutError:
            raise BadAnswer("the decoder process takes nothing in", next=_AGAIN) from None
        finally:
            if not read:
                self._end()

    async def _answers(self) -> AsyncGenerator[AlertDelta, None]:
        child = self._child
        assert child is not None
        await self._pass_on(b"")
        problem: BackendError | None = None
        whole = False
        try:
            while True:
                kind, data = await self._frame(child)
                if kind == b"d":
                    yield self._compact(_DELTA.decode(data))
                elif kind == b"e":
                    problem = BadAnswer(_TEXT.decode(data))
                else:
                    self.unread = _COUNT.decode(data)
                    break
            whole = True
        finally:
            if not whole and self._child is child:
                await self.close()
        if problem is not None:
            raise problem

    async def _frame(self, child: asyncio.subprocess.Process) -> tuple[bytes, bytes]:
        assert child.stdout is not None
        try:
            async with asyncio.timeout(PATIENCE_S):
                size = int.from_bytes(await child.stdout.readexactly(4), "big")
                data = await child.stdout.readexactly(size)
        except asyncio.IncompleteReadError:
            raise BadAnswer("the decoder process ended", next=_AGAIN) from None
        except TimeoutError:
            raise BadAnswer("the decoder process does not answer", next=_AGAIN) from None
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
            annotations=share.alike(alert.annotations),
            link=share.text(alert.link),
        )

    async def close(self) -> None:
        """End the process; the next large list starts another, whose first list is told whole."""
        child = self._end()
        if child is not None:
            await child.wait()

    def _end(self) -> asyncio.subprocess.Process | None:
        child, self._child = self._child, None
        if child is not None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            if child.stdin is not None:
                child.stdin.close()
            self._forget()
        return child

    def _forget(self) -> None:
        self._listing = Listing(self._build)
        self._fresh = True
