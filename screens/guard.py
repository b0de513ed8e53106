"""The guard of keys: what a hand pressed on what it saw acts; what a paste leaked or news slid under it does not."""

from __future__ import annotations

from collections.abc import Callable

BURST_S = 0.03
"""Two printable keys closer than this were not both meant: a hand's fastest pair is over 50 ms apart."""
SHIFT_S = 0.7
"""A row that news put under the cursor this lately was not what the operator aimed at (round trips of 600 ms)."""


class KeyGuard:
    """Remembers when keys and pastes came and when the target under the cursor changed by itself."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._last = float("-inf")
        self._burst = False
        self._shifted = float("-inf")

    def key(self, printable: bool) -> None:
        """A key is about to be handled."""
        now = self._monotonic()
        self._burst = printable and now - self._last < BURST_S
        if printable:
            self._last = now

    def paste(self) -> None:
        """Text was pasted; keys right behind it belong to it."""
        self._last = self._monotonic()
        self._burst = True

    def shifted(self) -> None:
        """News changed which row is under the cursor."""
        self._shifted = self._monotonic()

    def aimed(self) -> None:
        """The operator moved the cursor, and has seen where it stands."""
        self._shifted = float("-inf")

    @property
    def burst(self) -> bool:
        """Whether the key being handled came on the heels of another key or of a paste."""
        return self._burst

    def refuses(self) -> str:
        """Why a key that changes something must not act at this moment, ``""`` if it may."""
        if self._burst:
            return "keys came faster than a hand types: nothing was done, press once more"
        if self._monotonic() - self._shifted < SHIFT_S:
            return "the row under the cursor has just changed: look, then press once more"
        return ""
