"""Undo: finds what was done, and does its inverse through that one's own handler, with that one's own risk."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from console.actions import TABLE
from console.clock import Millis
from console.desk.desk import Desk
from console.desk.policy import digest
from console.errors import Moot, PolicyRefused, Refused
from console.model.action import Action, OperationState, Preview, Reply, Tier, Undo
from console.model.entry import Draft, Kind
from console.model.incident import Incident
from console.ports import Handler


class Deed(Struct, frozen=True):
    """Something that was done and has a way back."""

    key: str
    incident: str
    at: Millis
    by: str
    words: str
    undo: Undo


class UndoHandler:
    """Serves ``desk.undo``: the named operation, or the operator's own last one in the incident or on the watch."""

    def __init__(
        self,
        desk: Desk,
        handlers: Mapping[str, Handler],
        *,
        state: Callable[[str], Incident],
        current: Callable[[], str],
    ) -> None:
        self._desk = desk
        self._handlers = handlers
        self._state = state
        self._current = current
        self._busy: set[str] = set()

    async def preview(self, action: Action) -> Preview:
        """The inverse's own preview, with its tier; bound to the deed, so that another deed is never undone instead."""
        return (await self._aim(action))[1]

    async def perform(self, action: Action) -> Reply:
        """Does the inverse, and sees to it that the journal of the deed says so."""
        deed, shown = await self._aim(action)
        if action.digest != shown.digest and (action.digest or shown.tier > Tier.R1):
            raise PolicyRefused(
                "not done: what would be undone has changed since you were asked", next="look at it again"
            )
        if deed.key in self._busy:
            raise Refused(f"{deed.words}: is being taken back already", next="its outcome comes in the timeline")
        self._busy.add(deed.key)
        try:
            return await self._undo(deed, action, shown.digest.removesuffix(f"-{deed.key}") if action.digest else "")
        finally:
            self._busy.discard(deed.key)

    async def _undo(self, deed: Deed, action: Action, confirmed: str) -> Reply:
        reply = await self._handler(deed).perform(replace(_inverse(deed, action), digest=confirmed))
        if not reply.ok:
            return reply
        if any(d.key == deed.key for d in _deeds(self._state(deed.incident), deed.incident)):
            body: dict[str, object] = {"text": f"took back: {deed.words}", "undoes": deed.key}
            await self._desk.record(deed.incident, [Draft(Kind.NOTE_ADDED, body)], replace(action, undoes=deed.key))
        return replace(reply, text=f"undone: {deed.words}; {reply.text}", undo=None)

    async def _aim(self, action: Action) -> tuple[Deed, Preview]:
        """The deed named, else the operator's latest of which something is left; and what undoing it would do."""
        incident = str(action.args.get("incident") or self._current())
        places = list(dict.fromkeys((incident, "")))
        if named := str(action.args.get("operation") or ""):
            deed = self._named(named, places)
            return deed, await self._shown(deed, action)
        own = [d for place in places for d in _deeds(self._state(place), place) if d.by == action.actor.id]
        moot = ""
        for deed in reversed(sorted(own, key=lambda d: d.at)):  # noqa: C413 - of one moment, the later entry first
            try:
                return deed, await self._shown(deed, action)
            except Moot as error:
                moot = moot or f"{deed.words}: {error.what}"
        raise Refused(
            f"nothing of {action.actor.id}'s can be taken back" + (f" ({moot})" if moot else ""),
            next="put the cursor on a line of the timeline to undo somebody else's",
        )

    async def _shown(self, deed: Deed, action: Action) -> Preview:
        inner = await self._handler(deed).preview(_inverse(deed, action))
        other = f"done by {deed.by}" if deed.by != action.actor.id else ""
        return replace(
            inner,
            title=f"Undo: {deed.words}",
            warning="; ".join(filter(None, (other, inner.warning))),
            digest=f"{digest(inner)}-{deed.key}",
        )

    def _named(self, name: str, places: list[str]) -> Deed:
        for place in places:
            state = self._state(place)
            row = state.timeline.find(name, len(state.timeline) - 1) if state.timeline else -1
            key = (state.timeline[row].operation if row >= 0 else "") or name
            for deed in _deeds(state, place):
                if deed.key == key:
                    return deed
            if key in state.operations:
                raise Refused(*_why_not(state, key))
        raise Refused("that line has no way back", next="facts stay; write a note or act again")

    def _handler(self, deed: Deed) -> Handler:
        handler = self._handlers.get(deed.undo.action)
        if handler is None:
            raise Refused(f"{deed.undo.words} is not available here", next="do it by hand and write a note")
        return handler


def _inverse(deed: Deed, action: Action) -> Action:
    args = dict(deed.undo.args)
    spec = TABLE.get(deed.undo.action)
    if deed.incident and spec is not None and any(arg.name == "incident" for arg in spec.args):
        args.setdefault("incident", deed.incident)
    return replace(action, id=deed.undo.action, args=args, digest="", undoes=deed.key)


def _deeds(state: Incident, incident: str) -> Iterator[Deed]:
    for name, operation in state.operations.items():
        outcome = operation.outcome
        if operation.state is not OperationState.SENT or outcome is None or outcome.undo is None:
            continue
        if not operation.undone_by and not operation.intent.undoes:
            yield Deed(name, incident, operation.at, operation.by, operation.intent.words, outcome.undo)
    for kept in state.reversible:
        yield Deed(kept.key, incident, kept.at, kept.by, kept.words, kept.undo)


def _why_not(state: Incident, key: str) -> tuple[str]:
    operation = state.operations[key]
    words = operation.intent.words
    if operation.undone_by:
        return (f"{words}: was taken back already",)
    if operation.state is not OperationState.SENT:
        return (f"{words}: is {operation.state}, so there is nothing to take back yet",)
    return (f"{words}: has no way back",)


def handlers(
    desk: Desk,
    registry: Mapping[str, Handler],
    *,
    state: Callable[[str], Incident],
    current: Callable[[], str],
) -> dict[str, Handler]:
    """The desk's own handlers; ``registry`` is where those of all capabilities are found."""
    return {"desk.undo": UndoHandler(desk, registry, state=state, current=current)}
