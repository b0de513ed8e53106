"""Alertmanager, API v2: alerts, groups, silences. Its OpenAPI document is the protocol."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import quote

import msgspec
from msgspec import Struct

from console.adapters.alert_forms import UNREADABLE, alertmanager_form, instant
from console.adapters.decode import AlertDecoder
from console.adapters.decode_child import SetUp
from console.adapters.http import HttpClient
from console.adapters.probing import probe
from console.clock import Clock, Millis
from console.config import SourceConfig
from console.errors import BadAnswer, Rejected, ServerFailed
from console.model.alert import AlertDelta, Matcher, Silence
from console.model.normal import Normaliser
from console.model.source import Probe
from console.secret import Redactor, Secret
from console.text import clean


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


class _Created(Struct):
    silenceID: str


class _Version(Struct, frozen=True):
    version: str = ""


class _StatusAnswer(Struct):
    versionInfo: _Version = _Version()


class _Group(Struct):
    labels: dict[str, str] = {}
    alerts: list[dict[str, object]] = []


class Alertmanager:
    """An Alertmanager as alert source and silencer."""

    type = "alertmanager"

    def __init__(
        self,
        config: SourceConfig,
        *,
        secrets: Callable[[str], Secret],
        clock: Clock,
        normaliser: Normaliser,
        redact: Redactor,
    ) -> None:
        self.name = config.name
        self._config = config
        self._clock = clock
        self._http = HttpClient(config, secrets, redact)
        build = alertmanager_form(config.name, normaliser, clock.now)
        self._decoder = AlertDecoder(SetUp(config.name, normaliser.grouping), build)

    async def poll(self) -> AsyncIterator[AlertDelta]:
        """All alerts, active, silenced and inhibited, compared with the last poll."""
        async for delta in self._decoder.read(self._http.stream("GET", "/api/v2/alerts")):
            yield delta

    async def groups(self) -> Sequence[tuple[dict[str, str], int]]:
        """Its own groups: their labels and how many alerts each has."""
        body = await self._http.get("/api/v2/alerts/groups")
        found = _decoded(body, list[_Group], self.name)
        return [({clean(k): clean(v) for k, v in g.labels.items()}, len(g.alerts)) for g in found]

    async def silences(self) -> Sequence[Silence]:
        """Silences that are active or pending."""
        found = _decoded(await self._http.get("/api/v2/silences"), list[_Silence], self.name)
        return [self._silence(s) for s in found if s.status.state != "expired"]

    def _silence(self, raw: _Silence) -> Silence:
        matchers = tuple(Matcher(clean(m.name), clean(m.value), m.isRegex, m.isEqual) for m in raw.matchers)
        return Silence(
            clean(raw.id, 80),
            self.name,
            matchers,
            instant(raw.startsAt),
            instant(raw.endsAt),
            clean(raw.createdBy, 200),
            clean(raw.comment, 1000),
            raw.status.state,
        )

    async def create_silence(
        self,
        matchers: Sequence[Matcher],
        starts_at: Millis,
        ends_at: Millis,
        created_by: str,
        comment: str,
        id: str = "",
    ) -> str:
        """The id of the silence; with ``id`` that one is changed (Alertmanager may give it another id)."""
        body: dict[str, object] = {
            "matchers": [
                {"name": m.name, "value": m.value, "isRegex": m.is_regex, "isEqual": m.is_equal} for m in matchers
            ],
            "startsAt": _written(starts_at),
            "endsAt": _written(ends_at),
            "createdBy": created_by,
            "comment": comment,
        }
        if id:
            body["id"] = id
        answer = await self._http.send("POST", "/api/v2/silences", json=body)
        return clean(_decoded(answer, _Created, self.name).silenceID, 80)

    async def expire_silence(self, id: str) -> None:
        """End a silence; one that has ended is looked up before it counts as an error (0.25 answers 500 for it)."""
        try:
            await self._http.send("DELETE", f"/api/v2/silence/{quote(id, safe='')}")
        except (Rejected, ServerFailed):
            if any(s.id == id for s in await self.silences()):
                raise

    def describe_silence(self, matchers: Sequence[Matcher], ends_at: Millis) -> str:
        """The exact call for a confirmation."""
        inside = ", ".join(map(str, matchers))
        return f"POST {self._http.base}/api/v2/silences {{{inside}}} until {_written(ends_at)}"

    async def probe(self) -> Probe:
        """Reachable, authorised, version, latency; never raises."""
        return await probe(self._config, self._clock, self._version)

    async def _version(self) -> str:
        answer = await self._http.get("/api/v2/status")
        return clean(_decoded(answer, _StatusAnswer, self.name).versionInfo.version, 40)

    async def close(self) -> None:
        """End the decoder process and the connections."""
        await self._decoder.close()
        await self._http.close()


T = TypeVar("T")


def _decoded(body: bytes, form: type[T], name: str) -> T:
    try:
        return msgspec.json.decode(body, type=form)
    except UNREADABLE as error:
        raise BadAnswer(f"{name}: {clean(str(error), 200)}", next="is this address an Alertmanager?") from None


def _written(at: Millis) -> str:
    try:
        time = datetime.fromtimestamp(at / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        raise Rejected(f"{at} ms is no time that can be written") from None
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
