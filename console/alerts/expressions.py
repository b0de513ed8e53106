"""Regular expressions that somebody typed: bounded in time, and told apart by who else understands them.

Alertmanager and Prometheus run RE2 (its syntax: github.com/google/re2/wiki/Syntax), which is linear in time; Python's
engine goes back and tries again. What could take long here is refused, however short it looks.
"""

from __future__ import annotations

import re
from functools import lru_cache
from math import log2

from console.errors import Refused

LONGEST = 512
"""Characters of a value that are looked at."""
_PATTERN = 200
_EFFORT = 24.0
"""Most attempts that one value may take, as a power of two: 0.2 s; three free repetitions take as many."""
_FREE = log2(LONGEST) - 1
"""Lengths of a repetition without an end; one less, since those in a row share the value."""
_REPEAT = re.compile(r"[*+?]|\{(\d*)(,?)(\d*)\}")
_ONLY_HERE = re.compile(r"\(\?(?![:imsU)-]|P<)|(?<!\\)(?:\\\\)*\\[1-9ZNuU]|[*+?}]\+|\{,|\(\?P=")
"""What RE2 lacks or reads otherwise: look-around, references, possessive repetition, ``\\Z``, ``{,n}``."""

_SET = re.compile(r"\[\^?\[|\[[^\]]*(?:--|&&|~~|\|\|)")
"""Sets within sets: Python warns of them, RE2 reads ``[[:alpha:]]`` as a class."""

_NEXT = re.compile(r"(?<!\\)\.\*((?:[^\n\\\[\](){}.*+?|^$]|\\[^\w\n])+)(?=\.\*)")
"""Anything, words, and anything again: the first place at which the words stand serves as well as any later one."""


class _Branch:
    """One level of parentheses while it is read."""

    __slots__ = ("effort", "most", "parts", "repeats")

    def __init__(self) -> None:
        self.effort = 0.0
        self.most = 0.0
        self.parts = False
        self.repeats = False


@lru_cache(256)
def compiled(pattern: str) -> re.Pattern[str]:
    """The expression, or ``Refused`` if it is none or may take long."""
    if _SET.search(pattern):
        raise Refused("a set inside [ ] is not understood here", next="name the characters, or escape them with \\")
    if len(pattern) > _PATTERN:
        raise Refused(f"that regular expression is longer than {_PATTERN} characters", next="write it shorter")
    try:
        found, effort = re.compile(pattern, re.ASCII), _effort(pattern)
        if not any(sign in pattern for sign in "([|"):
            # ``.*a.*b.*c`` is the usual expression, and each word is looked for once: atomic groups never go back.
            effort = _effort(_NEXT.sub("", pattern))
            found = re.compile(_NEXT.sub(r"(?>.*?\1)", pattern), re.ASCII)
    except (re.error, OverflowError, RecursionError) as error:
        raise Refused(f"that is not a regular expression: {error}") from None
    if effort > _EFFORT:
        raise Refused("that regular expression may take very long", next="write it with fewer repetitions")
    return found


def full_match(pattern: str, text: str) -> bool:
    """Whether the expression matches the whole text, as ``=~`` means it."""
    return compiled(pattern).fullmatch(text[:LONGEST]) is not None


def portable(pattern: str) -> bool:
    """Whether RE2 reads the expression as we do."""
    return _ONLY_HERE.search(pattern) is None


def _effort(pattern: str) -> float:
    """Attempts that a hostile value could cause, as a power of two: repetitions in a row multiply."""
    stack, at = [_Branch()], 0
    while at < len(pattern):
        char, here = pattern[at], stack[-1]
        if char == "(":
            stack.append(_Branch())
            at += 2 if pattern.startswith("?", at + 1) else 1
            continue
        if char == "|":
            here.parts, here.most, here.effort = True, max(here.most, here.effort), 0.0
            at += 1
            continue
        inner = stack.pop() if char == ")" and len(stack) > 1 else None
        here = stack[-1]
        at = _after(pattern, at)
        repeat = _REPEAT.match(pattern, at)
        if inner is not None:
            here.effort += max(inner.most, inner.effort)
            here.parts |= inner.parts
            here.repeats |= inner.repeats
        if repeat is None:
            continue
        if inner is not None and (inner.parts or inner.repeats) and repeat[0] != "?":
            return 1e9
        here.repeats = True
        here.effort += _choices(repeat)
        at = repeat.end()
        at += pattern.startswith("?", at)
    return max(stack[0].most, stack[0].effort)


def _after(pattern: str, at: int) -> int:
    """The place after one character, escape or class."""
    if pattern[at] == "\\":
        return at + 2
    if pattern[at] != "[":
        return at + 1
    at += 2 if pattern.startswith("^", at + 1) else 1
    at += pattern.startswith("]", at)
    while at < len(pattern) and pattern[at] != "]":
        at += 2 if pattern[at] == "\\" else 1
    return at + 1


def _choices(repeat: re.Match[str]) -> float:
    """How many lengths a repetition can have, as a power of two."""
    if repeat[0] in ("*", "+"):
        return _FREE
    if repeat[0] == "?":
        return 1.0
    least, comma, most = int(repeat[1] or 0), repeat[2], repeat[3]
    if not comma:
        return 0.0
    return min(log2(max(int(most) - least + 1, 1)), _FREE) if most else _FREE
