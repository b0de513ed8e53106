"""Who commands: claimed where nobody does, taken over by name and with a reason where somebody does."""

from __future__ import annotations

from console.command.acts import Acts, clause
from console.errors import Refused
from console.model.action import Action, Preview, Reply, Tier
from console.model.bodies import RoleAssigned, body_from
from console.model.entry import Draft, Kind
from console.model.incident import Incident


class TakeCommand:
    """Serves ``incident.command``."""

    def __init__(self, acts: Acts) -> None:
        self._acts = acts

    async def preview(self, action: Action) -> Preview:
        """Whom it is taken from; a take-over asks first, a vacant command does not."""
        state = self._plan(action)
        return Preview(
            title=f"Take command of {state.key} from {state.ic}" if state.ic else f"Take command of {state.key}",
            call="an entry in the journal",
            target=state.ic or state.key,
            tier=Tier.R2 if state.ic else Tier.R1,
            undo=f"{state.ic} takes it back" if state.ic else "",
            warning=f"{state.ic} commands until you confirm; tell them" if state.ic else "nobody commands",
        )

    async def perform(self, action: Action) -> Reply:
        """Writes the claim; of two at the same moment the one that stands first in the journal holds."""
        state, who = self._plan(action), action.actor.id
        body = RoleAssigned("ic", who, clause(action, "basis") or "vacancy", state.ic)
        await self._acts.desk.record(state.key, [Draft(Kind.ROLE_ASSIGNED, body_from(body))], action)
        holder = self._acts.state(state.key).ic
        if holder != who:
            return Reply(
                action.request_id,
                False,
                f"{holder} took command of {state.key} first",
                next=f"talk to {holder}, or take over by name",
            )
        said = f" from {state.ic}; tell them" if state.ic else ", which was vacant"
        return Reply(
            action.request_id,
            True,
            f"you took command of {state.key}{said}",
            next="say it aloud: who commands, and what comes first",
            data={"incident": state.key, "ic": who},
        )

    def _plan(self, action: Action) -> Incident:
        state, who = self._acts.incident(action), action.actor.id
        if not who:
            raise Refused("nobody is named as operator", next="set operator: in the configuration")
        if state.ic == who:
            raise Refused(f"you command {state.key} already")
        if not state.status.open:
            raise Refused(f"{state.key} is {state.status}", next="reopen it first")
        if state.ic and not clause(action, "basis"):
            raise Refused(
                f"{state.ic} commands {state.key}",
                next=f"say on what basis you take over: {state.ic} agreed, no answer for five minutes, …",
            )
        return state
