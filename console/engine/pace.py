"""How often a source is asked: its interval while it answers, longer and longer with jitter while it does not."""

from __future__ import annotations

import random

from console.errors import RateLimited, Unauthorised, WarroomError
from console.model.source import Health

LONGEST_S = 60.0
"""No source is left alone for longer than this, whatever it does, unless it asks for more itself."""


class Pace:
    """Interval, back-off and circuit of one source, free of any clock.

    After a failure the wait doubles from the interval up to a minute, spread by ±20 % so that many consoles do not
    return at once. After ``trip`` failures in a row the circuit is open: one trial request a minute decides.
    """

    def __init__(self, interval_s: float, *, trip: int = 5, rng: random.Random | None = None) -> None:
        self.interval_s = interval_s
        self.failures = 0
        self._trip = trip
        self._rng = rng or random.Random()  # noqa: S311

    @property
    def open(self) -> bool:
        """Whether the circuit is open: single trials only."""
        return self.failures >= self._trip

    def succeeded(self, took_s: float) -> float:
        """Seconds of rest after an answer that took ``took_s``: as long as it worked, at most its interval."""
        self.failures = 0
        return min(took_s, self.interval_s)

    def failed(self, error: BaseException) -> float:
        """Seconds to wait after a failure."""
        self.failures += 1
        if isinstance(error, RateLimited) and error.retry_after > 0:
            return min(error.retry_after, 3600.0) + self._rng.uniform(0, 1)
        if self.open or isinstance(error, Unauthorised):
            base = LONGEST_S if self.open else max(self.interval_s, 15.0)
        else:
            base = min(LONGEST_S, self.interval_s * 2.0 ** (self.failures - 1))
        return base * self._rng.uniform(0.8, 1.2)


def health_of(error: BaseException) -> tuple[Health, str]:
    """The health mark and the clause that an error stands for."""
    if isinstance(error, Unauthorised):
        health = Health.UNAUTHORISED
    elif isinstance(error, RateLimited):
        health = Health.LIMITED
    else:
        health = Health.FAILING
    if isinstance(error, WarroomError):
        return health, f"{error.what}; {error.next}" if error.next else error.what
    return health, f"{type(error).__name__} inside the adapter; see the log"
