"""One object for equal texts: labels repeat, 100k alerts need a third of the memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from console.text import clean

MOST = 50_000
"""Texts that are remembered; a storm of unique ones starts the table afresh."""

MOST_CHARACTERS = 4_000_000
"""How long they are together; what is forgotten lives on in the alerts that have it."""

LONG = 600
"""Longer texts hardly repeat: they are cleaned and not remembered."""


class Shared:
    """Cleans text from outside and gives equal texts, and equal sets of annotations, as one object."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._pairs: dict[int, dict[str, str]] = {}
        """By hash, which takes a third of the memory of what is hashed."""
        self._size = 0

    def text(self, text: str) -> str:
        """The cleaned text, one object for equal ones."""
        known = self._texts.get(text)
        if known is None:
            known = clean(text)
            if len(text) <= LONG:
                self._grow(len(text))
                self._texts[text] = known
        return known

    def pairs(self, pairs: dict[str, str]) -> dict[str, str]:
        """The same for names and values."""
        get, text = self._texts.get, self.text
        return {get(k) or text(k): get(v) or text(v) for k, v in pairs.items()}

    def alike(self, pairs: dict[str, str]) -> dict[str, str]:
        """The same, and one dict for equal pairs: annotations of many alerts are."""
        mark = hash(tuple(pairs.items()))
        known = self._pairs.get(mark)
        if known is None or known != pairs:
            known = self.pairs(pairs)
            size = sum(map(len, pairs.values()))
            if size <= 4 * LONG:
                self._grow(size)
                self._pairs[mark] = known
        return known

    def known(self, texts: Sequence[str]) -> Iterator[str]:
        """One object for equal texts; they are clean already."""
        if len(self._texts) >= MOST:
            self._start_afresh()
        one = self._texts.setdefault if max(map(len, texts), default=0) <= LONG else self._short
        return map(one, texts, texts)

    def _short(self, text: str, same: str) -> str:
        return self._texts.setdefault(text, same) if len(text) <= LONG else text

    def _grow(self, size: int) -> None:
        if len(self._texts) >= MOST or len(self._pairs) >= MOST or self._size >= MOST_CHARACTERS:
            self._start_afresh()
        self._size += size

    def _start_afresh(self) -> None:
        self._texts.clear()
        self._pairs.clear()
        self._size = 0
