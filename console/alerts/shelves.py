"""Groups where lists show them: grave ones, others, and single alerts that belong to no group."""

from __future__ import annotations

from console.alerts.ordering import SortedRows
from console.model.group import Group
from console.model.severity import Severity


def worst_group_first(group: Group) -> int:
    """By severity, those of which nothing is heard last; of one severity the longest-lasting first."""
    return (group.severity if group.firing > group.muted else 9) << 48 | group.started_at


class Shelves:
    """Three lists of groups, kept in order group by group."""

    def __init__(self) -> None:
        self.major: SortedRows[Group] = SortedRows(worst_group_first)
        self.minor: SortedRows[Group] = SortedRows(worst_group_first)
        self.loose: SortedRows[Group] = SortedRows(worst_group_first)
        self._placed: dict[str, Group] = {}

    def get(self, key: str) -> Group | None:
        """The group as it stands here."""
        return self._placed.get(key)

    def put(self, group: Group) -> None:
        """Put a group where it belongs, in place of what stood here of it."""
        shelf, before = self._shelf(group), self._placed.get(group.key)
        if before is not None and (old := self._shelf(before)) is not shelf:
            old.drop(before)
            before = None
        shelf.put(group, before)
        self._placed[group.key] = group

    def drop(self, key: str) -> None:
        """The group is gone, or not to be shown."""
        placed = self._placed.pop(key, None)
        if placed is not None:
            self._shelf(placed).drop(placed)

    def _shelf(self, group: Group) -> SortedRows[Group]:
        if group.severity <= Severity.SEV2 and group.firing:
            return self.major
        return self.minor if group.attributed else self.loose
