"""How Alertmanager and Prometheus write an alert, read into the model; a wrong field loses that field only."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol

import msgspec
from msgspec import Struct

from console.adapters.sharing import Shared
from console.model.alert import Alert, AlertState
from console.model.normal import Normaliser
from console.text import clean

LABELS = 64
"""Labels of one alert that are kept."""

UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What decoding raises for bytes that are not JSON, not UTF-8, not of the form, or nested without end."""

_PLAIN = 4096
"""Bytes of an item up to which no text in it can be too long."""

_ESCAPED = re.compile(rb'\\[^"\\/]')
"""An escape that may stand for a character that is not harmless."""


class _Status(Struct, frozen=True):
    silencedBy: list[str] = []
    inhibitedBy: list[str] = []


class _Listed(Struct):
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    startsAt: str = ""
    endsAt: str = ""
    fingerprint: str = ""
    generatorURL: str = ""
    status: _Status = _Status()


class _Rule(Struct):
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    state: str = "firing"
    activeAt: str = ""


_LISTED = msgspec.json.Decoder(_Listed)
_RULE = msgspec.json.Decoder(_Rule)


class Form(Protocol):
    """Makes alerts of listed items."""

    repaired: int
    """Items so far of which some field was wrong or unreadable."""
    trouble: str
    """What was wrong with the last of them."""

    def __call__(self, data: bytes) -> Alert | None:
        """The alert of one item's bytes; ``None`` = it cannot be read at all."""
        ...


class AlertmanagerForm:
    """Items of ``GET /api/v2/alerts`` (Alertmanager's OpenAPI ``gettableAlert``)."""

    def __init__(self, source: str, normaliser: Normaliser, now: Callable[[], int], *, keep: bool = True) -> None:
        self.repaired = 0
        self.trouble = ""
        self._maker = _Maker(source, normaliser, keep)
        self._now = now

    def __call__(self, data: bytes) -> Alert | None:
        plain = False
        try:
            raw = _LISTED.decode(data)
            plain = _harmless(data)
        except UNREADABLE as error:
            self.repaired += 1
            self.trouble = clean(str(error), 120)
            found = _repair(data)
            if found is None:
                return None
            raw = found
        ends = instant(raw.endsAt)
        status = raw.status
        return self._maker.alert(
            plain,
            raw.labels,
            raw.annotations,
            instant(raw.startsAt),
            identity=raw.fingerprint,
            ended_at=ends if 0 < ends <= self._now() else 0,
            silenced_by=tuple(clean(s, 80) for s in status.silencedBy) if status.silencedBy else (),
            inhibited=bool(status.inhibitedBy),
            link=raw.generatorURL,
        )


class PrometheusForm:
    """Items of ``GET /api/v1/alerts`` (``data.alerts``); ``added`` = labels that they get where they have none such."""

    def __init__(
        self, source: str, normaliser: Normaliser, *, keep: bool = True, added: Mapping[str, str] | None = None
    ) -> None:
        self._added = dict(added or {})
        self.repaired = 0
        self.trouble = ""
        self._maker = _Maker(source, normaliser, keep)

    def __call__(self, data: bytes) -> Alert | None:
        plain = False
        try:
            raw = _RULE.decode(data)
            plain = _harmless(data)
        except UNREADABLE as error:
            self.repaired += 1
            self.trouble = clean(str(error), 120)
            found = _repair(data)
            if found is None:
                return None
            raw = _Rule(found.labels, found.annotations, found.state, found.activeAt)
        began = instant(raw.activeAt)
        labels, identity = raw.labels, ""
        if self._added:
            # The identity is of what the server lists: it stays when the added labels change.
            identity = fingerprint(labels)
            labels = labels | {k: v for k, v in self._added.items() if not labels.get(k)}
        return self._maker.alert(
            plain, labels, raw.annotations, began, identity=identity, pending=raw.state == "pending"
        )


