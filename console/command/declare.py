"""Declaring an incident: from a group under the cursor, or from nothing but a symptom in words."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence

from msgspec import Struct

from console.command.acts import Acts, clause, severity, text
from console.errors import Refused
from console.model.action import Action, Preview, Reply, Tier, Undo
from console.model.alert import Alert
from console.model.bodies import AlertFact, AlertsTold, Declared, RoleAssigned, body_from
from console.model.entry import Draft, Kind
from console.model.lifecycle import major
from console.model.severity import Severity
from console.model.wording import count

GroupFacts = Callable[[str], tuple[Sequence[str], Sequence[Alert]]]
"""Services and alerts of a group, worst or root-most first."""
CITED = 500
"""Alerts in one entry; the rest follow as further entries of the same transaction."""


class Plan(Struct, frozen=True):
    """What would be declared."""

    title: str
    severity: Severity
    services: tuple[str, ...]
    group: str
    alerts: tuple[Alert, ...]
    command: bool
    root: str


class Declare:
    """Serves ``incident.declare``."""

    def __init__(
        self, acts: Acts, *, open_incident: Callable[[], Awaitable[str]], group_facts: GroupFacts, drill: bool
    ) -> None:
        self._acts = acts
        self._open = open_incident
        self._facts = group_facts
        self._drill = drill

    async def preview(self, action: Action) -> Preview:
        """What would be declared and what it would link."""
        plan = self._plan(action)
        return Preview(
            title=f"Declare {plan.severity.label}: {plan.title}",
            call="a fresh incident in the journal; nobody is paged by it",
            target=plan.title,
            tier=Tier.R1,
            blast=(count(len(plan.alerts), "alert"), *plan.services) if plan.alerts else plan.services,
            sample=tuple(f"{a.service} {a.name}".strip() for a in plan.alerts[:5]),
            undo="call it a false positive",
            warning=_warning(plan),
        )

    async def perform(self, action: Action) -> Reply:
        """Allocates the incident and writes its first entries in one transaction."""
        plan = self._plan(action)
        self._acts.desk.policy.check_writable("declaring an incident")
        incident = await self._open()
        await self._acts.desk.record(incident, self._drafts(plan, action), action)
        can_withdraw = plan.command or not major(plan.severity)
        args: dict[str, object] = {
            "status": "false_positive",
            "reason": "declared by mistake",
            "incident": incident,
        }
        return Reply(
            action.request_id,
            True,
            f"{incident} declared {plan.severity.label}"
            + (", you command" if plan.command else ", nobody commands yet"),
            next="" if plan.command else "take command with i",
            undo=Undo("incident.status", args, "call it a false positive") if can_withdraw else None,
            data={"incident": incident},
        )

    def _plan(self, action: Action) -> Plan:
        title = clause(action, "title")
        if not title:
            raise Refused("an incident needs a title", next="say the symptom in words: payments failing at checkout")
        group = text(action, "group")
        services, alerts = self._facts(group) if group else ((), ())
        named = [s for s in re.split(r"[,\s]+", clause(action, "services")) if s]
        touched = tuple(dict.fromkeys((*named, *services)))
        root = _root(alerts)
        return Plan(
            title=title,
            severity=severity(action),
            services=touched,
            root=root if root in touched else "",
            group=group,
            alerts=tuple(alerts),
            command=text(action, "command") == "yes",
        )

    def _drafts(self, plan: Plan, action: Action) -> list[Draft]:
        who, now = action.actor.id, self._acts.desk.clock.now()
        facts = tuple(AlertFact(a.key, a.name, a.service, a.state, a.host) for a in plan.alerts)
        begun = [a.started_at for a in plan.alerts if 0 < a.started_at <= now]
        declared = Declared(
            title=plan.title,
            severity=plan.severity,
            services=plan.services,
            group=plan.group,
            alerts=facts[:CITED],
            started_at=min(begun, default=now),
            ic=who if plan.command else "",
            drill=self._drill,
            root=plan.root,
        )
        drafts = [Draft(Kind.INCIDENT_DECLARED, body_from(declared), action.actor)]
        for start in range(CITED, len(facts), CITED):
            more = AlertsTold(facts[start : start + CITED], plan.group)
            drafts.append(Draft(Kind.ALERT_LINKED, body_from(more), action.actor))
        if plan.command:
            role = RoleAssigned("ic", who, "declaration")
            drafts.append(Draft(Kind.ROLE_ASSIGNED, body_from(role), action.actor))
        return drafts


def _root(alerts: Sequence[Alert]) -> str:
    """The service of the alert that began first; ``""`` where two services began at once."""
    first = min((a.started_at for a in alerts if a.started_at > 0), default=0)
    services = {a.service for a in alerts if a.started_at == first}
    return services.pop() if len(services) == 1 else ""


def _warning(plan: Plan) -> str:
    if plan.group and not plan.alerts:
        return "the group has no alerts any more"
    if major(plan.severity) and not plan.command:
        return f"{plan.severity.label} needs an Incident Commander at once"
    return ""
