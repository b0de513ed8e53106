"""Drafts made into the bytes of a frame, and the bytes of a frame made into entries."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Annotated, NamedTuple, Protocol, cast

import msgspec
from msgspec import Meta, Struct

from console.clock import Millis
from console.errors import JournalError
from console.journal.frame import Sealed
from console.model.entry import Actor, Draft, Entry, Kind, Stamp
from console.text import clean

Time = Annotated[int, Meta(ge=0, lt=253_402_300_800_000)]
"""Milliseconds since the epoch up to the year 9999: what every calendar can show."""
Count = Annotated[int, Meta(ge=0, lt=1 << 53)]
Head = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Cites = dict[str, tuple[int, str]]
Redact = Callable[[object], object]
SEALED = "sealed"
"""The one field of an encrypted body."""


class Header(Struct, frozen=True, omit_defaults=True):
    """What is never redacted: enough to order the entry and to say what kind of thing it was."""

    lane: str
    seq: Annotated[int, Meta(ge=1, lt=1 << 53)]
    wall: Time
    logical: Count
    kind: str
    visibility: str = "normal"
    key: str = ""
    """Id of the key that the body is encrypted with, ``""`` = it is in the clear."""
    cites: dict[str, tuple[Count, Head]] = {}
    """Other lanes as they were read when this was written, where that changed: number and head of their last entry."""


class Payload(Struct, frozen=True):
    """The rest of the envelope; every field is written out, so that a changed default changes no evidence."""

    occurred_at: Time
    recorded_at: Time
    actor: Actor
    origin: str
    precision: str
    inference: bool
    confidence: int
    tlp: str
    refs: tuple[str, ...]
    body: dict[str, object]


class Prologue(Struct, frozen=True):
    """Body of a segment's first frame: whose file this is, readable without its name."""

    incident: str
    lane: str
    segment: Count
    format: int = 1
    key: Annotated[str, Meta(pattern="^(?:[0-9a-f]{2})*$")] = ""
    """Public key of the lane, hex; part of its genesis."""


class Sealer(Protocol):
    """Encrypts the bodies of entries that not everybody may read, and opens those that this console may."""

    def seal(self, visibility: str, body: bytes) -> tuple[str, str] | None:
        """Id of the key and the encrypted body as text; ``None`` = entries of this visibility stay in the clear."""

    def open(self, key: str, text: str) -> bytes | None:
        """The body; ``None`` = this console does not hold the key. ``ValueError``: the text was tampered with."""


UNREADABLE = (msgspec.MsgspecError, ValueError, RecursionError)
"""What bytes that are no envelope may raise; nesting without end is a RecursionError."""

_headers = msgspec.json.Decoder(Header)
_payloads = msgspec.json.Decoder(Payload)
_prologues = msgspec.json.Decoder(Prologue)
_KINDS: dict[str, Kind] = {kind.value: kind for kind in Kind}


def write_json(value: object) -> bytes:
    """One line of ASCII JSON; characters that no encoding can hold become U+FFFD."""
    try:
        data = msgspec.json.encode(value)
    except UnicodeEncodeError:
        data = msgspec.json.encode(_encodable(msgspec.to_builtins(value)))
    if data.isascii():
        return data
    return json.dumps(json.loads(data), ensure_ascii=True, separators=(",", ":")).encode()


def _encodable(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_encodable(key): _encodable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_encodable(item) for item in value]
    return value


class Written(NamedTuple):
    """A draft's payload as it will stand on disk."""

    key: str
    """Id of the key that the body is encrypted with, ``""`` = it is in the clear."""
    salted: bytes
    payload: Payload
    """The same, decoded."""


def payload_of(draft: Draft, recorded_at: Millis, redact: Redact | None, sealer: Sealer | None = None) -> Written:
    """Salt and payload of a draft, secrets removed. ``JournalError`` if it could not be read back."""
    body = draft.body if redact is None else redact(draft.body)
    key = ""
    salt = os.urandom(16).hex().encode()
    try:
        if sealer is not None and (locked := sealer.seal(draft.visibility, write_json(body))) is not None:
            key, body = locked[0], {SEALED: locked[1]}
        data = write_json(
            {
                "occurred_at": draft.occurred_at or recorded_at,
                "recorded_at": recorded_at,
                "actor": draft.actor,
                "origin": draft.origin,
                "precision": draft.precision,
                "inference": draft.inference,
                "confidence": draft.confidence,
                "tlp": draft.tlp,
                "refs": draft.refs,
                "body": body,
            }
        )
        payload = _payloads.decode(data)
    except (*UNREADABLE, TypeError, OverflowError) as error:
        raise JournalError(
            f"an entry of kind {draft.kind} cannot be recorded: {error}",
            next="this is a fault of the console; the entry was not written",
        ) from error
    return Written(key, salt + data, payload)


