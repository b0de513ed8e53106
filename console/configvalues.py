"""Values of the configuration file: each reader gives what its key asks for, or says what is expected there."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from console.text import nearest
from console.yamltree import Items, Scalar, Tree
from console.yamltree import Mapping as Keys

AUTH = ("bearer", "user", "password")
REFERENCE = re.compile(r"(?:env|file|cmd):\s*\S")
_SECRET_HEADER = re.compile(r"(?i)auth|token|key|secret|cookie|password")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|)\Z")
_SECONDS = {"ms": 0.001, "s": 1.0, "": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
TEXTS = ("external_labels",)
"""Options whose values are texts, whatever they look like."""
YES, NO = ("true", "yes", "on", "1"), ("false", "no", "off", "0")
_FORMS = "env:NAME, file:PATH (mode 0600) or cmd:PROGRAM ARGUMENTS"

Read = Callable[["Reader", Tree, str], Any]
Table = Mapping[str, tuple[str, Read]]
"""Key in the file → field of the Struct and how its value is read."""


class Wrong(Exception):
    """One value that is not what its key asks for."""


class Reader:
    """Collects values, their lines and every problem, in the order of the file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.problems: list[tuple[int, str, str]] = []
        self.lines: dict[str, int] = {}

    def wrong(self, line: int, key: str, what: str) -> None:
        self.problems.append((line, key, what))

    def struct(self, tree: Tree, path: str, table: Table) -> dict[str, Any]:
        """Fields by name, of what could be read."""
        fields: dict[str, Any] = {}
        for key, value, at in self.pairs(tree, path):
            if key not in table:
                self.wrong(self.lines[at], at, f"there is no such key{near(key, table)}")
                continue
            field, read = table[key]
            try:
                fields[field] = read(self, value, at)
            except Wrong as error:
                self.wrong(value.line, at, str(error))
        return fields

    def pairs(self, tree: Tree, path: str) -> list[tuple[str, Tree, str]]:
        """Key, value and dotted path; remembers the line of each."""
        if empty(tree):
            return []
        if not isinstance(tree, Keys):
            self.wrong(tree.line, path or "the file", f"{found(tree)} stands where keys with values are expected")
            return []
        out = []
        for key, value in tree.items.items():
            at = f"{path}.{key}" if path else key
            self.lines[at] = tree.key_lines[key]
            out.append((key, value, at))
        return out


def near(word: str, known: Collection[str]) -> str:
    """The nearest valid word, or all of them."""
    match = nearest(word, known)
    if match:
        return f"; did you mean {match!r}?"
    return f"; valid: {', '.join(sorted(known))}" if known else "; there are none here"


def found(tree: Tree) -> str:
    return {Scalar: "a single value", Items: "a list", Keys: "a mapping"}[type(tree)]


def empty(tree: Tree) -> bool:
    return isinstance(tree, Scalar) and tree.plain and tree.text in ("", "~", "null")


# Values: each raises Wrong with what is expected.


def a_text(_: Reader, tree: Tree, at: str) -> str:
    """One line; a folded block is joined with blanks."""
    if not isinstance(tree, Scalar):
        raise Wrong(f"{found(tree)} stands where text is expected")
    text = " ".join(tree.text.split("\n")).strip()
    if not text.isprintable():
        raise Wrong("the text holds control or invisible characters")
    return "" if empty(tree) else text


def flag(reader: Reader, tree: Tree, at: str) -> bool:
    word = a_text(reader, tree, at).lower()
    if word not in YES + NO:
        raise Wrong("true or false is expected")
    return word in YES


def number(reader: Reader, tree: Tree, at: str) -> float:
    try:
        value = float(a_text(reader, tree, at))
    except ValueError:
        raise Wrong("a number is expected") from None
    if value != value or value in (float("inf"), float("-inf")):
        raise Wrong("a finite number is expected")
    return value


def number_between(least: float, most: float) -> Read:
    def read(reader: Reader, tree: Tree, at: str) -> float:
        value = number(reader, tree, at)
        if not least <= value <= most:
            raise Wrong(f"between {least:g} and {most:g} is expected")
        return value

    return read


def whole_between(least: int, most: int) -> Read:
    def read(reader: Reader, tree: Tree, at: str) -> int:
        value = number(reader, tree, at)
        if value != int(value) or not least <= value <= most:
            raise Wrong(f"a whole number between {least} and {most} is expected")
        return int(value)

    return read


def seconds_between(least: float, most: float) -> Read:
    def read(reader: Reader, tree: Tree, at: str) -> float:
        value = seconds(a_text(reader, tree, at))
        if value is None:
            raise Wrong("a duration is expected, such as 5s, 2m or a number of seconds")
        if not least <= value <= most:
            raise Wrong(f"between {least:g} and {most:g} s is expected")
        return value

    return read


def seconds(text: str) -> float | None:
    """Seconds of ``5s``, ``2m``, ``250ms`` or a bare number; ``None`` if it is none of these."""
    match = _DURATION.fullmatch(text.strip())
    return float(match[1]) * _SECONDS[match[2]] if match else None


def texts(reader: Reader, tree: Tree, at: str) -> tuple[str, ...]:
    if empty(tree):
        return ()
    items = tree.items if isinstance(tree, Items) else (tree,)
    return tuple(a_text(reader, item, at) for item in items)


