"""Alerts made for tests, and the reference of what a silence mutes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from console.model.alert import Alert, AlertDelta, AlertState, Matcher
from console.model.severity import Severity

NOW = 1_795_000_000_000
FIRING, RESOLVED, PENDING = AlertState.FIRING, AlertState.RESOLVED, AlertState.PENDING


def alert(
    id: str = "1",
    *,
    source: str = "am",
    name: str = "HighErrorRate",
    service: str = "orders",
    cluster: str = "eu-1",
    severity: int = 1,
    state: AlertState = FIRING,
    at: float = 0.0,
    ended: float = 0.0,
    summary: str = "",
    silenced_by: tuple[str, ...] = (),
    host: str = "",
    pod: str = "",
    **labels: str,
) -> Alert:
    """An alert whose onset is ``at`` seconds after ``NOW``; its labels say what its fields say."""
    said = {"alertname": name, "service": service, "cluster": cluster, "host": host, "pod": pod, "id": id, **labels}
    return Alert(
        f"{source}/{id}",
        source,
        id,
        name,
        summary or f"{service} fails",
        Severity(severity),
        state,
        NOW + round(at * 1000),
        NOW + round(ended * 1000) if state is RESOLVED else 0,
        service,
        cluster,
        host,
        pod,
        silenced_by,
        labels={k: v for k, v in said.items() if v},
    )


def delta(*changed: Alert, gone: Sequence[str] = ()) -> AlertDelta:
    return AlertDelta(changed, tuple(gone))


def after(seconds: float) -> int:
    """A moment."""
    return NOW + round(seconds * 1000)


def mutes(matchers: Sequence[Matcher], labels: dict[str, str]) -> bool:
    """Whether a silence of these matchers mutes an alert, by Alertmanager's rules.

    All matchers must hold; a label that is missing is the empty string; expressions are anchored at both ends
    (Alertmanager, pkg/labels/matcher.go: ``^(?:…)$``).
    """
    for matcher in matchers:
        value = labels.get(matcher.name, "")
        if matcher.is_regex:
            holds = re.compile(rf"\A(?:{matcher.value})\Z").search(value) is not None
        else:
            holds = value == matcher.value
        if not matcher.is_equal:
            holds = not holds
        if not holds:
            return False
    return True
