"""Exit codes: the same for every command, so that scripts can tell what to do next."""

from __future__ import annotations

from enum import IntEnum

from console.errors import (
    BackendError,
    ConfigError,
    JournalError,
    PolicyRefused,
    Refused,
    RunbookError,
    WarroomError,
)


class Exit(IntEnum):
    """How a command ended."""

    OK = 0
    FAILED = 1
    USAGE = 2
    CONFIG = 3
    BACKEND = 4
    REFUSED = 5
    JOURNAL = 6
    RUNBOOK = 7


MEANING = {
    Exit.OK: "done",
    Exit.FAILED: "failed for another reason; the message says which",
    Exit.USAGE: "wrong usage, or no terminal where one is needed",
    Exit.CONFIG: "the configuration is missing or wrong; nothing was started",
    Exit.BACKEND: "a backend could not be reached or failed; what others answered was printed",
    Exit.REFUSED: "refused by policy, a guard, or for want of a confirmation; nothing was changed",
    Exit.JOURNAL: "the journal could not be written or read",
    Exit.RUNBOOK: "a runbook is not well formed",
}
_BY_ERROR: tuple[tuple[type[WarroomError], Exit], ...] = (
    (ConfigError, Exit.CONFIG),
    (BackendError, Exit.BACKEND),
    (PolicyRefused, Exit.REFUSED),
    (Refused, Exit.REFUSED),
    (JournalError, Exit.JOURNAL),
    (RunbookError, Exit.RUNBOOK),
)


def code_of(error: WarroomError) -> Exit:
    """The exit code of an error of the tree."""
    return next((code for kind, code in _BY_ERROR if isinstance(error, kind)), Exit.FAILED)


def code_named(name: str) -> Exit:
    """The exit code of an error of the tree by its class's name; unknown names are failures."""
    import console.errors as tree

    kind = getattr(tree, name, None)
    if isinstance(kind, type) and issubclass(kind, WarroomError):
        return next((code for base, code in _BY_ERROR if issubclass(kind, base)), Exit.FAILED)
    return Exit.FAILED
