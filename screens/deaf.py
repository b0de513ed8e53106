"""When a confirmation listens: not before it could be seen, and only to a key that a hand pressed by itself."""

from __future__ import annotations

from collections.abc import Callable

DEAF_S = 0.4
"""Not before this long after the dialog was seen: painted, and reported as shown by the terminal (``screens.link``)."""
QUIET_S = 0.06
"""A key counts when no other comes this close before or after: pasted or doubled keys come in bunches."""


class Ear:
    """Judges keys by the monotonic times at which the dialog was seen and keys came."""

    def __init__(self, monotonic: Callable[[], float], deaf_s: float = DEAF_S) -> None:
        self._monotonic = monotonic
        self._deaf_s = deaf_s
        self._seen: float | None = None
        self._keys: list[float] = []
        self._presses = 0

    def seen(self) -> None:
        """The dialog stands on the terminal; it counts from the first time, or from the last change of its shape."""
        self._seen = self._monotonic()

    def covered(self) -> None:
        """The dialog cannot be seen; it is deaf until it is seen again."""
        self._seen = None

    def heard(self) -> int:
        """Any key or paste came; the number of it."""
        self._keys = [*self._keys[-200:], self._monotonic()]
        self._presses += 1
        return self._presses

    @property
    def last(self) -> int:
        """The number of the last key."""
        return self._presses

    def refuses(self) -> str:
        """Why the key just heard does not count, ``""`` if it does as far as can be known yet."""
        if self._seen is None or self._keys[-1] - self._seen < self._deaf_s:
            return "too early: read first, then press once more"
        if len(self._keys) > 1 and self._keys[-1] - self._keys[-2] < QUIET_S:
            return "several keys at once: press it once, by itself"
        return ""

    @property
    def quiet(self) -> bool:
        """Whether the time after the last key is over."""
        return self._monotonic() - self._keys[-1] >= QUIET_S

    def typed_by_hand(self, characters: int) -> bool:
        """Whether the ``characters`` keys before this one took as long as a hand takes: 15 ms each at the least."""
        times = self._keys[-characters - 1 : -1]
        return len(times) == characters and times[-1] - times[0] >= 0.015 * (characters - 1)
