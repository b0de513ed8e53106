"""A fold that was saved goes on as one that never was; what is held of a long journal is bounded."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.model import fold as folds
from console.model.entry import Actor, Entry, Kind, Stamp
from console.model.fold import Behind, Fold
from console.model.folding import Folding
from console.model.kept import Kept, Saved, folding_of, keep

INC = "INC-0001"
NOON = 1_795_000_000_000
KINDS: tuple[tuple[Kind, dict[str, object]], ...] = (
    (Kind.INCIDENT_DECLARED, {"title": "checkout down", "severity": 2, "services": ["checkout"], "ic": "mira"}),
    (Kind.NOTE_ADDED, {"text": "looking"}),
    (Kind.STATUS_CHANGED, {"from": "investigating", "to": "identified", "reason": ""}),
    (Kind.ALERT_LINKED, {"alerts": [{"key": "k", "name": "Down", "service": "s", "state": "firing"}], "group": "g"}),
    (Kind.ALERT_ACKED, {"keys": ["k"], "note": "", "group": "g"}),
    (
        Kind.ACTION_INTENDED,
        {
            "operation_id": "op-1",
            "action": "alert.silence",
            "words": "silence",
            "call": "POST",
            "target": "am",
            "tier": 2,
        },
    ),
    (Kind.ACTION_SENDING, {"operation_id": "op-1"}),
    (Kind.ACTION_UNKNOWN, {"operation_id": "op-1", "state": "unknown"}),
    (Kind.ROLE_ASSIGNED, {"role": "ic", "who": "tomo", "from": "mira"}),
    (Kind.EVIDENCE_COLLECTED, {"item": "E-0001", "title": "output", "command": ["df"], "blobs": ["a" * 64]}),
)


def entry(number: int, which: int = 1, lane: str = "a.0.0", wall: int | None = None) -> Entry:
    kind, body = KINDS[which]
    at = NOON + (number if wall is None else wall)
    return Entry(f"{lane}:{number}", INC, kind, Stamp(at, 0, lane, number), at, at, Actor("mira"), dict(body))


def through_a_file(saved: Saved) -> Saved:
    return msgspec.msgpack.decode(msgspec.msgpack.encode(saved), type=Saved)


def test_every_field_of_the_working_state_is_kept() -> None:
    state = {name for name in vars(Folding(INC)) if not name.startswith("_")}
    assert set(Kept.__struct_fields__) == state


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, len(KINDS) - 1), max_size=80), st.integers(0, 80), st.integers(0, 40))
def test_a_saved_fold_goes_on_like_one_that_never_was(which: list[int], cut: int, margin: int) -> None:
    entries = [entry(number, kind) for number, kind in enumerate(which, 1)]
    whole, part = Fold(INC), Fold(INC)
    whole.apply(entries)
    part.apply(entries[:cut])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(folds, "MARGIN", margin)
        again = Fold.restored(through_a_file(part.save()))
    assert again.state == part.state
    again.apply(entries[cut:])
    assert again.state == whole.state
    assert again.taken == len(entries)


def test_late_entries_find_their_place_in_a_restored_fold() -> None:
    entries = [entry(number, 1, wall=10 * number) for number in range(1, 2001)]
    late = entry(1, 0, lane="b.0.0", wall=10 * 1990 + 5)
    whole, part = Fold(INC), Fold(INC)
    whole.apply([*entries, late])
    part.apply(entries)
    again = Fold.restored(through_a_file(part.save()))
    again.apply([late])
    assert again.state == whole.state
    with pytest.raises(Behind):
        again.apply([entry(2, 1, lane="b.0.0", wall=5)])
    assert again.state == whole.state


def test_a_long_journal_is_not_held_whole_and_very_late_entries_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folds, "RECENT", 256)
    fold, whole = Fold(INC), Fold(INC)
    entries = [entry(number, 0 if number == 1 else 1, wall=10 * number) for number in range(1, 5001)]
    for first in range(0, 5000, 50):
        fold.apply(entries[first : first + 50])
    monkeypatch.setattr(folds, "RECENT", 1 << 20)
    whole.apply(entries)
    assert len(fold._entries) <= 512 + 50
    assert fold.state == whole.state
    with pytest.raises(Behind):
        fold.apply([entry(1, 1, lane="b.0.0", wall=100)])
    late = entry(2, 1, lane="b.0.0", wall=10 * 4990 + 1)
    fold.apply([late])
    whole.apply([late])
    assert fold.state == whole.state
    assert fold.taken == 5001


def test_keeping_shares_and_going_on_changes_nothing_that_was_kept() -> None:
    work = Folding(INC)
    for number in range(1, 5):
        work.apply(entry(number))
    kept = keep(work.copy())
    before = msgspec.msgpack.encode(kept)
    twin = folding_of(kept).copy()
    for number in range(5, 400):
        twin.apply(entry(number))
        work.apply(entry(number))
    assert msgspec.msgpack.encode(kept) == before
