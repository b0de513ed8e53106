"""The one door: an effect is intended, durably; then tried; then what came of it is written down."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from msgspec import Struct, to_builtins
from msgspec.structs import replace

from console.clock import Clock, Ids, Millis
from console.desk.attempt import Receipt, attempt
from console.desk.firm import firm
from console.desk.policy import Policy
from console.desk.turns import Turns
from console.errors import PolicyRefused
from console.model.action import Action, Intent, OperationState, Outcome
from console.model.entry import Actor, Draft, Entry, Kind
from console.model.incident import Incident
from console.ports import Ledger
from console.secret import Redactor
from console.text import clean

log = logging.getLogger("warroom.desk")

_QUIET = (Kind.CONSOLE_ATTACHED, Kind.CONSOLE_DETACHED)
"""What a read-only console may still write: that it looked."""
_ENDS = {
    OperationState.SENT: Kind.ACTION_SENT,
    OperationState.FAILED: Kind.ACTION_FAILED,
    OperationState.UNKNOWN: Kind.ACTION_UNKNOWN,
    OperationState.DROPPED: Kind.ACTION_DROPPED,
}
_NOBODY = Draft(Kind.NOTE_ADDED).actor


class Desk:
    """Writes what is decided and carries out what is intended; owned by one loop."""

    def __init__(
        self,
        ledger: Ledger,
        *,
        policy: Policy,
        clock: Clock,
        ids: Ids,
        redact: Redactor,
        state: Callable[[str], Incident] | None = None,
    ) -> None:
        """``state`` gives the fold of an incident: who holds which role, what was touched lately."""
        self.policy = policy
        self.clock = clock
        self.ids = ids
        self.redact = redact
        self.state = state
        self.born: Millis = clock.now()
        """Whatever our own lane began before this was begun by a predecessor."""
        self._ledger = ledger
        self._turns = Turns()
        self._inflight: dict[str, asyncio.Task[Outcome]] = {}
        self._waiting: set[str] = set()
        self._unwritten: dict[str, list[Draft]] = {}

    # Facts.

    async def record(self, incident: str, drafts: Sequence[Draft], action: Action | None = None) -> tuple[Entry, ...]:
        """Write down facts and decisions, durable on return; ``incident=""`` is the watch. Secrets are removed.

        A draft without an actor of its own is written in the name of the action's.
        Raises ``PolicyRefused`` in a read-only console and ``JournalError``.
        """
        if not all(draft.kind in _QUIET for draft in drafts):
            self.policy.check_writable(action.id if action else "writing this down")
        return await self._append(incident, [self._signed(draft, action) for draft in drafts])

    def _signed(self, draft: Draft, action: Action | None) -> Draft:
        body = dict(draft.body)
        if action is not None and action.undoes:
            body["undoes"] = action.undoes
        actor = action.actor if action is not None and draft.actor == _NOBODY else draft.actor
        return replace(draft, body=self._plain(body), actor=actor)

    # Effects.

    @property
    def inflight(self) -> frozenset[str]:
        """Operations that are queued or on their way here."""
        return frozenset(self._inflight)

    async def carry_out(
        self, incident: str, intent: Intent, call: Callable[[], Awaitable[Receipt]], *, action: Action
    ) -> Outcome:
        """Carry out one effect and say what came of it; a failure of ``call`` is an outcome, never an exception.

        An intent without an operation id gets one, without an action id the action's. Effects on one target follow
        each other. Cancelling the caller does not cut a call on its way: its outcome is still written; an effect
        that only waits for its target is withdrawn.

        Raises ``PolicyRefused``, and ``JournalError`` if the intent could not be made durable: nothing was done.
        """
        self.policy.check_writable(intent.words)
        if self.state is not None:
            self.policy.check_roles(intent.tier, action.actor.id, self.state(incident).roles)
        intent = self._completed(intent, action)
        name = intent.operation_id
        if name in self._inflight:
            raise PolicyRefused(f"{intent.words}: is under way already", next="its outcome comes in the timeline")
        task = asyncio.create_task(self._settle(incident, intent, call, action.actor), name=name)
        self._inflight[name] = task
        task.add_done_callback(self._settled)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if name in self._waiting:
                task.cancel()
            raise

    def _settled(self, task: asyncio.Task[Outcome]) -> None:
        self._inflight.pop(task.get_name(), None)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("%s: %s", task.get_name(), self.redact.text(repr(error)))

    async def close(self) -> None:
        """Cut what is still on its way; each such effect gets the outcome ``unknown``, each waiting one ``dropped``."""
        tasks = list(self._inflight.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _completed(self, intent: Intent, action: Action) -> Intent:

        def text(value: str, limit: int = 300) -> str:
            return clean(self.redact.text(value), limit)

        return replace(
            intent,
            operation_id=intent.operation_id or self.ids.new("op"),
            action=intent.action or action.id,
            words=text(intent.words),
            call=text(intent.call, 4096),
            target=text(intent.target),
            args=self._plain(intent.args),
            prior=self.redact.value(_builtins(intent.prior)),
            undoes=intent.undoes or action.undoes,
        )

    async def _settle(
        self, incident: str, intent: Intent, call: Callable[[], Awaitable[Receipt]], actor: Actor
    ) -> Outcome:
        """From intent to outcome; a task of its own, so that nobody's hang-up ends it."""
        name = intent.operation_id
        opening = [Draft(Kind.ACTION_INTENDED, _dict(intent), actor)]
        if self.policy.rule(intent.tier).second:
            alone: dict[str, object] = {"operation_id": name, "words": intent.words, "tier": int(intent.tier)}
            opening.append(Draft(Kind.SELF_APPROVED, alone, actor))
        sending = Draft(Kind.ACTION_SENDING, {"operation_id": name}, actor)
        self._waiting.add(name)
        turn = self._turns.of(intent.target or name)
        begun = False
        try:
            if turn.free:
                async with turn:
                    await self._append(incident, [*opening, sending])
                    begun = True
                    return await self._tried(incident, intent, call, actor)
            await self._append(incident, opening)
            begun = True
            async with turn:
                await self._append(incident, [sending])
                return await self._tried(incident, intent, call, actor)
        except asyncio.CancelledError:
            return await self._end(incident, Outcome(name, OperationState.DROPPED, detail="withdrawn"), actor)
        except Exception:
            if begun:
                outcome = Outcome(name, OperationState.DROPPED, detail="the journal could not be written")
                await self._end(incident, outcome, actor)
            raise
        finally:
            self._waiting.discard(name)

    async def _tried(
        self, incident: str, intent: Intent, call: Callable[[], Awaitable[Receipt]], actor: Actor
    ) -> Outcome:
        """The call itself; from here on there is always an outcome."""
        self._waiting.discard(intent.operation_id)
        outcome = await attempt(intent.operation_id, call, self.clock, self.redact)
        return await self._end(incident, outcome, actor)

    async def _end(self, incident: str, outcome: Outcome, actor: Actor) -> Outcome:
        """Write the outcome; what cannot be written is kept and written before the next entry."""
        draft = Draft(_ENDS[outcome.state], _dict(outcome), actor)
        try:
            await self._append(incident, [draft])
        except asyncio.CancelledError:
            return outcome
        except Exception as error:
            log.critical("%s: outcome %s not journalled: %s", outcome.operation_id, outcome.state, error)
            self._unwritten.setdefault(incident, []).append(draft)
            return replace(outcome, detail=f"{outcome.detail}; not in the journal yet".lstrip("; "))
        return outcome

    # The journal.

    async def _append(self, incident: str, drafts: Sequence[Draft]) -> tuple[Entry, ...]:
        return await firm(self._write(incident, drafts))

    async def _write(self, incident: str, drafts: Sequence[Draft]) -> tuple[Entry, ...]:
        """Append; before that, one by one, outcomes that could not be written earlier."""
        late, kept = self._unwritten.pop(incident, []), []
        for draft in late:
            try:
                await self._ledger.append(incident, [draft])
            except Exception:
                kept.append(draft)
        if kept:
            self._unwritten[incident] = kept + self._unwritten.get(incident, [])
        return await self._ledger.append(incident, drafts)

    def _plain(self, body: dict[str, object]) -> dict[str, object]:
        out: dict[str, object] = self.redact.value(_builtins(body))  # type: ignore[assignment]
        return out


def _builtins(value: object) -> object:
    """Plain JSON types; what has none becomes its text, so that no receipt is ever too odd to keep."""
    plain: object = to_builtins(value, str_keys=True, enc_hook=str)
    return plain


def _dict(value: Struct) -> dict[str, object]:
    out: dict[str, object] = to_builtins(value, str_keys=True, enc_hook=str)
    return out
