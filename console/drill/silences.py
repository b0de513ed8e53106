"""Silences with Alertmanager's rules: checked, numbered, changed in place or replaced, expired but not forgotten."""

from __future__ import annotations

from random import Random
from typing import Any
from uuid import UUID

from msgspec import Struct

from console.clock import Millis
from console.drill.matchers import Matcher, all_match
from console.drill.rfc3339 import format_time, parse_time


class Refusal(Exception):
    """What the API answers instead: status and the JSON body."""

    def __init__(self, status: int, body: object) -> None:
        super().__init__(str(body))
        self.status = status
        self.body = body


class Silence(Struct):
    """One silence; ``ends_at`` moves when it is expired."""

    id: str
    matchers: tuple[Matcher, ...]
    starts_at: Millis
    ends_at: Millis
    created_by: str
    comment: str
    updated_at: Millis

    def state(self, now: Millis) -> str:
        """``pending``, ``active`` or ``expired``."""
        if now >= self.ends_at:
            return "expired"
        return "active" if now >= self.starts_at else "pending"

    def wire(self, now: Millis) -> dict[str, object]:
        """As the API shows it."""
        return {
            "id": self.id,
            "status": {"state": self.state(now)},
            "updatedAt": format_time(self.updated_at),
            "comment": self.comment,
            "createdBy": self.created_by,
            "endsAt": format_time(self.ends_at),
            "matchers": [
                {"isEqual": m.is_equal, "isRegex": m.is_regex, "name": m.name, "value": m.value} for m in self.matchers
            ],
            "startsAt": format_time(self.starts_at),
            "annotations": {},
        }


class Silences:
    """All silences of one Alertmanager; ``version`` counts their changes."""

    def __init__(self, seed: int) -> None:
        self._random = Random(f"{seed}/silences")  # noqa: S311 - repeatable on purpose
        self._all: dict[str, Silence] = {}
        self.version = 0

    def all(self) -> list[Silence]:
        """In order of creation."""
        return list(self._all.values())

    def get(self, id: str) -> Silence:
        """One silence; refuses what is no id or names none."""
        try:
            UUID(id)
        except ValueError:
            raise Refusal(422, {"code": 601, "message": f'silenceID in path must be of type uuid: "{id}"'}) from None
        if id not in self._all:
            raise Refusal(404, "silence not found")
        return self._all[id]

    def active(self, now: Millis) -> list[Silence]:
        """Those in force."""
        return [s for s in self._all.values() if s.starts_at <= now < s.ends_at]

    def silencing(self, labels: dict[str, str], now: Millis) -> list[str]:
        """Ids of the silences in force that mute a label set."""
        return [s.id for s in self.active(now) if all_match(s.matchers, labels)]

    def put(self, body: Any, now: Millis) -> str:
        """Create a silence, or change the one whose id is given; its id afterwards."""
        wanted = _read(body, now)
        before: Silence | None = None
        if wanted.id:
            if wanted.id not in self._all:
                raise Refusal(404, "silence not found")
            before = self._all[wanted.id]
        if wanted.starts_at >= wanted.ends_at:
            raise Refusal(400, "Failed to create silence: start time must be before end time")
        if wanted.ends_at <= now:
            raise Refusal(400, "Failed to create silence: end time can't be in the past")
        self.version += 1
        if before is not None and _same_silence(before, wanted, now):
            wanted.starts_at = before.starts_at if before.state(now) == "active" else max(now, wanted.starts_at)
        else:
            if before is not None:
                self._expire(before, now)
            wanted.id = str(UUID(int=self._random.getrandbits(128), version=4))
            wanted.starts_at = max(now, wanted.starts_at)
        self._all[wanted.id] = wanted
        return wanted.id

    def expire(self, id: str, now: Millis) -> None:
        """End a silence now; one that has ended stays as it is."""
        self._expire(self.get(id), now)
        self.version += 1

    def _expire(self, silence: Silence, now: Millis) -> None:
        if silence.state(now) == "pending":
            silence.starts_at = now
        if silence.state(now) != "expired":
            silence.ends_at = silence.updated_at = now


def _same_silence(before: Silence, wanted: Silence, now: Millis) -> bool:
    """Whether a change keeps the id: same matchers, and of an active one the past is not touched."""
    state = before.state(now)
    if before.matchers != wanted.matchers or state == "expired":
        return False
    return state == "pending" or abs(before.starts_at - wanted.starts_at) < 1000


def _read(body: Any, now: Millis) -> Silence:
    if not isinstance(body, dict):
        raise Refusal(400, {"code": 400, "message": 'parsing silence body from "" failed'})
    for name in ("comment", "createdBy", "endsAt", "matchers", "startsAt"):
        if name not in body or body[name] is None:
            raise Refusal(422, {"code": 602, "message": f"{name} in body is required"})
    times: dict[str, Millis] = {}
    for name in ("startsAt", "endsAt"):
        try:
            times[name] = parse_time(body[name])
        except (TypeError, ValueError):
            raise Refusal(
                400, {"code": 400, "message": f'parsing silence body from "" failed, because {name} is not a time'}
            ) from None
    matchers = tuple(_read_matcher(number, m) for number, m in enumerate(_list(body["matchers"])))
    if not matchers:
        raise Refusal(422, {"code": 612, "message": "matchers in body should have at least 1 items"})
    if all(m.matches({}) for m in matchers):
        raise Refusal(400, "silence invalid: at least one matcher must not match the empty string")
    return Silence(
        str(body.get("id") or ""), matchers, times["startsAt"], times["endsAt"], str(body["createdBy"]),
        str(body["comment"]), now,
    )  # fmt: skip


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _read_matcher(number: int, body: Any) -> Matcher:
    if not isinstance(body, dict):
        raise Refusal(400, {"code": 400, "message": 'parsing silence body from "" failed'})
    for name in ("name", "value", "isRegex"):
        if name not in body or body[name] is None:
            raise Refusal(422, {"code": 602, "message": f"matchers.{number}.{name} in body is required"})
    matcher = Matcher(str(body["name"]), str(body["value"]), body["isRegex"] is True, body.get("isEqual", True) is True)
    try:
        matcher.check()
    except ValueError as error:
        what = f'silence invalid: invalid label matcher {number}: invalid regular expression "{matcher.value}": {error}'
        raise Refusal(400, what) from None
    return matcher
