from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.config import GroupingConfig
from console.model.normal import Entities, Normaliser
from console.model.severity import Severity

NORMAL = Normaliser(GroupingConfig())
TEXTS = st.dictionaries(st.text(max_size=12), st.text(max_size=40), max_size=8)


def test_entities_come_from_the_first_label_that_is_there() -> None:
    labels = {"job": "api", "app": "orders", "service": "", "region": "eu", "cluster": "eu-1", "pod": "orders-7f"}
    assert NORMAL.entities(labels) == Entities("orders", "eu-1", "", "orders-7f")


def test_the_job_is_the_service_where_nothing_better_is_said() -> None:
    assert NORMAL.entities({"job": "node"}).service == "node"
    assert NORMAL.entities({}) == Entities("", "", "", "")


@pytest.mark.parametrize(
    ("instance", "host"),
    [
        ("DB-3.prod:9100", "db-3.prod"),
        ("db-3", "db-3"),
        ("10.0.0.7:443", "10.0.0.7"),
        ("[2001:db8::1]:9100", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("db-3:metrics", "db-3:metrics"),
    ],
)
def test_a_host_has_no_port_and_is_lower_case(instance: str, host: str) -> None:
    assert NORMAL.entities({"instance": instance}).host == host


@pytest.mark.parametrize(
    ("word", "step"),
    [
        ("critical", 1), ("page", 1), ("P1", 1), ("sev1", 1), ("emergency", 1), ("FATAL", 1), ("Disaster", 1),
        ("high", 2), ("error", 2), ("major", 2), ("p2", 2),
        ("warning", 3), ("medium", 3), ("minor", 3), ("p3", 3),
        ("low", 4), ("p4", 4), ("notice", 4),
        ("info", 5), ("none", 5), ("p5", 5), ("ok", 5),
        ("", 3), ("wichtig", 3), (" critical ", 1),
    ],
)  # fmt: skip
def test_vendors_words_become_five_steps(word: str, step: int) -> None:
    assert NORMAL.severity({"severity": word}) is Severity(step)


def test_the_configuration_has_the_last_word() -> None:
    normal = Normaliser(GroupingConfig(severities={"Wichtig": 2, "page": 3}, service_labels=("team",)))
    assert normal.severity({"severity": "wichtig"}) is Severity.SEV2
    assert normal.severity({"severity": "PAGE"}) is Severity.SEV3
    assert normal.entities({"team": "pay", "service": "x"}).service == "pay"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("HighErrorRate", "high error rate"),
        ("KubePodCrashLooping", "kube pod crash looping"),
        ("disk_will_fill", "disk will fill"),
        ("CPUThrottlingHigh", "CPU throttling high"),
        ("etcd-no-leader", "etcd no leader"),
        ("NoLabels", "NoLabels"),
        ("Missing_Service", "Missing_Service"),
        ("unnamed alert", "unnamed alert"),
        ("NodeDown", "node down"),
        ("NotificationLost", "notification lost"),
        ("", ""),
    ],
)
def test_a_name_is_taken_apart_into_words(name: str, words: str) -> None:
    assert NORMAL.symptom(name, {}, {}) == words


def test_the_summary_is_one_clean_line() -> None:
    text = "  pool of\torders-db\n exhausted \x1b]0;gone\x07 "
    assert NORMAL.symptom("X", {}, {"summary": text}) == "pool of orders-db exhausted ␛]0;gone␇"


@given(TEXTS, TEXTS, st.text(max_size=40))
def test_hostile_labels_never_raise_nor_break_the_line(
    labels: dict[str, str], annotations: dict[str, str], name: str
) -> None:
    assert len(NORMAL.entities(labels)) == 4
    assert NORMAL.severity(labels) in Severity
    line = NORMAL.symptom(name, labels, annotations)
    assert "\n" not in line
    assert "\x1b" not in line


def test_values_without_end_do_not_fill_the_memory() -> None:
    normal = Normaliser(GroupingConfig())
    for number in range(60_000):
        normal.entities({"host": f"h{number}"})
        normal.symptom(f"Alert{number}", {}, {})
    assert max(len(normal._hosts), len(normal._spoken)) <= 20_001
