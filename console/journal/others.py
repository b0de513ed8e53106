"""The lanes of a folder that are not ours: followed as they grow, replayed as far as they were told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from console.clock import Clock
from console.journal.cache import Mark
from console.journal.disk import Disk
from console.journal.follow import Damage, Follower
from console.journal.places import Places
from console.journal.record import Cites, Sealer
from console.journal.settled import Settled
from console.journal.stamp import AHEAD_MS, HybridClock
from console.model.entry import Entry

Files = Sequence[tuple[int, Path]]
Marks = dict[str, tuple[dict[int, int], bool]]
"""Of each lane: how far each segment was read, and whether the lane must be sorted."""


class Others:
    """Reading happens on the journal's thread; what is told of them may be asked from any."""

    def __init__(
        self,
        places: Places,
        incident: str,
        clock: Clock,
        hybrid: HybridClock,
        disk: Disk,
        sealer: Sealer | None = None,
    ) -> None:
        self.followers: dict[str, Follower] = {}
        self._sealer = sealer
        self._places = places
        self._incident = incident
        self._clock = clock
        self._hybrid = hybrid
        self._disk = disk
        self._settled = Settled(clock, disk)

    def __len__(self) -> int:
        return len(self.followers)

    def _follower(self, lane: str) -> Follower:
        return Follower(lane, self._incident, self._disk, self._sealer)

    @property
    def entries(self) -> int:
        """How many entries they have."""
        return sum(follower.count for follower in list(self.followers.values()))

    def resume(self, marks: Mapping[str, Mark]) -> None:
        """Go on in each lane where a cache had come to."""
        for lane, mark in marks.items():
            follower = self.followers[lane] = self._follower(lane)
            follower.resume(mark)
            self._hybrid.observe(lane, mark.wall, mark.logical)

    def read(self, lanes: Mapping[str, Files]) -> list[Entry]:
        """The entries that were added to these lanes, lane by lane."""
        fresh: list[Entry] = []
        for lane, files in lanes.items():
            follower = self.followers.setdefault(lane, self._follower(lane))
            before = follower.count
            entries = list(follower.entries(files))
            fresh += entries
            self._took(follower, before, ((entry.stamp.wall, entry.stamp.logical) for entry in entries), files)
        return fresh

    def pass_over(self, lanes: Mapping[str, Files]) -> None:
        """Read on and verify without decoding what is read."""
        for lane, files in lanes.items():
            follower = self.followers.setdefault(lane, self._follower(lane))
            before = follower.count
            self._took(follower, before, _stamps(follower, files), files)

    def _took(self, follower: Follower, before: int, stamps: Iterator[tuple[int, int]], files: Files) -> None:
        """Let our clock see theirs, and take note of how far they are."""
        limit = self._clock.now() + AHEAD_MS
        near = max((stamp for stamp in stamps if stamp[0] <= limit), default=(0, 0))
        if follower.head is not None and files:
            self._settled.see(follower.lane, (follower.seq, follower.head.hex()), files[-1][1])
        if follower.count > before and not self._hybrid.observe(follower.lane, follower.wall, follower.logical):
            self._hybrid.resume(*near)

    def replay(self, lane: str, until: Mapping[int, int], *, disordered: bool) -> Iterator[Entry]:
        """A lane's entries from its first, as far as it was told."""
        follower = self._follower(lane)
        entries = follower.entries(self._places.lanes().get(lane, []), until)
        yield from sorted(entries, key=lambda entry: entry.stamp) if disordered else entries
        self.blame(lane, [damage for damage in follower.damages if damage not in self.followers[lane].damages])

    def blame(self, lane: str, damages: Sequence[Damage]) -> None:
        """Add damage that was found elsewhere than in following."""
        self.followers[lane].damages += damages

    def heads(self) -> Cites:
        """How far every lane is read and sure to last; our frames name it, so that none can be cut unseen."""
        heads = self._settled.heads()
        return {lane: head for lane, head in heads.items() if not self.followers[lane].damages}

    def marks(self) -> Marks:
        """How far each lane is read."""
        return {
            lane: ({n: tail.offset for n, tail in follower.tails.items()}, follower.disordered)
            for lane, follower in self.followers.items()
        }

    def damages(self) -> list[Damage]:
        """All damage that was seen in them."""
        return [damage for follower in list(self.followers.values()) for damage in follower.damages]

    def authors(self) -> dict[str, int]:
        """The uid that each lane's entries are from."""
        return {lane: follower.owner for lane, follower in list(self.followers.items())}


def _stamps(follower: Follower, files: Files) -> Iterator[tuple[int, int]]:
    for found in follower.advance(files):
        yield found.header.wall, found.header.logical