def patterns(reader: Reader, tree: Tree, at: str) -> tuple[str, ...]:
    patterns = texts(reader, tree, at)
    for pattern in patterns:
        try:
            re.compile(pattern)
        except (re.error, RecursionError, OverflowError):
            raise Wrong("a regular expression is expected; this one does not compile") from None
    return patterns


def text_map(reader: Reader, tree: Tree, at: str) -> dict[str, str]:
    out = {}
    for key, value, path in reader.pairs(tree, at):
        try:
            out[key] = ",".join(texts(reader, value, path))
        except Wrong as error:
            reader.wrong(value.line, path, str(error))
    return out


def severities(reader: Reader, tree: Tree, at: str) -> dict[str, int]:
    out: dict[str, int] = {}
    for key, value, path in reader.pairs(tree, at):
        word = a_text(reader, value, path).upper().removeprefix("SEV")
        if word not in ("1", "2", "3", "4", "5"):
            reader.wrong(value.line, path, "a severity from 1 (worst) to 5 is expected")
            continue
        out[key] = int(word)
    return out


def url(reader: Reader, tree: Tree, at: str) -> str:
    text = a_text(reader, tree, at)
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise Wrong("a URL is expected, such as https://prometheus.example.net:9090") from None
    if parts.scheme not in ("http", "https") or not host or " " in text:
        raise Wrong("a URL with http or https is expected, such as https://prometheus.example.net:9090")
    if parts.username is not None or parts.password is not None:
        raise Wrong(f"credentials do not belong into a URL; give them under auth as {_FORMS}")
    if parts.query or parts.fragment:
        raise Wrong("a URL without ? and # is expected; the paths of the API are added to it")
    return text.rstrip("/")


def path_name(reader: Reader, tree: Tree, at: str) -> str:
    text = a_text(reader, tree, at)
    return _absolute(reader, text) if text else ""


def path_names(reader: Reader, tree: Tree, at: str) -> tuple[str, ...]:
    return tuple(_absolute(reader, text) for text in texts(reader, tree, at))


def _absolute(reader: Reader, text: str) -> str:
    """A path from the configuration's folder on, ``~`` filled in."""
    try:
        return str(reader.folder / Path(text).expanduser())
    except RuntimeError:
        raise Wrong("a path is expected; nobody's home folder is called that") from None


def options(reader: Reader, tree: Tree, at: str) -> dict[str, object]:
    """An adapter's own options; which of them there are is checked with the source's type."""
    pairs = reader.pairs(tree, at)
    return {key: text_map(reader, value, path) if key in TEXTS else an_option(value) for key, value, path in pairs}


def an_option(tree: Tree) -> object:
    """A value without a known type: plain words that look like one become true, false, nothing or a number."""
    if isinstance(tree, Items):
        return [an_option(item) for item in tree.items]
    if isinstance(tree, Keys):
        return {key: an_option(value) for key, value in tree.items.items()}
    if not tree.plain:
        return tree.text
    if empty(tree):
        return None
    if tree.text.lower() in ("true", "false"):
        return tree.text.lower() == "true"
    for kind in (int, float):
        try:
            return kind(tree.text)
        except ValueError:
            continue
    return tree.text


# Secrets: references only.


def reference(reader: Reader, tree: Tree, at: str) -> str:
    """``env:…``, ``file:…`` with its path made absolute, or ``cmd:…`` as one line."""
    if isinstance(tree, Keys) and list(tree.items) == ["cmd"]:
        text = "cmd:" + shlex.join(texts(reader, tree.items["cmd"], at))
    else:
        text = a_text(reader, tree, at)
    if not REFERENCE.match(text):
        raise Wrong(f"a secret does not belong into this file; name where it is: {_FORMS}")
    kind, rest = text.split(":", 1)
    if kind == "file":
        return f"file:{_absolute(reader, rest.strip())}"
    if kind == "cmd":
        try:
            shlex.split(rest)
        except ValueError:
            raise Wrong("a command line is expected after cmd:; a quote is not closed") from None
    return f"{kind}:{rest.strip()}"


def _user(reader: Reader, tree: Tree, at: str) -> str:
    """A user name is no secret: it may stand here, or be referred to."""
    text = a_text(reader, tree, at) if isinstance(tree, Scalar) else ""
    return text if text and not REFERENCE.match(text) else reference(reader, tree, at)


def auth(reader: Reader, tree: Tree, at: str) -> dict[str, str]:
    fields = reader.struct(tree, at, {key: (key, _user if key == "user" else reference) for key in AUTH})
    given = {key for key, _, _ in reader.pairs(tree, at)} & set(AUTH)
    if "bearer" in given and len(given) > 1:
        raise Wrong("either bearer, or user and password, is expected")
    if given and "bearer" not in given and given != {"user", "password"}:
        raise Wrong("user and password are expected together")
    return fields


def headers(reader: Reader, tree: Tree, at: str) -> dict[str, str]:
    out = {}
    for key, value, path in reader.pairs(tree, at):
        if not _HEADER_NAME.match(key):
            reader.wrong(reader.lines[path], path, "this cannot be the name of a header")
            continue
        secret = _SECRET_HEADER.search(key) or isinstance(value, Keys) or REFERENCE.match(getattr(value, "text", ""))
        try:
            out[key] = reference(reader, value, path) if secret else a_text(reader, value, path)
        except Wrong as error:
            reader.wrong(value.line, path, str(error))
    return out
