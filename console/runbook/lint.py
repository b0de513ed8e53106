"""Everything that is wrong or unwise in a runbook, at once and with its line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath

from msgspec.structs import replace

from console.configvalues import REFERENCE
from console.model.action import Tier
from console.model.runbook import Runbook, Step, StepType
from console.paths import safe_id
from console.runbook import fill
from console.runbook.form import MAX_BYTES, Form, Problem, read_form
from console.secret import Redactor
from console.text import nearest

MAX_STEPS = 100
TIMEOUT_S = (1.0, 21_600.0)
"""Shortest and longest time-out of a step, seconds."""
WITHIN_S = 7200.0
PATTERN = 500


_SECRET_NAME = re.compile(r"(?i)password|passwd|secret|token|api_?key|private_?key|credential")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_LOADER = re.compile(r"LD_|PYTHON(?:PATH|STARTUP)|BASH_ENV\Z|ENV\Z|IFS\Z|PERL5|NODE_OPTIONS")
_DESTROYS = re.compile(
    r"(?:^|[\s/;|&])(?:rm|shred|dd|mkfs\S*|wipefs|fdisk|parted|truncate|reboot|shutdown|poweroff|halt)\s"
    r"|(?i:\bdrop\s+(?:table|database)|\bdelete\s+from|\bterminate-instances|\bdelete-(?:volume|bucket|db))"
)
_CHANGES = re.compile(
    r"(?:^|[\s/;|&])(?:mv|cp|tee|touch|mkdir|chmod|chown|kill|pkill|killall|mount|umount)\s"
    r"|\bsystemctl\s+(?:start|stop|restart|reload|kill|enable|disable|mask)\b"
    r"|\bkubectl\b.*\s(?:apply|create|delete|drain|cordon|uncordon|patch|scale|rollout\s+(?:undo|restart))\b"
    r"|--vacuum-|\s-X\s*(?:POST|PUT|PATCH|DELETE)\b|\s--request\s+(?:POST|PUT|PATCH|DELETE)\b|\s-delete\b"
)

Found = Iterator[tuple[str, str, str]]
"""Dotted path of the key, level, text."""


def lint(path: Path) -> list[Problem]:
    """All problems of a file, in the order of its lines; none = it can be used and says all it should."""
    return examine(*_bytes(path))[1]


def lint_all(paths: Iterable[Path]) -> dict[Path, list[Problem]]:
    """All problems of all files; of two in one folder with one id, the second is told of the first."""
    found: dict[Path, list[Problem]] = {}
    known: dict[tuple[Path, str], Path] = {}
    for path in paths:
        if path in found:
            continue
        book, found[path] = read(path)
        first = known.setdefault((path.parent, book.id), path)
        if book.id and first != path:
            found[path] = sorted([Problem(1, "error", f"id: {book.id!r} is that of {first} too"), *found[path]])
    return found


def _bytes(path: Path) -> tuple[bytes, str, str]:
    """Content, path, and why it cannot be read; never more than can be a runbook."""
    try:
        if not path.is_file():
            return b"", str(path), "there is no such file"
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1), str(path), ""
    except OSError as error:
        return b"", str(path), f"it cannot be read: {error.strerror}"


def read(path: Path) -> tuple[Runbook, list[Problem]]:
    """The runbook as far as it could be read, and all its problems."""
    return examine(*_bytes(path))


def examine(data: bytes, path: str = "", unreadable: str = "") -> tuple[Runbook, list[Problem]]:
    """The same for a file's content. Never raises."""
    if unreadable:
        return Runbook("", "", "", (), path=path), [Problem(0, "error", unreadable)]
    form = read_form(data, path)
    problems = list(form.problems)
    if form.book.steps or not problems:
        known = {(p.line, p.text) for p in problems}
        for key, level, text in _book(form.book, form.wrong):
            if key in form.wrong:
                continue
            problem = Problem(_line(form, key), level, _where(key) + text)
            if (problem.line, problem.text) not in known:
                problems.append(problem)
    steps = tuple(replace(s, undo=()) if s.undo == ("none",) else s for s in form.book.steps)
    return replace(form.book, steps=steps), sorted(problems)


