"""Alertmanager's API v2 over the story: alerts, groups, silences, status; as version 0.31 answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from console.clock import Millis
from console.drill.crowd import Crowd
from console.drill.httpd import Request, Response
from console.drill.matchers import Matcher, all_match, parse_matcher
from console.drill.rfc3339 import format_time, parse_time
from console.drill.silences import Refusal, Silences
from console.drill.story import Story, fingerprint

Wire = dict[str, Any]
RESEND_MS = 60_000
RESOLVE_MS = 300_000
GROUP_BY = ("alertname", "cluster", "service")


class Alertmanager:
    """One Alertmanager; alerts come from the story, from the crowd and from those who post some."""

    def __init__(self, story: Story, crowd: Crowd, seed: int) -> None:
        self._story = story
        self._crowd = crowd
        self._posted: dict[str, Wire] = {}
        self.silences = Silences(seed)
        self.generator = "http://127.0.0.1"
        """Address of the Prometheus beside it, for links."""
        self._routes: dict[tuple[str, str], Callable[[Request, Millis], object]] = {
            ("GET", "/api/v2/alerts"): self._list,
            ("POST", "/api/v2/alerts"): self._post,
            ("GET", "/api/v2/alerts/groups"): self._groups,
            ("GET", "/api/v2/silences"): self._list_silences,
            ("POST", "/api/v2/silences"): self._put_silence,
            ("GET", "/api/v2/status"): self._status,
            ("GET", "/api/v2/receivers"): lambda request, now: [{"name": "team"}],
        }

    async def handle(self, request: Request) -> Response:
        """One request answered."""
        now = self._story.time.now()
        method = "GET" if request.method == "HEAD" else request.method
        if request.path in ("/-/ready", "/-/healthy"):
            return Response(b"OK", kind="text/plain; charset=utf-8")
        try:
            route = self._routes.get((method, request.path))
            if route is not None:
                return _answer(route(request, now))
            if request.path.startswith("/api/v2/silence/"):
                return self._one_silence(method, request.path.removeprefix("/api/v2/silence/"), now)
        except Refusal as refusal:
            return Response(msgspec.json.encode(refusal.body) + b"\n", refusal.status)
        except ValueError as error:
            return Response(msgspec.json.encode(str(error)) + b"\n", 400)
        return Response(msgspec.json.encode({"code": 404, "message": f"path {request.path} was not found"}), 404)

    # Alerts

    def _list(self, request: Request, now: Millis) -> object:
        return b"[" + b",".join(self._chosen(request, now)) + b"]\n"

    def _chosen(self, request: Request, now: Millis) -> list[bytes]:
        """The JSON of each alert that a request lets through."""
        matchers, wanted = _filters(request), _wanted(request)
        parts = [
            msgspec.json.encode(alert)
            for alert in self._alerts(now)
            if wanted(alert) and all_match(matchers, alert["labels"])
        ]
        crowd = self.crowd_now(now)
        if not matchers and not request.fields.keys() & {"active", "silenced", "inhibited", "receiver"}:
            return parts + [part for part in crowd if part]
        for index, labels in self._crowd.labels():
            if all_match(matchers, labels) and wanted(msgspec.json.decode(crowd[index])):
                parts.append(crowd[index])
        return parts

    def crowd_now(self, now: Millis) -> list[bytes]:
        """The JSON of the generated alerts; the first call writes all of them."""
        mark = (self.silences.version, *(s.id for s in self.silences.active(now)))
        return self._crowd.fragments(now, mark, lambda labels: self.silences.silencing(labels, now))

    def _alerts(self, now: Millis) -> Iterator[Wire]:
        sent = now // RESEND_MS * RESEND_MS
        for firing in self._story.firing(now):
            event = firing.event
            since = self._story.time.wall(firing.since_s)
            alert = _wire(
                event.labels, {"summary": event.summary}, since, max(since, sent), max(since, sent) + RESOLVE_MS
            )
            alert["generatorURL"] = f"{self.generator}/graph?g0.expr={event.wave.name}"
            yield self._with_status(alert, now)
        for key, alert in list(self._posted.items()):
            if now >= alert["ends"]:
                del self._posted[key]
                continue
            yield self._with_status({k: v for k, v in alert.items() if k != "ends"}, now)

    def _with_status(self, alert: Wire, now: Millis) -> Wire:
        muted = self.silences.silencing(alert["labels"], now)
        state = "suppressed" if muted else "active"
        return {**alert, "status": {"inhibitedBy": [], "mutedBy": [], "silencedBy": muted, "state": state}}

    def _post(self, request: Request, now: Millis) -> object:
        for body in _decode(request, list, "alerts"):
            labels = {str(k): str(v) for k, v in dict(body.get("labels") or {}).items() if v}
            if not labels:
                raise Refusal(400, "at least one label pair required")
            annotations = {str(k): str(v) for k, v in dict(body.get("annotations") or {}).items()}
            known = self._posted.get(fingerprint(labels))
            begun = known["startsAt"] if known else format_time(now)
            starts = parse_time(body.get("startsAt") or begun)
            ends = parse_time(body["endsAt"]) if body.get("endsAt") else now + RESOLVE_MS
            alert = _wire(labels, annotations, starts, now, ends)
            self._posted[alert["fingerprint"]] = {
                **alert, "generatorURL": str(body.get("generatorURL") or ""), "ends": ends,
            }  # fmt: skip
        return None

    def _groups(self, request: Request, now: Millis) -> object:
        groups: dict[tuple[str, ...], list[Wire]] = {}
        for part in self._chosen(request, now):
            alert: Wire = msgspec.json.decode(part)
            groups.setdefault(tuple(alert["labels"].get(name, "") for name in GROUP_BY), []).append(alert)
        return [_group(key, alerts) for key, alerts in sorted(groups.items())]

    # Silences

    def _list_silences(self, request: Request, now: Millis) -> object:
        matchers = _filters(request)
        states = {state for state in ("active", "pending", "expired") if request.flag(state)}
        chosen = [s for s in self.silences.all() if s.state(now) in states and _names(s.matchers, matchers)]
        order = ("active", "pending", "expired")
        return [s.wire(now) for s in sorted(chosen, key=lambda s: (order.index(s.state(now)), s.ends_at))]

    def _put_silence(self, request: Request, now: Millis) -> object:
        return {"silenceID": self.silences.put(_decode(request, dict, "silence"), now)}

    def _one_silence(self, method: str, id: str, now: Millis) -> Response:
        if method == "GET":
            return _answer(self.silences.get(id).wire(now))
        if method != "DELETE":
            body = {"code": 405, "message": f"method {method} is not allowed, but [DELETE,GET] are"}
            return Response(msgspec.json.encode(body), 405, headers={"Allow": "DELETE,GET"})
        self.silences.expire(id, now)
        return _answer(None)

    def _status(self, request: Request, now: Millis) -> object:
        route = f"route:\n  receiver: team\n  group_by: [{', '.join(GROUP_BY)}]\nreceivers:\n- name: team\n"
        return {
            "cluster": {"peers": [], "status": "disabled"},
            "config": {"original": route},
            "uptime": format_time(self._story.time.begun),
            "versionInfo": {
                "branch": "HEAD", "buildDate": "20260301-10:00:00", "buildUser": "drill", "goVersion": "go1.25.6",
                "revision": "drill", "version": "0.31.0",
            },
        }  # fmt: skip


def _wire(labels: dict[str, str], annotations: dict[str, str], starts: Millis, updated: Millis, ends: Millis) -> Wire:
    return {
        "annotations": annotations,
        "endsAt": format_time(ends),
        "fingerprint": fingerprint(labels),
        "receivers": [{"name": "team"}],
        "startsAt": format_time(starts),
        "updatedAt": format_time(updated),
        "labels": labels,
    }


def _group(key: tuple[str, ...], alerts: list[Wire]) -> Wire:
    return {
        "alerts": sorted(alerts, key=lambda alert: str(alert["fingerprint"])),
        "labels": {name: value for name, value in zip(GROUP_BY, key, strict=True) if value},
        "receiver": {"name": "team"},
    }


def _answer(body: object) -> Response:
    if body is None:
        return Response(b"", kind="")
    return Response(body if isinstance(body, bytes) else msgspec.json.encode(body) + b"\n")


def _decode(request: Request, shape: type, what: str) -> Any:
    try:
        body = msgspec.json.decode(request.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        message = f'parsing {what} body from "" failed, because {error}'
        raise Refusal(400, {"code": 400, "message": message}) from None
    if not isinstance(body, shape) or (isinstance(body, list) and not all(isinstance(b, dict) for b in body)):
        raise Refusal(400, {"code": 400, "message": f'parsing {what} body from "" failed'})
    return body


def _filters(request: Request) -> list[Matcher]:
    return [parse_matcher(text) for text in request.fields.get("filter", ())]


def _wanted(request: Request) -> Callable[[Wire], bool]:
    """Which alerts the flags of a request let through."""
    active, silenced, inhibited = (request.flag(name) for name in ("active", "silenced", "inhibited"))
    receiver = Matcher("r", request.one("receiver", ".*"), True)
    receiver.check()
    mine = receiver.matches({"r": "team"})

    def wanted(alert: Wire) -> bool:
        status = alert["status"]
        if not mine or (status["silencedBy"] and not silenced) or (status["inhibitedBy"] and not inhibited):
            return False
        return active or status["state"] != "active"

    return wanted


def _names(matchers: Iterable[Matcher], wanted: Iterable[Matcher]) -> bool:
    """Whether a silence's own matchers meet a filter: each wanted one must match a value that it names."""
    values = {m.name: m.value for m in matchers}
    return all(w.matches(values) for w in wanted)
