"""What all of incident command's handlers stand on: the incident that is meant, and the desk that writes."""

from __future__ import annotations

from collections.abc import Callable

from console.desk.desk import Desk
from console.errors import Refused
from console.model.action import Action
from console.model.incident import Incident
from console.model.severity import Severity
from console.model.wording import one_line


class Acts:
    """The incident an action is about, and its texts."""

    def __init__(self, desk: Desk, state: Callable[[str], Incident], current: Callable[[], str]) -> None:
        """``state`` folds an open incident, ``current`` names the one on screen (``""`` = none)."""
        self.desk = desk
        self.state = state
        self._current = current

    def incident(self, action: Action) -> Incident:
        """The incident named in the action, else the one on screen."""
        key = text(action, "incident") or self._current()
        if not key:
            raise Refused("no incident is open", next="open one in the lobby, or declare one with d")
        state = self.state(key)
        if not state.declared_at:
            raise Refused(f"{key} has not been declared", next="declare it first")
        return state


def text(action: Action, name: str) -> str:
    """An argument as text, ``""`` if it was not given."""
    value = action.args.get(name)
    return value.strip() if isinstance(value, str) else ""


def clause(action: Action, name: str) -> str:
    """An argument as one line."""
    return one_line(text(action, name))


def severity(action: Action) -> Severity:
    """The severity asked for, ``SEV1`` to ``SEV5``."""
    word = text(action, "severity").upper().removeprefix("SEV")
    if word not in {"1", "2", "3", "4", "5"}:
        raise Refused("severity is to be SEV1 to SEV5", next="when unsure, take the higher")
    return Severity(int(word))
