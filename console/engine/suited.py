"""Runbooks with the parameters that the situation already knows filled in, so that starting one is one key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from console.config import SourceConfig
from console.model.incident import Incident
from console.model.runbook import Runbook


def known(sources: Sequence[SourceConfig], incident: Incident | None) -> dict[str, str]:
    """What is known by name: ``incident``, ``service``, and the address of the first source of each type."""
    facts: dict[str, str] = {}
    for source in reversed(sources):
        facts[source.type] = source.url.rstrip("/")
    if incident is not None:
        facts["incident"] = incident.key
        if incident.service:
            facts["service"] = incident.service
    return facts


class Suited:
    """Makes them once for each shelf and situation, so that a snapshot shares them with the one before."""

    def __init__(self) -> None:
        self._from: tuple[int, tuple[tuple[str, str], ...]] | None = None
        self._made: tuple[Runbook, ...] = ()

    def runbooks(self, books: tuple[Runbook, ...], facts: Mapping[str, str]) -> tuple[Runbook, ...]:
        """The runbooks with these facts as defaults of parameters that have their names."""
        origin = (id(books), tuple(sorted(facts.items())))
        if origin != self._from:
            self._from = origin
            self._made = tuple(_with(book, facts) for book in books)
        return self._made


def _with(book: Runbook, facts: Mapping[str, str]) -> Runbook:
    params = {name: facts.get(name, value) for name, value in book.params.items()}
    return replace(book, params=params) if params != book.params else book
