"""Carrying out: a step's command goes through the desk, is judged, and its end is written down."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from console.configvalues import REFERENCE
from console.desk.desk import Desk
from console.errors import JournalError, Refused, WarroomError
from console.model.action import Action, Intent, OperationState, Outcome, Receipt, Tier, Undo
from console.model.bodies import StepEnded, StepStarted, body_from
from console.model.entry import Draft, Kind
from console.model.runbook import Expect, Step, StepType
from console.model.wording import took
from console.ports import Captured, CommandResult, CommandRunner
from console.runbook.aim import Aim, display, whole
from console.runbook.fill import command, shown
from console.runbook.judge import Verdict, judge
from console.runbook.live import KEPT, LiveOutput, tail_of
from console.runbook.sandbox import outside
from console.secret import Secret

OUTPUT = 40
"""Lines of output that an entry keeps."""
LEAST_S, MOST_S = 2.0, 30.0
"""Between two looks of a repeated check lies a twentieth of its time, but not less or more than this."""
_KILLED = 128
"""From this exit code on a signal ended the command, or ssh lost its connection: the change may have happened."""


class Runner(CommandRunner, Protocol):
    """A command runner whose commands have names and can be ended early."""

    async def run(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        timeout_s: float,
        stdin: bytes = b"",
        on_output: Callable[[str], None] | None = None,
        key: str = "",
    ) -> CommandResult: ...

    def stop(self, key: str) -> bool: ...


class End(Struct, frozen=True):
    """How a step's command came out."""

    outcome: Outcome
    verdict: Verdict
    output: tuple[str, ...]
    digest: str
    exit: int | None
    took_ms: int


class _Try(Struct):
    """What the call found, for the entries after it."""

    result: CommandResult | None = None
    verdict: Verdict = Verdict(False, "it was not run")
    took_ms: int = 0


