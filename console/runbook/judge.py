"""Whether the output of a step is what was expected."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence

from msgspec import Struct

from console.model.runbook import Expect
from console.model.wording import one_line
from console.ports import CommandResult, CommandRunner

MATCH_S = 3.0
"""How long a regular expression may search: some need longer than the universe is old."""
SAID = 80
"""A command that says one short line has said its result; a longer answer stands in the output."""
_NUMBER = re.compile(
    r"(?<![\w.])([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)(?!\w)(?:\s?(%|/?(?:[mµ]?s|min|h)(?!\w)|[kMGT]i?B(?!\w)))?"
)
"""A number, and its unit where one stands beside it."""
_SEARCH = """
import re, sys
text = sys.stdin.buffer.read().decode("utf-8", "replace")
sys.exit(0 if re.search(sys.argv[1], text, re.MULTILINE) else 1)
"""


class Verdict(Struct, frozen=True):
    """Whether it passed, and why in one clause: ``0.4 <= 1``."""

    passed: bool
    words: str


async def judge(expect: Expect, result: CommandResult, runner: CommandRunner) -> Verdict:
    """All given conditions hold; the first that does not is told. Regular expressions search in another process."""
    if failure := _ended(expect, result):
        return Verdict(False, failure)
    said = [line for line in result.output if line.strip()]
    told = [said[0] if len(said) == 1 and not result.dropped and len(said[0]) <= SAID else f"exit {result.exit}"]
    text = "\n".join(result.output)
    beyond = f" in the last {len(result.output)} lines" if result.dropped else ""
    if expect.contains:
        if expect.contains not in text:
            return Verdict(False, one_line(f"no {expect.contains!r}{beyond}"))
        told.append(f"has {expect.contains!r}")
    if expect.matches:
        if failure := await _unmatched(expect.matches, text, runner):
            return Verdict(False, one_line(failure + beyond))
        told.append(f"matches {expect.matches}")
    if expect.min is not None or expect.max is not None:
        passed, words = _compared(expect, result.output)
        if not passed:
            return Verdict(False, words)
        told.append(words)
    return Verdict(True, one_line(", ".join(told[1:]) or told[0]))


def _ended(expect: Expect, result: CommandResult) -> str:
    if result.timed_out:
        return f"no end within {result.took_ms / 1000:.0f} s" + (f"; {result.error}" if result.error else "")
    if result.exit is None:
        return one_line(result.error or "it did not end by itself")
    if expect.exit is not None and result.exit != expect.exit:
        said = [line for line in result.output if line.strip()]
        if len(said) == 1 and len(said[0]) <= SAID:
            return one_line(f"{said[0]} (exit {result.exit})", 200)
        return one_line(f"exit {result.exit}" + (f": {said[-1]}" if said else ""), 200)
    return ""


async def _unmatched(pattern: str, text: str, runner: CommandRunner) -> str:
    """Why the pattern was not found, ``""`` if it was."""
    argv = [sys.executable, "-I", "-S", "-c", _SEARCH, pattern]
    found = await runner.run(argv, env={}, timeout_s=MATCH_S, stdin=text.encode("utf-8", "replace"))
    if found.timed_out:
        return f"{pattern}: no answer within {MATCH_S:g} s; a simpler expression is needed"
    if found.exit == 0:
        return ""
    return f"nothing matches {pattern}" if found.exit == 1 and not found.output else f"{pattern} could not be searched"


def _compared(expect: Expect, output: Sequence[str]) -> tuple[bool, str]:
    """The first number of the output against its bounds."""
    found = next((m for line in output if (m := _NUMBER.search(line))), None)
    if found is None:
        return False, "no number in the output"
    number, unit = float(found[1]), f" {found[2]}" if found[2] else ""
    if expect.max is not None and number > expect.max:
        return False, f"{number:g}{unit} > {expect.max:g}{unit}"
    if expect.min is not None and number < expect.min:
        return False, f"{number:g}{unit} < {expect.min:g}{unit}"
    bounds = [f"<= {expect.max:g}{unit}"] if expect.max is not None else []
    bounds += [f">= {expect.min:g}{unit}"] if expect.min is not None else []
    return True, f"{number:g}{unit} {' and '.join(bounds)}"
