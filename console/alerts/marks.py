"""Acknowledgements that journals remember, and which of them still hold.

A journal tells who acknowledged an alert, not whether it resolved since. A mark that ended with its alert, or that was
taken back, must never come back on its return: that would hide it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from console.clock import Millis
from console.model.alert import Alert, AlertState

KEPT = 50_000


class Mark(NamedTuple):
    """Who acknowledged, and when."""

    by: str
    at: Millis


class Marks:
    """Marks that wait for their alert to be told, and marks that are spent."""

    def __init__(self) -> None:
        self._waiting: dict[str, Mark] = {}
        self._spent: dict[str, Millis] = {}

    def wait(self, key: str, mark: Mark) -> None:
        """No source has told this alert yet."""
        self._waiting[key] = mark
        _trim(self._waiting)

    def claim(self, alert: Alert) -> Mark | None:
        """The mark that waited for this alert, if it holds; taken off by this."""
        mark = self._waiting.pop(alert.key, None)
        return mark if mark is not None and holds(mark, alert) else None

    def waiting(self, keys: Iterable[str]) -> dict[str, Mark]:
        """Marks that wait for one of these keys."""
        return {key: self._waiting[key] for key in keys if key in self._waiting} if self._waiting else {}

    def spend(self, key: str, at: Millis) -> None:
        """The mark of this alert ended."""
        self._spent.pop(key, None)
        self._spent[key] = at
        _trim(self._spent)

    def renew(self, key: str) -> None:
        """Somebody acknowledged it just now."""
        self._spent.pop(key, None)

    def spent(self, key: str, at: Millis | None) -> bool:
        """Whether a mark, made at a time that may be unknown, ended already."""
        ended = self._spent.get(key)
        return ended is not None and (at is None or at <= ended)


def holds(mark: Mark, alert: Alert) -> bool:
    """An acknowledgement holds for what had begun when it was given, and until it resolves."""
    return alert.state is not AlertState.RESOLVED and alert.started_at <= mark.at


def _trim(kept: dict[str, Millis] | dict[str, Mark]) -> None:
    if len(kept) > KEPT:
        del kept[next(iter(kept))]
