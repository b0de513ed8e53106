"""The hybrid logical clock: an order for entries of many lanes that no wrong clock can turn around."""

from __future__ import annotations

from console.clock import Clock, Millis

AHEAD_MS = 5 * 60_000
"""A remote clock further ahead than this is flagged and not followed."""


class HybridClock:
    """Stamps our own entries; each stamp is above all that this lane gave or took in before.

    Wall time and counter as in Kulkarni et al., “Logical Physical Clocks” (2014), with a bound on
    how far others may pull it. Not thread-safe: owned by the journal's thread.
    """

    def __init__(self, clock: Clock, wall: Millis = 0, logical: int = 0) -> None:
        self._clock = clock
        self.wall = wall
        self.logical = logical
        self.ahead: dict[str, Millis] = {}
        """Lanes whose clock is too far ahead, with how far it was, milliseconds."""

    def tick(self) -> tuple[Millis, int, Millis]:
        """The next stamp as wall and counter, and the clock's own reading."""
        now = self._clock.now()
        if now > self.wall:
            self.wall, self.logical = now, 0
        else:
            self.logical += 1
        return self.wall, self.logical, now

    def resume(self, wall: Millis, logical: int) -> None:
        """Go on behind the last stamp of our own lane, however far ahead that is."""
        if (wall, logical) > (self.wall, self.logical):
            self.wall, self.logical = wall, logical

    def observe(self, lane: str, wall: Millis, logical: int) -> bool:
        """Take in the stamp of another lane's newest entry; ``False`` = too far ahead, flagged and not followed."""
        ahead = wall - self._clock.now()
        if ahead > AHEAD_MS:
            self.ahead[lane] = ahead
            return False
        self.ahead.pop(lane, None)
        self.resume(wall, logical)
        return True
