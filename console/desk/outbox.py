"""The outbox: effects that could not be sent yet, until when they may wait, and the operator's word on each."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from enum import Enum, auto

from msgspec import Struct

from console.clock import Clock, Millis
from console.errors import Refused
from console.model.action import Intent, Outcome, Receipt
from console.model.entry import Actor, Draft

FIRST_S, LONGEST_S = 2.0, 60.0
"""The wait before the second try doubles from the one to the other."""


class Word(Enum):
    """Why a wait ended."""

    OVER = auto()
    AGAIN = auto()
    DROP = auto()
    EDIT = auto()


class Errand(Struct):
    """One effect on its way: what is to be called, for whom, until when."""

    incident: str
    intent: Intent
    call: Callable[[], Awaitable[Receipt]]
    actor: Actor
    until: Millis
    """No try begins later than this."""
    look_up: Callable[[], Awaitable[Receipt | None]] | None = None
    told: asyncio.Future[Outcome] | None = None
    """Resolved as soon as the caller need not wait any longer."""
    takes_over: str = ""
    """The lane whose effect this was."""
    tries: int = 0
    resting: asyncio.Event | None = None
    word: Word = Word.OVER
    heir: Errand | None = None
    """Its edited form, which goes on in its turn at the target."""
    opening: tuple[Draft, ...] = ()
    """Of an heir: what its first try is written with, so that the one before is dropped in the same moment."""
    reason: str = ""
    by: Actor | None = None

    @property
    def name(self) -> str:
        return self.intent.operation_id


class Outbox:
    """The errands that rest between two tries."""

    def __init__(
        self,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        rng: random.Random | None = None,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._rng = rng or random.Random()  # noqa: S311
        self._resting: dict[str, Errand] = {}

    def pause(self, errand: Errand, asked_s: float) -> float | None:
        """Seconds until the next try; ``None`` = its time would be over. What the service asked for is kept to."""
        wait = min(LONGEST_S, FIRST_S * 2.0 ** (errand.tries - 1)) * self._rng.uniform(0.8, 1.2)
        wait = max(wait, asked_s)
        return wait if self._clock.now() + wait * 1000 <= errand.until else None

    async def rest(self, errand: Errand, seconds: float) -> Word:
        """Wait for the time, or for somebody's word."""
        errand.resting, errand.word = asyncio.Event(), Word.OVER
        self._resting[errand.name] = errand
        sleeping = asyncio.ensure_future(self._sleep(seconds))
        waking = asyncio.ensure_future(errand.resting.wait())
        try:
            await asyncio.wait({sleeping, waking}, return_when=asyncio.FIRST_COMPLETED)
            return errand.word
        finally:
            sleeping.cancel()
            waking.cancel()
            self._resting.pop(errand.name, None)
            errand.resting = None

    def resting(self, operation: str) -> bool:
        """Whether it rests here."""
        return operation in self._resting

    def hurry(self, operation: str) -> None:
        """Try it now. ``Refused`` if it does not rest here."""
        self._wake(operation, Word.AGAIN)

    def drop(self, operation: str, reason: str, by: Actor | None = None) -> None:
        """Do not try it again. ``Refused`` if it does not rest here."""
        errand = self._wake(operation, Word.DROP)
        errand.reason, errand.by = reason, by

    def edit(self, operation: str, heir: Errand) -> None:
        """Let the edited form go on in its place. ``Refused`` if it does not rest here."""
        self._wake(operation, Word.EDIT).heir = heir

    def replace(self, errand: Errand) -> None:
        """An errand to the same place makes those that rest needless."""
        for other in list(self._resting.values()):
            same = errand.intent.merge and other.intent.merge == errand.intent.merge
            if same and other.incident == errand.incident and other.name != errand.name:
                self.drop(other.name, "a later one takes its place")

    def _wake(self, operation: str, word: Word) -> Errand:
        errand = self._resting.get(operation)
        if errand is None or errand.resting is None:
            raise Refused("it does not wait here any more", next="look at the timeline for what came of it")
        errand.word = word
        errand.resting.set()
        return errand
