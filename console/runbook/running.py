"""Running the steps of a run: what would happen, then the step itself, then how it was judged."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from console.errors import Refused
from console.model.action import Action, OperationState, Preview, Reply, Tier
from console.model.bodies import NoteAdded, StepEnded, body_from
from console.model.entry import Draft, Kind
from console.model.runbook import StepState, StepType
from console.model.wording import one_line, took
from console.runbook.aim import Aim, Finder, display, whole
from console.runbook.carry import Carrier, End
from console.runbook.fill import shown


class Run:
    """Serves ``step.run``: a check or a command is carried out, a manual step marked as done."""

    def __init__(self, finder: Finder, carrier: Carrier, environment: Callable[[], str]) -> None:
        self._finder = finder
        self._carrier = carrier
        self._environment = environment

    async def preview(self, action: Action) -> Preview:
        """What it would run, exactly; its tier is the step's own, raised where a person must say that it is right."""
        aim = self._aim(action)
        step = whole(aim.step)
        if step.type is StepType.MANUAL:
            call = f"by hand: {step.text}" if step.text else "by hand"
            return Preview(f"Done: {aim.words}", call, aim.target, Tier.R1, blast=_order(aim), warning=aim.doubts)
        asked = step.type is StepType.COMMAND and aim.doubts and not reason_of(action)
        self._carrier.check_isolated(aim, step.argv)
        return Preview(
            title=f"Run {aim.words}",
            call=display(step),
            target=aim.target,
            tier=max(step.tier, Tier.R2) if asked else step.tier,
            environment=self._environment(),
            blast=_blast(aim),
            undo=step.undo_text or (shown(step, step.undo) if step.undo else ""),
            warning=aim.doubts,
        )

    async def perform(self, action: Action) -> Reply:
        """Runs it to its end; the reply says how it was judged."""
        aim = self._aim(action)
        with self._carrier.claim(aim):
            return await self._perform(aim, action)

    async def _perform(self, aim: Aim, action: Action) -> Reply:
        notes = _deviation(aim, action)
        if aim.step.type is StepType.MANUAL:
            return await self._done(aim, action, notes)
        end = await self._carrier.run(aim, action, notes)
        data = result_data(aim, end)
        n = aim.view.number
        if end.verdict.passed:
            text = f"step {n} {aim.step.title}: {end.verdict.words} · {took(end.took_ms)}"
            return Reply(action.request_id, True, text, undo=end.outcome.undo, data=data)
        check = aim.step.type is StepType.CHECK
        text = f"step {n} {aim.step.title}{':' if check else ' failed:'} {end.verdict.words}"
        return Reply(action.request_id, False, text, next=_next(aim, end), undo=end.outcome.undo, data=data)

    def _aim(self, action: Action) -> Aim:
        aim = self._finder.step(action)
        if aim.view.state is StepState.RUNNING:
            raise Refused(f"{aim.words} is running ({aim.view.by})", next="wait for its end, or stop it")
        return aim

    async def _done(self, aim: Aim, action: Action, notes: Sequence[Draft]) -> Reply:
        if aim.view.state in (StepState.DONE, StepState.SKIPPED):
            raise Refused(f"{aim.words} is {aim.view.state} already", next="write a note to add something")
        result = one_line(str(action.args.get("result") or "")) or "done"
        ended = StepEnded(aim.run.id, aim.step.id, result=result)
        drafts = [*notes, Draft(Kind.STEP_DONE, body_from(ended))]
        await self._carrier.desk.record(aim.incident.key, drafts, action)
        data: dict[str, object] = {"run": aim.run.id, "step": aim.step.id}
        return Reply(action.request_id, True, f"{aim.words}: {result}", data=data)


def _next(aim: Aim, end: End) -> str:
    if end.outcome.state is OperationState.UNKNOWN:
        return "look whether it took effect, then run it again or skip it"
    goes_on = aim.step.type is StepType.CHECK and not aim.step.required
    return "a finding; the run goes on" if goes_on else "look at its output"


def result_data(aim: Aim, end: End) -> dict[str, object]:
    """A step's end for ``warroom do --json``."""
    return {
        "run": aim.run.id,
        "step": aim.step.id,
        "operation": end.outcome.operation_id,
        "state": str(end.outcome.state),
        "exit": end.exit,
        "result": end.verdict.words,
        "output": list(end.output),
    }


def reason_of(action: Action) -> str:
    """Why, in one line; ``""`` if nothing was said."""
    return one_line(str(action.args.get("reason") or ""))


def _order(aim: Aim) -> tuple[str, ...]:
    return (f"step {aim.view.number} of {len(aim.run.steps)} of {aim.run.title}",)


def _blast(aim: Aim) -> tuple[str, ...]:
    step = aim.step
    variables = ", ".join(f"{name}={value}" for name, value in step.env.items())
    again = f", again until it passes, for {took(round(step.within_s * 1000))}" if step.within_s else ""
    return (
        *_order(aim),
        f"ended after {took(round(step.timeout_s * 1000))}{again}",
        *((f"with {variables}",) if variables else ()),
    )


def _deviation(aim: Aim, action: Action) -> list[Draft]:
    """A run that leaves the order, or repeats what may have happened, is a fact of its own."""
    if not aim.doubts:
        return []
    why = reason_of(action) or ("confirmed" if action.digest else "no reason given")
    return [Draft(Kind.NOTE_ADDED, body_from(NoteAdded(f"went on with {aim.words} although {aim.doubts}: {why}")))]
