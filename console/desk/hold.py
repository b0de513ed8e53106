"""Holding everything that happens by itself, in every console, and letting it go on."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from console.desk.desk import Desk
from console.errors import Refused
from console.model.action import Action, Preview, Reply, Tier, Undo
from console.model.bodies import HoldReleased, HoldSet, body_from
from console.model.entry import Draft, Kind
from console.model.incident import Incident
from console.model.wording import one_line
from console.ports import Handler


class HoldHandler:
    """Serves ``desk.hold``. The watch's word counts, for all consoles; the open incident is told for its timeline."""

    def __init__(self, desk: Desk, *, state: Callable[[str], Incident], current: Callable[[], str]) -> None:
        self._desk = desk
        self._state = state
        self._current = current

    async def preview(self, action: Action) -> Preview:
        """What would stop, or go on."""
        on = self._wanted(action)
        hold = self._state("").hold
        if on:
            return Preview("Hold all automatic actions", "an entry in the journal", "everything automatic", Tier.R1,
                           blast=("renewals, anchors and whatever else happens by itself, in every console",),
                           undo="let them go on")  # fmt: skip
        return Preview(f"Let automatic actions go on; {one_line(hold.by, 64)} holds them", "an entry in the journal",
                       "everything automatic", Tier.R1, undo="hold them again")  # fmt: skip

    async def perform(self, action: Action) -> Reply:
        """Write it into the watch, then into the incident on screen."""
        on = self._wanted(action)
        hold = self._state("").hold
        reason = one_line(str(action.args.get("reason") or ""))
        body = body_from(HoldSet(reason) if on else HoldReleased(reason))
        draft = Draft(Kind.HOLD_SET if on else Kind.HOLD_RELEASED, body)
        incident = str(action.args.get("incident") or self._current())
        for key in dict.fromkeys(("", incident)):
            await self._desk.record(key, [draft], action)
        undo = Undo("desk.hold", {"to": "off" if on else "on"}, "let them go on" if on else "hold them again")
        text = "all automatic actions are held, in every console" if on else "automatic actions go on"
        if not on and hold.by != action.actor.id:
            text += f"; {one_line(hold.by, 64)} had held them"
        return Reply(action.request_id, True, text, undo=None if action.undoes else undo, data={"held": on})

    def _wanted(self, action: Action) -> bool:
        """``True`` = to be held. What was asked for decides, so that two who press the key do not undo each other."""
        hold = self._state("").hold
        wanted = str(action.args.get("to") or ("off" if hold.on else "on")) == "on"
        if wanted and hold.on:
            raise Refused(f"{one_line(hold.by, 64)} holds all automatic actions already")
        if not wanted and not hold.on:
            raise Refused("nothing is held")
        return wanted


def handlers(desk: Desk, *, state: Callable[[str], Incident], current: Callable[[], str]) -> Mapping[str, Handler]:
    """The handler of ``desk.hold``."""
    return {"desk.hold": HoldHandler(desk, state=state, current=current)}