def _line(form: Form, key: str) -> int:
    """The line of a key, or of what it stands in."""
    while key:
        if key in form.lines:
            return form.lines[key]
        key = key.rpartition(".")[0]
    return 0


def _where(key: str) -> str:
    parts = key.split(".")
    if parts[0] == "steps" and len(parts) > 1:
        return f"step {int(parts[1]) + 1}: "
    return f"{key}: " if key else ""


def _book(book: Runbook, wrong: frozenset[str]) -> Found:
    """``wrong`` are the keys that could not be read: of a step of no known type nothing is asked that hangs on it."""
    yield from _head(book)
    seen: dict[str, int] = {}
    for index, step in enumerate(book.steps):
        at = f"steps.{index}"
        if step.id and step.id in seen:
            yield f"{at}.id", "error", f"the id {step.id!r} is that of step {seen[step.id] + 1} too"
        seen.setdefault(step.id, index)
        if step.id and not _safe(step.id):
            yield f"{at}.id", "error", "an id has letters, digits, '-', '_' and '.'"
        if f"{at}.type" not in wrong:
            yield from _kind(step, at)
            yield from _times(step, at)
            yield from _expectation(step, at)
        yield from _environment(step, at)
        yield from _arguments(step, at, book)


def _head(book: Runbook) -> Found:
    if book.id and not _safe(book.id):
        yield "id", "error", "it has letters, digits, '-', '_' and '.'"
    elif book.id and book.path and PurePath(book.path).stem != book.id:
        yield "id", "warning", f"the file is called {PurePath(book.path).stem}; call both alike, to be found"
    if not book.owner:
        yield "owner", "warning", "nobody is named who keeps it right"
    if not book.triggers and not book.services:
        yield "triggers", "warning", "without triggers and services it is never suggested"
    if len(book.steps) > MAX_STEPS:
        yield "steps", "error", f"{len(book.steps)} steps; at most {MAX_STEPS}"
    refers = frozenset().union(*(fill.used(step) for step in book.steps))
    for name, value in book.params.items():
        at = f"params.{name}"
        if not fill.NAME.match(name):
            yield at, "error", "a parameter's name has small letters, digits and '_'"
        elif name not in refers:
            yield at, "warning", "no step refers to it"
        if Redactor().text(value) != value or _SECRET_NAME.search(name):
            yield at, "error", "a parameter is written into the journal; give a secret to a step by env: as a reference"


def _kind(step: Step, at: str) -> Found:
    """What each type of step must have, and must not."""
    if step.type is StepType.MANUAL:
        for key in ("argv", "undo", "env", "shell", "drill"):
            if getattr(step, key):
                yield f"{at}.{key}", "error", f"a manual step runs nothing, so it has no {key}"
        if step.tier is not Tier.R0:
            yield f"{at}.risk", "warning", "the risk of a manual step is not asked about: say it in its text"
        return
    if not step.argv:
        yield f"{at}.argv", "error", f"a {step.type} needs argv: what to run"
    if step.type is StepType.CHECK:
        if step.tier is not Tier.R0:
            yield f"{at}.risk", "error", "a check only reads, its risk is R0; what changes something is a command"
        if step.undo or step.undo_text:
            yield f"{at}.undo", "error", "a check changes nothing, so there is nothing to undo"
        return
    yield from _risk(step, at)


def _risk(step: Step, at: str) -> Found:
    if step.tier is Tier.R0:
        yield f"{at}.risk", "error", "a command changes something: say risk R1, R2 or R3; what only reads is a check"
    if step.undo in ((), ("none",)) and not step.undo_text:
        if not step.undo:
            yield f"{at}.undo", "error", "a command needs undo: its argv, or undo_text: by hand, or undo: none"
        if step.tier is not Tier.R3:
            yield f"{at}.risk", "error", "what cannot be undone is R3"


