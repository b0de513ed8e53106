"""Parameters put into steps: each value stays inside its own argument, and inside one word of a shell script."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import PurePath

from msgspec.structs import replace

from console.errors import Refused
from console.model.runbook import Step
from console.text import clean

SHELL = ("/bin/bash", "-euo", "pipefail", "-c")
"""What runs ``shell: true``: a failure anywhere in the script or in a pipe is a failure of the step."""
NAME = re.compile(r"[a-z][a-z0-9_]{0,40}\Z")
LONGEST = 2000
"""Characters of one value."""

_SLOT = re.compile(r"(?<![{$])\{([a-z][a-z0-9_]*)\}(?!\})")
_SHELLS = frozenset({"sh", "bash", "dash", "ksh", "zsh", "busybox"})
_CODE = re.compile(r"(?:python[\d.]*|perl|ruby|node|php|psql|mysql|mariadb|su)\Z")
_CODE_OPTION = re.compile(r"-[A-Za-z]*[ceEr]|--(?:eval|execute|command|expression)\Z")
_FILTERS = frozenset({"awk", "gawk", "mawk", "sed"})
_INERT = re.compile(r"[\w@%+=:,./-]*\Z", re.ASCII)
_TWICE = re.compile(r"(?:^|[\s;&|(/])(?:eval|source|trap|let|\.|ssh|su|(?:ba|da|k|z)?sh)\s|<<|\(\(|\[\[|`|\$['\"]")
_NESTED = re.compile(r"\$\{[^}]*[\"']")
_PROGRAM = re.compile(r"(?:\b(?:awk|sed)|\s(?:-[A-Za-z]*[ceE]|--eval|--execute|--command|--expression))\s+\Z")


def slots(text: str) -> tuple[str, ...]:
    """Names of the parameters that a text refers to: ``{name}``, but neither ``${name}`` nor ``{{name}}``."""
    return tuple(_SLOT.findall(text))


def used(step: Step) -> frozenset[str]:
    """Names that a step refers to, anywhere."""
    parts = (step.title, step.text, step.undo_text, *step.argv, *step.undo, *step.env.values())
    return frozenset(name for part in (*parts, step.expect.contains) for name in slots(part))


def fill_step(step: Step, params: Mapping[str, str]) -> Step:
    """The step with every value in its place; raises ``Refused`` for a value that would become more than a value."""
    return replace(
        step,
        title=_words(step.title, params),
        text=_words(step.text, params),
        undo_text=_words(step.undo_text, params),
        argv=fill_argv(step.argv, params, step.shell),
        undo=fill_argv(step.undo, params, step.shell),
        env={name: _plain(value, params) for name, value in step.env.items()},
        expect=replace(step.expect, contains=_plain(step.expect.contains, params)),
    )


def fill_argv(argv: Sequence[str], params: Mapping[str, str], shell: bool = False) -> tuple[str, ...]:
    """The arguments with values in their places; as many arguments as before."""
    script = 0 if shell else script_part(argv)
    remote = any(PurePath(part).name == "ssh" for part in argv)
    out = []
    for index, part in enumerate(argv):
        if index == script:
            out.append(_script(part, params))
            continue
        if slots(part):
            _check_option(part, params, ended="--" in argv[:index])
        if remote and not all(_INERT.match(_value(name, params)) for name in slots(part)):
            raise Refused("a value with blanks or quotes cannot be passed through ssh", next="choose a plain value")
        out.append(_plain(part, params))
    return tuple(out)


def command(step: Step, argv: Sequence[str]) -> tuple[str, ...]:
    """What is really started for a step's filled ``argv`` or ``undo``."""
    return (*SHELL, argv[0], "step") if step.shell else tuple(argv)


def shown(step: Step, argv: Sequence[str]) -> str:
    """The same for eyes: quoted as for a shell; a script as it is."""
    return "; ".join(line.strip() for line in argv[0].strip().splitlines()) if step.shell else shlex.join(argv)


def check_value(name: str, value: str) -> str:
    """The value, if it may be one: a single line, not too long, nothing invisible."""
    if len(value) > LONGEST or not value.isprintable():
        raise Refused(
            f"{name} is too long or holds control characters", next=f"one line of at most {LONGEST} characters"
        )
    return value


