"""From alerts that were chosen to silences that mute them, and an honest count of what else these would mute."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator, Container, Iterable, Mapping, Sequence

from msgspec import Struct

from console.alerts.filter import matches
from console.alerts.slices import Slices
from console.errors import Refused
from console.model.alert import Alert, AlertRow, AlertState, Matcher

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


async def plan(source: str, chosen: Sequence[Alert], known: Sequence[Alert], filter: Sequence[Matcher] | None) -> Plan:
    """The smallest honest set of silences for alerts of one source.

    Tried in turn: the filter's own matchers; the labels that all chosen share; one silence for each service, for each
    alert name, for both, for these on each instance; one for each alert. The first that mutes nothing else is taken;
    else, among those that are few enough, the one that mutes fewest others, which the preview then names. But for the
    filter's own, a silence always names a service, an alert name or a host: cluster and severity alone are too wide.
    What has resolved and was not chosen is not muted by anything, so it neither counts nor narrows a silence.
    Where an alert that was not chosen has a label that no chosen one has, the silence asks that it be missing.
    Over many alerts it is worked off in slices.
    Raises ``Refused`` if an alert has no usable labels or if it would take more than ``MOST`` silences.
    """
    planning = _Planning(source, chosen, slices := Slices())
    async for some in slices.over(chosen):
        if not all(map(_usable, some)):
            raise Refused("an alert without labels cannot be silenced", next="take it out of the selection")
    await planning.learn(known)
    own = (tuple(filter),) if filter else ()
    best: Plan | None = None
    async for silences in planning.candidates(own):
        if len(silences) > MOST or not (silences == own or _narrow(silences)) or not all(map(_asks, silences)):
            continue
        if not await planning.covers(silences):
            continue
        found = await planning.plan(silences, as_is=silences == own)
        if not found.others:
            return found
        if best is None or len(found.others) < len(best.others):
            best = found
    if best is None:
        raise Refused(
            f"{len(chosen)} alerts of {source} have too little in common for {MOST} silences",
            next="narrow the filter, or mark fewer",
        )
    return best


class _Planning:
    """One search for silences."""

    def __init__(self, source: str, chosen: Sequence[Alert], slices: Slices) -> None:
        self._source = source
        self._chosen = chosen
        self._slices = slices
        self._wanted: set[str] = set()
        self._known = Known([], slices)

    async def learn(self, known: Sequence[Alert]) -> None:
        """Take in the alerts that silences of this source could mute."""
        mine: list[Alert] = []
        async for some in self._slices.over(self._chosen):
            self._wanted.update(a.key for a in some)
        async for some in self._slices.over(known):
            mine += [a for a in some if a.source == self._source and a.state is not AlertState.RESOLVED]
        self._known = Known(mine, self._slices)

    async def candidates(self, own: tuple[Matchers, ...]) -> AsyncIterator[tuple[Matchers, ...]]:
        """Sets of silences that may do, the plainest first."""
        if own:
            yield own
        yield (await self._common(self._chosen),)
        for names in (("service",), ("alertname",), ("service", "alertname"), ("service", "alertname", "instance")):
            yield await self._split(names)
        yield await self._each()

    async def covers(self, silences: Sequence[Matchers]) -> bool:
        """Whether each chosen alert is muted by one of them."""
        async for some in self._slices.over(self._chosen):
            if not all(any(matches(m, a.labels) for m in silences) for a in some):
                return False
        return True

    async def plan(self, silences: tuple[Matchers, ...], *, as_is: bool) -> Plan:
        """The silences, narrowed where they would mute others unless they are to stay as they are."""
        if not as_is:
            silences = tuple([await self._without(m) for m in silences])
        others: dict[str, Alert] = {}
        for m in silences:
            async for some in self._slices.over(await self._known.muted(m, self._wanted)):
                others |= {a.key: a for a in some}
        return Plan(self._source, silences, tuple(self._chosen), tuple(others.values()))

    async def _common(self, chosen: Sequence[Alert]) -> Matchers:
        shared = set(chosen[0].labels.items())
        async for some in self._slices.over(chosen):
            for alert in some:
                shared &= alert.labels.items()
        return _matchers(pair for pair in shared if pair[0] not in _VOLATILE)

    async def _split(self, names: Sequence[str]) -> tuple[Matchers, ...]:
        """One silence for each combination of values of these labels: what the alerts that have it share."""
        parts: dict[tuple[str, ...], list[Alert]] = {}
        async for some in self._slices.over(self._chosen):
            for alert in some:
                parts.setdefault(tuple([alert.labels.get(n, "") for n in names]), []).append(alert)
            if len(parts) > MOST:
                return ()
        return tuple(dict.fromkeys([await self._common(part) for _, part in sorted(parts.items())]))

    async def _each(self) -> tuple[Matchers, ...]:
        """One silence for each alert."""
        found: dict[Matchers, None] = {}
        async for some in self._slices.over(self._chosen):
            found |= dict.fromkeys(map(exact, some))
            if len(found) > MOST:
                return ()
        return tuple(found)

    async def _without(self, matchers: Matchers) -> Matchers:
        """The matchers, and the demand that labels be missing by which others differ from the chosen; three at most."""
        others = await self._known.muted(matchers, self._wanted)
        have = await self._names(matchers) if others else set[str]()
        extra: list[Matcher] = []
        while others and len(extra) < 3:
            counts: Counter[str] = Counter()
            async for some in self._slices.over(others):
                counts.update(
                    n for a in some for n, v in a.labels.items() if v and n not in have and not _CLEANED.search(n)
                )
            if not counts:
                break
            name = min(counts, key=lambda n: (-counts[n], n))
            extra.append(Matcher(name, ""))
            others = [a for a in others if not a.labels.get(name)]
        return (*matchers, *extra)

    async def _names(self, matchers: Matchers) -> set[str]:
        """Names of the labels that the chosen alerts have which these mute."""
        have: set[str] = set()
        async for some in self._slices.over(self._chosen):
            for alert in some:
                if matches(matchers, alert.labels):
                    have.update(alert.labels)
        return have


class Known:
    """The alerts of one source, by the values of those labels that were asked for."""

    def __init__(self, alerts: Sequence[Alert], slices: Slices) -> None:
        self._alerts = alerts
        self._slices = slices
        self._by: dict[str, dict[str, list[Alert]]] = {}

    async def muted(self, matchers: Matchers, but: Container[str]) -> list[Alert]:
        """What a silence mutes but for these keys; looked for among the alerts that share its most telling label."""
        near: Sequence[Alert] = self._alerts
        for m in matchers:
            if m.name in _TELLING and m.value and m.is_equal and not m.is_regex:
                found = (await self._index(m.name)).get(m.value, [])
                near = found if len(found) < len(near) else near
        out: list[Alert] = []
        async for some in self._slices.over(near):
            out += [a for a in some if a.key not in but and matches(matchers, a.labels)]
        return out

    async def _index(self, name: str) -> dict[str, list[Alert]]:
        if name not in self._by:
            values = self._by[name] = dict[str, list[Alert]]()
            async for some in self._slices.over(self._alerts):
                for alert in some:
                    values.setdefault(alert.labels.get(name, ""), []).append(alert)
        return self._by[name]


def _usable(alert: Alert) -> bool:
    return any(not _CLEANED.search(v) and not _CLEANED.search(k) for k, v in alert.labels.items())


def _matchers(pairs: Iterable[tuple[str, str]]) -> Matchers:
    return tuple(Matcher(k, v) for k, v in sorted(pairs) if not _CLEANED.search(v) and not _CLEANED.search(k))


def _narrow(silences: Sequence[Matchers]) -> bool:
    """Whether each silence names what it is about: one on a cluster or a severity alone would mute what comes later."""
    return all(any(m.name in _TELLING and m.is_equal and m.value for m in matchers) for matchers in silences)


def _asks(matchers: Matchers) -> bool:
    """Whether it asks for something to be there: ``service!="b"`` alone would mute whatever else may come."""
    return any(not matches((m,), {}) for m in matchers)


async def by_source(chosen: Sequence[AlertRow]) -> Mapping[str, list[Alert]]:
    """The chosen alerts of each source; worked off in slices."""
    out: dict[str, list[Alert]] = {}
    async for some in Slices().over(chosen):
        for row in some:
            out.setdefault(row.alert.source, []).append(row.alert)
    return out


async def blast(plans: Sequence[Plan]) -> tuple[str, ...]:
    """What would be muted, counts first; worked off in slices."""
    services: Counter[str] = Counter()
    resolved, slices = 0, Slices()
    async for some in slices.over(a for p in plans for a in (*p.chosen, *p.others)):
        services.update(a.service or "no service" for a in some)
        resolved += sum(a.state is AlertState.RESOLVED for a in some)
    muted, count = services.total(), sum(len(p.silences) for p in plans)
    lines = [f"{muted} alert{'s' * (muted != 1)} muted by {count} silence{'s' * (count != 1)}"]
    if resolved:
        lines.append(f"{resolved} of them resolved at this moment: muted when they come back")
    lines += [f"{count} of {service}" for service, count in services.most_common(5)]
    if len(services) > 5:
        lines.append(f"and {len(services) - 5} services more")
    return tuple(lines)
