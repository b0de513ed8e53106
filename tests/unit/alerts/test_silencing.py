from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.alerts import silencing
from console.alerts.filter import parse
from console.alerts.silencing import MOST, Plan, by_source, exact
from console.errors import Refused
from console.model.alert import Alert, AlertRow, Matcher
from console.model.severity import Severity
from tests.unit.alerts.made import FIRING, NOW, RESOLVED, alert, mutes


def plan(source: str, chosen: list[Alert], known: list[Alert], filter: Sequence[Matcher] | None) -> Plan:
    return asyncio.run(silencing.plan(source, chosen, known, filter))


def bare(number: int, labels: dict[str, str], source: str = "am") -> Alert:
    name, service = labels.get("alertname", ""), labels.get("service", "")
    return Alert(
        f"{source}/{number}", source, str(number), name, "", Severity.SEV1, FIRING, NOW, service=service, labels=labels
    )


def muted(found: Plan, known: list[Alert]) -> set[str]:
    """Keys that the silences mute at their source, by the reference."""
    return {a.key for a in known if a.source == found.source and any(mutes(m, a.labels) for m in found.silences)}


LABELS = st.dictionaries(
    st.sampled_from(["alertname", "service", "cluster", "severity", "instance", "mount"]),
    st.sampled_from(["a", "b", "c", "a.b", 'q"\\']),
    min_size=1,
)


@given(st.lists(LABELS, min_size=1, max_size=40, unique_by=lambda d: tuple(sorted(d.items()))), st.data())
def test_it_mutes_exactly_what_the_preview_says(labels: list[dict[str, str]], data: st.DataObject) -> None:
    known = [bare(n, one, "am" if n % 5 else "other") for n, one in enumerate(labels)]
    of_source = [a for a in known if a.source == "am"]
    if not of_source:
        return
    chosen = data.draw(st.lists(st.sampled_from(of_source), min_size=1, unique_by=lambda a: a.key))
    try:
        found = plan("am", chosen, known, None)
    except Refused:
        # Some chosen alert names nothing that a silence may be about, or there are too many.
        telling = {"alertname", "service", "instance"}
        assert len(chosen) > MOST or any(not telling & a.labels.keys() for a in chosen)
        return
    assert muted(found, known) == {a.key for a in (*found.chosen, *found.others)}
    assert {a.key for a in found.chosen} == {a.key for a in chosen}
    assert not {a.key for a in found.chosen} & {a.key for a in found.others}
    assert 1 <= len(found.silences) <= MOST
    for silence in found.silences:
        assert any(m.name in {"alertname", "service", "instance"} and m.value for m in silence)


@given(
    st.lists(LABELS, min_size=1, max_size=20), st.sampled_from(["service=a", "service=~a.*", "cluster!=b service=a"])
)
def test_a_filter_mutes_what_it_lets_through(labels: list[dict[str, str]], text: str) -> None:
    known = [bare(n, one) for n, one in enumerate(labels)]
    chosen = [a for a in known if parse(text).matches(AlertRow(a))]
    if not chosen:
        return
    found = plan("am", chosen, known, parse(text).matchers)
    assert muted(found, known) == {a.key for a in chosen}
    assert found.silences == (parse(text).matchers,)


def test_one_alert_is_its_exact_label_set() -> None:
    one, near = alert("1", mount="/"), alert("2", mount="/var")
    found = plan("am", [one], [one, near], None)
    assert (found.others, len(found.silences)) == ((), 1)
    assert muted(found, [one, near]) == {"am/1"}


def test_a_label_that_one_lacks_does_not_slip_in() -> None:
    wide = bare(1, {"alertname": "Down", "service": "a"})
    near = bare(2, {"alertname": "Down", "service": "a", "mount": "/"})
    found = plan("am", [wide], [wide, near], None)
    assert muted(found, [wide, near]) == {"am/1"}
    assert Matcher("mount", "") in found.silences[0]


def test_what_all_share_is_one_silence() -> None:
    group = [alert(str(n)) for n in range(30)]
    found = plan("am", group, [*group, alert("x", service="other")], None)
    assert len(found.silences) == 1
    assert found.others == ()


