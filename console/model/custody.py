"""The fold of evidence: entries in merged order become items, their chains of custody, and what is wrong there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from console.clock import Millis
from console.model.entry import Entry, Kind
from console.model.evidence import (
    Custody,
    EvidenceCollected,
    EvidenceDisposed,
    EvidenceHashed,
    EvidenceItem,
    EvidencePlanned,
    EvidenceSealed,
    EvidenceTransferred,
    EvidenceVerified,
    Flaw,
    FlawCode,
    ItemState,
    LegalHoldSet,
    Purpose,
)


class Evidence(Struct, frozen=True):
    """The evidence of an incident."""

    items: dict[str, EvidenceItem] = {}
    """By id, in the order in which they were first spoken of."""
    flaws: tuple[Flaw, ...] = ()
    """All, in merged order; those of an item stand with it too."""
    hold: str = ""
    """Why everything of the incident must be kept, ``""`` = it need not."""

    @property
    def tainted(self) -> tuple[str, ...]:
        """Items whose content is not what was collected."""
        return tuple(item.id for item in self.items.values() if item.tainted)


def fold(entries: Iterable[Entry]) -> Evidence:
    """The evidence that entries in merged order speak of."""
    evidence = Evidence()
    for entry in entries:
        evidence = step(evidence, entry)
    return evidence


def step(evidence: Evidence, entry: Entry) -> Evidence:
    """What stands behind one more entry; pure, and never raises for what stands in it."""
    serve = _SERVE.get(entry.kind)
    if serve is None:
        return evidence
    shape, work = serve
    try:
        body = msgspec.convert(entry.body, shape)
    except (msgspec.MsgspecError, RecursionError, OverflowError):
        return _unreadable(evidence, entry)
    if isinstance(body, LegalHoldSet):
        return _hold(evidence, entry, body)
    known = evidence.items.get(body.item)
    turn = Turn(known or EvidenceItem(body.item), entry, evidence.hold, known is not None)
    work(turn, body)
    item = replace(turn.item, flaws=(*turn.item.flaws, *turn.flaws))
    return replace(evidence, items={**evidence.items, item.id: item}, flaws=(*evidence.flaws, *turn.flaws))


def _unreadable(evidence: Evidence, entry: Entry) -> Evidence:
    named = entry.body.get("item")
    item = evidence.items.get(named) if isinstance(named, str) else None
    why = "was redacted" if entry.body.get("redacted") is True else "cannot be read"
    flaw = Flaw(FlawCode.UNREADABLE, item.id if item else "", entry.id, f"the entry {entry.kind} {why}")
    items = evidence.items
    if item is not None:
        items = {**items, item.id: replace(item, flaws=(*item.flaws, flaw))}
    return replace(evidence, items=items, flaws=(*evidence.flaws, flaw))


def _hold(evidence: Evidence, entry: Entry, body: LegalHoldSet) -> Evidence:
    why = (body.reason or f"legal hold set by {entry.actor.id}") if body.on else ""
    if not body.items:
        return replace(evidence, hold=why)
    items = dict(evidence.items)
    for key in body.items:
        items[key] = replace(items.get(key, EvidenceItem(key)), legal_hold=why)
    return replace(evidence, items=items)


_Seen = EvidenceHashed | EvidenceVerified | EvidenceSealed


class Turn:
    """One entry at work on one item."""

    def __init__(self, item: EvidenceItem, entry: Entry, hold: str, known: bool) -> None:
        self.item = item
        self.entry = entry
        self.held = item.legal_hold or hold
        self.known = known
        self.flaws: list[Flaw] = []

    def flaw(self, code: FlawCode, text: str) -> None:
        self.flaws.append(Flaw(code, self.item.id, self.entry.id, text))

    def move(self, after: ItemState, *before: ItemState) -> None:
        """Into another state; out of one that does not allow it, with a flaw."""
        if self.item.state not in before:
            words = str(self.entry.kind).partition(".")[2]
            self.flaw(FlawCode.ORDER, f"{words} while it was {self.item.state.replace('_', ' ')}")
        self.item = replace(self.item, state=after)

    def hashed(self, digest: str) -> bool | None:
        """Compare a hash with the one that holds."""
        if not digest:
            return None
        if not self.item.digest:
            self.flaw(FlawCode.UNHASHED, "its hash was compared before one had been taken")
            return None
        if digest == self.item.digest:
            return True
        self.flaw(FlawCode.MISMATCH, f"its SHA-256 was {digest[:16]}…, and {self.item.digest[:16]}… before")
        self.item = replace(self.item, tainted=True)
        return False

    def add(self, at: Millis, until: Millis, released_by: str, received_by: str, **more: Any) -> None:
        """One more line of the chain, looked at beside the one before."""
        chain, holder = self.item.chain, self.item.holder
        if holder and released_by != holder:
            self.flaw(FlawCode.BROKEN, f"released by {released_by or 'nobody'}, last received by {holder}")
        if until < at:
            self.flaw(FlawCode.OVERLAP, f"received {_span(at - until)} before it was released")
        elif until > at:
            self.flaw(FlawCode.GAP, f"in nobody's hands for {_span(until - at)}")
        if chain and at < chain[-1].until:
            self.flaw(FlawCode.OVERLAP, f"begins {_span(chain[-1].until - at)} before entry {chain[-1].entry} ends")
        line = Custody(
            seq=len(chain) + 1,
            entry=self.entry.id,
            hash=self.entry.hash,
            kind=str(self.entry.kind),
            at=at,
            until=until,
            released_by=released_by,
            received_by=received_by,
            **more,
        )
        self.item = replace(self.item, chain=(*chain, line), holder=received_by)

    def seen(self, body: _Seen, verified: bool | None, **more: Any) -> None:
        """A line of who had it in hand without its changing hands."""
        at, who = body.at or self.entry.occurred_at, body.by or self.entry.actor.id
        kept = self.item.holder or who
        self.add(at, at, kept, kept, by=who, digest=body.digest, verified=verified, witness=body.witness, **more)
        self.keep(body.blobs)

    def keep(self, blobs: tuple[str, ...]) -> None:
        self.item = replace(self.item, blobs=tuple(dict.fromkeys((*self.item.blobs, *blobs))))


def _planned(turn: Turn, body: EvidencePlanned) -> None:
    if turn.known and turn.item.state is not ItemState.PLANNED:
        turn.flaw(FlawCode.ORDER, f"planned while it was {turn.item.state.replace('_', ' ')}")
        return
    turn.item = replace(
        turn.item,
        title=body.title,
        type=body.type,
        source_system=body.source_system,
        source_identifier=body.source_identifier,
        location=body.location,
        method=body.method,
        volatility_rank=body.volatility_rank,
    )


_DESCRIBED = (
    "title", "type", "source_system", "source_identifier", "location", "tool", "command", "method", "volatility_rank",
    "size", "clock_offset_ms", "storage_uri", "storage_class", "encryption", "classification", "tlp", "privilege",
    "retention_until", "notes", "related",
)  # fmt: skip
"""Fields that an item has from the entry that collected it; what that leaves empty stays as it was planned."""


_UNSAID = {field.name: field.default for field in msgspec.structs.fields(EvidenceItem) if field.name in _DESCRIBED}


def _collected(turn: Turn, body: EvidenceCollected) -> None:
    at = body.collected_at or turn.entry.occurred_at
    who = body.collected_by or turn.entry.actor.id
    if turn.item.state is not ItemState.PLANNED:
        turn.flaw(FlawCode.ORDER, f"collected again while it was {turn.item.state.replace('_', ' ')}")
        turn.add(at, at, turn.item.holder, who, witness=body.witness)
        turn.keep(body.blobs)
        return
    said = {name: getattr(body, name) for name in _DESCRIBED}
    given = {name: value for name, value in said.items() if value != _UNSAID[name]}
    turn.item = replace(turn.item, **given, state=ItemState.COLLECTED, collected_by=who, collected_at=at)
    turn.add(at, at, "", who, from_location=body.location, to_location=body.storage_uri, witness=body.witness)
    turn.keep(body.blobs)


def _hashed(turn: Turn, body: EvidenceHashed) -> None:
    verified = turn.hashed(body.digest) if turn.item.digest else None
    first = not turn.item.digest
    if first:
        turn.move(ItemState.HASHED, ItemState.COLLECTED)
        at = body.at or turn.entry.occurred_at
        turn.item = replace(turn.item, digest=body.digest, digests=body.digests, hashed_at=at)
        turn.item = replace(turn.item, size=turn.item.size if body.size is None else body.size)
    elif turn.item.state in _GONE:
        turn.flaw(FlawCode.ORDER, f"hashed while it was {turn.item.state}")
    turn.seen(body, verified)


_GONE = (ItemState.RELEASED, ItemState.DISPOSED)
_IN_HAND = (ItemState.COLLECTED, ItemState.HASHED, ItemState.SEALED, ItemState.IN_ANALYSIS)


def _transferred(turn: Turn, body: EvidenceTransferred) -> None:
    state = turn.item.state
    if body.purpose is Purpose.ANALYSIS:
        turn.move(ItemState.IN_ANALYSIS, ItemState.SEALED)
    elif body.purpose is Purpose.RELEASE:
        if turn.held:
            turn.flaw(FlawCode.HELD, f"released under a legal hold: {turn.held}")
        turn.move(ItemState.RELEASED, ItemState.SEALED)
    else:
        turn.move(state, *_IN_HAND)
    at = body.released_at or turn.entry.occurred_at
    turn.add(
        at,
        body.received_at or at,
        body.released_by,
        body.received_by,
        purpose=str(body.purpose),
        from_location=body.from_location,
        to_location=body.to_location,
        seal=body.seal,
        digest=body.digest,
        verified=turn.hashed(body.digest),
        attestation=body.attestation,
        witness=body.witness,
    )
    turn.keep(body.blobs)


def _verified(turn: Turn, body: EvidenceVerified) -> None:
    turn.move(turn.item.state, *_IN_HAND, ItemState.RELEASED)
    turn.seen(body, turn.hashed(body.digest), seal=body.seal)


def _sealed(turn: Turn, body: EvidenceSealed) -> None:
    turn.move(ItemState.SEALED, ItemState.HASHED, ItemState.IN_ANALYSIS)
    turn.seen(body, turn.hashed(body.digest), seal=body.seal, to_location=body.location)
    turn.item = replace(
        turn.item,
        location=body.location or turn.item.location,
        storage_uri=body.storage_uri or turn.item.storage_uri,
        storage_class=body.storage_class or turn.item.storage_class,
    )


def _disposed(turn: Turn, body: EvidenceDisposed) -> None:
    at, who = body.at or turn.entry.occurred_at, body.by or turn.entry.actor.id
    if not body.approver:
        turn.flaw(FlawCode.UNAPPROVED, "disposed of with nobody's approval")
    elif body.approver == who:
        turn.flaw(FlawCode.UNAPPROVED, f"disposed of by {who}, who approved it too")
    if turn.held:
        turn.flaw(FlawCode.HELD, f"disposed of under a legal hold: {turn.held}")
    turn.move(ItemState.DISPOSED, ItemState.SEALED)
    turn.add(
        at, at, turn.item.holder or who, "", by=who, purpose=body.how, attestation=body.reason, witness=body.witness
    )
    turn.keep(body.blobs)


def _span(ms: int) -> str:
    """``3 h 20 min``, ``45 s``, ``20 ms``."""
    seconds, rest = divmod(ms, 1000)
    if seconds < 1:
        return f"{rest} ms"
    if seconds < 120:
        return f"{seconds} s"
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


_SERVE: dict[Kind, tuple[type[Any], Callable[[Turn, Any], None]]] = {
    Kind.EVIDENCE_PLANNED: (EvidencePlanned, _planned),
    Kind.EVIDENCE_COLLECTED: (EvidenceCollected, _collected),
    Kind.EVIDENCE_HASHED: (EvidenceHashed, _hashed),
    Kind.EVIDENCE_TRANSFERRED: (EvidenceTransferred, _transferred),
    Kind.EVIDENCE_VERIFIED: (EvidenceVerified, _verified),
    Kind.EVIDENCE_SEALED: (EvidenceSealed, _sealed),
    Kind.EVIDENCE_DISPOSED: (EvidenceDisposed, _disposed),
    Kind.LEGAL_HOLD_SET: (LegalHoldSet, lambda turn, body: None),
}
