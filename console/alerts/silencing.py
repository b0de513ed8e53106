"""From alerts that were chosen to silences that mute them, and an honest count of what else these would mute."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence

from msgspec import Struct

from console.alerts.filter import matches
from console.errors import Refused
from console.model.alert import Alert, AlertState, Matcher

MOST = 20
"""Silences that one gesture may set."""
_TELLING = frozenset(
    {"alertname", "service", "app", "job", "instance", "host", "node", "pod", "deployment", "kube_deployment"}
)
_VOLATILE = frozenset({"alertstate", "prometheus", "prometheus_replica", "replica", "receiver"})
_CLEANED = re.compile("[\u2400-\u2421]|<[0-9A-F]{4,6}>|…$")
"""Traces of ``console.text.clean``: the source's own value is another, a matcher on ours would never hold."""
Matchers = tuple[Matcher, ...]


class Plan(Struct, frozen=True):
    """Silences for one source and what they mute among the alerts that are known."""

    source: str
    silences: tuple[tuple[Matcher, ...], ...]
    chosen: tuple[Alert, ...]
    others: tuple[Alert, ...]
    """Muted without having been chosen."""


def exact(alert: Alert) -> Matchers:
    """Matchers for an alert's exact label set, but for values that had to be cleaned."""
    return _matchers(alert.labels.items())


def plan(source: str, chosen: Sequence[Alert], known: Iterable[Alert], filter: Sequence[Matcher] | None) -> Plan:
    """The smallest honest set of silences for alerts of one source.

    Tried in turn: the filter's own matchers; the labels that all chosen share; one silence for each service, for each
    alert name, for both, for these on each instance; one for each alert. The first that mutes nothing else is taken;
    else, among those that are few enough, the one that mutes fewest others, which the preview then names. But for the
    filter's own, a silence always names a service, an alert name or a host: cluster and severity alone are too wide.
    What has resolved is not muted by anything, so it neither counts nor narrows a silence.
    Where an alert that was not chosen has a label that no chosen one has, the silence asks that it be missing.
    Raises ``Refused`` if an alert has no usable labels or if it would take more than ``MOST`` silences.
    """
    if any(not exact(a) for a in chosen):
        raise Refused("an alert without labels cannot be silenced", next="take it out of the selection")
    mine = Known([a for a in known if a.source == source and a.state is not AlertState.RESOLVED])
    wanted = {a.key for a in chosen}
    own = (tuple(filter),) if filter else ()
    best: Plan | None = None
    for silences in _candidates(chosen, filter):
        if len(silences) > MOST or not (silences == own or _narrow(silences)) or not all(map(_asks, silences)):
            continue
        if not all(any(matches(m, a.labels) for m in silences) for a in chosen):
            continue
        if silences != own:
            silences = tuple(_without(m, chosen, mine, wanted) for m in silences)
        others = {a.key: a for m in silences for a in mine.muted(m) if a.key not in wanted}
        found = Plan(source, silences, tuple(chosen), tuple(others.values()))
        if not others:
            return found
        if best is None or len(others) < len(best.others):
            best = found
    if best is None:
        raise Refused(
            f"{len(chosen)} alerts of {source} have too little in common for {MOST} silences",
            next="narrow the filter, or mark fewer",
        )
    return best


class Known:
    """The alerts of one source, by the values of those labels that were asked for."""

    def __init__(self, alerts: Sequence[Alert]) -> None:
        self._alerts = alerts
        self._by: dict[str, dict[str, list[Alert]]] = {}

    def muted(self, matchers: Matchers) -> list[Alert]:
        """The alerts that a silence mutes; looked for among those that share its most telling label."""
        near: Sequence[Alert] = self._alerts
        for m in matchers:
            if m.name in _TELLING and m.value and m.is_equal and not m.is_regex:
                found = self._index(m.name).get(m.value, [])
                near = found if len(found) < len(near) else near
        return [a for a in near if matches(matchers, a.labels)]

    def _index(self, name: str) -> dict[str, list[Alert]]:
        if name not in self._by:
            values = self._by[name] = dict[str, list[Alert]]()
            for alert in self._alerts:
                values.setdefault(alert.labels.get(name, ""), []).append(alert)
        return self._by[name]


def _candidates(chosen: Sequence[Alert], filter: Sequence[Matcher] | None) -> Iterable[tuple[Matchers, ...]]:
    if filter:
        yield (tuple(filter),)
    yield (_common(chosen),)
    for names in (("service",), ("alertname",), ("service", "alertname"), ("service", "alertname", "instance")):
        yield _split(chosen, names)
    yield tuple(dict.fromkeys(exact(a) for a in chosen))


def _common(chosen: Sequence[Alert]) -> Matchers:
    shared = set(chosen[0].labels.items())
    for alert in chosen[1:]:
        shared &= alert.labels.items()
    return _matchers(pair for pair in shared if pair[0] not in _VOLATILE)


def _matchers(pairs: Iterable[tuple[str, str]]) -> Matchers:
    return tuple(Matcher(k, v) for k, v in sorted(pairs) if not _CLEANED.search(v) and not _CLEANED.search(k))


def _split(chosen: Sequence[Alert], names: Sequence[str]) -> tuple[Matchers, ...]:
    """One silence for each combination of values of these labels: what the alerts that have it share."""
    parts: dict[tuple[str, ...], list[Alert]] = {}
    for alert in chosen:
        parts.setdefault(tuple(alert.labels.get(n, "") for n in names), []).append(alert)
    return tuple(dict.fromkeys(_common(part) for _, part in sorted(parts.items())))


def _without(matchers: Matchers, chosen: Sequence[Alert], mine: Known, wanted: Container[str]) -> Matchers:
    """The matchers, and the demand that labels be missing by which others differ from the chosen; three at most."""
    others = [a for a in mine.muted(matchers) if a.key not in wanted]
    have = {name for a in chosen if others and matches(matchers, a.labels) for name in a.labels}
    extra: list[Matcher] = []
    while others and len(extra) < 3:
        counts = Counter(
            n for a in others for n, v in a.labels.items() if v and n not in have and not _CLEANED.search(n)
        )
        if not counts:
            break
        name = min(counts, key=lambda n: (-counts[n], n))
        extra.append(Matcher(name, ""))
        others = [a for a in others if not a.labels.get(name)]
    return (*matchers, *extra)


def _narrow(silences: Sequence[Matchers]) -> bool:
    """Whether each silence names what it is about: one on a cluster or a severity alone would mute what comes later."""
    return all(any(m.name in _TELLING and m.is_equal and m.value for m in matchers) for matchers in silences)


def _asks(matchers: Matchers) -> bool:
    """Whether it asks for something to be there: ``service!="b"`` alone would mute whatever else may come."""
    return any(not matches((m,), {}) for m in matchers)


def by_source(chosen: Iterable[Alert]) -> Mapping[str, list[Alert]]:
    """The chosen alerts of each source."""
    out: dict[str, list[Alert]] = {}
    for alert in chosen:
        out.setdefault(alert.source, []).append(alert)
    return out


def blast(plans: Sequence[Plan]) -> tuple[str, ...]:
    """What would be muted, counts first."""
    muted = [a for p in plans for a in (*p.chosen, *p.others)]
    services = Counter(a.service or "no service" for a in muted)
    count = sum(len(p.silences) for p in plans)
    lines = [f"{len(muted)} alert{'s' * (len(muted) != 1)} muted by {count} silence{'s' * (count != 1)}"]
    lines += [f"{count} of {service}" for service, count in services.most_common(5)]
    if len(services) > 5:
        lines.append(f"and {len(services) - 5} services more")
    return tuple(lines)
