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
        self._placed: dict[str, tuple[SortedRows[Group], Group]] = {}

    def get(self, key: str) -> Group | None:
        """The group as it stands here."""
        placed = self._placed.get(key)
        return placed[1] if placed is not None else None

    def put(self, group: Group) -> None:
        """Put a group where it belongs, in place of what stood here of it."""
        if group.severity <= Severity.SEV2 and group.firing:
            home = self.major
        else:
            home = self.minor if group.attributed else self.loose
        shelf, before = self._placed.get(group.key, (home, None))
        if before is not None and shelf is not home:
            shelf.drop(before)
            before = None
        home.put(group, before)
        self._placed[group.key] = (home, group)

    def drop(self, key: str) -> None:
        """The group is gone, or not to be shown."""
        placed = self._placed.pop(key, None)
        if placed is not None:
            placed[0].drop(placed[1])
