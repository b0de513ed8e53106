"""Packed bodies: what was packed comes out, in small pieces, and a bomb ends at the bound."""

from __future__ import annotations

import asyncio
import gzip
import tracemalloc
from collections.abc import AsyncGenerator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.adapters.http import HttpClient
from console.adapters.http_body import PIECE, BadEncoding, unpacked
from console.errors import BadAnswer, Rejected
from console.secret import Redactor
from tests.unit.adapters.loopback import Vault, config, serving


def got(body: bytes, encoding: str, step: int = 1000) -> list[bytes]:
    async def pieces() -> AsyncGenerator[bytes, None]:
        for at in range(0, len(body), step):
            yield body[at : at + step]

    async def main() -> list[bytes]:
        return [piece async for piece in unpacked(pieces(), encoding)]

    return asyncio.run(main())


@given(
    st.lists(st.binary(max_size=300), min_size=1, max_size=3), st.integers(1, 400), st.sampled_from(["gzip", " GZIP"])
)
def test_what_was_packed_comes_out(members: list[bytes], step: int, encoding: str) -> None:
    packed = b"".join(map(gzip.compress, members))
    assert b"".join(got(packed, encoding, step)) == b"".join(members)


@given(st.binary(max_size=300), st.sampled_from(["", "identity"]))
def test_what_is_not_packed_passes(body: bytes, encoding: str) -> None:
    assert b"".join(got(body, encoding, 7)) == body


def test_a_bomb_comes_out_in_pieces() -> None:
    packed = gzip.compress(bytes(50_000_000))
    assert len(packed) < 60_000
    tracemalloc.start()
    try:

        async def whole() -> AsyncGenerator[bytes, None]:
            yield packed

        async def main() -> int:
            return sum([len(piece) async for piece in unpacked(whole(), "gzip") if len(piece) <= PIECE])

        assert asyncio.run(main()) == 50_000_000
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("cut", [1, 5, 12, -9, -1])
def test_half_a_packed_body_is_told(cut: int) -> None:
    with pytest.raises(BadEncoding, match="broke off"):
        got(gzip.compress(b"some text to pack")[:cut], "gzip")


@pytest.mark.parametrize("encoding", ["br", "zstd", "deflate", "gzip, gzip"])
def test_a_packing_that_was_not_asked_for_is_told(encoding: str) -> None:
    with pytest.raises(BadEncoding, match="not asked for"):
        got(b"x", encoding)


@given(st.binary(min_size=1, max_size=80))
def test_rubbish_is_told(body: bytes) -> None:
    try:
        gzip.decompress(body)
    except (OSError, EOFError):
        with pytest.raises(BadEncoding):
            got(body, "gzip")


def test_a_client_asks_for_gzip_and_bounds_what_it_becomes() -> None:
    packed = gzip.compress(bytes(3_000_000))

    async def main() -> None:
        async with serving(lambda a: a.answer(packed, Content_Encoding="gzip")) as server:
            client = HttpClient(config(server.url), Vault(), Redactor())
            assert len(await client.get("/x")) == 3_000_000
            with pytest.raises(BadAnswer, match="over 1 MB"):
                await client.get("/x", largest=1_000_000)
            await client.close()
            assert server.asked[0].headers["accept-encoding"] == "gzip"

    asyncio.run(main())


def test_a_packed_refusal_is_read() -> None:
    async def main() -> None:
        packed = gzip.compress(b"no such thing")
        async with serving(lambda a: a.answer(packed, "404 Not Found", Content_Encoding="gzip")) as server:
            client = HttpClient(config(server.url), Vault(), Redactor())
            with pytest.raises(Rejected, match="no such thing"):
                await client.get("/x")
            await client.close()

    asyncio.run(main())
