"""Bodies unpacked within bounds: a few packed bytes that become gigabytes come out in small pieces."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncGenerator, AsyncIterable

PIECE = 262_144
"""Bytes that are unpacked at a time: about 1 ms."""


class BadEncoding(Exception):
    """The body is not packed as its head says."""


async def unpacked(body: AsyncIterable[bytes], encoding: str) -> AsyncGenerator[bytes, None]:
    """The body as it was before ``Content-Encoding``: none, or gzip, which is all that is asked for."""
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        async for chunk in body:
            yield chunk
        return
    if encoding not in ("gzip", "x-gzip"):
        raise BadEncoding("the answer is packed in a way that was not asked for")
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        async for chunk in body:
            data = chunk
            while data:
                if unpacker.eof:
                    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
                yield unpacker.decompress(data, PIECE)
                data = unpacker.unconsumed_tail or unpacker.unused_data
                await asyncio.sleep(0)
    except zlib.error:
        raise BadEncoding("the answer is not packed as it says") from None
    if not unpacker.eof:
        raise BadEncoding("the answer broke off")
