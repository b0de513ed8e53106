"""How Alertmanager and Prometheus write an alert, read into the model; a wrong field loses that field only."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec
from msgspec import Struct

from console.model.alert import Alert, AlertState
from console.model.normal import Normaliser
from console.text import clean

LABELS = 64
"""Labels of one alert that are kept."""


class _Status(Struct, frozen=True):
    state: str = "active"
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


UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What decoding raises for bytes that are not JSON, not UTF-8, not of the form, or nested without end."""

_LISTED = msgspec.json.Decoder(_Listed)
_RULE = msgspec.json.Decoder(_Rule)


def alertmanager_form(source: str, normaliser: Normaliser, now: Callable[[], int]) -> Callable[[bytes], Alert | None]:
    """A builder for items of ``GET /api/v2/alerts`` (Alertmanager's OpenAPI ``gettableAlert``)."""
    share = Shared()

    def build(data: bytes) -> Alert | None:
        try:
            raw = _LISTED.decode(data)
        except UNREADABLE:
            found = _repair(data)
            if found is None:
                return None
            raw = found
        labels = share.pairs(raw.labels)
        identity = share.text(raw.fingerprint) or _fingerprint(raw.labels)
        ends = instant(raw.endsAt)
        resolved = 0 < ends <= now()
        return _alert(
            source,
            identity,
            labels,
            share.alike(raw.annotations),
            normaliser,
            AlertState.RESOLVED if resolved else AlertState.FIRING,
            instant(raw.startsAt),
            ended_at=ends if resolved else 0,
            silenced_by=tuple(clean(s, 80) for s in raw.status.silencedBy),
            inhibited=bool(raw.status.inhibitedBy),
            link=clean(raw.generatorURL),
        )

    return build


def prometheus_form(source: str, normaliser: Normaliser) -> Callable[[bytes], Alert | None]:
    """A builder for items of ``GET /api/v1/alerts`` (``data.alerts``)."""
    share = Shared()

    def build(data: bytes) -> Alert | None:
        try:
            raw = _RULE.decode(data)
        except UNREADABLE:
            found = _repair(data)
            if found is None:
                return None
            raw = _Rule(found.labels, found.annotations, found.state, found.activeAt)
        state = AlertState.PENDING if raw.state == "pending" else AlertState.FIRING
        return _alert(
            source,
            _fingerprint(raw.labels),
            share.pairs(raw.labels),
            share.alike(raw.annotations),
            normaliser,
            state,
            instant(raw.activeAt),
        )

    return build


def _alert(
    source: str,
    identity: str,
    labels: dict[str, str],
    annotations: dict[str, str],
    normaliser: Normaliser,
    state: AlertState,
    started_at: int,
    **more: object,
) -> Alert:
    entities = normaliser.entities(labels)
    name = labels.get("alertname", "") or "unnamed alert"
    return Alert(
        key=f"{source}/{identity}",
        source=source,
        vendor_id=identity,
        name=name,
        summary=normaliser.symptom(name, labels, annotations),
        severity=normaliser.severity(labels),
        state=state,
        started_at=started_at,
        service=entities.service,
        cluster=entities.cluster,
        host=entities.host,
        pod=entities.pod,
        labels=labels,
        annotations=annotations,
        **more,  # type: ignore[arg-type]
    )


class Shared:
    """Cleans text and keeps one object of each value: labels repeat, 100k alerts need a third of the memory."""

    LIMIT = 50_000

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._pairs: dict[tuple[tuple[str, str], ...], dict[str, str]] = {}

    def text(self, text: str) -> str:
        """The cleaned text, one object for equal ones."""
        known = self._texts.get(text)
        if known is None:
            if len(self._texts) >= self.LIMIT:
                self._texts.clear()
            known = self._texts[text] = clean(text)
        return known

    def pairs(self, pairs: dict[str, str]) -> dict[str, str]:
        """The same for names and values, at most ``LABELS`` of them."""
        get, text = self._texts.get, self.text
        if len(pairs) > LABELS:
            pairs = dict(list(pairs.items())[:LABELS])
        return {get(k) or text(k): get(v) or text(v) for k, v in pairs.items()}

    def alike(self, pairs: dict[str, str]) -> dict[str, str]:
        """The same, and one dict for equal pairs: annotations of many alerts are."""
        mark = tuple(pairs.items())
        known = self._pairs.get(mark)
        if known is None:
            if len(self._pairs) >= self.LIMIT:
                self._pairs.clear()
            known = self._pairs[mark] = self.pairs(pairs)
        return known


class _Either(_Listed):
    state: str = ""
    activeAt: str = ""


def _repair(data: bytes) -> _Either | None:
    """What can be read of an item in which some field has the wrong type, in either form."""
    try:
        item = msgspec.json.decode(data)
    except UNREADABLE:
        return None
    if not isinstance(item, dict):
        return None
    listed = _Either(labels=_texts(item.get("labels")), annotations=_texts(item.get("annotations")))
    for name in ("startsAt", "endsAt", "fingerprint", "generatorURL", "state", "activeAt"):
        value = item.get(name)
        if isinstance(value, str):
            setattr(listed, name, value)
    status = item.get("status")
    if isinstance(status, dict):
        listed.status = _Status(
            silencedBy=[s for s in status.get("silencedBy") or [] if isinstance(s, str)]
            if isinstance(status.get("silencedBy"), list)
            else [],
            inhibitedBy=["?"] if status.get("inhibitedBy") else [],
        )
    return listed


def _texts(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        return {}
    return {str(k): v if isinstance(v, str) else msgspec.json.encode(v).decode() for k, v in value.items()}


def _fingerprint(labels: dict[str, str]) -> str:
    text = "\x00".join(f"{k}\x01{v}" for k, v in sorted(labels.items()))
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def instant(text: str) -> int:
    """Milliseconds of an RFC 3339 time, UTC if it names no zone; 0 for none, before 1970, Go's zero time or rubbish."""
    if len(text) < 19 or text.startswith("0001-"):
        return 0
    try:
        time = datetime.fromisoformat(text.replace("Z", "+00:00"))
        return max(0, int((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() * 1000))
    except (ValueError, OverflowError):
        return 0
