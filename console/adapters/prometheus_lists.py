"""Prometheus's answers: their wrapping, alerts, targets and rules. ``warnings`` and ``infos`` are passed over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Raw, Struct

from console.adapters.alert_forms import instant
from console.adapters.readers import Body, Reader, decoded
from console.errors import Rejected
from console.model.metric import Rule, Target
from console.text import clean

WRONG_PLACE = "is this address a Prometheus?"


class _Answer(Struct):
    status: str = "success"
    data: Raw = Raw(b"null")
    error: str = ""
    errorType: str = ""


class _Alerts(Struct):
    alerts: list[Raw] | None = None


class _Target(Struct):
    labels: dict[str, str] = {}
    scrapeUrl: str = ""
    lastError: str = ""
    lastScrape: str = ""
    health: str = ""


class _Targets(Struct):
    activeTargets: list[_Target] | None = None


class _Rule(Struct):
    name: str = ""
    query: str = ""
    type: str = "alerting"
    duration: float = 0.0
    labels: dict[str, str] = {}
    state: str = ""
    health: str = ""
    lastError: str = ""


class _RuleGroup(Struct):
    name: str = ""
    rules: list[_Rule] | None = None


class _Rules(Struct):
    groups: list[_RuleGroup] | None = None


def unwrapped(body: Body, form: Any, what: str) -> Any:
    """What stands under ``data``; ``status: error`` is a refusal in the server's words, whatever the code."""
    answer = decoded(body, _Answer, what, WRONG_PLACE)
    if answer.status != "success":
        raise Rejected(f"{what}: {clean(answer.error or answer.errorType or 'no success', 300)}")
    return decoded(answer.data, form, what, WRONG_PLACE)


def alert_items(body: Body) -> Sequence[Raw]:
    """Items of ``GET /api/v1/alerts``."""
    found: _Alerts = unwrapped(body, _Alerts, "the answer")
    return found.alerts or ()


def _targets(body: Body, source: str) -> list[Target]:
    found: _Targets = unwrapped(body, _Targets, f"{source} targets")
    return [
        Target(
            clean(t.labels.get("job", "")),
            clean(t.labels.get("instance", t.scrapeUrl)),
            t.health == "up",
            clean(t.lastError, 300),
            instant(t.lastScrape),
        )
        for t in found.activeTargets or ()
    ]


def _rules(body: Body, source: str) -> list[Rule]:
    found: _Rules = unwrapped(body, _Rules, f"{source} rules")
    return [
        Rule(
            clean(r.name),
            clean(g.name),
            clean(r.query, 1000),
            clean(r.labels.get("severity", ""), 40),
            r.duration,
            clean(r.state, 20),
            clean(r.health, 20),
            clean(r.lastError, 300),
        )
        for g in found.groups or ()
        for r in g.rules or ()
        if r.type == "alerting"
    ]


TARGETS = Reader("targets", _targets, Target)
RULES = Reader("rules", _rules, Rule)
