"""The handlers of runbooks: start one, run, skip, stop and take back its steps."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from console.desk.desk import Desk
from console.errors import Refused
from console.model.action import Action, OperationState, Preview, Reply, Tier
from console.model.bodies import NoteAdded, StepEnded, body_from
from console.model.entry import Draft, Kind
from console.model.incident import Incident
from console.model.runbook import StepState, StepType
from console.ports import Handler
from console.reference import resolve
from console.runbook.aim import Aim, Finder, whole
from console.runbook.carry import Carrier, Runner
from console.runbook.fill import shown
from console.runbook.live import LiveOutput
from console.runbook.running import Run, reason_of, result_data
from console.runbook.shelf import Shelf
from console.runbook.starting import Start
from console.secret import Secret


class Skip:
    """Serves ``step.skip``."""

    def __init__(self, finder: Finder, desk: Desk) -> None:
        self._finder = finder
        self._desk = desk

    async def preview(self, action: Action) -> Preview:
        aim = self._aim(action)
        warning = "its author calls it required" if aim.step.required else ""
        return Preview(f"Skip {aim.words}", "an entry in the journal", aim.target, Tier.R1, warning=warning)

    async def perform(self, action: Action) -> Reply:
        aim = self._aim(action)
        reason = reason_of(action)
        if not reason:
            raise Refused(f"skipping {aim.words} needs a reason", next="say why it is not needed")
        ended = StepEnded(aim.run.id, aim.step.id, reason=reason)
        await self._desk.record(aim.incident.key, [Draft(Kind.STEP_SKIPPED, body_from(ended))], action)
        data: dict[str, object] = {"run": aim.run.id, "step": aim.step.id}
        return Reply(action.request_id, True, f"skipped {aim.words}: {reason}", data=data)

    def _aim(self, action: Action) -> Aim:
        aim = self._finder.step(action)
        if aim.view.state in (StepState.RUNNING, StepState.DONE, StepState.SKIPPED):
            raise Refused(f"{aim.words} is {aim.view.state}", next="only what is still to do can be skipped")
        return aim


class Stop:
    """Serves ``step.stop``."""

    def __init__(self, finder: Finder, carrier: Carrier) -> None:
        self._finder = finder
        self._carrier = carrier

    async def preview(self, action: Action) -> Preview:
        aim = self._aim(action)
        half = aim.step.type is StepType.COMMAND
        return Preview(
            f"Stop {aim.words}",
            f"SIGTERM to all that it started, SIGKILL 2 s later: {aim.view.shows}",
            aim.target,
            Tier.R2,
            warning="a change that is cut in half may have to be mended by hand" if half else "",
        )

    async def perform(self, action: Action) -> Reply:
        """Tells it to end and comes back at once; the step's own end follows."""
        aim = self._aim(action)
        note = NoteAdded(f"stopped {aim.words}")
        await self._carrier.desk.record(aim.incident.key, [Draft(Kind.NOTE_ADDED, body_from(note))], action)
        self._carrier.stop(aim.view.operation_id)
        return Reply(action.request_id, True, f"stopping {aim.words}", next="its outcome comes in the timeline")

    def _aim(self, action: Action) -> Aim:
        aim = self._finder.running(action)
        if aim.view.state is not StepState.RUNNING:
            raise Refused(f"{aim.words} is not running", next="its state stands in the checklist")
        if not self._carrier.runs(aim.view.operation_id):
            raise Refused(f"{aim.words} does not run in this console", next=f"ask {aim.view.by}, who started it")
        return aim


class TakeBack:
    """Serves ``step.undo``: carries out a step's way back."""

    def __init__(self, finder: Finder, carrier: Carrier, environment: Callable[[], str]) -> None:
        self._finder = finder
        self._carrier = carrier
        self._environment = environment

    async def preview(self, action: Action) -> Preview:
        aim = self._aim(action)
        step = whole(aim.step)
        self._carrier.check_isolated(aim, step.undo)
        return Preview(
            title=f"Take back {aim.words}",
            call=shown(step, step.undo),
            target=aim.target,
            tier=max(step.tier, Tier.R1),
            environment=self._environment(),
            blast=(f"reverses {aim.view.shows}",),
            undo=f"run step {aim.view.number} again",
        )

    async def perform(self, action: Action) -> Reply:
        aim = self._aim(action)
        with self._carrier.claim(aim):
            end = await self._carrier.take_back(aim, action)
        done = end.outcome.state is OperationState.SENT
        text = f"took back {aim.words}" if done else f"{aim.words} was not taken back: {end.verdict.words}"
        next = "" if done else "look at its output; it may have to be taken back by hand"
        return Reply(action.request_id, done, text, next=next, data=result_data(aim, end))

    def _aim(self, action: Action) -> Aim:
        aim = self._finder.step(action)
        if aim.view.state not in (StepState.DONE, StepState.FAILED, StepState.UNKNOWN):
            raise Refused(f"{aim.words} is {aim.view.state}", next="there is nothing to take back")
        if not aim.step.undo:
            by_hand = f"by hand: {aim.step.undo_text}" if aim.step.undo_text else "write a note of what you do instead"
            raise Refused(f"{aim.words} has no command that takes it back", next=by_hand)
        return aim


def handlers(
    desk: Desk,
    runner: Runner,
    *,
    state: Callable[[str], Incident],
    current: Callable[[], str],
    shelf: Shelf,
    live: LiveOutput,
    environment: Callable[[], str] = lambda: "",
    secrets: Callable[[str], Secret] = resolve,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    drill: bool = False,
) -> dict[str, Handler]:
    """Handlers by action id.

    ``state`` folds an open incident, ``current`` names the one on screen; ``live`` is where the output of running
    steps is looked up; ``environment`` says in words where commands run; ``secrets`` resolves a step's references; in a
    ``drill`` only those steps run that may.
    """
    finder = Finder(shelf, desk.redact, state, current)
    carrier = Carrier(desk, runner, live, secrets=secrets, sleep=sleep, drill=drill)
    return {
        "runbook.start": Start(finder, desk, shelf),
        "step.run": Run(finder, carrier, environment),
        "step.skip": Skip(finder, desk),
        "step.stop": Stop(finder, carrier),
        "step.undo": TakeBack(finder, carrier, environment),
    }
