"""YAML as a tree that remembers its lines: read by events, bounded in size, depth and aliases, no key twice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

MAX_BYTES = 1 << 20
MAX_DEPTH = 12
MAX_NODES = 20_000
"""Counted with every alias expanded, so that aliases of aliases cannot multiply."""


class Scalar(Struct, frozen=True):
    """A value as it is written; ``plain`` = without quotes."""

    line: int
    text: str
    plain: bool = True


class Items(Struct, frozen=True):
    """A list."""

    line: int
    items: tuple[Tree, ...]


class Mapping(Struct, frozen=True):
    """Keys in the order of the file."""

    line: int
    items: dict[str, Tree]
    key_lines: dict[str, int]


Tree = Scalar | Items | Mapping


class Malformed(Exception):
    """What is wrong with the text, and where: line from 1, 0 = the whole file."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(what)
        self.line = line
        self.what = what


def read_tree(data: bytes) -> Tree | None:
    """The one document of a YAML text, ``None`` if it is empty. Raises ``Malformed`` and nothing else."""
    import yaml

    if len(data) > MAX_BYTES:
        raise Malformed(0, f"it is larger than {MAX_BYTES // 1024} kB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Malformed(data[: error.start].count(b"\n") + 1, "it is not UTF-8") from None
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _Builder(yaml.parse(text, Loader=loader)).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise Malformed(mark.line + 1 if mark else 0, error.problem or error.context or "it is not YAML") from None
    except yaml.YAMLError as error:
        raise Malformed(_line_of(text, error), "it holds a character that YAML does not allow") from None


def _line_of(text: str, error: Exception) -> int:
    position = getattr(error, "position", None)
    return text[:position].count("\n") + 1 if isinstance(position, int) else 0


class _Builder:
    """Builds the tree from events; recursion is as deep as ``MAX_DEPTH`` and no deeper."""

    def __init__(self, events: Iterator[Any]) -> None:
        self._events = events
        self._anchors: dict[str, tuple[Tree, int]] = {}
        self._nodes = 0

    def document(self) -> Tree | None:
        tree: Tree | None = None
        documents = 0
        for event in self._events:
            kind = type(event).__name__
            if kind == "DocumentStartEvent":
                documents += 1
                if documents > 1:
                    raise Malformed(event.start_mark.line + 1, "it holds more than one document")
                tree = self._node(next(self._events), 0)
        if isinstance(tree, Scalar) and tree.plain and tree.text in ("", "~", "null"):
            return None
        return tree

    def _node(self, event: Any, depth: int) -> Tree:
        line = event.start_mark.line + 1
        self._count(1, line)
        if depth > MAX_DEPTH:
            raise Malformed(line, f"it is nested deeper than {MAX_DEPTH} levels")
        kind, before = type(event).__name__, self._nodes
        if kind == "AliasEvent":
            return self._alias(event.anchor, line)
        tree: Tree
        if kind == "ScalarEvent":
            tree = Scalar(line, event.value, bool(event.implicit[0]))
        elif kind == "SequenceStartEvent":
            tree = Items(line, tuple(self._sequence(depth)))
        else:
            tree = self._mapping(line, depth)
        if event.tag and not str(event.tag).startswith("tag:yaml.org,2002:"):
            raise Malformed(line, f"the tag {event.tag} is not known here")
        if event.anchor:
            self._anchors[event.anchor] = (tree, self._nodes - before + 1)
        return tree

    def _count(self, nodes: int, line: int) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            raise Malformed(line, f"it holds more than {MAX_NODES} values")

    def _alias(self, name: str, line: int) -> Tree:
        if name not in self._anchors:
            raise Malformed(line, f"the alias *{name} names nothing above it")
        tree, nodes = self._anchors[name]
        self._count(nodes, line)
        return tree

    def _sequence(self, depth: int) -> Iterator[Tree]:
        for event in self._events:
            if type(event).__name__ == "SequenceEndEvent":
                return
            yield self._node(event, depth + 1)

    def _mapping(self, line: int, depth: int) -> Mapping:
        items: dict[str, Tree] = {}
        lines: dict[str, int] = {}
        for event in self._events:
            if type(event).__name__ == "MappingEndEvent":
                break
            at = event.start_mark.line + 1
            key = self._node(event, depth + 1)
            if not isinstance(key, Scalar):
                raise Malformed(at, "a key is a list or a mapping")
            if key.text in items:
                raise Malformed(at, f"the key {key.text!r} stands here again; it is first on line {lines[key.text]}")
            items[key.text] = self._node(next(self._events), depth + 1)
            lines[key.text] = at
        return Mapping(line, items, lines)