def test_two_services_are_two_silences_rather_than_the_whole_cluster() -> None:
    group = [alert("1", service="a"), alert("2", service="b"), alert("3", service="b", name="Latency")]
    found = plan("am", group, [*group, alert("9", service="c")], None)
    assert len(found.silences) == 2
    assert found.others == ()
    assert all(any(m.name == "service" for m in s) for s in found.silences)


def test_cluster_or_severity_alone_is_never_silenced_even_if_it_would_mute_nothing_else_today() -> None:
    group = [alert(str(n), name=f"N{n % 2}", service=f"s{n % 2}") for n in range(10)]
    found = plan("am", group, group, None)
    assert all({m.name for m in s} & {"alertname", "service"} for s in found.silences)


def test_what_else_would_be_muted_is_named() -> None:
    chosen = [alert(str(n), name=f"N{n}", at=n) for n in range(25)]
    other = alert("other", name="N99")
    found = plan("am", chosen, [*chosen, other], None)
    assert [a.key for a in found.others] == ["am/other"]


def test_too_many_without_anything_in_common_are_refused() -> None:
    chosen = [alert(str(n), name=f"N{n}", service=f"s{n}") for n in range(MOST + 1)]
    with pytest.raises(Refused) as error:
        plan("am", chosen, chosen, None)
    assert str(MOST) in error.value.what
    assert error.value.next


def test_an_alert_without_labels_is_refused() -> None:
    with pytest.raises(Refused):
        plan("am", [bare(1, {})], [], None)


def test_a_filter_that_only_excludes_is_said_in_other_matchers() -> None:
    # Alertmanager 0.25 takes it, and would mute all that comes later, of any service but one.
    matchers = parse("service!=b").matchers
    chosen = [alert("1", service="a"), alert("2", service="a", name="Latency")]
    found = plan("am", chosen, [*chosen, alert("3", service="b")], matchers)
    assert all(any(not mutes([m], {}) for m in s) for s in found.silences)


def test_a_value_that_was_cleaned_is_not_matched_upon() -> None:
    one = alert("1", mount="/a␊b", note="x" * 4095 + "…", hidden="a<202E>b")
    assert {m.name for m in exact(one)} == {"alertname", "service", "cluster", "id"}
    found = plan("am", [one], [one], None)
    assert not {"mount", "note", "hidden"} & {m.name for s in found.silences for m in s}


def test_matchers_are_plain_equalities() -> None:
    for matcher in exact(alert("1", mount="/a.*")):
        assert (matcher.is_regex, matcher.is_equal) == (False, True)
    assert Matcher("mount", "/a.*") in exact(alert("1", mount="/a.*"))


def test_by_source() -> None:
    rows = [AlertRow(a) for a in (alert("1"), alert("2", source="x"), alert("3"))]
    parts = asyncio.run(by_source(rows))
    assert {k: [a.vendor_id for a in v] for k, v in parts.items()} == {"am": ["1", "3"], "x": ["2"]}


def test_the_blast_counts_first_and_adds_up() -> None:
    chosen = [alert(str(n), service=f"s{n % 7}") for n in range(20)]
    found = Plan("am", ((Matcher("a", "b"),),), tuple(chosen), (alert("x", service=""),))
    first, *rest = asyncio.run(silencing.blast([found]))
    assert first.startswith("21 alerts")
    counted = sum(int(match[1]) for line in rest if (match := re.match(r"(\d+) of ", line)))
    assert len(rest) == 6
    assert rest[-1] == "and 3 services more"
    assert counted == 15


@pytest.mark.parametrize("text", ["", "service=orders"])
def test_what_has_resolved_is_not_muted_and_does_not_narrow_the_silence(text: str) -> None:
    chosen = [alert("1", name="Errors"), alert("2", name="Latency")]
    known = [*chosen, alert("3", name="Saturation", state=RESOLVED)]
    found = plan("am", chosen, known, parse(text).matchers)
    assert len(found.silences) == 1
    assert found.others == ()
