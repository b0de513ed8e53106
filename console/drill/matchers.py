"""Label matchers, as Prometheus and Alertmanager have them: ``=  !=  =~  !~``, a missing label is the empty one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from msgspec import Struct

_TEXT = re.compile(
    r"""\s*([A-Za-z_][A-Za-z0-9_:.-]*)\s*(=~|!~|!=|=)\s*(?:"((?:[^"\\]|\\.)*)"|([^"\s{},]*))\s*\Z""", re.S
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\", "'": "'"}


class Matcher(Struct, frozen=True):
    """One condition on one label."""

    name: str
    value: str
    is_regex: bool = False
    is_equal: bool = True

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether a label set meets it; a pattern must match the whole value."""
        value = labels.get(self.name, "")
        met = bool(_compiled(self.value).fullmatch(value)) if self.is_regex else value == self.value
        return met is self.is_equal

    def check(self) -> None:
        """Raises ``ValueError`` where the pattern does not compile."""
        if self.is_regex:
            _compiled(self.value)


def all_match(matchers: Sequence[Matcher], labels: Mapping[str, str]) -> bool:
    """Whether a label set meets every condition."""
    return all(matcher.matches(labels) for matcher in matchers)


def parse_matcher(text: str) -> Matcher:
    """A matcher in the form of a filter: ``service=~"orders.*"``; raises ``ValueError``."""
    match = _TEXT.match(text)
    if not match:
        raise ValueError(f"bad matcher format: {text}")
    name, sign, quoted, bare = match.groups()
    matcher = Matcher(name, unescape(quoted) if quoted is not None else bare, "~" in sign, sign[0] == "=")
    matcher.check()
    return matcher


def unescape(text: str) -> str:
    """The text of a quoted string."""
    return re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[0]), text, flags=re.S)


_CACHE: dict[str, re.Pattern[str]] = {}


def _compiled(pattern: str) -> re.Pattern[str]:
    if pattern not in _CACHE:
        if len(_CACHE) > 500:
            _CACHE.clear()
        try:
            _CACHE[pattern] = re.compile(pattern, re.S)
        except (re.error, RecursionError, OverflowError) as error:
            raise ValueError(f"error parsing regexp: {error}: `{pattern}`") from None
    return _CACHE[pattern]
