"""Alertmanager's silences and groups, read into the model: half a list of silences would be a lie, so all or none."""

from __future__ import annotations

from msgspec import Struct

from console.adapters.alert_forms import instant
from console.adapters.readers import Body, Reader, decoded
from console.model.alert import Matcher, Silence
from console.text import clean

WRONG_PLACE = "is this address an Alertmanager?"


class _Matcher(Struct):
    name: str
    value: str
    isRegex: bool = False
    isEqual: bool = True


class _SilenceStatus(Struct, frozen=True):
    state: str = "active"


class _Silence(Struct):
    id: str
    matchers: list[_Matcher]
    startsAt: str = ""
    endsAt: str = ""
    createdBy: str = ""
    comment: str = ""
    status: _SilenceStatus = _SilenceStatus()


class _Group(Struct):
    labels: dict[str, str] = {}
    alerts: list[object] | None = None


class AlertmanagerGroup(Struct, frozen=True):
    """A group as Alertmanager itself forms it for notifying."""

    labels: dict[str, str]
    count: int


def _silences(body: Body, source: str) -> list[Silence]:
    found = decoded(body, list[_Silence], source, WRONG_PLACE)
    return [_silence(s, source) for s in found if s.status.state != "expired"]


def _silence(raw: _Silence, source: str) -> Silence:
    return Silence(
        clean(raw.id, 80),
        source,
        tuple(Matcher(clean(m.name), clean(m.value), m.isRegex, m.isEqual) for m in raw.matchers),
        instant(raw.startsAt),
        instant(raw.endsAt),
        clean(raw.createdBy, 200),
        clean(raw.comment, 1000),
        clean(raw.status.state, 20),
    )


def _groups(body: Body, source: str) -> list[AlertmanagerGroup]:
    found = decoded(body, list[_Group], source, WRONG_PLACE)
    return [AlertmanagerGroup({clean(k): clean(v) for k, v in g.labels.items()}, len(g.alerts or ())) for g in found]


SILENCES = Reader("silences", _silences, Silence)
GROUPS = Reader("groups", _groups, AlertmanagerGroup)
