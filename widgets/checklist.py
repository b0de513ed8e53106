"""A run of a runbook: done, current, to do; the current step says what it will do, its way back and its key."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from rich.cells import cell_len

from console.model.action import Tier
from console.model.rows import Rows
from console.model.runbook import Run, StepState, StepView
from widgets import line, marks, words
from widgets.line_list import Rule
from widgets.sections import Section

_SIGNS: dict[StepState, tuple[str, str]] = {
    StepState.TODO: ("", "text"),
    StepState.RUNNING: ("current", "accent"),
    StepState.DONE: ("done", "good"),
    StepState.FAILED: ("failed", "sev1"),
    StepState.SKIPPED: ("skipped", "grey"),
    StepState.UNKNOWN: ("unknown", "wait"),
    StepState.UNDONE: ("undone", "wait"),
}
KIND = 9
TICK_S = 10.0
TAIL = 6
"""Lines of output that the pane shows under a running or failed step."""
RISK = {Tier.R0: "grey", Tier.R1: "grey", Tier.R2: "wait", Tier.R3: "sev1"}


def sections(run: Run, tail: int = TAIL) -> list[Section]:
    """The run as sections: settled steps, the current one with its further lines, the rest."""
    at = run.current
    steps = run.steps
    out = [Section("", Rows.of(steps[:at]))] if at else []
    if at < len(steps):
        out.append(
            Section("", Rows.of(steps[at : at + 1]), 1 + len(_plan(steps[at])) + min(tail, len(_output(steps[at]))))
        )
    if at + 1 < len(steps):
        out.append(Section("", Rows.of(steps[at + 1 :])))
    return out


class StepRows(Rule):
    """Paints a step; ``key`` is what the operator presses to run it."""

    def __init__(self, key: str = "r", undo_key: str = "u") -> None:
        self._key = key
        self._undo_key = undo_key

    def ticks(self, row: StepView) -> bool:
        """A running step that may take ten seconds at most; longer ones count in steps of five."""
        return row.state is StepState.RUNNING and row.step.timeout_s <= TICK_S

    def paint(
        self, row: StepView, width: int, height: int, *, selected: bool, marked: bool, now: int
    ) -> list[line.Segments]:
        current = height > 1
        on = "select" if selected or current else "ground"
        name, colour = _SIGNS[row.state]
        if current and row.state is StepState.TODO:
            name, colour = "current", "accent"
        mark = marks.sign(name) if name else " "
        strong = " bold" if current else ""
        body = "text" if current or row.state in (StepState.TODO, StepState.DONE) else "grey"
        kind = words.fit(str(row.step.type), KIND)
        left = [
            (f"{mark} ", colour),
            (f"{row.number:>2} {kind} {row.step.title}", body + strong),
        ]
        first = line.lay(width, left, self._right(row, current, now, width), on)
        if not current:
            return [first]
        lines = [first, *(line.lay(width, [(f"{'':15}{text}", "grey")], on=on) for text in _plan(row)[: height - 1])]
        output = _output(row)
        tail = output[len(output) - (height - len(lines)) :] if height > len(lines) else ()
        lines += [line.lay(width, [(f"   {marks.sign('v')} ", "border"), (text, "grey")]) for text in tail]
        lines += [line.lay(width, []) for _ in range(height - len(lines))]
        return lines

    def _right(self, row: StepView, current: bool, now: int, width: int) -> list[line.Part]:
        state, tier = row.state, row.step.tier
        if state is StepState.RUNNING:
            return [("running ", "accent"), (words.elapsed(now - row.at), "text bold")]
        if state is StepState.FAILED:
            return [(row.result or "failed", "sev1"), (f"  {self._key} again", "accent")]
        if state is StepState.UNKNOWN:
            return [("outcome unknown", "wait"), (f"  {self._key} again", "accent")]
        if state is StepState.TODO:
            risk = [] if tier is Tier.R0 and not current else [(tier.label, RISK[tier] + (" bold" if current else ""))]
            return [*risk, (f" {self._key} run", "accent bold")] if current else []
        if state is StepState.DONE:
            said = row.result or (words.duration(row.took_ms) if row.took_ms else row.by)
            undo = f"  undo {self._undo_key}" if row.undoable else ""
            room = max(12, min(24, width - 18 - cell_len(row.step.title) - cell_len(undo)))
            return [(f"{words.cut(said, room)}{undo}", "grey")]
        return [(words.cut(f"{state}: {row.result}" if row.result else str(state), 28), palette_of(state))]


def palette_of(state: StepState) -> str:
    """The colour's name for a state."""
    return _SIGNS[state][1]


def _plan(row: StepView) -> tuple[str, ...]:
    """What the step will do, then the way back where it changes something."""
    what = row.shows or row.step.text or "by hand; say what you found"
    if row.step.tier is Tier.R0:
        return (what,)
    if row.step.undo or row.step.undo_text:
        return what, f"back with {row.step.undo_text or shlex.join(row.step.undo)}"
    return what, "no way back" if row.step.tier is Tier.R3 else "no way back is written down"


def _output(row: StepView) -> Sequence[str]:
    shown = row.state in (StepState.RUNNING, StepState.FAILED, StepState.UNKNOWN)
    return row.output if shown else ()


def progress(run: Run) -> str:
    """``4 of 10``."""
    return f"{run.settled} of {len(run.steps)}"
