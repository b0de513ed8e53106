"""Evidence: whatever stands in the journal folds, a sound life has no flaw, and every flaw is told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.model.custody import Evidence, fold, step
from console.model.entry import Actor, Entry, Kind, Stamp
from console.model.evidence import EvidenceItem, FlawCode, ItemState

NOON = 1_795_000_000_000
SHA, OTHER = "a" * 64, "b" * 64


def entry(number: int, kind: Kind, body: dict[str, object], who: str = "ana") -> Entry:
    at = NOON + number * 1000
    return Entry(
        f"b.0.0:{number}", "INC-0001", kind, Stamp(at, 0, "b.0.0", number), at, at, Actor(who), body, hash=f"{number:x}"
    )


def told(*said: tuple[Kind, dict[str, object]]) -> Evidence:
    return fold(entry(number, kind, {"item": "E1", **body}) for number, (kind, body) in enumerate(said, 1))


def codes(evidence: Evidence) -> list[str]:
    return [str(flaw.code) for flaw in evidence.flaws]


COLLECTED = (Kind.EVIDENCE_COLLECTED, {"title": "heap", "type": "memory", "clock_offset_ms": 0})
HASHED = (Kind.EVIDENCE_HASHED, {"digest": SHA, "size": 4, "blobs": [SHA]})
SEALED = (Kind.EVIDENCE_SEALED, {"seal": "S-1", "digest": SHA})
DISPOSED = (Kind.EVIDENCE_DISPOSED, {"approver": "lea", "how": "shredded"})


def given_to(who: str, by: str = "ana", **more: Any) -> tuple[Kind, dict[str, object]]:
    return Kind.EVIDENCE_TRANSFERRED, {"released_by": by, "received_by": who, **more}


def test_a_whole_life_without_a_flaw() -> None:
    planned = (Kind.EVIDENCE_PLANNED, {"title": "heap of orders-7", "volatility_rank": 1})
    evidence = told(
        planned, COLLECTED, HASHED, SEALED, given_to("ben", purpose="analysis", digest=SHA),
        (Kind.EVIDENCE_VERIFIED, {"digest": SHA, "by": "ben"}), (Kind.EVIDENCE_SEALED, {"seal": "S-2"}), DISPOSED,
    )  # fmt: skip
    item = evidence.items["E1"]
    assert evidence.flaws == item.flaws == ()
    assert (item.state, item.holder, item.title, item.volatility_rank) == (ItemState.DISPOSED, "", "heap", 1)
    assert (item.clock_offset_ms, item.size, item.digest, item.blobs) == (0, 4, SHA, (SHA,))
    assert [line.seq for line in item.chain] == [1, 2, 3, 4, 5, 6, 7]
    assert [line.received_by for line in item.chain] == ["ana", "ana", "ana", "ben", "ben", "ben", ""]
    assert [line.verified for line in item.chain] == [None, None, True, True, True, None, None]
    assert item.chain[3].hash == "5"
    assert item.chain[4].by == "ben"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ((COLLECTED, HASHED, SEALED, given_to("ben", "eve")), "broken"),
        ((COLLECTED, HASHED, given_to("ben", released_at=NOON, received_at=NOON)), "overlap"),
        ((COLLECTED, given_to("ben", released_at=NOON + 9000, received_at=NOON + 8000)), "overlap"),
        ((COLLECTED, given_to("ben", released_at=NOON + 9000, received_at=NOON + 9500)), "gap"),
        ((COLLECTED, HASHED, (Kind.EVIDENCE_VERIFIED, {"digest": OTHER})), "mismatch"),
        ((COLLECTED, HASHED, (Kind.EVIDENCE_SEALED, {"digest": OTHER})), "mismatch"),
        ((COLLECTED, HASHED, given_to("ben", digest=OTHER)), "mismatch"),
        ((COLLECTED, HASHED, (Kind.EVIDENCE_HASHED, {"digest": OTHER})), "mismatch"),
        ((COLLECTED, (Kind.EVIDENCE_VERIFIED, {"digest": SHA})), "unhashed"),
        ((COLLECTED, SEALED), "order"),
        ((HASHED,), "order"),
        ((COLLECTED, COLLECTED), "order"),
        ((COLLECTED, HASHED, SEALED, DISPOSED, given_to("ben", "")), "order"),
        ((COLLECTED, HASHED, given_to("ben", purpose="release")), "order"),
        ((COLLECTED, HASHED, SEALED, (Kind.EVIDENCE_DISPOSED, {})), "unapproved"),
        ((COLLECTED, HASHED, SEALED, (Kind.EVIDENCE_DISPOSED, {"approver": "ana"})), "unapproved"),
        ((COLLECTED, HASHED, SEALED, (Kind.LEGAL_HOLD_SET, {"reason": "case 7"}), DISPOSED), "held"),
        (((Kind.LEGAL_HOLD_SET, {"items": ["E1"]}), COLLECTED, HASHED, SEALED, DISPOSED), "held"),
        ((COLLECTED, HASHED, SEALED, (Kind.LEGAL_HOLD_SET, {}), given_to("court", purpose="release")), "held"),
        ((COLLECTED, (Kind.EVIDENCE_HASHED, {"digest": "md5:1"})), "unreadable"),
        ((COLLECTED, (Kind.EVIDENCE_HASHED, {"redacted": True})), "unreadable"),
    ],
)  # fmt: skip
def test_what_should_not_have_happened_is_told_with_its_entry(
    said: Sequence[tuple[Kind, dict[str, object]]], code: str
) -> None:
    evidence = told(*said)
    assert code in codes(evidence)
    assert evidence.items["E1"].flaws == evidence.flaws
    assert evidence.items["E1"].tainted == (code == "mismatch")
    assert evidence.tainted == (("E1",) if code == "mismatch" else ())
    assert all(flaw.entry.startswith("b.0.0:") and flaw.text for flaw in evidence.flaws)


def test_what_happened_against_the_rules_still_happened() -> None:
    item = told(COLLECTED, (Kind.LEGAL_HOLD_SET, {}), (Kind.EVIDENCE_DISPOSED, {})).items["E1"]
    assert item.state is ItemState.DISPOSED
    assert sorted({str(flaw.code) for flaw in item.flaws}) == ["held", "order", "unapproved"]


def test_a_hold_that_was_lifted_holds_nothing() -> None:
    lifted = (Kind.LEGAL_HOLD_SET, {"on": False, "reason": "case closed"})
    assert not told(COLLECTED, HASHED, SEALED, (Kind.LEGAL_HOLD_SET, {"reason": "x"}), lifted, DISPOSED).flaws


STEPS = st.sampled_from(["transfer", "analyse", "verify", "seal", "rehash"])


@given(st.lists(st.tuples(STEPS, st.sampled_from(["ana", "ben", "lea"]), st.integers(0, 5_000)), max_size=25))
@settings(deadline=None)
def test_no_sound_life_has_a_flaw(steps: list[tuple[str, str, int]]) -> None:
    said, state, holder, now = [COLLECTED, HASHED, SEALED], "sealed", "ana", NOON + 100_000
    for what, who, later in steps:
        now += later
        if what == "transfer" or (what == "analyse" and state == "sealed"):
            purpose = "analysis" if what == "analyse" else "custody"
            said.append(given_to(who, holder, purpose=purpose, released_at=now, received_at=now, digest=SHA))
            holder, state = who, "open" if what == "analyse" else state
        elif what in ("verify", "rehash"):
            kind = Kind.EVIDENCE_VERIFIED if what == "verify" else Kind.EVIDENCE_HASHED
            said.append((kind, {"digest": SHA, "by": who, "at": now}))
        elif what == "seal" and state == "open":
            said.append((Kind.EVIDENCE_SEALED, {"by": who, "at": now}))
            state = "sealed"
    item = told(*said).items["E1"]
    assert item.flaws == ()
    assert (item.holder, len(item.chain)) == (holder, len(said))
    for one, two in zip(item.chain, item.chain[1:], strict=False):
        assert one.received_by == two.released_by
        assert one.until <= two.at


KINDS = [kind for kind in Kind if kind.startswith(("evidence.", "legal_hold."))]
NAMES = st.sampled_from(["E1", "E2", ""])
PEOPLE = st.sampled_from(["ana", "ben", ""])
TIMES = st.integers(0, 9).map(lambda n: NOON + n * 500)
BODIES = st.one_of(
    st.fixed_dictionaries(
        {"item": NAMES},
        optional={
            "digest": st.sampled_from([SHA, OTHER, "", "zz"]),
            "released_by": PEOPLE, "received_by": PEOPLE, "by": PEOPLE, "approver": PEOPLE,
            "released_at": TIMES, "received_at": TIMES, "at": TIMES,
            "purpose": st.sampled_from(["custody", "analysis", "release", "fun"]),
            "items": st.lists(NAMES), "on": st.booleans(),
        },
    ),
    st.dictionaries(st.text(max_size=8), st.recursive(st.none() | st.integers() | st.text(), st.lists, max_leaves=4)),
)  # fmt: skip
ENTRIES = st.lists(st.tuples(st.sampled_from(KINDS), BODIES), max_size=20)


@given(ENTRIES)
@settings(deadline=None)
def test_whatever_stands_in_the_journal_folds_and_breaches_are_told(said: list[tuple[Kind, dict[str, object]]]) -> None:
    entries = [entry(number, kind, body) for number, (kind, body) in enumerate(said, 1)]
    evidence = fold(entries)
    assert msgspec.json.decode(msgspec.json.encode(evidence), type=Evidence) == evidence
    for item in evidence.items.values():
        assert [line.seq for line in item.chain] == list(range(1, len(item.chain) + 1))
        flawed = {(flaw.code, flaw.entry) for flaw in item.flaws}
        assert all(flaw in evidence.flaws for flaw in item.flaws)
        held = ""
        for before, line in zip((None, *item.chain), item.chain, strict=False):
            if held and line.released_by != held:
                assert (FlawCode.BROKEN, line.entry) in flawed
            if line.until > line.at:
                assert (FlawCode.GAP, line.entry) in flawed
            if line.until < line.at or (before is not None and line.at < before.until):
                assert (FlawCode.OVERLAP, line.entry) in flawed
            if line.verified is False:
                assert item.tainted
            held = line.received_by
        if item.state is ItemState.DISPOSED and evidence.hold and item.chain[-1].kind == Kind.EVIDENCE_DISPOSED:
            last = next(e for e in entries if e.id == item.chain[-1].entry)
            assert last.body.get("approver") or (FlawCode.UNAPPROVED, last.id) in flawed


@given(ENTRIES, ENTRIES)
@settings(deadline=None)
def test_items_do_not_touch_each_other_and_the_fold_goes_on_from_anywhere(
    one: list[tuple[Kind, dict[str, object]]], two: list[tuple[Kind, dict[str, object]]]
) -> None:
    def of(item: str, said: list[tuple[Kind, dict[str, object]]], start: int) -> list[Entry]:
        kept = [(k, {**body, "item": item}) for k, body in said if k is not Kind.LEGAL_HOLD_SET]
        return [entry(number, k, body) for number, (k, body) in enumerate(kept, start)]

    ours, theirs = of("E1", one, 1), of("E2", two, 100)
    mixed = fold([*ours[:3], *theirs, *ours[3:]])
    assert mixed.items.get("E1") == fold(ours).items.get("E1")
    state = Evidence()
    for item in ours:
        frozen = msgspec.json.encode(state)
        after = step(state, item)
        assert msgspec.json.encode(state) == frozen
        state = after
    assert state == fold(ours)


def test_what_is_not_evidence_changes_nothing() -> None:
    empty = Evidence()
    assert step(empty, entry(1, Kind.NOTE_ADDED, {"text": "x"})) is empty
    assert EvidenceItem("E1").state is ItemState.PLANNED
