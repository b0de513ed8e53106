"""A runbook's file becomes a Runbook, or an error that tells all that is wrong with it."""

from __future__ import annotations

from pathlib import Path

from console.errors import RunbookError
from console.model.runbook import Runbook
from console.runbook.form import Problem
from console.runbook.lint import examine, read


def load(path: Path) -> Runbook:
    """The runbook in a file; raises ``RunbookError`` with every error and its line."""
    return _usable(*read(path))


def parse(data: bytes, path: str = "") -> Runbook:
    """The runbook in a file's content."""
    return _usable(*examine(data, path))


def _usable(book: Runbook, problems: list[Problem]) -> Runbook:
    errors = tuple(str(problem) for problem in problems if problem.level == "error")
    if errors:
        name = book.path or book.id or "the runbook"
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        raise RunbookError(f"{name}: {errors[0]}{more}", problems=errors, next="mend the file and lint it")
    return book
