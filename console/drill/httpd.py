"""A small HTTP/1.1 server: requests with a length, keep-alive, and answers that can be made to misbehave."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from urllib.parse import parse_qs, unquote, urlsplit

from msgspec import Struct

MAX_HEAD = 32_768
MAX_BODY = 16 << 20
IDLE_S = 120.0


class Request(Struct, frozen=True):
    """One request, its query and form fields in one."""

    method: str
    path: str
    fields: Mapping[str, Sequence[str]]
    headers: Mapping[str, str]
    body: bytes = b""

    def one(self, name: str, default: str = "") -> str:
        """The last value of a field."""
        values = self.fields.get(name)
        return values[-1] if values else default

    def flag(self, name: str, default: bool = True) -> bool:
        """A field that is true or false; an Alertmanager takes every other word for false."""
        return self.one(name, str(default)).lower() in ("true", "1", "yes", "y", "t", "on", "ok", "enabled")


class Response(Struct, frozen=True):
    """One answer."""

    body: bytes = b""
    status: int = 200
    kind: str = "application/json"
    headers: Mapping[str, str] = {}


Handle = Callable[[Request], Awaitable[Response]]
Send = Callable[[asyncio.StreamWriter, Request, Response], Awaitable[bool]]
"""Writes an answer; whether the connection may go on."""


class BadRequest(Exception):
    """What came is not HTTP as it is spoken here."""

    def __init__(self, status: int, what: str) -> None:
        super().__init__(what)
        self.status = status


def check_loopback(host: str) -> str:
    """The address itself if nothing outside this machine can reach it, else ``ValueError``."""
    address = "127.0.0.1" if host == "localhost" else host
    try:
        inside = ipaddress.ip_address(address).is_loopback
    except ValueError:
        inside = False
    if not inside:
        raise ValueError(f"{host!r} is not a loopback address: a drill never leaves this machine")
    return address


class Server:
    """Serves one handler on one loopback port."""

    def __init__(self, handle: Handle, send: Send | None = None) -> None:
        self._handle = handle
        self._send = send or send_plainly
        self._server: asyncio.Server | None = None
        self._open: dict[asyncio.StreamWriter, asyncio.Task[object] | None] = {}
        self.url = ""

    async def start(self, host: str, port: int) -> None:
        """Listen; port 0 takes a free one."""
        address = check_loopback(host)
        self._server = await asyncio.start_server(self._serve, address, port, limit=MAX_HEAD)
        name = f"[{address}]" if ":" in address else address
        self.url = f"http://{name}:{self._server.sockets[0].getsockname()[1]}"

    async def close(self) -> None:
        """Stop listening and drop every connection."""
        if self._server is not None:
            self._server.close()
            exchanges = [task for task in self._open.values() if task is not None]
            for writer in self._open:
                writer.transport.abort()
            if exchanges:
                await asyncio.wait(exchanges, timeout=2.0)
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open[writer] = asyncio.current_task()
        try:
            going = True
            while going:
                going = await self._exchange(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, TimeoutError):
            pass
        finally:
            self._open.pop(writer, None)
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        try:
            async with asyncio.timeout(IDLE_S):
                request = await read_request(reader)
        except BadRequest as error:
            await send_plainly(writer, None, Response(str(error).encode(), error.status, "text/plain"))
            return False
        return await self._send(writer, request, await self._handle(request))


async def read_request(reader: asyncio.StreamReader) -> Request:
    """The next request of a connection; ``IncompleteReadError`` where it ended instead."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.LimitOverrunError:
        raise BadRequest(431, "the head is too large") from None
    first, *lines = head[:-4].split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise BadRequest(400, "this is not a request")
    headers = {"": words[2]}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    body = await _read_body(reader, headers)
    try:
        parts = urlsplit(words[1])
        fields = parse_qs(parts.query, keep_blank_values=True, max_num_fields=1000)
        if headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            fields |= parse_qs(body.decode("latin-1"), keep_blank_values=True, max_num_fields=1000)
    except ValueError:
        raise BadRequest(400, "the query cannot be read") from None
    return Request(words[0], unquote(parts.path), fields, headers, body)


async def _read_body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    if "transfer-encoding" in headers:
        raise BadRequest(411, "a body with a length is expected")
    length = headers.get("content-length", "0")
    if not length.isdecimal():
        raise BadRequest(400, "the length is not a number")
    if int(length) > MAX_BODY:
        raise BadRequest(413, "the body is too large")
    return await reader.readexactly(int(length))


def head_of(response: Response, length: int) -> bytes:
    """Status line and headers."""
    try:
        phrase = HTTPStatus(response.status).phrase
    except ValueError:
        phrase = "Unprocessable"
    lines = [f"HTTP/1.1 {response.status} {phrase}", f"Content-Length: {length}"]
    if response.kind:
        lines.append(f"Content-Type: {response.kind}")
    lines += [f"{name}: {value}" for name, value in response.headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


async def send_plainly(writer: asyncio.StreamWriter, request: Request | None, response: Response) -> bool:
    """Write the whole answer; goes on unless the client asked to close."""
    writer.write(head_of(response, len(response.body)))
    if request is None or request.method != "HEAD":
        writer.write(response.body)
    await writer.drain()
    if request is None:
        return False
    wish = request.headers.get("connection", "").lower()
    return wish == "keep-alive" if request.headers[""] == "HTTP/1.0" else wish != "close"