def unsafe(argv: Sequence[str], shell: bool) -> str:
    """Why placeholders in these arguments could become code, ``""`` if they cannot."""
    script = 0 if shell else script_part(argv)
    names = [PurePath(part).name for part in argv]
    for index, part in enumerate(argv):
        if not slots(part):
            continue
        if index == script:
            if reason := _unsafe_script(part):
                return reason
        elif any(map(_CODE.match, names[:index])) and _CODE_OPTION.match(argv[index - 1]):
            return f"the value would become code of {names[0]}; pass it as an argument of its own"
        elif names[0] in _FILTERS and not re.fullmatch(r"(?:\w+=)?\{\w+\}", part):
            return f"the value would become code of {names[0]}; give awk -v name={{x}}, or take grep"
    return ""


def script_part(argv: Sequence[str]) -> int:
    """Which argument is a script for a shell (``… sh -c SCRIPT``), -1 if none is."""
    for index, part in enumerate(argv[:-1]):
        if re.fullmatch(r"-[a-z]*c[a-z]*", part) and any(PurePath(p).name in _SHELLS for p in argv[:index]):
            return index + 1
    return -1


# Scripts: a value stands only where a word may stand, and is quoted there.


def _script(script: str, params: Mapping[str, str]) -> str:
    names = slots(script)
    if not names:
        return script
    if reason := _unsafe_script(script):
        raise Refused(reason, next="mend the runbook")
    for name in names:
        if set(_value(name, params)) & {"$", "`"}:
            raise Refused(f"{name} holds $ or `, which a shell could run", next="choose a plain value")
    for match in _SLOT.finditer(script):
        if _word_begins(script, match.start()) and _value(match[1], params).startswith("-"):
            raise Refused(f"{match[1]} begins with '-' and would be read as an option", next="choose a plain value")
    return _SLOT.sub(lambda m: shlex.quote(_value(m[1], params)), script)


def _word_begins(script: str, at: int) -> bool:
    return at == 0 or script[at - 1] in " \t\n;|&()<>"


def _unsafe_script(script: str) -> str:
    if _TWICE.search(script):
        return "a script with placeholders may not read text twice (eval, sh, ssh, <<, ((, [[, `)"
    if _NESTED.search(script):
        return "a script with placeholders may not have quotes inside of ${…}"
    bare = _bare(script)
    if not bare:
        return "a script with placeholders may not have $(…) inside of double quotes; assign it to a variable first"
    for match in _SLOT.finditer(script):
        before = script[: match.start()]
        if _PROGRAM.search(before) and "grep" not in re.split(r"[;|&\n]", before)[-1]:
            return f"{{{match[1]}}} would become code of another program; pass it as an argument of its own"
        if not bare[match.start()]:
            return f"{{{match[1]}}} stands in quotes or a comment; take them away, the value is quoted by itself"
    return ""


def _bare(script: str) -> list[bool]:
    """For each character: whether it stands outside of quotes, comments and escapes.

    Nothing at all where ``$(`` begins inside of double quotes: there a shell counts quotes afresh.
    """
    out: list[bool] = []
    quote, escaped, comment = "", False, False
    for index, char in enumerate(script):
        out.append(not (quote or escaped or comment))
        if comment:
            comment = char != "\n"
        elif escaped:
            escaped = False
        elif quote:
            if char == quote:
                quote = ""
            escaped = char == "\\" and quote == '"'
            if quote == '"' and script.startswith("$(", index):
                return []
        elif char in "'\"":
            quote = char
        elif char == "\\":
            escaped = True
        elif char == "#" and _word_begins(script, index):
            comment = True
    return out


# Plain arguments.


def _check_option(part: str, params: Mapping[str, str], *, ended: bool) -> None:
    """A value at the start of an argument never becomes an option."""
    first = _SLOT.match(part)
    if first and not ended and _plain(part, params).startswith("-"):
        raise Refused(
            f"{first[1]} begins with '-' and would be read as an option",
            next="choose another value, or let the runbook write -- before it",
        )


def _plain(text: str, params: Mapping[str, str]) -> str:
    return _SLOT.sub(lambda m: _value(m[1], params), text)


def _words(text: str, params: Mapping[str, str]) -> str:
    return clean(_plain(text, params))


def _value(name: str, params: Mapping[str, str]) -> str:
    if name not in params:
        raise Refused(f"there is no value for {name}", next=f"give {name}=…")
    return check_value(name, params[name])
