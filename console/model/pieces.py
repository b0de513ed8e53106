"""What the entries of evidence do to the timeline: one line a piece, and one for each reading that went wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from console.model.entry import ActorType, Entry, Kind
from console.model.evidence import EvidenceCollected, EvidenceHashed, EvidenceVerified
from console.model.incident import Mark, Tone
from console.model.wording import bare, more, one_line

if TYPE_CHECKING:
    from console.model.folding import Folding


def collected(fold: Folding, entry: Entry, body: EvidenceCollected) -> None:
    """A piece was filed; what stands in it is in the detail."""
    row = bare(entry, Mark.PERSON if entry.actor.type is ActorType.HUMAN else Mark.ACTION)
    detail = more(
        row,
        f"command: {one_line(' '.join(body.command), 1000)}" if body.command else "",
        f"from {one_line(f'{body.source_system} {body.source_identifier}'.strip())}",
        *(f"sha256 {digest}" for digest in body.blobs),
        f"note: {one_line(body.notes, 1000)}" if body.notes else "",
    )
    text = one_line(f"filed {body.item}: {body.title}" if body.title else f"filed {body.item}")
    fold.add(replace(row, text=text, result="evidence", detail=detail))


def looked_at(fold: Folding, entry: Entry, body: EvidenceHashed | EvidenceVerified) -> None:
    """Hashes are told by the custody of the item; a line has only one that is not what it was."""
    known = fold.evidence.items.get(body.item)
    if known is None or known.digest == body.digest:
        return
    row = bare(entry, Mark.CONFLICT)
    text = f"{body.item} is not what was collected: its SHA-256 is another"
    detail = more(row, f"sha256 {body.digest}", f"before {known.digest}")
    fold.add(replace(row, text=text, result="tainted", tone=Tone.BAD, detail=detail))


SERVE: dict[Kind, Callable[[Folding, Entry, Any], None]] = {
    Kind.EVIDENCE_COLLECTED: collected,
    Kind.EVIDENCE_HASHED: looked_at,
    Kind.EVIDENCE_VERIFIED: looked_at,
}
