"""What a filter lets through, kept up row by row, with how many of each group."""

from __future__ import annotations

from collections import Counter
from operator import attrgetter

from console.alerts.filter import Filter
from console.alerts.ordering import SortedRows
from console.alerts.shelves import Shelves
from console.model.alert import AlertRow, AlertState
from console.model.group import Group

_LAST = (1 << 47) - 1
"""The year 6429, in milliseconds; a source may tell a later one, which counts as this."""
ROW_KEY = attrgetter("alert.key")
"""A row's key without a call."""
_FIRING, _PENDING = AlertState.FIRING, AlertState.PENDING


def worst_first(row: AlertRow) -> int:
    """Firing before pending before resolved, then by severity, then the latest first."""
    a = row.alert
    rank = 0 if a.state is _FIRING else 8 if a.state is _PENDING else 16
    return (rank + a.severity) << 48 | max(_LAST - a.started_at, 0)


class Sieve:
    """The rows that a filter lets through, in order."""

    def __init__(self, filter: Filter) -> None:
        self.filter = filter
        self.rows: SortedRows[AlertRow] = SortedRows(worst_first, ROW_KEY)
        self.groups: Counter[str] = Counter()
        self.shelves = Shelves()
        self._kept: dict[str, AlertRow] = {}

    def put(self, row: AlertRow) -> bool:
        """Judge a row that is there or has changed; whether it is let through."""
        key = row.alert.key
        if self.filter.matches(row):
            before = self._kept.get(key)
            self._kept[key] = row
            self.rows.put(row, before)
            self._count(before, row)
            return True
        if key in self._kept:
            self.drop(key)
        return False

    def drop(self, key: str) -> None:
        """The row is gone, or no longer let through."""
        before = self._kept.pop(key, None)
        if before is not None:
            self.rows.drop(before)
            self._count(before, None)

    def show(self, group: Group) -> None:
        """Show a group if the filter lets a member through; all of it is shown."""
        if group.key not in self.groups:
            self.shelves.drop(group.key)
        elif self.shelves.get(group.key) is not group:
            self.shelves.put(group)

    def _count(self, before: AlertRow | None, after: AlertRow | None) -> None:
        if before is not None and before.group:
            self.groups[before.group] -= 1
            if not self.groups[before.group]:
                del self.groups[before.group]
        if after is not None and after.group:
            self.groups[after.group] += 1
