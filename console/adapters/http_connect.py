"""Connecting with names looked up in a thread of their own: a dead name server holds nobody but who asked it.

The loop's own look-ups run in its default executor, whose few threads others need and whose end waits for them;
``getaddrinfo`` cannot be stopped and takes up to half a minute when no name server answers.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterable

import httpcore
import httpx

STAGGER_S = 0.25
"""How long one address is waited for before the next is tried beside it (RFC 8305 §5)."""

MOST_ADDRESSES = 6

Lookup = Callable[[str, int], list[str]]


def transport(verify: ssl.SSLContext, proxy: str, lookup: Lookup | None = None) -> httpx.AsyncHTTPTransport:
    """A transport that connects through ``Connector``; certificates are always verified."""
    made = httpx.AsyncHTTPTransport(
        verify=verify,
        proxy=httpx.Proxy(proxy, ssl_context=verify if proxy.startswith("https:") else None) if proxy else None,
        trust_env=False,
        limits=httpx.Limits(max_connections=8, max_keepalive_connections=4),
    )
    # httpx 0.28 does not pass a network backend on; that it is used is tested.
    made._pool._network_backend = Connector(lookup or addresses)
    return made


def addresses(host: str, port: int) -> list[str]:
    """Addresses of a name in the system's order of preference."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Connector(httpcore.AsyncNetworkBackend):
    """Connects by name: at most one look-up of a name at a time, addresses tried one after another without waiting."""

    def __init__(self, lookup: Lookup = addresses) -> None:
        self._lookup = lookup
        self._inner = httpcore.AnyIOBackend()
        self._running: dict[str, asyncio.Future[list[str]]] = {}

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            async with asyncio.timeout(timeout):
                found = [host] if _is_address(host) else await self._looked_up(host, port)
                return await self._first(found, port)
        except TimeoutError:
            raise httpcore.ConnectTimeout(f"no connection to {host} in time") from None
        except OSError as error:
            raise httpcore.ConnectError(f"{host}: {error.strerror or 'its name leads nowhere'}") from None

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def _looked_up(self, host: str, port: int) -> list[str]:
        """Addresses of the name; whoever asks while it is looked up waits for the same answer."""
        running = self._running.get(host)
        if running is None:
            loop = asyncio.get_running_loop()
            running = self._running[host] = loop.create_future()
            running.add_done_callback(lambda done: self._running.pop(host, None))
            thread = threading.Thread(
                target=self._in_thread, args=(loop, running, host, port), name="warroom-lookup", daemon=True
            )
            thread.start()
        return await asyncio.shield(running)

    def _in_thread(
        self, loop: asyncio.AbstractEventLoop, running: asyncio.Future[list[str]], host: str, port: int
    ) -> None:
        found: list[str] | OSError
        try:
            found = self._lookup(host, port)
        except UnicodeError:
            found = OSError(0, "this is no host name")
        except OSError as error:
            found = error
        with contextlib.suppress(RuntimeError):  # the loop ended meanwhile
            loop.call_soon_threadsafe(_settle, running, found)

    async def _first(self, found: list[str], port: int) -> httpcore.AsyncNetworkStream:
        """The first connection that stands; the others are given up."""
        waiting: set[asyncio.Task[httpcore.AsyncNetworkStream]] = set()
        failure: BaseException = OSError(0, "its name leads nowhere")
        rest = found[:MOST_ADDRESSES]
        try:
            while rest or waiting:
                if rest:
                    waiting.add(asyncio.create_task(self._inner.connect_tcp(rest.pop(0), port)))
                done, waiting = await asyncio.wait(
                    waiting, timeout=STAGGER_S if rest else None, return_when=asyncio.FIRST_COMPLETED
                )
                stands = [task for task in done if task.exception() is None]
                if stands:
                    for other in stands[1:]:
                        await other.result().aclose()
                    return stands[0].result()
                failure = next((e for task in done if (e := task.exception()) is not None), failure)
            raise failure
        finally:
            for task in waiting:
                task.cancel()
                task.add_done_callback(_closed)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def _settle(running: asyncio.Future[list[str]], found: list[str] | OSError) -> None:
    if running.cancelled():
        return
    if isinstance(found, OSError):
        running.set_exception(found)
        running.exception()  # seen: those who asked may have gone
    else:
        running.set_result(found)


def _closed(task: asyncio.Task[httpcore.AsyncNetworkStream]) -> None:
    """A connection that came to stand after all is closed again."""
    if not task.cancelled() and task.exception() is None:
        stream = task.result()
        keep = asyncio.ensure_future(stream.aclose())
        _CLOSING.add(keep)
        keep.add_done_callback(_CLOSING.discard)


_CLOSING: set[asyncio.Future[None]] = set()