def _times(step: Step, at: str) -> Found:
    least, most = TIMEOUT_S
    if not least <= step.timeout_s <= most:
        yield f"{at}.timeout", "error", f"from {least:g} s to {most / 3600:g} h"
    if step.within_s and step.type is not StepType.CHECK:
        yield f"{at}.within", "error", "only a check is repeated until it passes"
    if not 0 <= step.within_s <= WITHIN_S:
        yield f"{at}.within", "error", f"at most {WITHIN_S / 3600:g} h"


def _expectation(step: Step, at: str) -> Found:
    expect = step.expect
    if step.type is StepType.MANUAL:
        if (expect.contains, expect.matches, expect.min, expect.max) != ("", "", None, None):
            yield f"{at}.expect", "error", "a manual step has no output to compare; say it in its text"
        return
    if expect.matches:
        try:
            re.compile(expect.matches)
        except (re.error, RecursionError, OverflowError, ValueError) as error:
            yield f"{at}.expect.matches", "error", f"the regular expression does not compile: {error}"
        if len(expect.matches) > PATTERN:
            yield f"{at}.expect.matches", "error", f"at most {PATTERN} characters"
    if expect.min is not None and expect.max is not None and expect.min > expect.max:
        yield f"{at}.expect", "error", f"nothing is at least {expect.min:g} and at most {expect.max:g}"


def _environment(step: Step, at: str) -> Found:
    for name, value in step.env.items():
        key = f"{at}.env.{name}"
        if not _VARIABLE.match(name):
            yield key, "error", "this cannot be the name of a variable"
        elif _LOADER.match(name):
            yield key, "error", f"{name} can make any program run other code"
        if _SECRET_NAME.search(name) and not REFERENCE.match(value):
            yield key, "error", "a secret does not belong into this file; write env:NAME, file:PATH or cmd:PROGRAM"


def _arguments(step: Step, at: str, book: Runbook) -> Found:
    for key, name in _strangers(step, book):
        near = nearest(name, book.params)
        hint = f"did you mean {{{near}}}? Else " if near else ""
        what = f"{{{name}}} is no parameter; {hint}add it to params, or write {{ {name} }} for the braces themselves"
        yield f"{at}.{key}", "error", what
    for key, argv in (("argv", step.argv), ("undo", step.undo)):
        if not argv or argv == ("none",):
            continue
        if not argv[0].strip():
            yield f"{at}.{key}", "error", "there is no program to run"
            continue
        if reason := fill.unsafe(argv, step.shell):
            yield f"{at}.{key}", "error", reason
        if any(Redactor().text(part) != part for part in argv):
            yield f"{at}.{key}", "error", "this looks like a secret; pass it by env, as a reference"
        meant = any("${" in part or re.match(r"[|<>&]|\d>", part) for part in argv)
        if meant and not step.shell and fill.script_part(argv) < 0:
            yield f"{at}.{key}", "warning", "no shell reads this: $, | and > stay as written; see shell: true"
    yield from _plausible(step, at)


def _strangers(step: Step, book: Runbook) -> list[tuple[str, str]]:
    """Key and name of each placeholder that is no parameter."""
    texts = {"title": (step.title,), "text": (step.text,), "undo_text": (step.undo_text,), "argv": step.argv}
    texts |= {"undo": step.undo, "expect.contains": (step.expect.contains,), "env": tuple(step.env.values())}
    found = [(key, name) for key, parts in texts.items() for part in parts for name in fill.slots(part)]
    return [(key, name) for key, name in dict.fromkeys(found) if name not in book.params]


def _plausible(step: Step, at: str) -> Found:
    line = " ".join(step.argv) + " "
    if step.type is StepType.CHECK and (_DESTROYS.search(line) or _CHANGES.search(line)):
        yield f"{at}.argv", "warning", "this seems to change something; then it is a command with a risk and an undo"
    if step.type is StepType.COMMAND and _DESTROYS.search(line) and step.tier < Tier.R2:
        yield (
            f"{at}.risk",
            "warning",
            f"this seems to destroy something; {step.tier.label} says it is reversible at once",
        )


def _safe(name: str) -> bool:
    try:
        return safe_id(name) == name
    except ValueError:
        return False
