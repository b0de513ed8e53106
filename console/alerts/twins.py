"""The same alert from two sources counts once: Prometheus tells it, and so does its Alertmanager."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from msgspec.structs import replace

from console.clock import Millis
from console.model.alert import Alert, AlertState

_IGNORED = frozenset({"prometheus", "prometheus_replica", "replica", "alertstate", "receiver"})
"""Labels that a sender adds on its way."""


class Pairing(Protocol):
    """Decides what is shown of an alert that one source or several tell."""

    def put(self, alert: Alert) -> Alert | None:
        """A source told it; what is to be shown in consequence, ``None`` if nothing else than before."""
        ...

    def leave(self, key: str, shown: Alert | None, now: Millis) -> Alert | None:
        """A source no longer lists it; ``shown`` is the alert of this key as it is shown."""
        ...

    def forget(self, key: str) -> None:
        """The alert shown under this key is gone for good."""
        ...

    def primary(self, key: str) -> str:
        """The key under which an alert is shown."""
        ...

    def prefer(self, sources: Collection[str]) -> None:
        """Sources whose copies are shown before others'."""
        ...


class Alone:
    """Stands in where there is one source only: nothing has a copy, nothing is remembered."""

    def put(self, alert: Alert) -> Alert | None:
        return alert

    def leave(self, key: str, shown: Alert | None, now: Millis) -> Alert | None:
        return _resolved(shown, now) if shown is not None else None

    def forget(self, key: str) -> None:
        return

    def primary(self, key: str) -> str:
        return key

    def prefer(self, sources: Collection[str]) -> None:
        return


class _Copies:
    """An alert that several sources tell; it keeps the key under which it was first shown."""

    __slots__ = ("by_key", "shown", "told")

    def __init__(self, first: Alert) -> None:
        self.shown = first.key
        self.by_key = {first.key: first}
        self.told = first


class Twins:
    """Knows which alerts are copies of one another.

    What is shown keeps the key of the copy that came first, so that its group and its acknowledgement stay with it
    whichever copy speaks. The facts are those of a copy that fires, if possible of a source in ``prefer`` (one in which
    it can be silenced, and that knows whether it is), else of one that is muted; it is muted when each of these sources
    mutes it. Of resolved ones the last counts.
    """

    def __init__(self, prefer: Collection[str] = ()) -> None:
        self._prefer = frozenset(prefer)
        self._mark: dict[str, int] = {}
        self._held: dict[int, Alert | _Copies] = {}

    def put(self, alert: Alert) -> Alert | None:
        """Take a copy in."""
        mark = self._mark.get(alert.key)
        if mark is None:
            mark = self._mark[alert.key] = self._marked(alert)
        held = self._held.get(mark)
        if held is None or (isinstance(held, Alert) and held.key == alert.key):
            self._held[mark] = alert
            return alert
        if isinstance(held, Alert):
            held = self._held[mark] = _Copies(held)
        held.by_key[alert.key] = alert
        return self._tell(held)

    def leave(self, key: str, shown: Alert | None, now: Millis) -> Alert | None:
        """Its copy counts as resolved; the alert is, when no other copy fires."""
        mark = self._mark.get(key)
        held = self._held.get(mark) if mark is not None else None
        if held is None or mark is None:
            return None
        if isinstance(held, Alert):
            held = self._held[mark] = _resolved(held, now)
            return held
        held.by_key[key] = _resolved(held.by_key[key], now)
        return self._tell(held)

    def forget(self, key: str) -> None:
        mark = self._mark.get(key)
        held = self._held.pop(mark, None) if mark is not None else None
        for copy in held.by_key if isinstance(held, _Copies) else (key,):
            self._mark.pop(copy, None)

    def primary(self, key: str) -> str:
        held = self._held.get(self._mark.get(key, 0))
        return held.shown if isinstance(held, _Copies) else key

    def prefer(self, sources: Collection[str]) -> None:
        self._prefer = frozenset(sources)

    def _marked(self, alert: Alert) -> int:
        """The same for copies; alerts of one source are told apart by it, so they are never copies."""
        pairs = frozenset(alert.labels.items())
        if not _IGNORED.isdisjoint(alert.labels):
            pairs = frozenset(pair for pair in pairs if pair[0] not in _IGNORED)
        mark = hash((alert.name, pairs)) if pairs else hash(alert.key)
        held = self._held.get(mark)
        copies = held.by_key.values() if isinstance(held, _Copies) else (held,) if held is not None else ()
        return hash(alert.key) if any(c.source == alert.source for c in copies) else mark

    def _tell(self, held: _Copies) -> Alert | None:
        best = min(held.by_key.values(), key=self._rank)
        if best.key != held.shown:
            best = replace(best, key=held.shown)
        if best == held.told:
            return None
        held.told = best
        return best

    def _rank(self, alert: Alert) -> tuple[bool, int, bool, bool, str]:
        known = alert.source in self._prefer
        # Of several that can be silenced one that is not muted counts: somebody is still told. The others cannot know.
        return (not alert.firing, -alert.ended_at, not known, alert.muted is known, alert.source)


def _resolved(alert: Alert, now: Millis) -> Alert:
    return alert if alert.state is AlertState.RESOLVED else replace(alert, state=AlertState.RESOLVED, ended_at=now)
