"""Runbooks: what is written, and how far a run of it has come."""

from __future__ import annotations

import re
import shlex
from enum import StrEnum

from msgspec import Struct

from console.clock import Millis
from console.model.action import Tier


class StepType(StrEnum):
    """What a step is."""

    MANUAL = "manual"
    CHECK = "check"
    """A command that reads; its output is compared with ``expect``."""
    COMMAND = "command"


class Expect(Struct, frozen=True):
    """When a check passes: all given conditions hold."""

    exit: int | None = 0
    contains: str = ""
    matches: str = ""
    """A regular expression, searched in the output; bounded in time by the runner."""
    max: float | None = None
    """The output's first number is at most this."""
    min: float | None = None


class Step(Struct, frozen=True):
    """One step of a runbook; ``{name}`` in argv is replaced by the parameter as one whole argument part."""

    id: str
    type: StepType
    title: str
    tier: Tier = Tier.R0
    text: str = ""
    argv: tuple[str, ...] = ()
    shell: bool = False
    env: dict[str, str] = {}
    timeout_s: float = 60.0
    expect: Expect = Expect()
    undo: tuple[str, ...] = ()
    """The argv that reverses it."""
    undo_text: str = ""
    required: bool = True
    """Of a check: the run waits until it passes; else what it finds is told, and the run goes on."""
    drill: bool = False
    """May be run in a drill: it reaches nothing but what the drill's world gives it."""
    idempotent: bool = False
    """May be run again after an unknown outcome."""
    within_s: float = 0.0
    """A check is repeated until it passes or this time is over; 0 = once."""


def command_line(step: Step, params: dict[str, str]) -> str:
    """What a step will run, as one would type it; a parameter that is not given keeps its place."""

    def value(match: re.Match[str]) -> str:
        return params.get(match[1], match[0])

    return shlex.join(re.sub(r"\{([a-z][a-z0-9_]*)\}", value, part) for part in step.argv)


class Runbook(Struct, frozen=True):
    """A runbook as loaded; ``digest`` is over its content."""

    id: str
    title: str
    version: str
    steps: tuple[Step, ...]
    kind: str = "ops"
    services: tuple[str, ...] = ()
    triggers: tuple[str, ...] = ()
    """Words that suggest it: alert names, symptoms."""
    params: dict[str, str] = {}
    """Name → default; ``""`` = must be given."""
    owner: str = ""
    exit_criteria: tuple[str, ...] = ()
    path: str = ""
    digest: str = ""

    @property
    def key(self) -> str:
        return self.id


class StepState(StrEnum):
    """How far a step of a run has come."""

    TODO = "todo"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"
    """Started, but its end was never written: the console that ran it is gone."""
    UNDONE = "undone"


class StepView(Struct, frozen=True):
    """A step of a run as the checklist shows it."""

    step: Step
    number: int
    state: StepState = StepState.TODO
    shows: str = ""
    """What it will do: the argv with parameters filled in, quoted as for a shell."""
    by: str = ""
    at: Millis = 0
    took_ms: int = 0
    result: str = ""
    """One clause: ``exit 0``, ``0.4 <= 1``, the reason of a skip."""
    output: tuple[str, ...] = ()
    """Last lines of output, cleaned and redacted."""
    operation_id: str = ""
    undoable: bool = False
    lane: str = ""
    """Lane of the console that started it."""

    @property
    def key(self) -> str:
        return self.step.id

    @property
    def settled(self) -> bool:
        """Whether the run goes on past it: done, skipped, or a check that need not pass and has told what it found."""
        found = self.state is StepState.FAILED and self.step.type is StepType.CHECK and not self.step.required
        return found or self.state in (StepState.DONE, StepState.SKIPPED)


class Run(Struct, frozen=True):
    """One run of a runbook in an incident."""

    id: str
    runbook_id: str
    title: str
    steps: tuple[StepView, ...]
    params: dict[str, str] = {}
    started_at: Millis = 0
    by: str = ""

    @property
    def current(self) -> int:
        """Index of the step that is running or first to do; ``len(steps)`` = all settled."""
        for index, view in enumerate(self.steps):
            if not view.settled and view.state is not StepState.UNDONE:
                return index
        return len(self.steps)

    @property
    def settled(self) -> int:
        """How many steps the run has gone past."""
        return sum(v.settled for v in self.steps)
