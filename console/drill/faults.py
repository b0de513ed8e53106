"""Faults on demand: each backend can be made to misbehave for a while, the way real ones do."""

from __future__ import annotations

import asyncio
import contextlib

from msgspec import Struct

from console.clock import Clock
from console.drill.httpd import Request, Response, head_of, send_plainly

KINDS = {
    "hang": "takes the request and never answers",
    "drop": "closes the connection without a word",
    "500": "internal error",
    "429": "asks to wait two seconds",
    "401": "says that the credentials are wrong",
    "half": "ends the connection in the middle of the body",
    "html": "answers 200 with a page of HTML",
    "slow": "sends its answer in pieces, over three seconds",
    "big": "follows the answer with 128 MB of blanks",
}
SLOW_PIECES, SLOW_S = 12, 3.0
BIG_PIECE, BIG_PIECES = b" " * (1 << 20), 128


class Fault(Struct, frozen=True):
    """One backend's fault and when it is over, on the monotonic clock."""

    kind: str
    until: float
    ended: asyncio.Event
    """Set when it ends before its time."""


class Faults:
    """The faults in force, by backend."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._faults: dict[str, Fault] = {}

    def set(self, backend: str, kind: str, for_s: float) -> None:
        """Begin a fault; another one of the same backend ends."""
        if backend in self._faults:
            self._faults[backend].ended.set()
        self._faults[backend] = Fault(kind, self._clock.monotonic() + for_s, asyncio.Event())

    def clear(self) -> None:
        """End all of them."""
        for fault in self._faults.values():
            fault.ended.set()
        self._faults.clear()

    async def over(self, backend: str) -> None:
        """Wait until a backend's fault has ended."""
        fault = self._faults.get(backend)
        if fault is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(fault.ended.wait(), max(0.0, fault.until - self._clock.monotonic()))

    def of(self, backend: str) -> str:
        """The kind in force, ``""`` if there is none."""
        fault = self._faults.get(backend)
        return fault.kind if fault is not None and self._clock.monotonic() < fault.until else ""

    def left(self) -> dict[str, dict[str, object]]:
        """Kind and seconds left, by backend."""
        now = self._clock.monotonic()
        return {
            backend: {"kind": fault.kind, "left_s": round(fault.until - now, 3)}
            for backend, fault in self._faults.items()
            if now < fault.until
        }


class FaultySender:
    """Sends one backend's answers, with the fault that is in force."""

    def __init__(self, backend: str, faults: Faults) -> None:
        self._backend = backend
        self._faults = faults

    async def __call__(self, writer: asyncio.StreamWriter, request: Request, response: Response) -> bool:
        kind = self._faults.of(self._backend)
        if kind in _INSTEAD:
            return await send_plainly(writer, request, _INSTEAD[kind])
        if kind == "hang":
            await self._faults.over(self._backend)
            return False
        if kind == "drop":
            writer.transport.abort()
            return False
        if kind == "half":
            writer.write(head_of(response, len(response.body)) + response.body[: len(response.body) // 2])
            await writer.drain()
            return False
        if kind == "slow":
            return await self._send_slowly(writer, response)
        if kind == "big":
            return await self._send_big(writer, response)
        return await send_plainly(writer, request, response)

    async def _send_slowly(self, writer: asyncio.StreamWriter, response: Response) -> bool:
        data = head_of(response, len(response.body)) + response.body
        size = max(1, -(-len(data) // SLOW_PIECES))
        for start in range(0, len(data), size):
            await asyncio.sleep(SLOW_S / SLOW_PIECES)
            writer.write(data[start : start + size])
            await writer.drain()
        return True

    async def _send_big(self, writer: asyncio.StreamWriter, response: Response) -> bool:
        writer.write(head_of(response, len(response.body) + len(BIG_PIECE) * BIG_PIECES) + response.body)
        for _ in range(BIG_PIECES):
            writer.write(BIG_PIECE)
            await writer.drain()
        return True


_INSTEAD = {
    "500": Response(b"internal error\n", 500, "text/plain"),
    "429": Response(b"too many requests\n", 429, "text/plain", {"Retry-After": "2"}),
    "401": Response(b"unauthorized\n", 401, "text/plain", {"WWW-Authenticate": 'Bearer realm="drill"'}),
    "html": Response(b"<!doctype html><title>Sign in</title><h1>Sign in</h1>\n", 200, "text/html"),
}
