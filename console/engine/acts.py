"""The engine's own two acts: entering an incident's room and leaving it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from console.model.action import Action, Preview, Reply, Tier

Enter = Callable[[str], Awaitable[None]]
Leave = Callable[[], Awaitable[None]]


class OpenHandler:
    """``incident.open``: put an incident's war room on the screen."""

    def __init__(self, enter: Enter) -> None:
        self._enter = enter

    async def preview(self, action: Action) -> Preview:
        incident = str(action.args.get("incident", ""))
        return Preview(f"Open {incident}", "", incident, Tier.R0)

    async def perform(self, action: Action) -> Reply:
        incident = str(action.args.get("incident", ""))
        await self._enter(incident)
        return Reply(action.request_id, True, f"opened {incident}", data={"incident": incident})


class LeaveHandler:
    """``incident.leave``: back to the lobby; the incident stays as it is."""

    def __init__(self, leave: Leave) -> None:
        self._leave = leave

    async def preview(self, action: Action) -> Preview:
        return Preview("Leave the war room", "", "", Tier.R0)

    async def perform(self, action: Action) -> Reply:
        await self._leave()
        return Reply(action.request_id, True, "left the war room; the incident stays as it is")
