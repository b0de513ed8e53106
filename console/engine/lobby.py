"""The lobby's list: every incident of a state folder in one line, read without a lock and without opening it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from console.journal.cases import incident_folder, incidents
from console.journal.reading import read
from console.model.fold import Fold, line
from console.model.incident import IncidentLine, Status


class Lobby:
    """Remembers each incident by the sizes of its files; used by one thread at a time."""

    def __init__(self, root: Path, fallback: Path | None) -> None:
        self._root = root
        self._fallback = fallback
        self._known: dict[str, tuple[object, IncidentLine]] = {}

    def lines(self, opened: Mapping[str, IncidentLine]) -> tuple[IncidentLine, ...]:
        """All incidents, the latest first; of those that are ``opened`` the line is given. Blocks."""
        out = []
        for incident in sorted(incidents(self._root), reverse=True):
            try:
                out.append(opened.get(incident) or self._read(incident))
            except OSError as error:
                out.append(
                    IncidentLine(incident, f"cannot be read: {error.strerror}", None, Status.TRIAGE, "", 0, 0, 0)
                )
        return tuple(out)

    def _read(self, incident: str) -> IncidentLine:
        folder = incident_folder(self._root, incident)
        mark = tuple(sorted((f.name, f.stat().st_size) for f in folder.iterdir() if f.is_file()))
        known = self._known.get(incident)
        if known is None or known[0] != mark:
            fold = Fold(incident)
            fold.apply(list(read(folder, self._fallback)))
            known = self._known[incident] = (mark, line(fold.state))
        return known[1]
