"""Evidence in the timeline: a line a piece; its hashes are silent until one is another than before."""

from __future__ import annotations

from console.model.entry import Kind
from console.model.evidence import ItemState
from console.model.incident import Mark
from tests.unit.model.test_fold import Scribe

SHA, OTHER = "a" * 64, "b" * 64


def filed(write: Scribe) -> None:
    write(Kind.EVIDENCE_COLLECTED, item="E-0001", title="output of step 3", command=["df", "-h"], blobs=[SHA])
    write(Kind.EVIDENCE_HASHED, item="E-0001", digest=SHA, size=4)


def test_a_piece_is_one_line_and_one_item() -> None:
    write = Scribe()
    filed(write)
    write(Kind.EVIDENCE_VERIFIED, item="E-0001", digest=SHA, by="ben")
    [row] = write.state.timeline
    assert (row.text, row.result, row.who) == ("filed E-0001: output of step 3", "evidence", "ana")
    assert "command: df -h" in row.detail
    item = write.state.evidence.items["E-0001"]
    assert (item.key, item.state, item.digest, len(item.chain)) == ("E-0001", ItemState.HASHED, SHA, 3)


def test_another_hash_is_a_line_of_its_own() -> None:
    write = Scribe()
    filed(write)
    write(Kind.EVIDENCE_VERIFIED, item="E-0001", digest=OTHER, by="ben")
    *_, row = write.state.timeline
    assert (row.mark, row.result) == (Mark.CONFLICT, "tainted")
    assert write.state.evidence.tainted == ("E-0001",)


def test_what_cannot_be_read_is_a_plain_line_and_a_flaw() -> None:
    write = Scribe()
    write(Kind.EVIDENCE_COLLECTED, item=7)
    assert len(write.state.timeline) == 1
    assert [str(flaw.code) for flaw in write.state.evidence.flaws] == ["unreadable"]
