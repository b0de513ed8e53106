"""How an action is answered: arguments checked, policy asked, handler called, every failure put into words."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Mapping

from msgspec.structs import replace

from console.actions import TABLE, ActionSpec
from console.desk.arguments import check_arguments
from console.desk.collision import collision
from console.desk.desk import Desk
from console.desk.policy import Confirm, bound, check_digest
from console.errors import Refused, WarroomError
from console.model.action import Action, Preview, Reply, Tier
from console.model.incident import Incident
from console.ports import Handler
from console.secret import Redactor
from console.text import clean, nearest

log = logging.getLogger("warroom.desk")


class Handling:
    """Answers actions; the engine and ``warroom do`` both ask here."""

    def __init__(self, handlers: Mapping[str, Handler], desk: Desk, current: Callable[[], str] = lambda: "") -> None:
        """``handlers`` may be filled later; ``current`` names the incident on screen."""
        self._handlers = handlers
        self._desk = desk
        self._current = current

    async def respond(self, action: Action) -> Reply:
        """The answer to one action; never raises but for cancellation.

        An action whose preview has a tier that asks for confirmation is not done without the digest of that
        preview; the reply then carries the preview to confirm. One whose preview has changed since is refused.
        """
        try:
            reply = await self._respond(action)
        except WarroomError as error:
            named: dict[str, object] = {"error": type(error).__name__}
            reply = Reply(action.request_id, False, error.what, next=error.next, data=named)
        except Exception as error:
            log.error("%s: %s", action.id, self._desk.redact.text("".join(traceback.format_exception(error))))
            reply = Reply(
                action.request_id,
                False,
                f"{action.id} stopped at a fault of the console ({type(error).__name__})",
                next="look at the timeline for what was done; the log has the details",
            )
        return _safe(reply, action.request_id, self._desk.redact)

    async def _respond(self, action: Action) -> Reply:
        spec = _spec(action.id)
        handler = self._handlers.get(spec.id)
        if handler is None:
            raise Refused(f"{spec.verb} is not available here", next="see the health of the sources")
        action = replace(action, args=check_arguments(spec, action.args))
        if action.preview:
            preview = self._warned(await handler.preview(action), action)
            return Reply(action.request_id, True, preview.title, preview=preview)
        if spec.tier is Tier.R0:
            return await handler.perform(action)
        self._desk.policy.check_writable(spec.verb)
        preview = self._warned(await handler.preview(action), action)
        check_digest(action.digest, preview)
        if not action.digest and self._desk.policy.needs_confirmation(preview.tier) is not Confirm.NONE:
            return Reply(
                action.request_id,
                False,
                f"not done yet: {preview.title} is {preview.tier.label}",
                next="look at what it does and confirm",
                preview=preview,
            )
        reply = await handler.perform(action)
        if reply.ok and not action.digest and preview.warning:
            reply = replace(reply, text=f"{reply.text} ({preview.warning})")
        return reply

    def _warned(self, preview: Preview, action: Action) -> Preview:
        """The preview with its digest, and with what else speaks against it."""
        notes = [preview.warning]
        states = self._states(action)
        if states:
            now = self._desk.clock.now()
            notes.append(collision(states, preview.target, action.actor.id, now))
            notes.append(self._desk.policy.lacking(preview.tier, action.actor.id, states[0].roles))
        return replace(bound(preview), warning="; ".join(filter(None, notes)))

    def _states(self, action: Action) -> list[Incident]:
        if self._desk.state is None:
            return []
        incident = str(action.args.get("incident") or self._current())
        return [self._desk.state(key) for key in dict.fromkeys((incident, ""))]


def _spec(name: str) -> ActionSpec:
    spec = TABLE.get(name)
    if spec is None:
        near = nearest(name, TABLE)
        raise Refused(f"there is no action {clean(name, 60)!r}", next=f"did you mean {near}?" if near else "")
    if spec.screen:
        raise Refused(f"{spec.verb} is done by the screen itself")
    return spec


def _safe(reply: Reply, request: str, redact: Redactor) -> Reply:
    """The reply with nothing secret and nothing that a terminal would obey."""

    def text(value: str) -> str:
        return clean(redact.text(value))

    preview = reply.preview
    if preview is not None:
        preview = replace(
            preview,
            title=text(preview.title),
            call=text(preview.call),
            target=text(preview.target),
            environment=text(preview.environment),
            blast=tuple(map(text, preview.blast)),
            sample=tuple(map(text, preview.sample)),
            undo=text(preview.undo),
            warning=text(preview.warning),
        )
    data: dict[str, object] = redact.value(reply.data)  # type: ignore[assignment]
    return replace(reply, request_id=request, text=text(reply.text), next=text(reply.next), preview=preview, data=data)
