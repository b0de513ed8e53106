"""An errand: one action from the key to its answer, with questions and a confirmation on the way."""

from __future__ import annotations

import asyncio

from msgspec.structs import replace

from console.actions import ActionSpec
from console.model.action import Preview, Reply, Tier
from console.model.incident import Tone
from screens.host import Host
from screens.questions import Args, Asking, complete
from screens.situation import Situation
from widgets.source_rows import old_data

PREVIEW_S = 15.0
"""How long a preview may take: nothing was changed yet, so giving up is harmless."""
PATIENCE_S = 0.6
"""After this long without an answer the operator is told what is waited for."""
REFUSALS = frozenset({"Refused", "PolicyRefused"})
"""Answers of a guard: nothing was done, and other words may satisfy it."""
AT_ONCE_S = 30.0
"""A question that was refused is asked again within this time; later the operator is elsewhere."""
ALWAYS_PREVIEWED = frozenset({"step.run", "desk.undo", "outbox.edit"})
"""Their risk is that of the step or of the way back, which only the preview tells."""


async def run(host: Host, spec: ActionSpec, at: Situation, aimed: Args) -> None:
    """Ask, show, confirm, send, tell; leaving at any point changes nothing, and what was typed is never lost to a no.

    What was refused at once is asked again with the same words; what failed later finds them in the next question.
    """
    asking = Asking(host, at, aimed, _kept(host, spec, aimed))
    while True:
        answers = await complete(spec, asking)
        if answers is None:
            return
        if asking.typed:
            host.drafts[spec.id] = (aimed, answers)
        began = host.clock.monotonic()
        reply = await _sent(host, spec.id, spec.verb, {**aimed, **answers}, needs_preview(spec))
        if reply is None:
            return
        host.answer(reply)
        if reply.ok:
            host.drafts.pop(spec.id, None)
            return
        refused = reply.data.get("error") in REFUSALS and host.clock.monotonic() - began < AT_ONCE_S
        if not (refused and asking.typed):
            return
        at = replace(at, snapshot=host.snapshot)
        asking = Asking(host, at, aimed, answers, f"{reply.text}: {reply.next}" if reply.next else reply.text)


def needs_preview(spec: ActionSpec) -> bool:
    """Whether what it would do is looked at before it is sent."""
    return spec.tier >= Tier.R2 or spec.id in ALWAYS_PREVIEWED


def _kept(host: Host, spec: ActionSpec, aimed: Args) -> Args:
    """What was typed for the same target before and came to nothing."""
    target, answers = host.drafts.get(spec.id, (None, {}))
    return answers if target == aimed else {}


async def send(host: Host, id: str, verb: str, args: Args, preview_first: bool) -> None:
    """Send an action, after a confirmation where its risk wants one, and tell what came of it."""
    reply = await _sent(host, id, verb, args, preview_first)
    if reply is not None:
        host.answer(reply)


async def _sent(host: Host, id: str, verb: str, args: Args, preview_first: bool) -> Reply | None:
    """The answer to an action; ``None`` if it was left, or if no preview came."""
    digest = ""
    if preview_first:
        reply = await _preview(host, id, verb, args)
        if reply is None or not reply.ok or reply.preview is None:
            return reply
        host.say("")
        if not await _confirmed(host, reply.preview):
            return None
        digest = reply.preview.digest
    reply = await patiently(host, host.request(id, args, digest=digest), verb)
    if not reply.ok and not digest and reply.preview is not None:
        # The act turned out riskier than its line in the table: it is shown and asked for, not only refused.
        if not await _confirmed(host, reply.preview):
            return None
        reply = await patiently(host, host.request(id, args, digest=reply.preview.digest), verb)
    return reply


async def _preview(host: Host, id: str, verb: str, args: Args) -> Reply | None:
    asked = host.request(id, args, preview=True)
    try:
        return await asyncio.wait_for(patiently(host, asked, verb), PREVIEW_S)
    except TimeoutError:
        host.say(f"{verb}: no preview within {PREVIEW_S:.0f} s; nothing was done", Tone.BAD, ("", "try again"))
        return None


async def _confirmed(host: Host, preview: Preview) -> bool:
    if preview.tier <= Tier.R1:
        return True
    from screens.confirm import Confirm

    seen = [s for s in host.snapshot.sources if {"alerts", "metrics"} & set(s.serves)]
    if await host.dialog(Confirm(preview, host.clock.monotonic, old_data(seen, host.clock.now()), link=host.link)):
        return True
    host.say("left: nothing was done")
    return False


async def patiently(host: Host, asked: asyncio.Future[Reply], verb: str) -> Reply:
    """The answer, however long it takes; what is waited for is told."""
    waited = 0.0
    while True:
        done, _ = await asyncio.wait([asked], timeout=PATIENCE_S if not waited else 5.0)
        if done:
            return asked.result()
        waited += 5.0 if waited else PATIENCE_S
        host.say(f"{verb}: waiting for an answer, {waited:.0f} s", Tone.WAIT)
