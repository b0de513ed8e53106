"""The last answers of a backend: as they came, bounded, refusals too."""

from __future__ import annotations

import asyncio

import pytest

from console.adapters import answers as module
from console.adapters.answers import Answers
from console.adapters.http import HttpClient
from console.errors import BackendError
from tests.unit.adapters.loopback import Vault, config, serving
from tests.unit.clocks import ManualClock


def put(answers: Answers, path: str, body: bytes, **params: object) -> None:
    tape = answers.tape("GET", path, params)
    tape.add(body[:2])
    tape.add(body[2:])
    tape.end(200)


def test_of_each_address_the_last_answer_is_kept_whatever_times_it_asked_for() -> None:
    answers = Answers(clock=ManualClock(5000))
    put(answers, "/query_range", b"old", query="up", start=1, end=2)
    put(answers, "/alerts", b"[]")
    put(answers, "/query_range", b"later", query="up", start=3, end=4)
    assert [(a.address, a.body, a.at) for a in answers.kept()] == [
        ("/alerts", b"[]", 5000), ("/query_range?query=up&start=3&end=4", b"later", 5000),
    ]  # fmt: skip


def test_what_is_kept_is_bounded_and_what_is_too_large_is_told_by_its_size() -> None:
    answers = Answers(most=10)
    put(answers, "/a", b"123456")
    put(answers, "/b", b"1234567")
    assert [a.address for a in answers.kept()] == ["/b"]
    put(answers, "/c", b"x" * 11)
    assert [(a.address, a.size, a.body) for a in answers.kept()] == [("/b", 7, b"1234567"), ("/c", 11, None)]
    for number in range(module.ADDRESSES + 3):
        put(answers, f"/{number}", b"")
    assert len(answers.kept()) == module.ADDRESSES


def test_the_client_keeps_what_it_was_answered_also_a_refusal() -> None:
    async def main() -> HttpClient:
        def answering(asked):  # type: ignore[no-untyped-def]
            return asked.answer(b"[1]") if asked.path.startswith("/ok") else asked.answer(b"no such", "404 Not Found")

        async with serving(answering) as server:
            vault = Vault()
            client = HttpClient(config(server.url), vault, vault.redact)
            assert await client.get("/ok", {"a": "b"}) == b"[1]"
            with pytest.raises(BackendError):
                await client.get("/gone")
            await client.close()
            return client

    found = asyncio.run(main()).answers.kept()
    assert [(a.method, a.address, a.status, a.body, a.size) for a in found] == [
        ("GET", "/ok?a=b", 200, b"[1]", 3), ("GET", "/gone", 404, b"no such", 7),
    ]  # fmt: skip