def header_of(
    draft: Draft, lane: str, seq: int, wall: Millis, logical: int, *, key: str = "", cites: Cites | None = None
) -> tuple[bytes, Header]:
    """The header's bytes, and as they will be read back; one of ``UNREADABLE`` if they could not."""
    data = write_json(Header(lane, seq, wall, logical, str(draft.kind), draft.visibility, key, cites or {}))
    return data, _headers.decode(data)


def read_header(sealed: Sealed) -> Header:
    """The header; one of ``UNREADABLE`` if it is not one."""
    return _headers.decode(sealed.header)


def read_prologue(body: bytes) -> Prologue:
    """The prologue; one of ``UNREADABLE`` if it is not one."""
    return _prologues.decode(body)


def read_entry(
    sealed: Sealed,
    incident: str,
    prev: bytes,
    head: bytes,
    *,
    foreign: bool,
    header: Header | None = None,
    sealer: Sealer | None = None,
) -> Entry:
    """The entry; a redacted one has the body ``{"redacted": True}``, one that is encrypted with a key that this console
    does not hold ``{"sealed": True}``, a kind of a later version its plain name.

    Text of a ``foreign`` lane was written by a process that is not ours and is cleaned like any text
    from outside. Raises one of ``UNREADABLE`` if the payload is not an envelope.
    """
    header = header or read_header(sealed)
    if sealed.redacted:
        payload = Payload(
            header.wall, header.wall, Actor("redacted"), "console", "exact", False, 100, "RED", (), {"redacted": True}
        )
    else:
        payload = _payloads.decode(sealed.payload)
    payload = opened(header, payload, sealer)
    if foreign and (header.key or _unclean(sealed.payload)):
        payload = msgspec.convert(_cleaned(msgspec.to_builtins(payload)), Payload)
    return entry_of(header, payload, incident, prev, head)


def entry_of(header: Header, payload: Payload, incident: str, prev: bytes, head: bytes) -> Entry:
    """The entry of a header and an open payload that stand, or will stand, between these two heads."""
    return Entry(
        id=f"{header.lane}:{header.seq}",
        incident=incident,
        kind=_KINDS.get(header.kind) or cast(Kind, clean(header.kind, 64)),
        stamp=Stamp(header.wall, header.logical, header.lane, header.seq),
        occurred_at=payload.occurred_at,
        recorded_at=payload.recorded_at,
        actor=payload.actor,
        body=payload.body,
        origin=payload.origin,
        precision=payload.precision,
        inference=payload.inference,
        confidence=payload.confidence,
        visibility=clean(header.visibility, 32),
        tlp=payload.tlp,
        refs=payload.refs,
        prev=prev.hex(),
        hash=head.hex(),
    )


def _unclean(payload: bytes) -> bool:
    """Whether there may be characters to be cleaned: in JSON without escapes, non-ASCII and DEL there are none."""
    return b"\\" in payload or b"\x7f" in payload or not payload.isascii()


def sealed_segment(sealed: Sealed) -> int:
    """Which segment a ``segment.sealed`` speaks of, -1 = it does not say; it may have been carried into another."""
    try:
        number = _payloads.decode(sealed.payload).body.get("segment")
    except UNREADABLE:
        return -1
    return number if isinstance(number, int) else -1


def skips(kind: str, sealed: Sealed) -> bool:
    """Whether an entry says that numbers before it were left out, because what was damaged may hold them."""
    if kind != Kind.SEGMENT_OPENED:
        return False
    try:
        return str(_payloads.decode(sealed.payload).body.get("reason")).startswith("damage")
    except UNREADABLE:
        return False


def opened(header: Header, payload: Payload, sealer: Sealer | None) -> Payload:
    """The payload with its body in the clear, or ``{"sealed": True}`` without the key that it takes."""
    if not header.key:
        return payload
    text = payload.body.get(SEALED)
    clear = sealer.open(header.key, text) if sealer is not None and isinstance(text, str) else None
    body = {SEALED: True} if clear is None else msgspec.json.decode(clear, type=dict[str, object])
    return msgspec.structs.replace(payload, body=body)


def _cleaned(value: object) -> object:
    """The value with control characters made visible; line feeds within a text stay."""
    if isinstance(value, str):
        return "\n".join(clean(line, 1 << 20) for line in value.split("\n"))
    if isinstance(value, dict):
        return {_cleaned(key): _cleaned(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(item) for item in value]
    return value
