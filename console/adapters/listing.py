"""A source's whole list of alerts, compared with the one before: only what changed is built and told."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec
from msgspec import Raw

from console.errors import BadAnswer
from console.model.alert import Alert, AlertDelta

SLICE = 250
"""Alerts in one delta: about 5 ms of building and taking in."""

Build = Callable[[bytes], Alert | None]
"""One listed item to an alert; ``None`` = it cannot be read at all."""

_RAWS = msgspec.json.Decoder(list[Raw])


class Listing:
    """Remembers what was listed by hash; memory is about 150 B an alert.

    An item whose bytes are the same as before costs a hash; one whose bytes differ but which makes the same alert
    (Alertmanager moves ``updatedAt`` at every resend) costs a decode and is not told again.
    """

    def __init__(self, build: Build) -> None:
        self._build = build
        self._known: dict[str, tuple[int, int]] = {}
        self._by_bytes: dict[int, str] = {}
        self.unread = 0
        """Items of the last list that could not be read at all."""

    def read(self, body: bytes) -> Iterator[AlertDelta]:
        """Slices of what changed; the last has ``last``. Raises BadAnswer before the first slice if it is no list."""
        try:
            items = _RAWS.decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise BadAnswer(f"the answer is not a list of alerts: {error}") from None
        return self.compare(items)

    def compare(self, items: list[Raw]) -> Iterator[AlertDelta]:
        """The same, from a list that is already taken apart."""
        seen: set[str] = set()
        changed: list[Alert] = []
        work = 0
        self.unread = 0
        for item in items:
            data = bytes(item)
            mark = hash(data)
            key = self._by_bytes.get(mark)
            if key is not None and key not in seen:
                seen.add(key)
                continue
            alert = self._build(data)
            work += 1
            if alert is None:
                self.unread += 1
            elif alert.key not in seen:
                seen.add(alert.key)
                if self._note(alert, mark):
                    changed.append(alert)
            if work >= SLICE:
                yield AlertDelta(tuple(changed), last=False)
                changed, work = [], 0
        gone = tuple(key for key in self._known if key not in seen)
        for key in gone:
            self._by_bytes.pop(self._known.pop(key)[0], None)
        yield AlertDelta(tuple(changed), gone)

    def _note(self, alert: Alert, mark: int) -> bool:
        """Remember it; whether it differs from what was told before."""
        content = hash(msgspec.msgpack.encode(alert))
        before = self._known.get(alert.key)
        if before is not None:
            self._by_bytes.pop(before[0], None)
        self._known[alert.key] = (mark, content)
        self._by_bytes[mark] = alert.key
        return before is None or before[1] != content
