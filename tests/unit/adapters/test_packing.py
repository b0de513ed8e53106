"""What a decoder process sends is what arrives, one object for equal texts."""

from __future__ import annotations

from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from console.adapters import packing
from console.adapters.packing import Packer, Unpacker
from console.adapters.sharing import LONG, Shared
from console.model.alert import Alert, AlertDelta, AlertState
from console.model.severity import Severity

TEXT = st.sampled_from(["", "orders", "eu-1", "ö ␛ 漢", "x" * (LONG + 1)]) | st.text(
    st.characters(exclude_categories=["Cs"]), max_size=8
)
PAIRS = st.dictionaries(TEXT, TEXT, max_size=4)
IDS = st.sampled_from(["1", "2", "a/b", ""])
WHOLE = st.integers(0, 1 << 62)
ALERTS = st.builds(
    Alert,
    key=st.just(""),
    source=st.just("am"),
    vendor_id=IDS,
    name=TEXT,
    summary=TEXT,
    severity=st.sampled_from(Severity),
    state=st.sampled_from(AlertState),
    started_at=WHOLE,
    ended_at=WHOLE,
    service=TEXT,
    cluster=TEXT,
    host=TEXT,
    pod=TEXT,
    silenced_by=st.lists(TEXT, max_size=2).map(tuple),
    inhibited=st.booleans(),
    labels=PAIRS,
    annotations=PAIRS,
    link=TEXT,
)
DELTAS = st.builds(AlertDelta, st.lists(ALERTS, max_size=4).map(tuple), st.lists(TEXT).map(tuple), st.booleans())


def keyed(delta: AlertDelta) -> AlertDelta:
    """The same with the keys that a source's alerts have."""
    return replace(delta, changed=tuple(replace(a, key=f"am/{a.vendor_id}") for a in delta.changed))


@pytest.mark.parametrize("most", [packing.MOST, 2])
@given(bodies=st.lists(st.lists(DELTAS, max_size=4), max_size=3))
def test_what_is_packed_comes_out(most: int, bodies: list[list[AlertDelta]]) -> None:
    with mock.patch.object(packing, "MOST", most):
        there_and_back(bodies)


def there_and_back(bodies: list[list[AlertDelta]]) -> None:
    share, keys = Shared(), {"am/1": "am/1"}
    for body in bodies:
        packer, unpacker = Packer(), Unpacker("am", share, keys)
        for delta in map(keyed, body):
            got = unpacker.unpack(packer.pack(delta))
            assert got == delta
            assert [list(a.labels) for a in got.changed] == [list(a.labels) for a in delta.changed]


def alert(number: int) -> Alert:
    labels = {"alertname": "Slow", "service": f"orders {number % 2}", "pod": f"pod {number}"}
    return Alert(
        f"am/{number}", "am", str(number), "Slow", "it is slow", Severity.SEV2, AlertState.FIRING, 5,
        service=labels["service"], labels=labels, annotations={"summary": "it is slow", "team": labels["service"]},
    )  # fmt: skip


def test_alerts_of_all_bodies_have_one_object_of_a_text_and_of_annotations() -> None:
    share, keys = Shared(), {f"am/{n}": f"am/{n}" for n in range(4)}
    got: list[Alert] = []
    for _ in range(2):
        packer, unpacker = Packer(), Unpacker("am", share, keys)
        for start in (0, 2):
            data = packer.pack(AlertDelta((alert(start), alert(start + 1)), last=False))
            got += unpacker.unpack(data).changed
    assert len({id(a.service) for a in got}) == len({id(a.annotations) for a in got}) == 2
    assert {id(a.service) for a in got} == {id(a.labels["service"]) for a in got}
    assert len({id(key) for a in got for key in a.labels}) == 3
    assert len({id(a.summary) for a in got}) == 1
    assert {id(a.key) for a in got} == set(map(id, keys.values()))
    assert len({id(a.labels) for a in got}) == len(got)


def test_the_numbers_of_many_texts_are_given_afresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "MOST", 5)
    packer = Packer()
    parts = [packer.pack(AlertDelta((alert(0),), last=False)) for _ in range(3)]
    assert [part.count(b"it is slow") for part in parts] == [1, 1, 1]


def test_a_text_goes_over_once_a_body() -> None:
    packer = Packer()
    first, second = (packer.pack(AlertDelta((alert(n), alert(n + 1)))) for n in (0, 2))
    assert [first.count(b"it is slow"), second.count(b"it is slow"), second.count(b"pod 3")] == [1, 0, 1]
