"""Evidence: the item, its chain of custody, and the bodies of the entries from which both are folded.

The fold is in ``console/model/custody.py``. What an entry says happened is taken as having happened; what should not
have is named as a ``Flaw`` beside it, never left out.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from console.clock import Millis

Digest = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
"""SHA-256 in lower-case hex."""
MaybeDigest = Annotated[str, Meta(pattern="^(?:[0-9a-f]{64})?$")]
ItemId = Annotated[str, Meta(min_length=1, max_length=128)]
At = Annotated[Millis, Meta(ge=0, lt=253_402_300_800_000)]
"""0 = when the entry says that it happened."""


class ItemState(StrEnum):
    """Where an item stands: planned → collected → hashed → sealed ⇄ in analysis, then released or disposed of."""

    PLANNED = "planned"
    COLLECTED = "collected"
    HASHED = "hashed"
    SEALED = "sealed"
    IN_ANALYSIS = "in_analysis"
    RELEASED = "released"
    DISPOSED = "disposed"


class ItemType(StrEnum):
    """What kind of thing it is."""

    MEMORY = "memory"
    DISK = "disk"
    SNAPSHOT = "snapshot"
    LOG = "log"
    PCAP = "pcap"
    CONFIG = "config"
    IMAGE = "image"
    MAIL = "mail"
    SCREENSHOT = "screenshot"
    STATEMENT = "statement"
    OTHER = "other"


class Purpose(StrEnum):
    """Why an item changes hands."""

    CUSTODY = "custody"
    ANALYSIS = "analysis"
    """The seal is opened; a fresh one ends the analysis."""
    RELEASE = "release"
    """It leaves for its owner, a court or an authority."""


class FlawCode(StrEnum):
    """What can be wrong with a chain of custody."""

    UNREADABLE = "unreadable"
    """The entry's body is not of its kind's shape, was redacted, or is encrypted."""
    ORDER = "order"
    """The state that it stands in does not allow this."""
    BROKEN = "broken"
    """Released by another than had received it."""
    OVERLAP = "overlap"
    """Begins before what came before it had ended."""
    GAP = "gap"
    """In nobody's hands between release and receipt."""
    MISMATCH = "mismatch"
    """Another hash than before: the item is tainted."""
    UNHASHED = "unhashed"
    """A hash was compared where none had been taken."""
    UNAPPROVED = "unapproved"
    """Disposed of with nobody's approval, or with that of who did it."""
    HELD = "held"
    """Disposed of or released while under a legal hold."""


class Flaw(Struct, frozen=True):
    """Something that an examiner will ask about."""

    code: FlawCode
    item: str
    """``""`` = it cannot be told of which."""
    entry: str
    text: str


class Custody(Struct, frozen=True):
    """One line of an item's chain of custody."""

    seq: int
    """From 1 within the item."""
    entry: str
    hash: str
    """Head of the chain behind the journal's entry."""
    kind: str
    at: Millis
    until: Millis
    """When it was received; ``at`` for everything but a transfer."""
    released_by: str
    received_by: str
    by: str = ""
    """Who hashed, verified, sealed or disposed of it."""
    purpose: str = ""
    from_location: str = ""
    to_location: str = ""
    seal: str = ""
    digest: str = ""
    """The hash that was taken then."""
    verified: bool | None = None
    """Whether it was the item's; ``None`` = none was taken, or none was known."""
    attestation: str = ""
    witness: str = ""


class EvidenceItem(Struct, frozen=True):
    """One piece of evidence as far as the journal knows it."""

    id: str
    state: ItemState = ItemState.PLANNED
    title: str = ""
    type: ItemType = ItemType.OTHER
    source_system: str = ""
    source_identifier: str = ""
    location: str = ""
    collected_by: str = ""
    collected_at: Millis = 0
    tool: str = ""
    command: tuple[str, ...] = ()
    method: str = ""
    volatility_rank: int = 0
    size: int | None = None
    digest: str = ""
    digests: dict[str, str] = {}
    hashed_at: Millis = 0
    clock_offset_ms: int | None = None
    storage_uri: str = ""
    storage_class: str = ""
    encryption: str = ""
    classification: str = ""
    tlp: str = ""
    privilege: str = ""
    legal_hold: str = ""
    """Why it must be kept, ``""`` = it need not."""
    retention_until: Millis = 0
    notes: str = ""
    related: tuple[str, ...] = ()
    blobs: tuple[str, ...] = ()
    """What of it is kept beside the journal."""
    holder: str = ""
    tainted: bool = False
    chain: tuple[Custody, ...] = ()
    flaws: tuple[Flaw, ...] = ()

    @property
    def key(self) -> str:
        return self.id


