"""``warroom version``."""

from __future__ import annotations

import platform

import click

from console.cli.output import say, say_json


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def version(as_json: bool) -> None:
    """Say which version this is, and of what it is built."""
    facts = versions()
    if as_json:
        say_json(facts)
        return
    say(f"warroom {facts.pop('warroom')}")
    say(", ".join(f"{name} {number}" for name, number in facts.items()))


def versions() -> dict[str, str]:
    """Versions of the console and of what it stands on, read from their metadata."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    found = {}
    for name in ("warroom", "textual", "rich", "tinydb", "httpx", "msgspec"):
        try:
            found[name] = installed(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return {**found, "python": platform.python_version()}