class Carrier:
    """Runs steps and takes them back; knows which of them run here."""

    def __init__(
        self,
        desk: Desk,
        runner: Runner,
        live: LiveOutput,
        *,
        secrets: Callable[[str], Secret],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        drill: bool = False,
    ) -> None:
        self.desk = desk
        self._runner = runner
        self._live = live
        self._secrets = secrets
        self._sleep = sleep
        self._drill = drill
        self._stops: dict[str, asyncio.Event] = {}
        self._claimed: set[tuple[str, str, str]] = set()

    @contextlib.contextmanager
    def claim(self, aim: Aim) -> Iterator[None]:
        """Nobody else works on the step meanwhile: a key that was pressed twice runs it once."""
        name = (aim.incident.key, aim.run.id, aim.step.id)
        if name in self._claimed:
            raise Refused(f"{aim.words} is under way already", next="wait for its end, or stop it")
        self._claimed.add(name)
        try:
            yield
        finally:
            self._claimed.discard(name)

    async def run(self, aim: Aim, action: Action, notes: Sequence[Draft] = ()) -> End:
        """Carry the step out; ``notes`` are written with its beginning."""
        step = whole(aim.step)
        self.check_isolated(aim, step.argv)
        env = await self._environment(step)
        self._check_role(step.tier, aim, action)
        operation = self.desk.ids.new("op")
        begun = StepStarted(aim.run.id, step.id, operation, display(step))
        await self._record(aim, [*notes, Draft(Kind.STEP_STARTED, body_from(begun))], action)
        intent = Intent(operation, "step.run", f"run {aim.words}", display(step), aim.target, step.tier)
        undo = self._undo(aim) if step.undo else None
        try:
            end = await self._carry(aim, intent, action, command(step, step.argv), env, step.expect, undo)
        except WarroomError as error:
            with contextlib.suppress(JournalError):
                ended = StepEnded(aim.run.id, step.id, operation, error.what)
                await self._record(aim, [Draft(Kind.STEP_FAILED, body_from(ended))], action)
            raise
        kind = Kind.STEP_DONE if end.verdict.passed else Kind.STEP_FAILED
        await self._record(aim, [Draft(kind, self._ended(aim, operation, end))], action)
        return end

    async def take_back(self, aim: Aim, action: Action) -> End:
        """Carry out the step's way back."""
        step = whole(aim.step)
        self.check_isolated(aim, step.undo)
        env = await self._environment(step)
        operation = self.desk.ids.new("op")
        words = f"take back {aim.words}"
        call, tier = shown(step, step.undo), max(step.tier, Tier.R1)
        intent = Intent(operation, "step.undo", words, call, aim.target, tier, undoes=aim.view.operation_id)
        end = await self._carry(aim, intent, action, command(step, step.undo), env, Expect(), None)
        if end.outcome.state is OperationState.SENT:
            await self._record(aim, [Draft(Kind.STEP_UNDONE, self._ended(aim, operation, end))], action)
        return end

    def check_isolated(self, aim: Aim, argv: Sequence[str]) -> None:
        """Refuse what would leave a drill: one of the console's, or one in which the incident was declared."""
        drill = self._drill or aim.incident.drill
        self.desk.policy.check_isolated(aim.words, outside(aim.step, argv), drill=drill)

    def runs(self, operation: str) -> bool:
        """Whether the command of that operation runs here."""
        return operation in self._stops

    def stop(self, operation: str) -> None:
        """End the command of that operation; one that has ended already is no error."""
        if operation in self._stops:
            self._stops[operation].set()
            self._runner.stop(operation)

    # One command

    async def _carry(
        self,
        aim: Aim,
        intent: Intent,
        action: Action,
        argv: Sequence[str],
        env: Mapping[str, str],
        expect: Expect,
        undo: Undo | None,
    ) -> End:
        found = _Try()
        operation = intent.operation_id
        repeat_s = aim.step.within_s if intent.action == "step.run" else 0.0

        async def call() -> Receipt:
            self._stops[operation] = asyncio.Event()
            tell = self._live.open(operation)
            try:
                await self._try(found, aim.step, operation, argv, env, expect, repeat_s, tell)
            finally:
                self._live.close(operation)
                stopped = self._stops.pop(operation).is_set()
            return self._receipt(found, aim.step, expect, undo, stopped)

        outcome = await self.desk.carry_out(aim.incident.key, intent, call, action=action)
        result = found.result
        if result is None:
            verdict = Verdict(False, outcome.detail or f"the call was {outcome.state}")
            return End(outcome, verdict, (), "", None, outcome.took_ms)
        output = await asyncio.to_thread(tail_of, result.output[-KEPT:], self.desk.redact, OUTPUT)
        return End(outcome, found.verdict, output, result.digest, result.exit, found.took_ms)

    async def _try(
        self,
        found: _Try,
        step: Step,
        operation: str,
        argv: Sequence[str],
        env: Mapping[str, str],
        expect: Expect,
        repeat_s: float,
        tell: Callable[[str], None],
    ) -> None:
        """Once; or until it passes, its time is over or it is stopped."""
        clock, stop = self.desk.clock, self._stops[operation]
        begin = clock.monotonic()
        while True:
            began_at = clock.now()
            found.result = await self._runner.run(
                argv, env=env, timeout_s=step.timeout_s, on_output=tell, key=operation
            )
            self._live.captured.keep(operation, Captured(tuple(argv), found.result, began_at, clock.now()))
            found.verdict = await judge(expect, found.result, self._runner)
            passed_s = clock.monotonic() - begin
            found.took_ms = round(passed_s * 1000)
            if found.verdict.passed or stop.is_set() or passed_s >= repeat_s:
                break
            await self._pause(min(max(repeat_s / 20, LEAST_S), MOST_S, repeat_s - passed_s), stop)
            if stop.is_set():
                break
        if repeat_s and not found.verdict.passed and not stop.is_set():
            found.verdict = Verdict(False, f"{found.verdict.words}, for {took(found.took_ms)}")

    async def _pause(self, wait_s: float, stop: asyncio.Event) -> None:
        waits = [asyncio.ensure_future(self._sleep(wait_s)), asyncio.ensure_future(stop.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    def _receipt(self, found: _Try, step: Step, expect: Expect, undo: Undo | None, stopped: bool) -> Receipt:
        result, reads = found.result, step.type is StepType.CHECK
        assert result is not None
        detail = found.verdict.words
        receipt: dict[str, object] = {"exit": result.exit, "output_sha256": result.digest}
        if result.exit is None and not (stopped or result.timed_out):
            return Receipt(detail, receipt, state=OperationState.FAILED)
        if result.exit is not None and (expect.exit is None or result.exit == expect.exit):
            return Receipt(detail, receipt, undo)
        unsure = not reads and (result.exit is None or result.exit >= _KILLED)
        return Receipt(detail, receipt, state=OperationState.UNKNOWN if unsure else OperationState.FAILED)

    # Beside it

    def _undo(self, aim: Aim) -> Undo:
        args: dict[str, object] = {"step": aim.step.id, "run": aim.run.id, "incident": aim.incident.key}
        return Undo("step.undo", args, aim.step.undo_text or shown(aim.step, aim.step.undo))

    def _check_role(self, tier: Tier, aim: Aim, action: Action) -> None:
        """Before anything is written: a step that may not be run is not begun either."""
        self.desk.policy.check_writable(f"running {aim.words}")
        self.desk.policy.check_roles(tier, action.actor.id, aim.incident.roles)

    async def _environment(self, step: Step) -> dict[str, str]:
        """The step's variables, references to secrets resolved; raises ``ConfigError`` before anything is done."""
        out = dict(step.env)
        for name, value in step.env.items():
            if REFERENCE.match(value):
                out[name] = (await asyncio.to_thread(self._secrets, value)).reveal()
        return out

    async def _record(self, aim: Aim, drafts: Sequence[Draft], action: Action) -> None:
        await self.desk.record(aim.incident.key, drafts, action)

    def _ended(self, aim: Aim, operation: str, end: End) -> dict[str, object]:
        return body_from(
            StepEnded(
                aim.run.id,
                aim.step.id,
                operation,
                end.verdict.words,
                took_ms=end.took_ms,
                exit=end.exit,
                output=end.output,
                digest=end.digest,
            )
        )
