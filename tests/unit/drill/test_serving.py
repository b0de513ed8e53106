"""The drill on real loopback sockets: keep-alive, faults, refusals, and its process's life."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from console.drill import faults
from console.drill.__main__ import main
from console.drill.httpd import check_loopback
from console.drill.world import Plan, World
from tests.unit.clocks import ManualClock

ROOT = Path(__file__).parents[3]
Talk = Callable[[World, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def talk(to: str, what: Talk, **plan: object) -> None:
    """Run ``what`` over one connection to one of a world's ports."""

    async def run() -> None:
        world = World(Plan(**plan), ManualClock())  # type: ignore[arg-type]
        urls = await world.start()
        try:
            async with asyncio.timeout(20):
                reader, writer = await asyncio.open_connection(
                    "127.0.0.1", int(urls[to].rsplit(":", 1)[1]), limit=1 << 28
                )
                try:
                    await what(world, reader, writer)
                finally:
                    writer.close()
                    with contextlib.suppress(OSError):
                        await writer.wait_closed()
        finally:
            await world.close()

    asyncio.run(run())


async def head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
    return int(first.split()[1]), {k.lower(): v for k, _, v in (line.partition(": ") for line in lines)}


async def get(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str) -> tuple[int, bytes]:
    writer.write(f"GET {path} HTTP/1.1\r\nHost: drill\r\n\r\n".encode())
    status, headers = await head(reader)
    return status, await reader.readexactly(int(headers["content-length"]))


def test_many_requests_over_one_connection() -> None:
    async def what(world: World, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(3):
            status, body = await get(reader, writer, "/api/v2/alerts")
            assert status == 200
            assert len(json.loads(body)) > 5
        writer.write(b"GET /-/ready HTTP/1.1\r\n\r\nGET /api/v2/receivers HTTP/1.1\r\nConnection: close\r\n\r\n")
        assert (await reader.read()).count(b"HTTP/1.1 200 OK") == 2

    talk("alertmanager", what)


def test_a_long_query_may_be_posted() -> None:
    async def what(world: World, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        body = b"query=1%2B1"
        kind = b"Content-Type: application/x-www-form-urlencoded\r\n"
        writer.write(b"POST /api/v1/query HTTP/1.1\r\n" + kind + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        _, headers = await head(reader)
        answer = json.loads(await reader.readexactly(int(headers["content-length"])))
        assert answer["data"] == {"resultType": "scalar", "result": [1_795_000_000.0, "2"]}

    talk("prometheus", what)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"hello\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nContent-Length: many\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 411),
        (b"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", 413),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 40_000 + b"\r\n\r\n", 431),
    ],
)
def test_what_is_not_http_is_refused_and_the_connection_ends(sent: bytes, status: int) -> None:
    async def what(world: World, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(sent)
        assert (await head(reader))[0] == status

    talk("prometheus", what)


@pytest.mark.parametrize(("kind", "status"), [("500", 500), ("429", 429), ("401", 401), ("html", 200)])
def test_faults_that_answer_otherwise_until_they_are_over(kind: str, status: int) -> None:
    async def what(world: World, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        world.faults.set("alertmanager", kind, 10)
        answered, body = await get(reader, writer, "/api/v2/alerts")
        assert answered == status
        assert not body.startswith(b"[")
        assert isinstance(world.faults._clock, ManualClock)
        world.faults._clock.move(10)
        answered, body = await get(reader, writer, "/api/v2/alerts")
        assert (answered, body[:1]) == (200, b"[")

    talk("alertmanager", what)


def test_half_an_answer_and_none() -> None:
    async def half(world: World, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        world.faults.set("alertmanager", "half", 10)
        writer.write(b"GET /api/v2/alerts HTTP/1.1\r\n\r\n")
        _, headers = await head(reader)
        assert 0 < len(await reader.read()) < int(headers["content-length"])

    async def drop(world: World, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        world.faults.set("alertmanager", "drop", 10)
        writer.write(b"GET /api/v2/alerts HTTP/1.1\r\n\r\n")
        assert await reader.read() == b""

    talk("alertmanager", half)
    talk("alertmanager", drop)


def test_a_hang_is_silent_until_it_is_over() -> None:
    async def what(world: World, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        world.faults.set("prometheus", "hang", 60)
        writer.write(b"GET /-/ready HTTP/1.1\r\n\r\n")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.05)
        world.faults.clear()
        assert await reader.read() == b""

    talk("prometheus", what)


def test_slow_and_big_answers_are_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faults, "SLOW_S", 0.06)
    monkeypatch.setattr(faults, "BIG_PIECES", 3)

    async def what(world: World, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, plain = await get(reader, writer, "/api/v2/status")
        world.faults.set("alertmanager", "slow", 10)
        assert (await get(reader, writer, "/api/v2/status"))[1] == plain
        world.faults.set("alertmanager", "big", 10)
        body = (await get(reader, writer, "/api/v2/status"))[1]
        assert len(body) == len(plain) + (3 << 20)
        assert json.loads(body) == json.loads(plain)

    talk("alertmanager", what)


def test_faults_and_state_over_the_admin_port() -> None:
    async def what(world: World, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def send(method: str, path: str, body: object) -> tuple[int, dict[str, object]]:
            data = json.dumps(body).encode()
            writer.write(f"{method} {path} HTTP/1.1\r\nContent-Length: {len(data)}\r\n\r\n".encode() + data)
            status, headers = await head(reader)
            return status, json.loads(await reader.readexactly(int(headers["content-length"])))

        status, left = await send("POST", "/faults", {"backend": "all", "kind": "500", "for_s": 7})
        assert (status, left) == (
            200, {"prometheus": {"kind": "500", "left_s": 7.0}, "alertmanager": {"kind": "500", "left_s": 7.0}},
        )  # fmt: skip
        assert await send("DELETE", "/faults", {}) == (200, {})
        assert (await send("GET", "/state", {}))[1]["second"] == 0.0
        for bad in (
            {"backend": "x", "kind": "500"},
            {"backend": "all", "kind": "x"},
            [],
            {"backend": "all", "kind": "500", "for_s": -1},
        ):
            assert (await send("POST", "/faults", bad))[0] == 400
        assert (await send("POST", "/remedy", {"chain": "noise"}))[0] == 400
        assert (await send("GET", "/nothing", {}))[0] == 404

    talk("admin", what)


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.1", "::", "example.net", "", "127.0.0.1.example.net"])
def test_only_loopback_is_served(host: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="is not a loopback address"):
        check_loopback(host)
    with pytest.raises(SystemExit) as caught:
        main(["--hosts", host])
    assert caught.value.code == 2
    assert "not a loopback address" in capsys.readouterr().err


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_loopback_addresses(host: str) -> None:
    assert check_loopback(host)


@pytest.mark.parametrize("how", ["input", "signal"])
def test_the_process_says_when_it_is_ready_and_ends_when_told(how: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "console.drill", "--seed", "5"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        told = json.loads(process.stdout.readline())
        assert told["ready"] is True
        assert told["pid"] == process.pid
        assert all(told[name].startswith("http://127.0.0.1:") for name in ("prometheus", "alertmanager", "admin"))
        begin = time.monotonic()
        if how == "input":
            process.stdin.close()
        else:
            process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert time.monotonic() - begin < 5
