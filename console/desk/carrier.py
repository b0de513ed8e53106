"""Carrying one effect from its intent to its outcome: turns at the target, tries, waits, look-ups."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from msgspec import Struct, to_builtins
from msgspec.structs import replace

from console.clock import Clock
from console.desk.attempt import attempt, look_up
from console.desk.late import Late
from console.desk.outbox import Errand, Outbox, Word
from console.desk.turns import Turns
from console.model.action import OperationState, Outcome
from console.model.entry import Draft, Entry, Kind
from console.secret import Redactor

log = logging.getLogger("warroom.desk")

UNWRITTEN = "the journal could not be written"
ENDS = {
    OperationState.SENT: Kind.ACTION_SENT,
    OperationState.FAILED: Kind.ACTION_FAILED,
    OperationState.UNKNOWN: Kind.ACTION_UNKNOWN,
    OperationState.DROPPED: Kind.ACTION_DROPPED,
}
Append = Callable[[str, Sequence[Draft]], Awaitable[tuple[Entry, ...]]]


class Carrier:
    """Carries errands; several at once, those to one target one behind the other."""

    def __init__(self, append: Append, late: Late, outbox: Outbox, clock: Clock, redact: Redactor) -> None:
        self.closing = False
        """Whether the console ends: nothing is looked up any more."""
        self._append = append
        self._late = late
        self._outbox = outbox
        self._clock = clock
        self._redact = redact
        self._turns = Turns()
        self._waiting: set[str] = set()

    def waits(self, operation: str) -> bool:
        """Whether it was not tried yet, so that it can be withdrawn."""
        return operation in self._waiting

    async def settle(self, errand: Errand, opening: Sequence[Draft]) -> Outcome:
        """From intent to outcome; a task of its own, so that nobody's hang-up ends it."""
        name = errand.name
        self._waiting.add(name)
        turn = self._turns.of(errand.intent.target or name)
        begun = False
        try:
            if not turn.free or errand.takes_over:
                if opening:
                    await self._append(errand.incident, opening)
                    begun, opening = True, ()
                self._outbox.replace(errand)
            async with turn:
                return await self._carry(errand, opening)
        except asyncio.CancelledError:
            last = _last(errand)
            if last.tries or last.takes_over or last is not errand:
                return Outcome(last.name, OperationState.QUEUED, detail="left for the next console")
            return await self._end(errand, Outcome(name, OperationState.DROPPED, detail="withdrawn"))
        except Exception:
            last = _last(errand)
            if begun or errand.tries:
                await self._end(last, Outcome(last.name, OperationState.DROPPED, detail=UNWRITTEN))
            raise
        finally:
            self._waiting.discard(name)

    async def _carry(self, errand: Errand, opening: Sequence[Draft]) -> Outcome:
        """Try, and while it may wait and certainly nothing was done, try again."""
        if errand.takes_over:
            cut = Outcome(errand.name, OperationState.UNKNOWN, detail="its console ended, and it cannot be looked up")
            outcome = await self._looked_up(errand, cut)
            if outcome.state is not OperationState.FAILED:
                return await self._end(errand, outcome)
        while True:
            sending: dict[str, object] = {"operation_id": errand.name}
            if errand.takes_over:
                sending["takes_over"] = errand.takes_over
            await self._append(errand.incident, [*opening, Draft(Kind.ACTION_SENDING, sending, errand.actor)])
            opening = ()
            self._outbox.replace(errand)
            self._waiting.discard(errand.name)
            outcome, again_s = await attempt(errand.name, errand.call, self._clock, self._redact)
            errand.tries += 1
            if outcome.state is OperationState.UNKNOWN and errand.look_up is not None:
                await self._end(errand, outcome)
                outcome = await self._looked_up(errand, outcome)
                if outcome.state is OperationState.UNKNOWN:
                    return outcome
                again_s = 0.0
            pause = None if again_s is None else self._outbox.pause(errand, again_s)
            if outcome.state is not OperationState.FAILED or pause is None:
                return await self._end(errand, outcome)
            outcome = await self._wait(errand, outcome, pause)
            if errand.heir is not None:
                return await self._carry(errand.heir, errand.heir.opening)
            if outcome.state is OperationState.DROPPED:
                return await self._end(errand, outcome)

    async def _wait(self, errand: Errand, outcome: Outcome, pause: float) -> Outcome:
        """Say that it waits, why and how long; then wait."""
        now = self._clock.now()
        body: dict[str, object] = {
            "operation_id": errand.name,
            "reason": outcome.detail,
            "again_at": now + round(1000 * pause),
            "until": errand.until,
        }
        await self._append(errand.incident, [Draft(Kind.ACTION_QUEUED, body, errand.actor)])
        queued = Outcome(errand.name, OperationState.QUEUED, outcome.took_ms, outcome.detail)
        if errand.told is not None and not errand.told.done():
            errand.told.set_result(queued)
        if await self._outbox.rest(errand, pause) is Word.DROP:
            errand.actor = errand.by or errand.actor
            return Outcome(errand.name, OperationState.DROPPED, detail=errand.reason)
        return queued

    async def _looked_up(self, errand: Errand, outcome: Outcome) -> Outcome:
        """Ask the service what came of it; the outcome stands where that cannot be told either."""
        if errand.look_up is None or self.closing:
            return outcome
        found = await look_up(errand.look_up, errand.name, self._clock, self._redact)
        return outcome if found is None else found

    async def _end(self, errand: Errand, outcome: Outcome) -> Outcome:
        """Write the outcome; what cannot be written is kept and written before the next entry."""
        draft = Draft(ENDS[outcome.state], body_of(outcome), errand.actor)
        try:
            await self._append(errand.incident, [draft])
        except asyncio.CancelledError:
            return outcome
        except Exception as error:
            log.critical("%s: outcome %s not journalled: %s", outcome.operation_id, outcome.state, error)
            self._late.keep(errand.incident, draft)
            return replace(outcome, detail=f"{outcome.detail}; not in the journal yet".lstrip("; "))
        return outcome


def _last(errand: Errand) -> Errand:
    """The errand that goes on in this one's turn: itself, or the last edited form of it that was begun."""
    while errand.heir is not None and errand.heir.tries:
        errand = errand.heir
    return errand


def body_of(value: Struct) -> dict[str, object]:
    """A struct as the body of an entry: plain JSON types; what has none becomes its text."""
    out: dict[str, object] = to_builtins(value, str_keys=True, enc_hook=str)
    return out
