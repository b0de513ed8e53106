"""Alerts in a vendor's form: whatever stands in a field, a readable alert comes of it or none, and nothing raw."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.adapters.alert_forms import LABELS, AlertmanagerForm, Form, PrometheusForm, instant
from console.model.alert import Alert, AlertState
from console.model.normal import Normaliser
from console.model.severity import Severity

NOW = 1_795_000_000_000
BUILD = AlertmanagerForm("am", Normaliser(), lambda: NOW)
RULES = PrometheusForm("prom", Normaliser())
BOTH = pytest.mark.parametrize("build", [BUILD, RULES], ids=["alertmanager", "prometheus"])

WHOLE: dict[str, Any] = {
    "labels": {"alertname": "HighErrorRate", "service": "checkout", "cluster": "eu-1", "severity": "page",
               "instance": "Web-3:9100", "pod": "checkout-7f"},
    "annotations": {"summary": "5 % of requests fail"},
    "startsAt": "2026-11-18T09:10:11.123456789Z",
    "endsAt": "2999-01-01T00:00:00.000Z",
    "updatedAt": "2026-11-18T09:12:00.000Z",
    "fingerprint": "0123456789abcdef",
    "generatorURL": "http://prom.example.net/graph?g0.expr=x",
    "receivers": [{"name": "web.hook"}],
    "status": {"state": "suppressed", "silencedBy": ["6c8f"], "inhibitedBy": ["ffff"]},
}  # fmt: skip


def built(value: object, build: Callable[[bytes], Alert | None] = BUILD) -> Alert:
    alert = build(msgspec.json.encode(value))
    assert alert is not None
    return alert


def test_every_field_is_read() -> None:
    alert = built(WHOLE)
    assert (alert.key, alert.source, alert.vendor_id) == ("am/0123456789abcdef", "am", "0123456789abcdef")
    assert (alert.service, alert.cluster, alert.host, alert.pod) == ("checkout", "eu-1", "web-3", "checkout-7f")
    assert (alert.name, alert.summary, alert.severity) == ("HighErrorRate", "5 % of requests fail", Severity(1))
    assert (alert.state, alert.ended_at) == (AlertState.FIRING, 0)
    assert alert.started_at == 1_794_993_011_123
    assert alert.silenced_by == ("6c8f",)
    assert alert.inhibited
    assert alert.link == WHOLE["generatorURL"]


def test_an_end_that_has_come_makes_it_resolved() -> None:
    alert = built({**WHOLE, "endsAt": "2026-01-01T00:00:00Z"})
    assert alert.state is AlertState.RESOLVED
    assert alert.ended_at == 1_767_225_600_000


def test_a_rule_alert_is_read() -> None:
    item = {"labels": WHOLE["labels"], "annotations": {}, "state": "pending", "activeAt": "2026-01-01T00:00:00Z"}
    alert = built(item, RULES)
    assert (alert.state, alert.started_at) == (AlertState.PENDING, 1_767_225_600_000)
    assert built({**item, "state": "firing"}, RULES).state is AlertState.FIRING


@BOTH
def test_an_alert_without_any_field_is_still_one(build: Callable[[bytes], Alert | None]) -> None:
    for value in ({}, {"labels": {}}, {"labels": None, "annotations": None}):
        alert = built(value, build)
        assert alert.name == "unnamed alert"
        assert alert.severity == Severity(3)
        assert alert.state is AlertState.FIRING
        assert alert.vendor_id


@pytest.mark.parametrize("field", list(WHOLE))
@pytest.mark.parametrize("wrong", [None, 7, True, "text", [], [1], {"a": 1}, {"a": None}])
def test_a_wrong_field_loses_that_field_only(field: str, wrong: object) -> None:
    alert = built({**WHOLE, field: wrong})
    whole = built(WHOLE)
    if field != "labels":
        assert (alert.name, alert.service, alert.severity) == (whole.name, whole.service, whole.severity)
    if field != "annotations" and field != "labels":
        assert alert.summary == whole.summary
    if field != "fingerprint":
        assert alert.key == whole.key
    if field != "startsAt":
        assert alert.started_at == whole.started_at
    if field != "status":
        assert alert.silenced_by == whole.silenced_by


def test_a_wrong_field_of_a_rule_alert_loses_that_field_only() -> None:
    item = {
        "labels": {"alertname": "X"},
        "state": "pending",
        "activeAt": "2026-01-01T00:00:00Z",
        "annotations": {"n": 1},
    }
    alert = built(item, RULES)
    assert (alert.name, alert.state, alert.started_at) == ("X", AlertState.PENDING, 1_767_225_600_000)


@BOTH
@pytest.mark.parametrize(
    "data",
    [b"", b"null", b"7", b'"x"', b"[]", b"{", b'{"x":' * 5000, b'{"labels":' + b"[" * 50_000 + b"]" * 50_000 + b"}"],
    ids=["empty", "null", "number", "string", "list", "half", "half-deep", "deep"],
)  # fmt: skip
def test_what_is_no_alert_is_none(build: Callable[[bytes], Alert | None], data: bytes) -> None:
    assert build(data) is None


@BOTH
@pytest.mark.parametrize(
    ("value", "read"),
    [(b'"\xff\xfe"', "\ufffd\ufffd"), (b'"gr\xfc\xdf"', "gr\ufffd\ufffd"), (b'"\\ud800"', "<D800>"),
     (b"1e999", "Infinity"), (b"[1]", "[1]"), (b"null", "null"), (b"9" * 5000, None)],
    ids=["not-utf8", "latin-1", "surrogate", "infinite", "list", "null", "endless"],
)  # fmt: skip
def test_a_label_with_a_wrong_value_is_kept_as_what_can_be_read(build: Form, value: bytes, read: str | None) -> None:
    before = build.repaired
    alert = build(b'{"labels":{"alertname":"X","a":' + value + b"}}")
    assert build.repaired == before + 1
    if read is None:
        assert alert is None
    else:
        assert alert is not None
        assert (alert.name, alert.labels["a"]) == ("X", read)


def test_what_is_kept_apart_is_what_is_shared() -> None:
    """The form of the decoder process, which passes alerts on, makes the same of any item."""
    apart = AlertmanagerForm("am", Normaliser(), lambda: NOW, keep=False)
    texts = (r"a\nb", r"a\\nb", r"\u001b[2J", "\x7f", "plain", r"\"quoted\" \/", "x" * 5000, r"\u202e", "ü", r"\t")
    for text in texts:
        data = b'{"labels":{"alertname":"%b"},"fingerprint":"%b"}' % ((text.encode(),) * 2)
        assert apart(data) == BUILD(data)


HOSTILE = "\x1b[2J\x1b]52;c;cm0gLXJm\x07\x00\u202etxt.exe\u200b\u2066\x9b31m\ue000"


@BOTH
def test_hostile_text_is_visible_and_harmless(build: Callable[[bytes], Alert | None]) -> None:
    alert = built(
        {
            "labels": {"alertname": HOSTILE, HOSTILE: HOSTILE, "service": HOSTILE, "host": HOSTILE, "n" * 10_000: "v"},
            "annotations": {"summary": HOSTILE, HOSTILE: "x" * 1_000_000},
            "fingerprint": HOSTILE,
            "generatorURL": "javascript:" + HOSTILE,
            "status": {"silencedBy": [HOSTILE], "inhibitedBy": []},
        },
        build,
    )
    for text in texts(alert):
        assert_harmless(text)
    assert "␛" in alert.name
    assert "<202E>" in alert.service
    assert max(map(len, alert.labels)) <= 4096


def texts(alert: Alert) -> list[str]:
    """Every text of an alert."""
    out = [alert.key, alert.vendor_id, alert.name, alert.summary, alert.service, alert.cluster, alert.host, alert.pod]
    out += [alert.link, *alert.silenced_by]
    return out + [t for pairs in (alert.labels, alert.annotations) for pair in pairs.items() for t in pair]


def assert_harmless(text: str) -> None:
    for char in text:
        code = ord(char)
        assert code >= 0x20
        assert not 0x7F <= code <= 0x9F
        assert (
            char
            not in "\u061c\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
        )
        assert not 0xD800 <= code <= 0xDFFF
    assert len(text) <= 4096 + 100 or "<" in text


@BOTH
def test_labels_are_bounded(build: Callable[[bytes], Alert | None]) -> None:
    assert len(built({"labels": {f"l{n}": "x" for n in range(5000)}}, build).labels) == LABELS


@BOTH
def test_alerts_that_differ_only_in_what_is_cut_off_are_two(build: Callable[[bytes], Alert | None]) -> None:
    many = {f"l{n:03}": "x" for n in range(80)}
    one, other = built({"labels": many}, build), built({"labels": {**many, "l079": "y"}}, build)
    assert one.key != other.key
    one, other = built({"labels": {"a": "x" * 9000 + "1"}}, build), built({"labels": {"a": "x" * 9000 + "2"}}, build)
    assert one.key != other.key


@BOTH
def test_the_identity_does_not_depend_on_the_order_of_labels(build: Callable[[bytes], Alert | None]) -> None:
    assert built({"labels": {"a": "1", "b": "2"}}, build).key == built({"labels": {"b": "2", "a": "1"}}, build).key


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-01-01T00:00:00Z", 1_767_225_600_000),
        ("2026-01-01T01:00:00+01:00", 1_767_225_600_000),
        ("2026-01-01T00:00:00", 1_767_225_600_000),
        ("2026-01-01T00:00:00.123456789Z", 1_767_225_600_123),
        ("0001-01-01T00:00:00Z", 0),
        ("1066-10-14T09:00:00Z", 0),
        ("2026-13-01T00:00:00Z", 0),
        ("yesterday, at about noon", 0),
        ("", 0),
    ],
)
def test_instants(text: str, at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    try:
        assert instant(text) == at
    finally:
        monkeypatch.undo()
        time.tzset()


@given(
    st.text(max_size=40)
    | st.from_regex(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,12})?(Z|[+-]\d\d:\d\d)?", fullmatch=True)
)
def test_an_instant_never_raises_and_is_never_negative(text: str) -> None:
    assert instant(text) >= 0


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
ITEMS = st.dictionaries(st.sampled_from([*WHOLE, "state", "activeAt"]), JSON, max_size=8) | JSON


@BOTH
@given(value=ITEMS)
def test_any_json_in_any_field(build: Callable[[bytes], Alert | None], value: object) -> None:
    alert = build(msgspec.json.encode(value))
    assert (alert is None) == (not isinstance(value, dict))
    if alert is not None:
        for text in texts(alert):
            assert_harmless(text)
        assert alert.started_at >= 0


@BOTH
@given(data=st.binary(max_size=60))
def test_any_bytes(build: Callable[[bytes], Alert | None], data: bytes) -> None:
    build(data)
