"""Severity: raised by anyone at once, lowered by the Incident Commander with a reason."""

from __future__ import annotations

from msgspec import Struct

from console.command.acts import Acts, clause, severity
from console.errors import Refused
from console.model.action import Action, Preview, Reply, Tier, Undo
from console.model.bodies import SeverityChanged, body_from
from console.model.entry import Draft, Kind
from console.model.incident import Incident
from console.model.severity import Severity


class Plan(Struct, frozen=True):
    """A change of severity that the guards let through."""

    state: Incident
    after: Severity
    reason: str

    @property
    def lowers(self) -> bool:
        return self.state.severity is not None and self.after > self.state.severity


class ChangeSeverity:
    """Serves ``incident.severity``."""

    def __init__(self, acts: Acts) -> None:
        self._acts = acts

    async def preview(self, action: Action) -> Preview:
        """From what to what, and whether the change can be taken back by this operator."""
        plan = self._plan(action)
        before = plan.state.severity
        undo = _undo(plan, action)
        return Preview(
            title=f"{plan.state.key}: {before.label if before else 'no severity'} → {plan.after.label}",
            call="an entry in the journal",
            target=plan.state.key,
            tier=Tier.R1,
            undo=undo.words if undo else "",
        )

    async def perform(self, action: Action) -> Reply:
        """Writes the change; lowering it alone is marked for the review."""
        plan = self._plan(action)
        key = plan.state.key
        drafts = [
            Draft(Kind.SEVERITY_CHANGED, body_from(SeverityChanged(plan.after, plan.state.severity, plan.reason)))
        ]
        if plan.lowers:
            drafts.append(Draft(Kind.SELF_APPROVED, {"words": f"severity lowered to {plan.after.label}"}))
        await self._acts.desk.record(key, drafts, action)
        stands = self._acts.state(key).severity
        if stands is not plan.after:
            label = stands.label if stands else "without severity"
            return Reply(
                action.request_id, False, f"{key} is {label}: somebody changed it first", next="see the timeline"
            )
        return Reply(
            action.request_id,
            True,
            f"{key} is {plan.after.label}",
            undo=_undo(plan, action),
            data={"incident": key, "severity": int(plan.after)},
        )

    def _plan(self, action: Action) -> Plan:
        plan = Plan(self._acts.incident(action), severity(action), clause(action, "reason"))
        state = plan.state
        if not state.status.open:
            raise Refused(f"{state.key} is {state.status}, its severity stands", next="reopen it first")
        if plan.after is state.severity:
            raise Refused(f"{state.key} is {plan.after.label} already")
        if plan.lowers and not state.ic:
            raise Refused(
                "only the Incident Commander lowers severity, and nobody commands", next="take command with i"
            )
        if plan.lowers and state.ic != action.actor.id:
            raise Refused(f"only {state.ic}, who commands, lowers severity", next=f"ask {state.ic}, or take command")
        if plan.lowers and not plan.reason:
            raise Refused("lowering severity needs a reason", next="what no longer holds")
        return plan


def _undo(plan: Plan, action: Action) -> Undo | None:
    """The way back: none where it would lower severity and the operator does not command."""
    before = plan.state.severity
    if before is None or action.undoes or (before > plan.after and plan.state.ic != action.actor.id):
        return None
    args: dict[str, object] = {
        "severity": f"SEV{int(before)}",
        "reason": f"{plan.after.label} was a mistake",
        "incident": plan.state.key,
    }
    return Undo("incident.severity", args, f"severity back to {before.label}")
