"""The engine's own two acts: entering an incident's room and leaving it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from console.errors import Refused
from console.model.action import Action, Preview, Reply, Tier
from console.model.source import SourceHealth
from console.text import clean, nearest

AskNow = Callable[[str], Awaitable[SourceHealth | None]]
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


class AskHandler:
    """``source.ask``: a source asked at once, whatever it was to be waited for."""

    def __init__(self, names: Sequence[str], ask: AskNow) -> None:
        """``ask`` answers ``None`` where a task of the source's own does it in a moment."""
        self._names = names
        self._ask = ask

    async def preview(self, action: Action) -> Preview:
        source = self._source(action)
        return Preview(f"Ask {source} now", "", source, Tier.R0)

    async def perform(self, action: Action) -> Reply:
        source = self._source(action)
        health = await self._ask(source)
        if health is None:
            return Reply(action.request_id, True, f"{source} is asked now", data={"reads": source})
        told = f"{source} {health.health}{': ' if health.detail else ''}{health.detail}"
        error = {} if health.answers else {"error": "BackendError"}
        return Reply(action.request_id, health.answers, told, data={"reads": source, **error})

    def _source(self, action: Action) -> str:
        source = str(action.args.get("source", ""))
        if source not in self._names:
            near = nearest(source, self._names)
            hint = f"did you mean {near!r}?" if near else f"there are: {', '.join(self._names) or 'none'}"
            raise Refused(f"there is no source {clean(source, 60)!r}", next=hint)
        return source
