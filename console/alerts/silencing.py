"""From alerts that were chosen to silences that mute them, and an honest count of what else these would mute."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from console.alerts.filter import matches
from console.errors import Refused
from console.model.alert import Alert, Matcher

MOST = 20
"""Silences that one gesture may set."""
_TELLING = frozenset(
    {"alertname", "service", "app", "job", "instance", "host", "node", "pod", "deployment", "kube_deployment"}
)
_VOLATILE = frozenset({"alertstate", "prometheus", "prometheus_replica", "replica", "receiver"})


class Plan(Struct, frozen=True):
    """Silences for one source and what they mute among the alerts that are known."""

    source: str
    silences: tuple[tuple[Matcher, ...], ...]
    chosen: tuple[Alert, ...]
    others: tuple[Alert, ...]
    """Muted without having been chosen."""


def exact(alert: Alert) -> tuple[Matcher, ...]:
    """Matchers for an alert's exact label set."""
    return tuple(Matcher(k, v) for k, v in sorted(alert.labels.items()))


def plan(source: str, chosen: Sequence[Alert], known: Iterable[Alert], filter: Sequence[Matcher] | None) -> Plan:
    """The smallest honest set of silences for alerts of one source.

    Tried in turn: the filter's own matchers; the labels that all chosen share; one silence for each service, for each
    alert name, for both, for these on each instance; one for each alert. The first that mutes nothing else is taken;
    else, among those that are few enough, the one that mutes fewest others, which the preview then names. But for the
    filter's own, a silence always names a service, an alert name or a host: cluster and severity alone are too wide.
    Raises ``Refused`` if no alert carries labels or if it would take more than ``MOST`` silences.
    """
    if any(not a.labels for a in chosen):
        raise Refused("an alert without labels cannot be silenced", next="take it out of the selection")
    mine = [a for a in known if a.source == source]
    wanted = {a.key for a in chosen}
    own = (tuple(filter),) if filter else ()
    best: tuple[int, int, tuple[tuple[Matcher, ...], ...], tuple[Alert, ...]] | None = None
    for silences in _candidates(chosen, filter):
        if len(silences) > MOST or not (silences == own or _narrow(silences)):
            continue
        if not all(any(matches(m, a.labels) for m in silences) for a in chosen):
            continue
        others = tuple(a for a in mine if a.key not in wanted and any(matches(m, a.labels) for m in silences))
        if not others:
            return Plan(source, silences, tuple(chosen), ())
        if best is None or (len(others), len(silences)) < best[:2]:
            best = (len(others), len(silences), silences, others)
    if best is None:
        raise Refused(
            f"{len(chosen)} alerts of {source} have too little in common for {MOST} silences",
            next="narrow the filter, or mark fewer",
        )
    return Plan(source, best[2], tuple(chosen), best[3])


def _candidates(chosen: Sequence[Alert], filter: Sequence[Matcher] | None) -> Iterable[tuple[tuple[Matcher, ...], ...]]:
    if filter:
        yield (tuple(filter),)
    yield (_common(chosen),)
    for names in (("service",), ("alertname",), ("service", "alertname"), ("service", "alertname", "instance")):
        yield _split(chosen, names)
    yield tuple(dict.fromkeys(exact(a) for a in chosen))


def _common(chosen: Sequence[Alert]) -> tuple[Matcher, ...]:
    shared = set(chosen[0].labels.items())
    for alert in chosen[1:]:
        shared &= alert.labels.items()
    return tuple(Matcher(k, v) for k, v in sorted(shared) if k not in _VOLATILE)


def _split(chosen: Sequence[Alert], names: Sequence[str]) -> tuple[tuple[Matcher, ...], ...]:
    """One silence for each combination of values of these labels: what the alerts that have it share."""
    parts: dict[tuple[str, ...], list[Alert]] = {}
    for alert in chosen:
        parts.setdefault(tuple(alert.labels.get(n, "") for n in names), []).append(alert)
    return tuple(_common(part) for _, part in sorted(parts.items()))


def _narrow(silences: Sequence[Sequence[Matcher]]) -> bool:
    """Whether each silence names what it is about: one on a cluster or a severity alone would mute what comes later."""
    return all(any(m.name in _TELLING and m.is_equal and m.value for m in matchers) for matchers in silences)


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
    lines = [f"{len(muted)} alerts muted by {sum(len(p.silences) for p in plans)} silences"]
    lines += [f"{count} of {service}" for service, count in services.most_common(5)]
    if len(services) > 5:
        lines.append(f"and {len(services) - 5} services more")
    return tuple(lines)
