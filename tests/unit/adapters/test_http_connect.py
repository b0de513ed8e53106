"""Connecting on bad days: dead name servers, addresses that do not answer, certificates that do not fit, proxies."""

from __future__ import annotations

import asyncio
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.adapters import http_connect
from console.adapters.http import HttpClient
from console.errors import Unreachable
from console.secret import Redactor
from tests.unit.adapters.loopback import Asked, Vault, config, serving

HOPELESS = 30.0


def client(url: str, **more: object) -> HttpClient:
    return HttpClient(config(url, **more), Vault(), Redactor())  # type: ignore[arg-type]


async def ok(asked: Asked) -> None:
    await asked.json("here")


def port_of(url: str) -> str:
    return url.rpartition(":")[2]


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Names and the addresses that they are said to have."""
    known: dict[str, list[str]] = {}

    def lookup(host: str, _port: int) -> list[str]:
        if host not in known:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return known[host]

    monkeypatch.setattr(http_connect, "addresses", lookup)
    return known


@pytest.fixture
def dead_name_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """No look-up ends before the test does; what was asked for."""
    gate, asked = threading.Event(), list[str]()

    def lookup(host: str, _port: int) -> list[str]:
        asked.append(host)
        gate.wait(HOPELESS)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(http_connect, "addresses", lookup)
    yield asked
    gate.set()


def test_a_dead_name_server_is_unreachable_in_time_and_holds_one_thread(dead_name_server: list[str]) -> None:
    async def main() -> None:
        made = client("http://metrics.example.net:9090", timeout_s=0.2)
        begin = time.monotonic()
        for _ in range(4):
            with pytest.raises(Exception, match="src /x") as caught:
                await made.get("/x")
            assert getattr(caught.value, "next", "") or "no whole answer" in str(caught.value)
        assert time.monotonic() - begin < 10
        assert dead_name_server == ["metrics.example.net"]
        assert await asyncio.to_thread(lambda: "free") == "free"
        await made.close()

    asyncio.run(main())


def test_a_loop_that_ends_does_not_wait_for_a_name_server(dead_name_server: list[str]) -> None:
    async def main() -> None:
        made = client("http://metrics.example.net", timeout_s=0.1)
        with pytest.raises(Exception, match="src /x"):
            await made.get("/x")

    begin = time.monotonic()
    asyncio.run(main())
    assert time.monotonic() - begin < 10
    assert dead_name_server == ["metrics.example.net"]


def test_a_name_that_nobody_knows_is_unreachable(names: dict[str, list[str]]) -> None:
    async def main() -> None:
        made = client("http://nobody.example.net")
        for _ in range(2):
            with pytest.raises(Unreachable, match=r"nobody\.example\.net: Name or service not known") as caught:
                await made.get("/x")
            assert caught.value.next
        names["nobody.example.net"] = []
        with pytest.raises(Unreachable, match="leads nowhere"):
            await made.get("/x")
        await made.close()

    asyncio.run(main())


@pytest.mark.parametrize("host", ["x" * 64 + ".example.net", "a..example.net", "\u202e.example.net"])
def test_a_name_that_can_be_none_is_unreachable(host: str) -> None:
    async def main() -> None:
        made = client(f"http://{host}")
        with pytest.raises(Unreachable):
            await made.get("/x")
        await made.close()

    asyncio.run(main())


def test_names_are_looked_up_and_the_host_is_told_by_name(names: dict[str, list[str]]) -> None:
    async def main() -> None:
        async with serving(ok) as server:
            names["am.example.net"] = ["127.0.0.1"]
            made = client(f"http://am.example.net:{port_of(server.url)}")
            assert await made.get("/x") == b'"here"'
            assert server.asked[0].headers["host"] == f"am.example.net:{port_of(server.url)}"
            await made.close()

    asyncio.run(main())


def test_an_address_that_refuses_leads_to_the_next(names: dict[str, list[str]]) -> None:
    async def main() -> None:
        async with serving(ok) as server:
            names["am.example.net"] = ["::1", "127.0.0.1"]
            made = client(f"http://am.example.net:{port_of(server.url)}")
            assert await made.get("/x") == b'"here"'
            await made.close()

    asyncio.run(main())


def test_an_address_that_is_silent_holds_nobody_up() -> None:
    """The second address is tried beside the first, which never answers; the late one is given up."""

    async def main() -> None:
        async with serving(ok) as server:
            connector = http_connect.Connector(lambda _host, _port: ["silent", "127.0.0.1"])
            inner, given_up = connector._inner.connect_tcp, asyncio.Event()

            async def connect(host: str, port: int, *args: object, **more: object) -> object:
                if host != "silent":
                    return await inner(host, port)
                try:
                    return await asyncio.Event().wait()
                except asyncio.CancelledError:
                    given_up.set()
                    raise

            connector._inner.connect_tcp = connect  # type: ignore[method-assign, assignment]
            stream = await connector.connect_tcp("am.example.net", int(port_of(server.url)), timeout=HOPELESS)
            await stream.aclose()
            await asyncio.wait_for(given_up.wait(), HOPELESS)

    asyncio.run(main())


def test_connections_are_kept() -> None:
    async def main() -> None:
        connections = 0
        ended = asyncio.Event()

        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal connections
            connections += 1
            try:
                while await reader.readuntil(b"\r\n\r\n"):
                    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1")
                    await writer.drain()
            except asyncio.IncompleteReadError:
                writer.close()
                ended.set()

        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        made = client(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        for _ in range(5):
            await made.get("/x")
        assert connections == 1
        await made.close()
        await asyncio.wait_for(ended.wait(), HOPELESS)
        server.close()
        await server.wait_closed()

    asyncio.run(main())


def test_a_proxy_is_asked_and_one_that_is_none_is_named() -> None:
    async def main() -> None:
        async with serving(ok) as proxy:
            made = client("http://am.example.net/prefix", proxy=proxy.url)
            assert await made.get("/x") == b'"here"'
            assert proxy.asked[0].path == "http://am.example.net/prefix/x"
            await made.close()
        for wrong in (f"http://127.0.0.1:{unused_port()}", "gopher://127.0.0.1", "nothing"):
            made = client("http://am.example.net", proxy=wrong)
            with pytest.raises(Unreachable):
                await made.get("/x")
            await made.close()

    asyncio.run(main())


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{unused_port()}")

    async def main() -> None:
        async with serving(ok) as server:
            made = client(server.url)
            assert await made.get("/x") == b'"here"'
            await made.close()

    asyncio.run(main())


# Certificates


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for ``am.example.net`` that has signed itself, and its key."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("openssl is not installed on this machine: no certificate can be made")
    folder = tmp_path_factory.mktemp("certificate")
    made, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        [program, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=am.example.net",
         "-addext", "subjectAltName=DNS:am.example.net", "-keyout", str(key), "-out", str(made)],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    return made, key


def over_tls(certificate: tuple[Path, Path], names: dict[str, list[str]], host: str, ca: str) -> bytes:
    """What is got from a server with that certificate by that name."""
    names.update({"am.example.net": ["127.0.0.1"], "other.example.net": ["127.0.0.1"]})
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nsecure")
        await writer.drain()
        writer.close()

    async def main() -> bytes:
        server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=context)
        made = client(f"https://{host}:{server.sockets[0].getsockname()[1]}", ca=ca)
        try:
            return await made.get("/x")
        finally:
            await made.close()
            server.close()

    return asyncio.run(main())


def test_a_certificate_of_the_configured_authority_is_trusted(
    certificate: tuple[Path, Path], names: dict[str, list[str]]
) -> None:
    assert over_tls(certificate, names, "am.example.net", str(certificate[0])) == b"secure"


@pytest.mark.parametrize("host", ["other.example.net", "127.0.0.1"])
def test_a_certificate_for_another_name_is_not(
    certificate: tuple[Path, Path], names: dict[str, list[str]], host: str
) -> None:
    with pytest.raises(Unreachable, match="certificate verify failed"):
        over_tls(certificate, names, host, str(certificate[0]))


def test_a_certificate_that_signed_itself_is_not(certificate: tuple[Path, Path], names: dict[str, list[str]]) -> None:
    with pytest.raises(Unreachable, match="certificate verify failed"):
        over_tls(certificate, names, "am.example.net", "")
