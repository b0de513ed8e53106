"""A server on the loopback whose every answer a test writes itself, byte by byte if it must."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from console.config import SourceConfig
from console.secret import Redactor, Secret


@dataclass
class Asked:
    """One request as it came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    writer: asyncio.StreamWriter

    async def answer(self, body: bytes = b"", status: str = "200 OK", **headers: str) -> None:
        """A whole answer, after which the connection is closed."""
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.writer.write("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)
        await self.writer.drain()

    async def json(self, value: object) -> None:
        await self.answer(json.dumps(value).encode())

    async def begin(self, length: int) -> None:
        """The head of an answer that promises so many bytes."""
        self.writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n".encode())
        await self.writer.drain()

    def reset(self) -> None:
        """Cut the connection off hard."""
        self.writer.transport.abort()


Answering = Callable[[Asked], Awaitable[None]]


@dataclass
class Server:
    """Where it listens and what it was asked."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)


@contextlib.asynccontextmanager
async def serving(answering: Answering) -> AsyncIterator[Server]:
    """The server for the length of a block; whatever still hangs by then is ended with it."""
    server = Server()
    tasks: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            asked = await _request(reader, writer)
            server.asked.append(asked)
            await answering(asked)
        writer.close()
        tasks.discard(task)

    listening = await asyncio.start_server(handle, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        listening.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await listening.wait_closed()


async def _request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _ = head[0].split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Asked(method, path, headers, body, writer)


def config(url: str, type: str = "alertmanager", timeout_s: float = 5.0, **more: object) -> SourceConfig:
    return SourceConfig("src", type, url, timeout_s=timeout_s, **more)  # type: ignore[arg-type]


class Vault:
    """Secrets by reference, counted; learnt by its redactor as the engine does it."""

    def __init__(self, **values: str) -> None:
        self.values = values
        self.redact = Redactor()
        self.resolved: list[str] = []

    def __call__(self, reference: str) -> Secret:
        self.resolved.append(reference)
        secret = Secret(self.values[reference.partition(":")[2]])
        self.redact.learn(secret)
        return secret
