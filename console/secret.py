"""Secrets and their redaction: a value that never prints itself, and a filter that removes it from text."""

from __future__ import annotations

import re
from collections.abc import Iterable


class Secret:
    """A secret string whose ``repr`` and ``str`` never show it; ``reveal()`` only at the point of use."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself, for the one call that needs it."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a Secret is not serialised")


MASK = "[redacted]"
KEPT = 4
PIECE, SEAM = 32_768, 4096
"""Characters of a long text that are looked through at once; how far around a seam a secret is looked for."""

# Blanks are taken whole (``\s*+``), and a run of letters is looked at from its beginning only: what is tried again at
# each place takes half a second for 8 kB of blanks behind "authorization:".
_PATTERNS = re.compile(
    r"""(?ix)
    (?P<head>
        \b(?:authorization|proxy-authorization)\s*+[:=]\s*+(?:(?:bearer|basic|token|genie-?key|oauth)\s*+)?
      | \b(?:bearer|genie-?key)\s++
      | (?<![\w.-])["']?[\w.-]*(?:password|passwd|secret|token|api[_-]?key|private[_-]?key|credential)s?["']?
        \s*+[:=]\s*+["']?
      | ://[^/\s:@]+:(?=[^/\s@]+@)
      | \b(?=AKIA|ASIA|ghp_|gho_|glpat-|xox[abprs]-|sk_live_)
      | (?<![\w-])(?=[\w-]++\.eyJ)(?=[\w-]*?\beyJ)
    )
    (?P<value>\[redacted\][^\s"'@,;&}\]]+|(?!\[redacted\])[^\s"'@,;&}\]]{4,})
    """
)
_PEM = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.S)


class Redactor:
    """Removes known secret values and things of a secret's shape from text before it is kept or shown."""

    def __init__(self) -> None:
        self._known: dict[str, None] = {}
        self._by_name: dict[str, list[str]] = {}
        self._exact: re.Pattern[str] | None = None
        self._further: re.Pattern[str] | None = None

    def learn(self, secret: Secret, name: str = "") -> None:
        """Remember a value; short ones (under 4 characters) are not searched for.

        Of one ``name`` (the reference it came from) the last ``KEPT`` values are remembered: a program that gives a
        fresh token each time would else make every text slower for ever.
        """
        value = secret.reveal()
        if len(value) < 4 or value in self._known:
            return
        self._known[value] = None
        if name:
            values = self._by_name.setdefault(name, [])
            values.append(value)
            if len(values) > KEPT:
                self._known.pop(values.pop(0), None)
        ordered = sorted(self._known, key=len, reverse=True)
        self._exact = re.compile("|".join(map(re.escape, ordered)))

    def further(self, patterns: Iterable[str]) -> None:
        """Also remove what these regular expressions match; raises ``re.error``."""
        parts = [f"(?:{pattern})" for pattern in patterns]
        self._further = re.compile("|".join(parts)) if parts else None

    def text(self, text: str) -> str:
        """The text with every secret replaced by ``[redacted]``."""
        if self._further is not None:
            text = self._further.sub(MASK, text)
        if self._exact is not None:
            text = self._exact.sub(MASK, text)
        if "PRIVATE KEY" in text:
            text = _PEM.sub(MASK, text)
        return _PATTERNS.sub(lambda m: m["head"] + MASK, text)

    def long_text(self, text: str) -> str:
        """The same for long texts, in pieces: one search through a megabyte stops every thread for 0.25 s.

        A piece ends where no secret lies across its end; one longer than ``SEAM`` is found whole only if it is a key.
        """
        if "PRIVATE KEY" in text:
            text = _PEM.sub(MASK, text)
        out, start = [], 0
        while start < len(text):
            end = self._seam(text, start + PIECE)
            out.append(self.text(text[start:end]))
            start = end
        return "".join(out)

    def _seam(self, text: str, wanted: int) -> int:
        """The first place from the wanted one on that does not lie within a secret."""
        if wanted >= len(text):
            return len(text)
        begin = max(0, wanted - SEAM)
        around, seam = text[begin : wanted + SEAM], wanted - begin
        patterns = [pattern for pattern in (self._further, self._exact, _PATTERNS) if pattern is not None]
        moved = True
        while moved:
            moved = False
            for pattern in patterns:
                for match in pattern.finditer(around):
                    # What follows a value may be what makes it one: the @ of an address.
                    if match.start() < seam < match.end() + 2:
                        seam, moved = match.end() + 2, True
        return min(begin + seam, len(text))

    def value(self, value: object) -> object:
        """The same through dicts, lists and tuples; keys included."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.value(k): self._named(k, v) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(item) for item in value]
        return value

    def _named(self, key: object, value: object) -> object:
        if isinstance(key, str) and isinstance(value, str) and value and _SECRET_NAME.search(key):
            return MASK
        return self.value(value)


_SECRET_NAME = re.compile(r"(?i)(?:password|passwd|secret|token|api[_-]?key|private[_-]?key|authorization)s?$")