class EvidencePlanned(Struct, frozen=True):
    """``evidence.planned``: to be collected, the most volatile (rank 1) first."""

    item: ItemId
    title: str = ""
    type: ItemType = ItemType.OTHER
    source_system: str = ""
    source_identifier: str = ""
    location: str = ""
    method: str = ""
    volatility_rank: Annotated[int, Meta(ge=0, le=7)] = 0


class EvidenceCollected(Struct, frozen=True):
    """``evidence.collected``; a command that the console ran stands here with all that would let it be run again."""

    item: ItemId
    title: str = ""
    type: ItemType = ItemType.OTHER
    source_system: str = ""
    source_identifier: str = ""
    """Serial number, volume id, pod uid or URL."""
    location: str = ""
    collected_by: str = ""
    """``""`` = the entry's actor."""
    collected_at: At = 0
    began_at: At = 0
    """When the command began whose output it is."""
    tool: str = ""
    """With its version."""
    command: tuple[str, ...] = ()
    cwd: str = ""
    environment: dict[str, str] = {}
    """An allow-list of the command's, never all."""
    exit: int | None = None
    outputs: dict[str, Digest] = {}
    """``stdout`` and ``stderr`` by their SHA-256."""
    method: str = ""
    """``live``, ``dead``, ``api`` or ``export``."""
    volatility_rank: Annotated[int, Meta(ge=0, le=7)] = 0
    size: Annotated[int, Meta(ge=0)] | None = None
    clock_offset_ms: int | None = None
    """The source's clock minus UTC."""
    storage_uri: str = ""
    storage_class: str = ""
    encryption: str = ""
    classification: str = ""
    tlp: str = ""
    privilege: str = ""
    retention_until: At = 0
    notes: str = ""
    """Also what may have contaminated it."""
    related: tuple[str, ...] = ()
    witness: str = ""
    blobs: tuple[Digest, ...] = ()


class EvidenceHashed(Struct, frozen=True):
    """``evidence.hashed``: the SHA-256 that holds from here on."""

    item: ItemId
    digest: Digest
    digests: dict[str, str] = {}
    """By further algorithms."""
    size: Annotated[int, Meta(ge=0)] | None = None
    by: str = ""
    at: At = 0
    witness: str = ""
    blobs: tuple[Digest, ...] = ()


class EvidenceTransferred(Struct, frozen=True):
    """``evidence.transferred``: from hand to hand."""

    item: ItemId
    released_by: str
    received_by: str
    released_at: At = 0
    received_at: At = 0
    """0 = when it was released."""
    purpose: Purpose = Purpose.CUSTODY
    from_location: str = ""
    to_location: str = ""
    seal: str = ""
    """Its condition, and the number of its seal."""
    digest: MaybeDigest = ""
    """As the receiver found it, ``""`` = not looked at."""
    attestation: str = ""
    witness: str = ""
    blobs: tuple[Digest, ...] = ()


class EvidenceVerified(Struct, frozen=True):
    """``evidence.verified``: its content was read again."""

    item: ItemId
    digest: Digest
    by: str = ""
    at: At = 0
    seal: str = ""
    witness: str = ""
    blobs: tuple[Digest, ...] = ()


class EvidenceSealed(Struct, frozen=True):
    """``evidence.sealed``: nobody works on it from here on."""

    item: ItemId
    seal: str = ""
    by: str = ""
    at: At = 0
    digest: MaybeDigest = ""
    location: str = ""
    storage_uri: str = ""
    storage_class: str = ""
    witness: str = ""
    blobs: tuple[Digest, ...] = ()


class EvidenceDisposed(Struct, frozen=True):
    """``evidence.disposed``: it is no more."""

    item: ItemId
    approver: str = ""
    by: str = ""
    at: At = 0
    how: str = ""
    reason: str = ""
    witness: str = ""
    blobs: tuple[Digest, ...] = ()


class LegalHoldSet(Struct, frozen=True):
    """``legal_hold.set``: items that must be kept, or need no longer be."""

    items: tuple[ItemId, ...] = ()
    """None = everything of the incident, also what is collected later."""
    on: bool = True
    reason: str = ""
