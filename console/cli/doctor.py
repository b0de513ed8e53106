"""``warroom doctor``: what works, what does not, and what to do next."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from console.cli.checks import (
    AnchorFacts,
    JournalFacts,
    TerminalFacts,
    anchor_facts,
    journal_facts,
    terminal_facts,
)
from console.cli.codes import Exit
from console.cli.output import say, say_json
from console.cli.settings import root_of, settings_of, shared
from console.errors import ConfigError

if TYPE_CHECKING:
    from console.config import Config, SourceConfig
    from console.model.source import Probe


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@shared
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Check the configuration, every backend, the journal's folder, its anchors and the terminal.

    Exit code 3 if the configuration is wrong, else 4 if a backend is not well, else 6 if the journal cannot be written
    or anchored.
    """
    settings = settings_of(ctx)
    config = settings.config()
    problems = _check_words(config)
    probes = probe(config)
    journal, terminal = journal_facts(root_of(config)), terminal_facts()
    anchors = anchor_facts(config.journal)
    code = _code(problems, probes, journal, anchors)
    if as_json:
        facts = {"config": str(settings.path), "problems": problems, "backends": probes}
        say_json({**facts, "journal": journal, "anchors": anchors, "terminal": terminal, "exit": int(code)})
    else:
        _print(str(settings.path), problems, probes)
        _print_machine(journal, anchors, terminal)
    ctx.exit(code)


def _code(
    problems: Sequence[str], probes: Sequence[Probe], journal: JournalFacts, anchors: Sequence[AnchorFacts]
) -> Exit:
    if problems:
        return Exit.CONFIG
    if not all(p.reachable and p.authorised for p in probes):
        return Exit.BACKEND
    return Exit.OK if journal.ok and all(one.ok for one in anchors) else Exit.JOURNAL


def _check_words(config: Config) -> list[str]:
    """Keys and theme: names that only the screen knows."""
    from console.text import nearest
    from screens.keymap import check_keymap
    from widgets.palette import PALETTES

    problems = []
    for problem in check_keymap(config.keys):
        line = config.lines.get(problem.split(":", 1)[0], 0)
        problems.append(f"{config.path}:{line}: {problem}" if line else f"{config.path}: {problem}")
    if config.theme not in PALETTES:
        near = nearest(config.theme, PALETTES)
        hint = f"did you mean {near!r}?" if near else f"valid: {', '.join(PALETTES)}"
        problems.append(f"{config.path}: theme: there is no theme {config.theme!r}; {hint}")
    return problems


def probe(config: Config) -> list[Probe]:
    """Every backend asked; one whose secrets cannot be had is not asked, but told."""
    from msgspec.structs import replace

    from console.engine.oneshot import probe_all

    troubles = {source.name: trouble for source in config.sources if (trouble := _secret_trouble(source)) is not None}
    good = tuple(source for source in config.sources if source.name not in troubles)
    answers = {p.name: p for p in asyncio.run(probe_all(replace(config, sources=good)))} if good else {}
    return [troubles.get(s.name) or answers[s.name] for s in config.sources]


def _secret_trouble(source: SourceConfig) -> Probe | None:
    from console.configvalues import REFERENCE
    from console.model.source import Probe
    from console.reference import resolve

    for value in (*source.auth.values(), *source.headers.values()):
        if REFERENCE.match(value):
            try:
                resolve(value)
            except ConfigError as error:
                return Probe(source.name, source.type, source.url, False, False, detail=error.what, next=error.next)
    return None


def _print(path: str, problems: Sequence[str], probes: Sequence[Probe]) -> None:
    say(f"configuration  {'FAIL' if problems else 'ok  '}  {path}")
    for problem in problems:
        say(f"               {problem}")
    for one in probes:
        well = one.reachable and one.authorised
        say(f"backend        {'ok  ' if well else 'FAIL'}  {one.name} ({one.type}) {one.url}")
        facts = [f"version {one.version}"] * bool(one.version) + [f"{one.latency_ms} ms"] * one.reachable
        if not well:
            facts.append("does not let us in" if one.reachable else "not reachable")
        say(f"               {', '.join([*facts, *([one.detail] if one.detail else [])])}")
        if one.next:
            say(f"               next: {one.next}")
    if not probes:
        say("backend        none  add some under 'sources:'")


def _print_machine(journal: JournalFacts, anchors: Sequence[AnchorFacts], terminal: TerminalFacts) -> None:
    say(f"journal        {'ok  ' if journal.ok else 'FAIL'}  {journal.folder}")
    say(f"               {journal.detail}")
    if journal.next:
        say(f"               next: {journal.next}")
    for one in anchors:
        say(f"anchor         {'ok  ' if one.ok else 'FAIL'}  {one.name}")
        say(f"               {one.detail}")
        if one.next:
            say(f"               next: {one.next}")
    if not anchors:
        say("anchor         none  nothing outside vouches for the journal: name a log or a file under journal.anchors")
    say(f"terminal       {'ok  ' if terminal.ok else 'note'}  {terminal.detail}")
    if terminal.next:
        say(f"               next: {terminal.next}")
