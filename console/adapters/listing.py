"""A source's whole list of alerts, compared with the one before: only what changed is built and told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import msgspec
from msgspec import Raw, Struct

from console.adapters.alert_forms import UNREADABLE, Form
from console.adapters.readers import Body
from console.errors import BadAnswer
from console.model.alert import Alert, AlertDelta
from console.text import clean

SLICE = 250
"""Alerts in one delta: about 5 ms of building and taking in."""

SCANNED = 2_500
"""Unchanged items in one slice: about 4 ms of looking at them."""

Items = Callable[[Body], Sequence[Raw]]
"""A body to the bytes of its items; raises BadAnswer or Rejected."""

_RAWS = msgspec.json.Decoder(list[Raw])
_ENCODE = msgspec.msgpack.Encoder().encode


def plain_list(body: Body) -> Sequence[Raw]:
    """Items of a body that is the list itself."""
    try:
        return _RAWS.decode(body)
    except UNREADABLE as error:
        raise BadAnswer(f"the answer is not a list of alerts: {clean(str(error), 200)}") from None


class Odd(Struct, frozen=True):
    """What of a list could not be read as it should, and in words what was wrong with the first of it."""

    unread: int = 0
    repaired: int = 0
    """Read in part: a wrong field is left out."""
    listed: int = 0
    example: str = ""

    def __str__(self) -> str:
        parts = [f"{self.unread} of {self.listed} alerts unreadable"] if self.unread else []
        if self.repaired:
            of = "" if parts else f" of {self.listed} alerts"
            parts.append(f"{self.repaired}{of} read in part")
        return f"{', '.join(parts)}: {self.example}" if parts and self.example else ", ".join(parts)


class Slice(Struct):
    """A part of the differences: alerts, and the keys of those that are gone."""

    alerts: list[Alert] = []
    gone: Sequence[str] = ()
    last: bool = False

    def delta(self) -> AlertDelta:
        return AlertDelta(tuple(self.alerts), tuple(self.gone), self.last)


class Listing:
    """Remembers what was listed by hash; memory is about 250 B an alert.

    An item whose bytes are the same as before costs a hash; one whose bytes differ but which makes the same alert
    (Alertmanager moves ``updatedAt`` at every resend) costs a decode and is not told again.
    """

    def __init__(self, form: Form, items: Items = plain_list) -> None:
        self._form = form
        self._items = items
        self._known: dict[str, tuple[int, int]] = {}
        self._by_bytes: dict[int, str] = {}
        self._repaired: set[str] = set()
        self._unread = 0
        self._example = ""

    @property
    def odd(self) -> Odd:
        """Items of the last list that could be read in part or not at all."""
        return Odd(self._unread, len(self._repaired), len(self._known) + self._unread, self._example)

    def read(self, body: Body) -> Iterator[AlertDelta]:
        """Slices of what changed; the last has ``last``. Raises before the first slice if it is no list."""
        return (part.delta() for part in self.compare(self._items(body)))

    def compare(self, items: Sequence[Raw]) -> Iterator[Slice]:
        """The same, from a list that is already taken apart."""
        seen: set[str] = set()
        part = Slice()
        built = scanned = 0
        self._unread = 0
        if not self._repaired:
            self._example = ""
        for item in items:
            data = bytes(item)
            mark = hash(data)
            key = self._by_bytes.get(mark)
            if key is not None and key not in seen:
                seen.add(key)
                scanned += 1
            else:
                self._look(data, mark, seen, part)
                built += 1
            if built >= SLICE or scanned >= SCANNED:
                yield part
                part, built, scanned = Slice(), 0, 0
        yield from self._vanished(part, seen)

    def _look(self, data: bytes, mark: int, seen: set[str], part: Slice) -> None:
        """Build one item and note what it has come to."""
        repaired = self._form.repaired
        alert = self._form(data)
        if self._form.repaired > repaired:
            self._example = self._example or self._form.trouble
        if alert is None:
            self._unread += 1
            return
        key = alert.key
        if key in seen:
            return
        seen.add(key)
        if self._form.repaired > repaired:
            self._repaired.add(key)
        else:
            self._repaired.discard(key)
        content = hash(_ENCODE(alert))
        before = self._known.get(key)
        if before is not None:
            self._by_bytes.pop(before[0], None)
        self._known[key] = (mark, content)
        self._by_bytes[mark] = key
        if before is None or before[1] != content:
            part.alerts.append(alert)

    def _vanished(self, part: Slice, seen: set[str]) -> Iterator[Slice]:
        """The last slices: keys that were not seen."""
        gone = [key for key in self._known if key not in seen]
        for at in range(0, len(gone), SLICE):
            if at:
                yield part
                part = Slice()
            part.gone = gone[at : at + SLICE]
            for key in part.gone:
                self._by_bytes.pop(self._known.pop(key)[0], None)
                self._repaired.discard(key)
        part.last = True
        yield part
