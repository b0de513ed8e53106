"""The same alert from two sources counts once: Prometheus tells it, and so does its Alertmanager."""

from __future__ import annotations

from msgspec.structs import replace

from console.clock import Millis
from console.model.alert import Alert, AlertState

_IGNORED = frozenset({"prometheus", "prometheus_replica", "replica", "alertstate", "receiver"})
"""Labels that a sender adds on its way."""


class Alone:
    """Stands in where there is one source only: nothing has a copy, nothing is remembered."""

    def put(self, alert: Alert) -> list[Alert]:
        """The alert itself."""
        return [alert]

    def leave(self, key: str, shown: Alert | None, now: Millis) -> list[Alert]:
        """The alert, resolved."""
        return [_resolved(shown, now)] if shown is not None else []

    def forget(self, key: str) -> None:
        """Nothing is kept of it."""

    def primary(self, key: str) -> str:
        """The key itself."""
        return key

    def hidden(self) -> list[str]:
        """None."""
        return []


def _resolved(alert: Alert, now: Millis) -> Alert:
    return alert if alert.state is AlertState.RESOLVED else replace(alert, state=AlertState.RESOLVED, ended_at=now)


class Twins:
    """Knows which alerts are copies of one another; of each set one is shown, a firing one if there is any."""

    def __init__(self) -> None:
        self._copies: dict[int, dict[str, Alert]] = {}
        self._mark: dict[str, int] = {}
        self._shown: dict[int, str] = {}
        self._hidden: list[str] = []

    def put(self, alert: Alert) -> list[Alert]:
        """Take a copy in; the alerts that are to be shown in consequence."""
        mark = self._mark.get(alert.key)
        if mark is None:
            pairs = [(k, v) for k, v in alert.labels.items() if k not in _IGNORED]
            # Alerts of one source are told apart by it: only another source's can be a copy.
            mark = hash((alert.name, frozenset(pairs))) if pairs else hash(alert.key)
            others = self._copies.get(mark)
            if others and any(o.source == alert.source for o in others.values()):
                mark = hash(alert.key)
            self._mark[alert.key] = mark
        copies = self._copies.setdefault(mark, {})
        copies[alert.key] = alert
        return self._choose(mark, alert.key)

    def leave(self, key: str, shown: Alert | None, now: Millis) -> list[Alert]:
        """A source no longer lists it: another copy takes its place, else it is told a last time, as resolved."""
        mark = self._mark.get(key)
        copies = self._copies.get(mark) if mark is not None else None
        if copies is None or key not in copies or mark is None:
            return []
        if len(copies) == 1:
            copies[key] = _resolved(copies[key], now)
            return [copies[key]]
        del copies[key]
        del self._mark[key]
        if self._shown.get(mark) == key:
            self._hidden.append(key)
            self._shown.pop(mark)
        return self._choose(mark, "")

    def forget(self, key: str) -> None:
        """The alert is gone for good."""
        mark = self._mark.pop(key, None)
        if mark is not None:
            copies = self._copies.get(mark, {})
            copies.pop(key, None)
            if not copies:
                self._copies.pop(mark, None)
                self._shown.pop(mark, None)

    def primary(self, key: str) -> str:
        """The key under which an alert is shown."""
        mark = self._mark.get(key)
        return self._shown.get(mark, key) if mark is not None else key

    def hidden(self) -> list[str]:
        """Keys that are no longer the ones shown, since the last call."""
        out, self._hidden = self._hidden, []
        return out

    def _choose(self, mark: int, changed: str) -> list[Alert]:
        copies = self._copies[mark]
        now = self._shown.get(mark, "")
        if len(copies) > 1:
            best = min(copies.values(), key=lambda a: (a.state is not AlertState.FIRING, not a.muted, a.key != now))
        else:
            best = next(iter(copies.values()))
        if best.key == now:
            return [best] if changed == now else []
        if now:
            self._hidden.append(now)
        self._shown[mark] = best.key
        return [best]
