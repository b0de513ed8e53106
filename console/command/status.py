"""Moving an incident through its life: guards that refuse, and warnings that want a yes or a reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from console.command.acts import Acts, clause, text
from console.errors import Refused
from console.model.action import Action, Preview, Reply, Tier, Undo
from console.model.bodies import StatusChanged, body_from
from console.model.entry import Draft, Kind
from console.model.incident import Incident, Status
from console.model.lifecycle import Move, hindrance, major, move, reason_for, soak_ms, way_back, ways, words
from console.model.wording import count, took


class Plan(Struct, frozen=True):
    """A change of state that the guards let through."""

    state: Incident
    after: Status
    meaning: Move
    reason: str
    warnings: tuple[str, ...]
    withdraws: bool = False
    """It takes a declaration back, which a key too many for undo must not do."""

    @property
    def asks(self) -> bool:
        """Whether it is done only after a confirmation: a warning that no reason answers, or an end."""
        answered = self.reason and self.meaning is not Move.SHORT
        return self.after is Status.CLOSED or self.withdraws or bool(self.warnings and not answered)


class ChangeStatus:
    """Serves ``incident.status``."""

    def __init__(self, acts: Acts, firing: Callable[[str], Sequence[str]]) -> None:
        """``firing`` names the alerts of an incident that still fire."""
        self._acts = acts
        self._firing = firing

    async def preview(self, action: Action) -> Preview:
        """What speaks against it, and whether it asks."""
        plan = self._plan(action)
        back = way_back(plan.state.status, plan.after)
        return Preview(
            title=f"{plan.state.key}: {plan.state.status} → {words(plan.after)}",
            call="an entry in the journal",
            target=plan.state.key,
            tier=Tier.R2 if plan.asks else Tier.R1,
            sample=tuple(self._firing(plan.state.key)[:5]) if plan.after is Status.RESOLVED else (),
            undo=f"back to {words(back)}" if back else "",
            warning="; ".join(plan.warnings),
            # Which alerts fire may change while the question is read; what is asked does not.
            digest=f"{plan.state.key}:{plan.state.status}:{plan.after}:{int(plan.asks)}",
        )

    async def perform(self, action: Action) -> Reply:
        """Writes the change, with the warnings that it was made in spite of."""
        plan = self._plan(action)
        if plan.asks and not action.digest:
            raise Refused(
                "not done yet: " + ("; ".join(plan.warnings) or f"{words(plan.after)} is the end"),
                next="confirm it"
                if plan.meaning is Move.SHORT or not plan.warnings
                else "confirm it, or give a reason",
            )
        before, after, key = plan.state.status, plan.after, plan.state.key
        body = StatusChanged(after, before, plan.reason, "; ".join(plan.warnings))
        await self._acts.desk.record(key, [Draft(Kind.STATUS_CHANGED, body_from(body))], action)
        if (stands := self._acts.state(key).status) is not after:
            return Reply(
                action.request_id, False, f"{key} is {words(stands)}: somebody moved it first", next="see the timeline"
            )
        return Reply(
            action.request_id,
            True,
            f"{key} is {words(after)}" + (f"; {body.warning}" if body.warning else ""),
            undo=_undo(key, before, after) if not action.undoes else None,
            data={"incident": key, "status": str(after)},
        )

    def _plan(self, action: Action) -> Plan:
        state, reason = self._acts.incident(action), clause(action, "reason")
        try:
            after = Status(text(action, "status").lower().replace(" ", "_"))
        except ValueError:
            raise Refused(
                f"there is no state {text(action, 'status')!r}", next=", ".join(map(words, ways(state.status)))
            ) from None
        if after is state.status:
            raise Refused(f"{state.key} is {words(after)} already")
        now = self._acts.desk.clock.now()
        hindered, onward = hindrance(state, after, action.actor.id, now)
        meaning = move(state.status, after)
        if hindered or meaning is None:
            raise Refused(hindered, next=onward)
        _guard_reason(state, after, reason)
        withdraws = after is Status.FALSE_POSITIVE and bool(action.undoes)
        return Plan(state, after, meaning, reason, self._warnings(state, after, now), withdraws)

    def _warnings(self, state: Incident, after: Status, now: int) -> tuple[str, ...]:
        out = []
        if after is Status.RESOLVED and (firing := self._firing(state.key)):
            more = f" and {len(firing) - 3} more" if len(firing) > 3 else ""
            still = "still fires" if len(firing) == 1 else "still fire"
            out.append(f"{count(len(firing), 'alert')} {still}: {', '.join(firing[:3])}{more}")
        if after in (Status.RESOLVED, Status.CLOSED):
            if state.unknown:
                out.append(f"{count(len(state.unknown), 'effect')} with unknown outcome")
            if state.waiting:
                out.append(f"{count(state.waiting, 'effect')} on the way")
        left = soak_ms(state.severity) - (now - state.status_at)
        if after is Status.RESOLVED and state.status is Status.MONITORING and left > 0:
            out.append(f"watched for {took(now - state.status_at)}, {took(left)} short of the usual time")
        if after is Status.CLOSED and state.status is Status.RESOLVED and major(state.peak_severity):
            out.append("it was a major incident and has had no review")
        return tuple(out)


def _guard_reason(state: Incident, after: Status, reason: str) -> None:
    wanted = reason_for(state.status, after)
    if not wanted or reason:
        return
    if after is Status.FALSE_POSITIVE:
        raise Refused("a false positive needs a reason", next=wanted)
    if after is Status.RESOLVED:
        raise Refused(f"resolving from {state.status} needs a reason", next=f"{wanted}, or go over monitoring")
    if after is Status.CLOSED:
        raise Refused("closing without a review needs a reason", next=wanted)
    raise Refused("going back needs a reason", next=wanted)


def _undo(incident: str, before: Status, after: Status) -> Undo | None:
    back = way_back(before, after)
    if back is None:
        return None
    args: dict[str, object] = {
        "status": str(back),
        "reason": f"{words(after)} was a mistake",
        "incident": incident,
    }
    return Undo("incident.status", args, f"back to {words(back)}")
