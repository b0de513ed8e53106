"""The frame: what goes in comes out, and whatever is not as it was written is seen."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.journal import frame

ascii_json = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60).map(lambda s: b"{" + s.encode())
parts = st.lists(st.tuples(ascii_json, ascii_json.map(lambda p: b"0123456789abcdef" * 2 + p)), min_size=1, max_size=4)
START = frame.genesis("INC-0001", "bastion.0.0")


def sample(count: int = 2) -> bytes:
    made = [(b'{"seq":%d}' % n, b"fe" * 16 + b'{"text":"disk is full %d"}' % n) for n in range(count)]
    return frame.seal(START, made)[0]


@given(parts)
def test_round_trip(made: list[tuple[bytes, bytes]]) -> None:
    data, heads = frame.seal(START, made)
    read = frame.parse(data, 0)
    assert isinstance(read, frame.Frame)
    assert read.size == len(data)
    assert [(e.header, e.salted) for e in read.entries] == made
    assert read.head == heads[-1]
    assert data.isascii()
    assert data.count(b"\n") == 1
    assert list(frame.extents(made)) == [(entry.offset, entry.size) for entry in read.entries]
    for entry in read.entries:
        assert frame.unpack(data[entry.offset : entry.offset + entry.size])._replace(offset=entry.offset) == entry


@given(parts)
def test_chain_is_the_documented_one(made: list[tuple[bytes, bytes]]) -> None:
    head = sha256(b"INC-0001" + b"bastion.0.0").digest()
    for header, salted in made:
        head = sha256(head + sha256(header).digest() + sha256(salted).digest()).digest()
    assert frame.seal(START, made)[1][-1] == head


def test_every_single_bit_flip_is_seen() -> None:
    data = sample()
    for position in range(len(data)):
        for bit in range(8):
            flipped = bytearray(data)
            flipped[position] ^= 1 << bit
            read = frame.parse(bytes(flipped), 0)
            torn = read is None and frame.torn(bytes(flipped))
            assert not isinstance(read, frame.Frame), (position, bit)
            assert not torn, (position, bit)


def test_a_line_feed_that_is_damaged_costs_the_frame_it_ends_and_not_the_next() -> None:
    data, following = sample(), frame.seal(START, [(b"{}", b"ab" * 16 + b"{}")])[0]
    for bit in range(8):
        ended = bytes([10 ^ 1 << bit])
        read = frame.parse(data[:-1] + ended + following, 0)
        assert isinstance(read, frame.Broken)
        assert (read.size, read.head) == (len(data), bytes.fromhex(data[18:82].decode()))
        assert not frame.torn(data[:-1] + ended)


def test_every_cut_is_torn_and_nothing_else() -> None:
    data = sample()
    for size in range(len(data)):
        cut = data[:size]
        assert frame.parse(cut, 0) is None
        assert frame.torn(cut)
        assert frame.torn(cut + bytes(4096))
    assert not frame.torn(data)


@pytest.mark.parametrize("rest", [b"garbage", b"\0\0x", b"0000001g", sample().replace(b"\n", b"\x0b"), b"\n", b"z\n"])
def test_damage_is_not_torn(rest: bytes) -> None:
    assert not frame.torn(rest)


def test_payload_and_salt_can_be_blanked_in_place() -> None:
    data, heads = frame.seal(START, [(b"{1}", b"ab" * 16 + b'{"secret":1}'), (b"{2}", b"cd" * 16 + b"{}")])
    first = frame.parse(data, 0)
    assert isinstance(first, frame.Frame)
    entry = first.entries[0]
    blank = frame.BLANK * len(entry.salted)
    blanked = data.replace(entry.salted, blank)
    read = frame.parse(blanked, 0)
    assert isinstance(read, frame.Frame)
    assert read.entries[0].redacted
    assert not read.entries[1].redacted
    head = START
    for part in read.entries:
        head = frame.link(head, part.header, part.digest)
    assert head == heads[-1] == read.head
    assert len(blanked) == len(data)


@pytest.mark.parametrize("keep", [1, 20, 40])
def test_a_half_blanked_payload_is_damage(keep: int) -> None:
    data = sample(1)
    first = frame.parse(data, 0)
    assert isinstance(first, frame.Frame)
    salted = first.entries[0].salted
    half = data.replace(salted, salted[:keep] + frame.BLANK * (len(salted) - keep))
    assert isinstance(frame.parse(half, 0), frame.Broken)


@given(st.binary(max_size=400))
def test_no_bytes_at_all_crash_it(data: bytes) -> None:
    read = frame.parse(data, 0) if data else None
    frame.torn(data)
    assert not isinstance(read, frame.Frame)


def test_a_transaction_over_the_limit_is_refused() -> None:
    with pytest.raises(ValueError, match="over the limit"):
        frame.seal(START, [(b"{}", b"x" * (frame.MAX_BODY + 1))])
