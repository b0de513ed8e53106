"""The form of a runbook's file: which keys there are, what each holds, on which line it stands."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from msgspec import Struct

from console.configvalues import Reader, Table, Wrong, a_text, empty, flag, found, near, number, seconds, texts
from console.model.action import Tier
from console.model.runbook import Expect, Runbook, Step, StepType
from console.text import clean
from console.yamltree import Items, Malformed, Scalar, Tree, read_tree

MAX_BYTES = 262_144
SHORT, LONG = 80, 1000
"""Longest title, and longest text, in characters."""
SCRIPT = 8000


class Problem(Struct, frozen=True, order=True):
    """Something wrong (``error``: it cannot be used) or unwise (``warning``), on a line; 0 = the whole file."""

    line: int
    level: str
    text: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.text}" if self.line else self.text


class Form(Struct, frozen=True):
    """A file as far as it could be read."""

    book: Runbook
    lines: Mapping[str, int]
    """Dotted path (``steps.0.argv``) → line."""
    problems: tuple[Problem, ...]
    wrong: frozenset[str] = frozenset()
    """Dotted paths of what could not be read, so that nothing is concluded from its absence."""


_MEANT = {
    "mapping values are not allowed": "put a text that holds ': ' into quotes",
    "unexpected end of stream": "a quote or a bracket is not closed",
    "found a tab": "indent with blanks",
    "did not find expected key": "this line is not indented like those around it, or a quote is not closed",
    "could not find expected ':'": "a key is followed by ':' and a blank",
}
"""What YAML says → what is mostly behind it."""


def _title(reader: Reader, tree: Tree, at: str) -> str:
    return _bounded(a_text(reader, tree, at), SHORT)


def _words(reader: Reader, tree: Tree, at: str) -> str:
    return _bounded(a_text(reader, tree, at), LONG)


def _bounded(text: str, limit: int) -> str:
    if len(text) > limit:
        raise Wrong(f"{len(text)} characters; at most {limit} fit on the screen")
    return text


def _type(reader: Reader, tree: Tree, at: str) -> StepType:
    word = a_text(reader, tree, at)
    if word not in list(StepType):
        raise Wrong(f"{clean(word, 40)!r} is no type of step{near(word, list(StepType))}")
    return StepType(word)


def _risk(reader: Reader, tree: Tree, at: str) -> Tier:
    word = a_text(reader, tree, at).upper()
    if word not in Tier.__members__:
        raise Wrong("R0 (reads), R1 (reversible at once), R2 (users notice) or R3 (irreversible) is expected")
    return Tier[word]


def _argv(reader: Reader, tree: Tree, at: str) -> tuple[str, ...] | str:
    """A list, one argument an item, or one string; which of them fits is told by ``shell``."""
    if isinstance(tree, Scalar):
        return _argument(tree)
    if not isinstance(tree, Items):
        raise Wrong(f"{found(tree)} stands where a list of arguments is expected, such as [df, -h]")
    return tuple(_argument(item) for item in tree.items)


def _argument(tree: Tree) -> str:
    if not isinstance(tree, Scalar):
        raise Wrong(f"{found(tree)} stands where one argument is expected; quote what YAML takes for more")
    text = tree.text
    if len(text) > SCRIPT:
        raise Wrong(f"{len(text)} characters in one argument; at most {SCRIPT}: put it into a program of its own")
    if not text.replace("\n", "").replace("\t", "").isprintable():
        raise Wrong("an argument holds control or invisible characters")
    return text


def _duration(reader: Reader, tree: Tree, at: str) -> float:
    value = seconds(a_text(reader, tree, at))
    if value is None:
        raise Wrong("a duration is expected, such as 30s, 10m or a number of seconds")
    return value


def _exit(reader: Reader, tree: Tree, at: str) -> int | None:
    word = a_text(reader, tree, at)
    if word == "any":
        return None
    if not word.isdecimal() or not word.isascii() or int(word[:4]) > 255:
        raise Wrong("an exit code from 0 to 255 is expected, or: any")
    return int(word)


def _pairs(reader: Reader, tree: Tree, at: str) -> dict[str, str]:
    return {key: a_text(reader, value, path) for key, value, path in reader.pairs(tree, at)}


_EXPECT: Table = {
    "exit": ("exit", _exit),
    "contains": ("contains", _words),
    "matches": ("matches", _words),
    "max": ("max", number),
    "min": ("min", number),
}


def _expect(reader: Reader, tree: Tree, at: str) -> Expect:
    return Expect(**reader.struct(tree, at, _EXPECT))


_STEP: Table = {
    "id": ("id", a_text),
    "type": ("type", _type),
    "title": ("title", _title),
    "risk": ("tier", _risk),
    "text": ("text", _words),
    "argv": ("argv", _argv),
    "shell": ("shell", flag),
    "env": ("env", _pairs),
    "timeout": ("timeout_s", _duration),
    "expect": ("expect", _expect),
    "within": ("within_s", _duration),
    "undo": ("undo", _argv),
    "undo_text": ("undo_text", _words),
    "required": ("required", flag),
    "idempotent": ("idempotent", flag),
    "drill": ("drill", flag),
}


def _steps(reader: Reader, tree: Tree, at: str) -> tuple[Step, ...]:
    if empty(tree):
        return ()
    if not isinstance(tree, Items):
        raise Wrong(f"{found(tree)} stands where the list of steps is expected; begin each with - id:")
    out = []
    for index, item in enumerate(tree.items):
        path = f"{at}.{index}"
        reader.lines[path] = item.line
        fields = reader.struct(item, path, _STEP)
        for needed in ("id", "type", "title"):
            if not fields.get(needed) and not _mentioned(reader, path, needed):
                reader.wrong(item.line, f"{path}.{needed}", "is missing")
        out.append(_step(reader, fields, path))
    return tuple(out)


def _mentioned(reader: Reader, path: str, needed: str) -> bool:
    """Whether a problem is told already of that key, or of one that was meant to be it."""
    hint = f"did you mean '{needed}'?"
    return any(
        key == f"{path}.{needed}".lstrip(".") or (key.rpartition(".")[0] == path and hint in what)
        for _, key, what in reader.problems
    )


def _step(reader: Reader, fields: dict[str, Any], path: str) -> Step:
    """The step; its argv and its undo in the one form that ``shell`` asks for."""
    shell = fields.get("shell", False)
    for key in ("argv", "undo"):
        value = fields.get(key, ())
        if key == "undo" and value == "none":
            fields[key] = ("none",)
        elif isinstance(value, str):
            fields[key] = (value,) if shell else ()
            if not shell:
                what = "a list is expected, such as [df, -h]; a string is for shell: true"
                reader.wrong(reader.lines[f"{path}.{key}"], f"{path}.{key}", what)
        elif shell and value:
            fields[key] = ()
            what = "with shell: true one string is expected, not a list"
            reader.wrong(reader.lines[f"{path}.{key}"], f"{path}.{key}", what)
    return Step(**{"id": "", "type": StepType.MANUAL, "title": "", **fields})


_BOOK: Table = {
    "id": ("id", a_text),
    "title": ("title", _title),
    "version": ("version", a_text),
    "kind": ("kind", a_text),
    "owner": ("owner", a_text),
    "services": ("services", texts),
    "triggers": ("triggers", texts),
    "params": ("params", _pairs),
    "steps": ("steps", _steps),
    "exit_criteria": ("exit_criteria", texts),
}


def read_form(data: bytes, path: str = "") -> Form:
    """What stands in the file; ``undo: none`` is kept as ``("none",)``. Never raises."""
    reader = Reader(Path("/"))
    tree: Tree | None = None
    if len(data) > MAX_BYTES:
        reader.wrong(0, "", f"it is larger than {MAX_BYTES // 1024} kB")
    else:
        try:
            tree = read_tree(data)
        except Malformed as error:
            meant = next((hint for said, hint in _MEANT.items() if said in error.what), "")
            reader.wrong(error.line, "", f"{error.what}; {meant}" if meant else error.what)
        else:
            if tree is None:
                reader.wrong(0, "", "it is empty")
    fields = reader.struct(tree, "", _BOOK) if tree is not None else {}
    for needed in ("id", "title", "version", "steps") if tree is not None else ():
        if not fields.get(needed) and not _mentioned(reader, "", needed):
            reader.wrong(reader.lines.get(needed, 0), needed, "is missing")
    book = Runbook(
        **{"id": "", "title": "", "version": "", "steps": (), **fields}, path=path, digest=sha256(data).hexdigest()
    )
    problems = tuple(Problem(line, "error", _told(key, what)) for line, key, what in reader.problems)
    return Form(book, reader.lines, problems, frozenset(key for _, key, _ in reader.problems))


def _told(key: str, what: str) -> str:
    """``step 3 timeout: a duration is expected``."""
    head, _, rest = key.partition(".")
    if head == "steps" and rest:
        index, _, last = rest.partition(".")
        key = f"step {int(index) + 1} {last}".strip() if index.isdecimal() else key
    return clean(f"{key}: {what}" if key else what, 400)
