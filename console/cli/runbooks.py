"""``warroom runbook``: which there are, and what is wrong with some."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from console import paths
from console.cli.codes import Exit
from console.cli.output import say, say_json, say_table
from console.cli.settings import settings_of, shared

if TYPE_CHECKING:
    from console.config import Config
    from console.runbook.form import Problem
    from console.runbook.shelf import Shelf


@click.group()
def runbook() -> None:
    """List and check runbooks."""


def shelf_of(config: Config) -> Shelf:
    """The shipped runbooks and those of the configured folders, which go before them."""
    from console.runbook.shelf import Shelf

    return Shelf.load([paths.shipped("runbooks"), *map(Path, config.runbooks)])


@runbook.command("list")
@click.option("--json", "as_json", is_flag=True, help="As JSON, with every step.")
@shared
@click.pass_context
def list_runbooks(ctx: click.Context, as_json: bool) -> None:
    """List the runbooks there are. Exit code 7 if some cannot be used; the others are listed."""
    shelf = shelf_of(settings_of(ctx).part("runbooks"))
    if as_json:
        say_json({"runbooks": shelf.runbooks, "broken": shelf.broken})
    elif shelf.runbooks:
        rows = [
            (book.id, book.version, str(len(book.steps)), f"R{max((step.tier for step in book.steps), default=0):d}",
             book.title, book.path)
            for book in shelf.runbooks
        ]  # fmt: skip
        say_table(("RUNBOOK", "VERSION", "STEPS", "RISK", "TITLE", "FILE"), rows)
    else:
        say("no runbooks")
    for broken in shelf.broken:
        for problem in broken.problems:
            say(f"warroom: {broken.path}: {problem}", err=True)
    ctx.exit(Exit.RUNBOOK if shelf.broken else Exit.OK)


@runbook.command()
@click.argument("where", metavar="PATH…", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@shared
def lint(where: Sequence[Path], as_json: bool) -> None:
    """Say what is wrong or unwise in runbooks: files, or folders of them. Exit code 7 if one cannot be used."""
    from console.runbook.lint import lint_all

    found = {str(path): problems for path, problems in lint_all(_files(where)).items()}
    if as_json:
        say_json(found)
    for path, problems in found.items() if not as_json else ():
        for problem in problems:
            place = f"{path}:{problem.line}" if problem.line else path
            say(f"{place}: {problem.level}: {problem.text}")
    if not found:
        say("warroom: there is no runbook there", err=True)
    elif not as_json:
        say(_summary(found))
    wrong = not found or any(problem.level == "error" for problems in found.values() for problem in problems)
    click.get_current_context().exit(Exit.RUNBOOK if wrong else Exit.OK)


def _summary(found: Mapping[str, Sequence[Problem]]) -> str:
    """``100 runbooks: 3 errors in 2 files, 1 warning in 1 file``."""
    from console.model.wording import count

    told = []
    for level in ("error", "warning"):
        numbers = [sum(p.level == level for p in problems) for problems in found.values()]
        if any(numbers):
            told.append(f"{count(sum(numbers), level)} in {count(sum(map(bool, numbers)), 'file')}")
    return f"{count(len(found), 'runbook')}: {', '.join(told) or 'ok'}"


def _files(where: Sequence[Path]) -> Iterator[Path]:
    """Files as named; of a folder the YAML files in it."""
    for path in where:
        if path.is_dir():
            yield from sorted(p for p in path.iterdir() if p.suffix in (".yaml", ".yml") and not p.name.startswith("."))
        else:
            yield path
