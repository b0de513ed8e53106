"""An errand: one action from the key to its answer, with questions and a confirmation on the way."""

from __future__ import annotations

import asyncio

from console.actions import ActionSpec
from console.model.action import Preview, Reply, Tier
from console.model.incident import Tone
from screens.host import Host
from screens.questions import Args, complete
from screens.situation import Situation

PREVIEW_S = 15.0
"""How long a preview may take: nothing was changed yet, so giving up is harmless."""
PATIENCE_S = 0.6
"""After this long without an answer the operator is told what is waited for."""
ALWAYS_PREVIEWED = frozenset({"step.run", "desk.undo"})
"""Their risk is that of the step or of the way back, which only the preview tells."""


async def run(host: Host, spec: ActionSpec, at: Situation, aimed: Args) -> None:
    """Ask, show, confirm, send, tell; leaving at any point changes nothing."""
    args = await complete(spec, host, at, aimed)
    if args is None:
        return
    await send(host, spec.id, spec.verb, args, spec.tier >= Tier.R2 or spec.id in ALWAYS_PREVIEWED)


async def send(host: Host, id: str, verb: str, args: Args, preview_first: bool) -> None:
    """Send an action, after a confirmation where its risk wants one."""
    digest = ""
    if preview_first:
        preview = await _preview(host, id, verb, args)
        if preview is None or not await _confirmed(host, preview):
            return
        digest = preview.digest
    reply = await _patiently(host, host.request(id, args, digest=digest), verb)
    if not reply.ok and not digest and reply.preview is not None:
        # The act turned out riskier than its line in the table: it is shown and asked for, not only refused.
        if not await _confirmed(host, reply.preview):
            return
        reply = await _patiently(host, host.request(id, args, digest=reply.preview.digest), verb)
    host.answer(reply)


async def _preview(host: Host, id: str, verb: str, args: Args) -> Preview | None:
    asked = host.request(id, args, preview=True)
    try:
        reply = await asyncio.wait_for(_patiently(host, asked, verb), PREVIEW_S)
    except TimeoutError:
        host.say(f"{verb}: no preview within {PREVIEW_S:.0f} s; nothing was done", Tone.BAD, ("", "try again"))
        return None
    if not reply.ok or reply.preview is None:
        host.answer(reply)
        return None
    host.say("")
    return reply.preview


async def _confirmed(host: Host, preview: Preview) -> bool:
    if preview.tier <= Tier.R1:
        return True
    from screens.confirm import Confirm

    if await host.dialog(Confirm(preview, host.clock.monotonic)):
        return True
    host.say("left: nothing was done")
    return False


async def _patiently(host: Host, asked: asyncio.Future[Reply], verb: str) -> Reply:
    waited = 0.0
    while True:
        done, _ = await asyncio.wait([asked], timeout=PATIENCE_S if not waited else 5.0)
        if done:
            return asked.result()
        waited += 5.0 if waited else PATIENCE_S
        host.say(f"{verb}: waiting for an answer, {waited:.0f} s", Tone.WAIT)
