"""What the fold shows of entries that were redacted, before and after their bytes are gone."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.model import fold as folds
from console.model.bodies import EntryRedacted, body_from
from console.model.entry import Actor, Entry, Kind, Stamp
from console.model.fold import Behind, Fold
from console.model.incident import Incident, Status
from console.model.kept import Saved
from console.model.redacted import hidden, owned, redaction, told, why_not
from console.model.severity import Severity

SECRET = "hunter2-the-password"
LANE = "a.1.0"
STORY: tuple[tuple[Kind, dict[str, object]], ...] = (
    (Kind.INCIDENT_DECLARED, {"title": f"down {SECRET}", "severity": 2, "ic": "ana", "services": [SECRET],
                              "alerts": [{"key": "am/1", "name": SECRET, "state": "firing"}]}),
    (Kind.NOTE_ADDED, {"text": SECRET}),
    (Kind.STATUS_CHANGED, {"from": "investigating", "to": "identified", "reason": SECRET}),
    (Kind.SEVERITY_CHANGED, {"from": 2, "to": 1, "reason": SECRET}),
    (Kind.ACTION_INTENDED, {"operation_id": "op-1", "action": "x", "words": SECRET, "call": SECRET,
                            "target": SECRET, "tier": 2, "args": {"a": SECRET}}),
    (Kind.ACTION_SENT, {"operation_id": "op-1", "state": "sent", "detail": SECRET}),
    (Kind.STATUS_CHANGED, {"from": "identified", "to": "monitoring"}),
)  # fmt: skip


def entry(seq: int, kind: Kind, body: dict[str, object], lane: str = LANE, at: int = 0) -> Entry:
    at = at or 1000 * seq
    return Entry(f"{lane}:{seq}", "INC-1", kind, Stamp(at, 0, lane, seq), at, at, Actor("ana"), body)


ENTRIES = [entry(seq, kind, body) for seq, (kind, body) in enumerate(STORY, 1)]


def redacted(target: Entry, seq: int, lane: str = LANE) -> Entry:
    body = redaction(target, basis="", approver="ana", reason="leaked")
    return entry(seq, Kind.ENTRY_REDACTED, body_from(body), lane, at=1000 * (seq + 50))


def said(state: Incident) -> str:
    """All that a screen could show."""
    return repr(state) + repr(list(state.timeline))


def state_of(*batches: list[Entry]) -> Incident:
    fold = Fold("INC-1")
    for batch in batches:
        fold.apply(batch)
    return fold.state


def test_nothing_of_a_redacted_entry_is_shown_and_the_state_stays() -> None:
    before = state_of(ENTRIES)
    redactions = [redacted(e, 10 + e.stamp.seq) for e in ENTRIES]
    for state in (state_of(ENTRIES, redactions), state_of([*ENTRIES, *redactions])):
        assert SECRET not in said(state)
        assert (state.status, state.severity, state.ic) == (Status.MONITORING, Severity(1), "ana")
        assert state.operations["op-1"].state == before.operations["op-1"].state
        assert list(state.linked) == ["am/1"]
        assert state.conflicts == ()
        assert state.title == "redacted"
        texts = [row.text for row in state.timeline]
        assert texts[1] == "note added: redacted"
        assert texts.count("redacted an entry: leaked") == len(ENTRIES)


def test_a_reader_that_finds_the_bytes_gone_shows_the_same() -> None:
    redactions = [redacted(e, 10 + e.stamp.seq) for e in ENTRIES]
    gone = [hidden(e, EntryRedacted(e.id)) for e in ENTRIES]
    one, other = state_of([*gone, *redactions]), state_of(ENTRIES, redactions)
    assert (one.status, one.title, list(one.operations)) == (other.status, other.title, list(other.operations))
    assert [row.text for row in one.timeline] == [row.text for row in other.timeline]


def test_only_whoever_owns_the_lane_redacts_it() -> None:
    state = state_of(ENTRIES, [redacted(ENTRIES[1], 1, "b.2.0")])
    assert SECRET in said(state)
    assert state.conflicts == ("ana redacted an entry that is not theirs",)
    assert SECRET not in said(state_of([ENTRIES[1]], [redacted(ENTRIES[1], 1, "a.1.7")])), "another slot of the same"
    assert owned("host.1000.f0") == "host.1000"


@settings(deadline=None, max_examples=80)
@given(st.permutations(range(len(ENTRIES) + 3)), st.lists(st.integers(1, 9), max_size=6))
def test_the_order_of_arrival_does_not_matter(order: list[int], cuts: list[int]) -> None:
    everything = [*ENTRIES, *(redacted(ENTRIES[n], 20 + n) for n in (1, 3, 4))]
    arrival, batches = [everything[n] for n in order], []
    for cut in cuts:
        batches.append(arrival[:cut])
        arrival = arrival[cut:]
    state, plain = state_of(*batches, arrival), state_of(everything)
    assert (list(state.timeline), state.status, state.severity) == (list(plain.timeline), plain.status, plain.severity)
    assert state.operations == plain.operations


def test_one_that_is_held_no_more_asks_for_the_whole_journal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folds, "RECENT", 64)
    monkeypatch.setattr(folds, "EVERY", 8)
    many = [entry(seq, Kind.NOTE_ADDED, {"text": SECRET if seq == 3 else "x"}) for seq in range(1, 400)]
    fold = Fold("INC-1")
    fold.apply(many)
    late = entry(500, Kind.ENTRY_REDACTED, redacted(many[2], 500).body, at=10**6)
    with pytest.raises(Behind):
        fold.apply([late])
    assert SECRET not in said(state_of([*many, late]))


def test_a_body_that_names_nothing_redacts_nothing() -> None:
    for target in ("", ":", "a.1.0:", "a.1.0:x", "a.1.0:99999999999999999999"):
        body: dict[str, object] = {"target": target}
        assert SECRET in said(state_of(ENTRIES, [entry(9, Kind.ENTRY_REDACTED, body)]))
    assert told(entry(9, Kind.ENTRY_REDACTED, {"target": 5})) is None


def test_the_journals_own_entries_stay() -> None:
    for kind in (Kind.ENTRY_REDACTED, Kind.LANE_OPENED, Kind.ANCHOR_MADE, Kind.DUTY_TAKEN, Kind.EVIDENCE_SEALED):
        assert why_not(kind)
    for kind in (Kind.NOTE_ADDED, Kind.INCIDENT_DECLARED, Kind.ACTION_INTENDED, Kind.STEP_DONE):
        assert not why_not(kind)


def from_cache(fold: Fold) -> Fold:
    """The fold as the next console has it, by way of the bytes of a cache."""
    return Fold.restored(msgspec.msgpack.decode(msgspec.msgpack.encode(fold.save()), type=Saved))


def test_what_was_redacted_is_known_to_who_goes_on_from_a_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lane of the same user that was read late, whose clock ran behind the redaction's."""
    monkeypatch.setattr(folds, "MARGIN", 8)
    late = entry(900, Kind.NOTE_ADDED, {"text": SECRET}, "a.1.3", at=900_500)
    fold = Fold("INC-1")
    fold.apply([redacted(late, 1)])
    fold.apply([entry(seq, Kind.NOTE_ADDED, {"text": f"n{seq}"}) for seq in range(60, 900)])
    again = from_cache(fold)
    for one in (fold, again):
        one.apply([late])
        assert SECRET not in said(one.state)
    assert again.state == fold.state


def test_a_redaction_of_what_the_cache_has_long_let_go_does_not_have_everything_folded_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(folds, "MARGIN", 8)
    many = [entry(seq, Kind.NOTE_ADDED, {"text": f"n{seq}"}) for seq in range(1, 300)]
    fold = Fold("INC-1")
    fold.apply(many)
    fold.apply([entry(400, Kind.ENTRY_REDACTED, redacted(many[2], 400).body)])
    assert fold.save().floor is not None
    assert from_cache(fold).state == fold.state
