"""The one door: an effect is intended, durably; then tried; then what came of it is written down."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial

from msgspec import to_builtins
from msgspec.structs import replace

from console.clock import Clock, Ids, Millis
from console.desk.attempt import look_up
from console.desk.automatic import Automatic, begun, check
from console.desk.carrier import ENDS, Carrier, body_of
from console.desk.firm import firm
from console.desk.late import Late
from console.desk.outbox import Errand, Outbox
from console.desk.policy import Policy
from console.errors import PolicyRefused
from console.model.action import Action, Intent, OperationState, Outcome, Receipt
from console.model.entry import Actor, Draft, Entry, Kind
from console.model.incident import Incident, Operation
from console.ports import Effect, Ledger
from console.secret import Redactor
from console.text import clean

log = logging.getLogger("warroom.desk")

_QUIET = (Kind.CONSOLE_ATTACHED, Kind.CONSOLE_DETACHED)
"""What a read-only console may still write: that it looked."""
WARROOM = Draft(Kind.NOTE_ADDED).actor
"""Who acts where nobody asked."""


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
        effects: Mapping[str, Effect] | None = None,
        outbox: Outbox | None = None,
        automatic: Automatic | None = None,
    ) -> None:
        """``state`` gives the fold of an incident: who holds which role, what was touched lately. ``effects`` are those
        that can be sent from their intent alone, by name; may be filled later. ``automatic`` is asked before anything
        is begun that nobody asked for."""
        self.policy = policy
        self.clock = clock
        self.ids = ids
        self.redact = redact
        self.state = state
        self.effects = {} if effects is None else effects
        self.outbox = outbox or Outbox(clock)
        self.automatic = automatic
        self.born: Millis = clock.now()
        """Whatever our own lane began before this was begun by a predecessor."""
        self._late = Late(ledger)
        self._inflight: dict[str, asyncio.Task[Outcome]] = {}
        self._taking: set[asyncio.Task[Outcome]] = set()
        self._carrier = Carrier(self._append, self._late, self.outbox, clock, redact)

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
        actor = action.actor if action is not None and draft.actor == WARROOM else draft.actor
        return replace(draft, body=self._plain(body), actor=actor)

    # Effects.

    @property
    def inflight(self) -> frozenset[str]:
        """Operations that are queued or on their way here."""
        return frozenset(self._inflight)

    async def carry_out(
        self,
        incident: str,
        intent: Intent,
        call: Callable[[], Awaitable[Receipt]] | None = None,
        *,
        action: Action,
    ) -> Outcome:
        """Carry out one effect and say what came of it; a failure of the call is an outcome, never an exception.

        Without ``call`` the intent's ``effect`` is sent. An intent without an operation id gets one, without an action
        id the action's. Effects on one target follow each other. An intent that may wait, and whose service cannot be
        reached, is answered as ``queued`` and goes on here. Cancelling the caller does not cut a call on its way: its
        outcome is still written; an effect that only waits for its target is withdrawn.

        An automatic effect whose operation stands in the journal is not begun again: what is known of it is returned.

        Raises ``PolicyRefused``, and ``JournalError`` if the intent could not be made durable: nothing was done.
        """
        self.policy.check_writable(intent.words)
        if self.state is not None:
            self.policy.check_roles(intent.tier, action.actor.id, self.state(incident).roles)
        if intent.automatic and (known := await self._begun(incident, intent)) is not None:
            return known
        errand = self._errand(incident, self._completed(intent, action), call, action.actor)
        return await self._run(errand, self._opening(errand))

    async def edit(self, incident: str, operation: Operation, intent: Intent, why: str, *, action: Action) -> Outcome:
        """Drop an effect that rests here and carry out its edited form in its turn at the target; both or neither.

        Raises ``PolicyRefused``, ``Refused`` if it does not rest here any more, and ``JournalError``: then nothing is
        sent.
        """
        self.policy.check_writable(intent.words)
        if self.state is not None:
            self.policy.check_roles(intent.tier, action.actor.id, self.state(incident).roles)
        intent = replace(intent, operation_id="", replaces=operation.key)
        errand = self._errand(incident, self._completed(intent, action), None, action.actor)
        dropped = Outcome(operation.key, OperationState.DROPPED, detail=clean(self.redact.text(why), 200))
        gone = Draft(Kind.ACTION_DROPPED, self._plain(body_of(dropped)), action.actor)
        errand.opening = (gone, *self._opening(errand))
        task, told = self._inflight[operation.key], errand.told
        assert told is not None
        self.outbox.edit(operation.key, errand)
        self._inflight[errand.name] = task
        task.add_done_callback(lambda _: self._inflight.pop(errand.name, None))
        await asyncio.wait({task, told}, return_when=asyncio.FIRST_COMPLETED)
        return told.result() if told.done() else task.result()

    def _opening(self, errand: Errand) -> tuple[Draft, ...]:
        """What is written before anything is tried."""
        intent = errand.intent
        opening = [Draft(Kind.ACTION_INTENDED, body_of(intent), errand.actor)]
        if self.policy.rule(intent.tier).second:
            alone: dict[str, object] = {"operation_id": errand.name, "words": intent.words, "tier": int(intent.tier)}
            opening.append(Draft(Kind.SELF_APPROVED, alone, errand.actor))
        return tuple(opening)

    async def _begun(self, incident: str, intent: Intent) -> Outcome | None:
        """What is known of an automatic effect that was begun before. Refuses where nothing may happen by itself."""
        if self.automatic is not None:
            check(self.automatic, incident, intent.words)
            await self.automatic.catch_up()
            check(self.automatic, incident, intent.words)
        return begun(self.state(incident), intent) if self.state is not None else None

    async def take_over(self, incident: str, operation: Operation, actor: Actor) -> Outcome:
        """Go on with an effect that a dead console left waiting: looked up first, then sent.

        Raises ``PolicyRefused`` if it is under way here, or if nobody but its console could have sent it.
        """
        self.policy.check_writable(operation.intent.words)
        errand = self._errand(incident, operation.intent, None, actor)
        errand.takes_over = operation.lane
        errand.until = operation.at + 1000 * operation.intent.ttl_s
        return await self._run(errand, [])

    def take_over_soon(self, incident: str, operation: Operation) -> None:
        """Take an effect over without waiting for what comes of it."""
        if operation.key not in self._inflight:
            task = asyncio.create_task(self.take_over(incident, operation, WARROOM))
            self._taking.add(task)
            task.add_done_callback(self._taking.discard)

    async def look_again(self, incident: str, operation: Operation, actor: Actor) -> Outcome | None:
        """Ask the service what became of an effect that nobody knows of; ``None`` = it cannot be told from here."""
        effect = self.effects.get(operation.intent.effect)
        if effect is None or operation.intent.operation_id in self._inflight:
            return None
        name = operation.intent.operation_id
        outcome = await look_up(partial(effect.look_up, operation.intent), name, self.clock, self.redact)
        if outcome is not None:
            await self.settle(incident, outcome, actor)
        return outcome

    async def settle(self, incident: str, outcome: Outcome, actor: Actor) -> None:
        """Write down what became of an effect, as it was looked up or as a person saw it."""
        await self._append(incident, [Draft(ENDS[outcome.state], self._plain(body_of(outcome)), actor)])

    def _errand(
        self, incident: str, intent: Intent, call: Callable[[], Awaitable[Receipt]] | None, actor: Actor
    ) -> Errand:
        effect = self.effects.get(intent.effect)
        if call is None and effect is None:
            raise PolicyRefused(f"{intent.words}: cannot be sent from here", next="do it by hand and write a note")
        if intent.operation_id in self._inflight:
            raise PolicyRefused(f"{intent.words}: is under way already", next="its outcome comes in the timeline")
        return Errand(
            incident,
            intent,
            call or partial(effect.send, intent),  # type: ignore[union-attr]
            actor,
            self.clock.now() + 1000 * intent.ttl_s,
            partial(effect.look_up, intent) if effect is not None else None,
            asyncio.get_running_loop().create_future(),
        )

    async def _run(self, errand: Errand, opening: Sequence[Draft]) -> Outcome:
        name, told = errand.name, errand.told
        assert told is not None
        task = asyncio.create_task(self._carrier.settle(errand, opening), name=name)
        self._inflight[name] = task
        task.add_done_callback(self._settled)
        try:
            await asyncio.wait({task, told}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            if self._carrier.waits(name):
                task.cancel()
            raise
        return told.result() if told.done() else task.result()

    def _settled(self, task: asyncio.Task[Outcome]) -> None:
        self._inflight.pop(task.get_name(), None)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("%s: %s", task.get_name(), self.redact.text(repr(error)))

    async def close(self) -> None:
        """Cut what is still on its way: each such effect gets the outcome ``unknown``, each that waits for its target
        ``dropped``; those that wait for their service stay queued, for the next console."""
        self._carrier.closing = True
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

    # The journal.

    async def _append(self, incident: str, drafts: Sequence[Draft]) -> tuple[Entry, ...]:
        return await firm(self._late.append(incident, drafts))

    def _plain(self, body: dict[str, object]) -> dict[str, object]:
        out: dict[str, object] = self.redact.value(_builtins(body))  # type: ignore[assignment]
        return out


def _builtins(value: object) -> object:
    """Plain JSON types; what has none becomes its text, so that no receipt is ever too odd to keep."""
    plain: object = to_builtins(value, str_keys=True, enc_hook=str)
    return plain
