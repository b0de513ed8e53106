"""All runbooks at hand: the shipped ones and those of the configured folders; a broken one is told, never fatal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec import Struct

from console.model.runbook import Runbook
from console.runbook.form import Problem
from console.runbook.lint import read

MOST = 500
"""Files of one folder that are looked at."""
_WORD = re.compile(r"[a-z0-9]{3,}")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class Broken(Struct, frozen=True):
    """A file that cannot be used, and why."""

    path: str
    problems: tuple[Problem, ...]


class Shelf:
    """Runbooks by id; of two alike the one of the later folder counts, so that a shipped one can be replaced."""

    def __init__(self, books: Iterable[Runbook] = (), broken: Iterable[Broken] = ()) -> None:
        self.runbooks: tuple[Runbook, ...] = tuple(sorted(books, key=lambda b: b.title.lower()))
        self.broken: tuple[Broken, ...] = tuple(broken)
        self._by_id = {book.id: book for book in self.runbooks}

    @classmethod
    def load(cls, folders: Sequence[Path]) -> Shelf:
        """Read the folders, the weightiest last. Reads files: call it off the loop."""
        books: dict[str, Runbook] = {}
        broken: list[Broken] = []
        for folder in folders:
            here: dict[str, Runbook] = {}
            try:
                paths = sorted(
                    p for p in folder.iterdir() if p.suffix in (".yaml", ".yml") and not p.name.startswith(".")
                )
            except OSError as error:
                broken.append(Broken(str(folder), (Problem(0, "error", f"cannot be read: {error.strerror}"),)))
                continue
            if len(paths) > MOST:
                text = f"{len(paths)} files; the first {MOST} are read"
                broken.append(Broken(str(folder), (Problem(0, "error", text),)))
            for path in paths[:MOST]:
                book, problems = read(path)
                errors = tuple(p for p in problems if p.level == "error")
                if not errors and book.id in here:
                    errors = (Problem(0, "error", f"its id {book.id!r} is that of {here[book.id].path} too"),)
                if errors:
                    broken.append(Broken(str(path), errors))
                else:
                    here[book.id] = book
            books |= here
        return cls(books.values(), broken)

    def get(self, id: str) -> Runbook | None:
        """The runbook of that id."""
        return self._by_id.get(id)

    def suggest(self, titles: Iterable[str], services: Iterable[str] = ()) -> tuple[Runbook, ...]:
        """Those that fit, the best first: a trigger whose words all stand in the titles counts most, then services."""
        said = frozenset().union(*map(_words, titles))
        named = {service.lower() for service in services}
        ranked = [(_fit(book, said, named), book) for book in self.runbooks]
        return tuple(book for fit, book in sorted(ranked, key=lambda pair: -pair[0]) if fit > 0)


def _fit(book: Runbook, said: frozenset[str], services: set[str]) -> int:
    triggers = [_words(trigger) for trigger in book.triggers]
    whole = sum(2 * len(words) for words in triggers if words and words <= said)
    return whole + 3 * len(services & {service.lower() for service in book.services})


def _words(text: str) -> frozenset[str]:
    """``DiskWillFill`` and ``disk will fill`` are the same words."""
    return frozenset(_WORD.findall(_CAMEL.sub(" ", text[:4000]).lower()))
