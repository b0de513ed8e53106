"""The command line: thin commands over the engine, the journal and the runbooks; see README.md for exit codes."""

from __future__ import annotations


def main() -> None:
    """Entry point of ``warroom``."""
    from console.cli.root import warroom

    warroom(prog_name="warroom")
