"""Labels in many vocabularies made into one: service, cluster, host, pod, severity, and the symptom in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from console.config import GroupingConfig
from console.model.severity import Severity
from console.text import clean

_WORDS: dict[str, int] = {
    **dict.fromkeys(("critical", "crit", "page", "p1", "sev1", "emergency", "fatal", "disaster", "alert", "1"), 1),
    **dict.fromkeys(("high", "error", "major", "p2", "sev2", "2"), 2),
    **dict.fromkeys(("warning", "warn", "medium", "minor", "average", "moderate", "p3", "sev3", "3"), 3),
    **dict.fromkeys(("low", "notice", "p4", "sev4", "4"), 4),
    **dict.fromkeys(("info", "informational", "information", "none", "debug", "ok", "p5", "sev5", "5"), 5),
}
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[_\-.\s]+")
_SPEAKS = re.compile(r"([Nn]o(ne|t)?|[Nn]ull|[Ee]mpty|[Mm]issing|[Uu]n(known|named)|[Ww]ithout)(?![a-z])")
_KEPT = 20_000
"""Cached values of each kind; a storm of unique ones starts the cache afresh."""


class Entities(NamedTuple):
    """What an alert is about; ``""`` = its labels do not say."""

    service: str
    cluster: str
    host: str
    pod: str


class Normaliser:
    """Reads entities, severity and symptom from labels by the configured names, first one that is there wins."""

    def __init__(self, grouping: GroupingConfig | None = None) -> None:
        self.grouping = grouping = grouping or GroupingConfig()
        self._service = grouping.service_labels
        self._cluster = grouping.cluster_labels
        self._host = grouping.host_labels
        self._pod = grouping.pod_labels
        self._severity = grouping.severity_labels
        steps = {**_WORDS, **{word.lower(): step for word, step in grouping.severities.items()}}
        self._words = {word: Severity(step) for word, step in steps.items()}
        self._hosts: dict[str, str] = {}
        self._spoken: dict[str, str] = {}

    def entities(self, labels: Mapping[str, str]) -> Entities:
        """Service, cluster, host (lower case, without a port) and pod."""
        host = _first(labels, self._host)
        return Entities(
            _first(labels, self._service),
            _first(labels, self._cluster),
            self._hosts.get(host) or self._to_host(host),
            _first(labels, self._pod),
        )

    def severity(self, labels: Mapping[str, str]) -> Severity:
        """By the table of vendors' words; an unknown word is SEV3, so that nothing is hidden by a typing error."""
        return self._words.get(_first(labels, self._severity).strip().lower(), Severity.SEV3)

    def symptom(self, name: str, labels: Mapping[str, str], annotations: Mapping[str, str]) -> str:
        """One line of words: the summary if there is one, else the alert's name taken apart.

        A name that would then read as if the console spoke of missing data (``NoLabels``) stays as its source wrote it.
        """
        for key in ("summary", "message", "title"):
            text = annotations.get(key, "")
            if text:
                return clean(" ".join(text.split()), 300)
        return self._spoken.get(name) or self._to_words(name)

    def _to_host(self, host: str) -> str:
        if not host:
            return ""
        if len(self._hosts) > _KEPT:
            self._hosts.clear()
        bare, colon, port = host.rpartition(":")
        has_port = colon and len(port) <= 5 and port.isdecimal() and (host[0] == "[" or ":" not in bare)
        if not has_port:
            bare = host
        value = self._hosts[host] = bare.strip("[]").lower()
        return value

    def _to_words(self, name: str) -> str:
        if len(self._spoken) > _KEPT:
            self._spoken.clear()
        if _SPEAKS.match(name):
            self._spoken[name] = clean(name, 300)
            return self._spoken[name]
        words = (part if part.isupper() and len(part) > 1 else part.lower() for part in _CAMEL.split(name) if part)
        value = self._spoken[name] = clean(" ".join(words), 300)
        return value


def _first(labels: Mapping[str, str], names: tuple[str, ...]) -> str:
    for name in names:
        value = labels.get(name)
        if value:
            return value
    return ""