class _Maker:
    """What both forms do with labels; ``keep`` = equal texts of the alerts are to be one object.

    ``plain`` = no text of the item needs cleaning.
    """

    def __init__(self, source: str, normaliser: Normaliser, keep: bool) -> None:
        self._source = source
        self._normaliser = normaliser
        self._keep = keep
        self._share = Shared()

    def alert(
        self,
        plain: bool,
        raw_labels: dict[str, str],
        annotations: dict[str, str],
        started_at: int,
        *,
        identity: str = "",
        ended_at: int = 0,
        silenced_by: tuple[str, ...] = (),
        inhibited: bool = False,
        link: str = "",
        pending: bool = False,
    ) -> Alert:
        share, normaliser = self._share, self._normaliser
        if not identity:
            identity = fingerprint(raw_labels)
        labels = raw_labels if len(raw_labels) <= LABELS else dict(list(raw_labels.items())[:LABELS])
        if self._keep or not plain:
            labels, annotations = share.pairs(labels), share.alike(annotations)
            identity, link = clean(identity), share.text(link)
        entities = normaliser.entities(labels)
        name = labels.get("alertname", "") or "unnamed alert"
        state = AlertState.RESOLVED if ended_at else AlertState.PENDING if pending else AlertState.FIRING
        return Alert(
            key=f"{self._source}/{identity}",
            source=self._source,
            vendor_id=identity,
            name=name,
            summary=normaliser.symptom(name, labels, annotations),
            severity=normaliser.severity(labels),
            state=state,
            started_at=started_at,
            ended_at=ended_at,
            service=entities.service,
            cluster=entities.cluster,
            host=entities.host,
            pod=entities.pod,
            silenced_by=silenced_by,
            inhibited=inhibited,
            labels=labels,
            annotations=annotations,
            link=link,
        )


def _harmless(data: bytes) -> bool:
    """Whether no text of an item can need cleaning: one look at its bytes spares a look at each text."""
    return (
        len(data) <= _PLAIN
        and data.isascii()
        and b"\x7f" not in data
        and (b"\\" not in data or _ESCAPED.search(data) is None)
    )


class _Either(_Listed):
    state: str = ""
    activeAt: str = ""


def _repair(data: bytes) -> _Either | None:
    """What can be read of an item in which some field has the wrong type or bad characters, in either form."""
    try:
        item = json.loads(data.decode("utf-8", "replace"))
        if not isinstance(item, dict):
            return None
        listed = _Either(labels=_texts(item.get("labels")), annotations=_texts(item.get("annotations")))
    except (ValueError, RecursionError):
        return None
    for name in ("startsAt", "endsAt", "fingerprint", "generatorURL", "state", "activeAt"):
        value = item.get(name)
        if isinstance(value, str):
            setattr(listed, name, value)
    status = item.get("status")
    if isinstance(status, dict):
        silenced = status.get("silencedBy")
        listed.status = _Status(
            silencedBy=[s for s in silenced if isinstance(s, str)] if isinstance(silenced, list) else [],
            inhibitedBy=["?"] if status.get("inhibitedBy") else [],
        )
    return listed


def _texts(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        return {}
    return {k: v if isinstance(v, str) else json.dumps(v, ensure_ascii=False) for k, v in value.items()}


def fingerprint(labels: dict[str, str]) -> str:
    """An identity of an alert whose source gives it none."""
    text = "\x00".join(f"{k}\x01{v}" for k, v in sorted(labels.items()))
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def instant(text: str) -> int:
    """Milliseconds of an RFC 3339 time, UTC if it names no zone; 0 for none, before 1970, Go's zero time or rubbish."""
    if len(text) < 19 or text.startswith("0001-"):
        return 0
    second = _second(text[:19]) if text[-1] == "Z" else None
    if second is not None:
        rest = text[19:-1]
        if not rest:
            return second
        if rest[0] == "." and rest.isascii() and rest[1:].isdecimal():
            return second + int(rest[1:4].ljust(3, "0"))
    return _any_instant(text)


@lru_cache(4096)
def _second(text: str) -> int | None:
    """The same to the second; ``None`` = not in the usual form. Alerts share their seconds, so it is remembered."""
    try:
        time = datetime.fromisoformat(text)
        return None if time.tzinfo or time.year < 1970 else int(time.replace(tzinfo=UTC).timestamp()) * 1000
    except ValueError:
        return None


@lru_cache(4096)
def _any_instant(text: str) -> int:
    try:
        time = datetime.fromisoformat(text.replace("Z", "+00:00"))
        return max(0, int((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() * 1000))
    except (ValueError, OverflowError):
        return 0
