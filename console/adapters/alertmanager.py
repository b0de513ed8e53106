"""Alertmanager, API v2: alerts, groups, silences. Its OpenAPI document is the protocol."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Callable, Sequence
from datetime import UTC, datetime
from urllib.parse import quote

from msgspec import Struct

from console.adapters.alertmanager_lists import GROUPS, SILENCES, WRONG_PLACE, AlertmanagerGroup
from console.adapters.decode import AlertDecoder, whole
from console.adapters.decode_child import SetUp
from console.adapters.http import HttpClient
from console.adapters.probing import probe
from console.adapters.readers import decoded
from console.clock import Clock, Millis
from console.config import SourceConfig
from console.errors import Rejected, ServerFailed
from console.model.alert import AlertDelta, Matcher, Silence
from console.model.normal import Normaliser
from console.model.source import Probe
from console.ports import Answer
from console.secret import Redactor, Secret
from console.text import clean


class _Created(Struct):
    silenceID: str


class _Version(Struct, frozen=True):
    version: str = ""


class _Cluster(Struct, frozen=True):
    status: str = ""
    peers: list[object] | None = None


class _StatusAnswer(Struct):
    versionInfo: _Version = _Version()
    cluster: _Cluster = _Cluster()


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
        self._decoder = AlertDecoder(SetUp(config.name, self.type, normaliser.grouping), self._now)

    @property
    def odd(self) -> str:
        """Alerts of the last poll that could be read in part or not at all, in words; ``""`` = there were none."""
        return str(self._decoder.odd)

    def _now(self) -> int:
        """The server's time where it tells: an alert has ended by the clock of who lists it, not by ours."""
        return self._http.date or self._clock.now()

    async def poll(self) -> AsyncGenerator[AlertDelta, None]:
        """All alerts, active, silenced and inhibited, compared with the last poll."""
        async with contextlib.aclosing(self._decoder.read(self._http.stream("GET", "/api/v2/alerts"))) as deltas:
            async for delta in deltas:
                yield delta

    async def groups(self) -> Sequence[AlertmanagerGroup]:
        """Its own groups: their labels and how many alerts each has."""
        return await whole(self._http.stream("GET", "/api/v2/alerts/groups"), GROUPS, self.name)

    async def silences(self) -> Sequence[Silence]:
        """Silences that are active or pending."""
        return await whole(self._http.stream("GET", "/api/v2/silences"), SILENCES, self.name)

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
        created: _Created = decoded(answer, _Created, self.name, WRONG_PLACE)
        return clean(created.silenceID, 80)

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

    def answers(self) -> Sequence[Answer]:
        """What it answered last, as it came."""
        return self._http.answers.kept()

    async def probe(self) -> Probe:
        """Reachable, authorised, version, latency; never raises."""
        return await probe(self._config, self._clock, self._version)

    async def _version(self) -> str:
        answer: _StatusAnswer = decoded(await self._http.get("/api/v2/status"), _StatusAnswer, self.name, WRONG_PLACE)
        version, cluster = clean(answer.versionInfo.version, 40), answer.cluster
        if cluster.status in ("", "disabled"):
            return version
        return f"{version}, cluster {clean(cluster.status, 20)}, {len(cluster.peers or ())} peers"

    async def close(self) -> None:
        """End the decoder process and the connections."""
        await self._decoder.close()
        await self._http.close()


def _written(at: Millis) -> str:
    try:
        time = datetime.fromtimestamp(at / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        raise Rejected(f"{at} ms is no time that can be written") from None
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
