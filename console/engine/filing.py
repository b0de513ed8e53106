"""What the evidence that the console files is made of: rooms, steps, alerts and the sources' answers."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from console.evidence.filing import Files
from console.evidence.handlers import handlers
from console.ports import Answer, Answering, Handler

if TYPE_CHECKING:
    from console.engine.wiring import Wiring


def evidence_handlers(wiring: Wiring) -> dict[str, Handler]:
    """Handlers by action id."""
    adapters = wiring.feeds.adapters

    def answers(source: str) -> Sequence[Answer]:
        adapter = adapters.get(source)
        return adapter.answers() if isinstance(adapter, Answering) else ()  # type: ignore[redundant-expr]

    files = Files(
        folder=wiring.rooms.folder,
        captured=wiring.live.captured.of,
        alerts=wiring.store,
        answers=answers,
        sources={source.name: source.type for source in wiring.config.sources},
        host=os.uname().nodename,
        tool=f"warroom {_version()}",
    )
    return handlers(wiring.desk, files, state=wiring.rooms.state, current=wiring.current)


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("warroom")
    except PackageNotFoundError:
        return "unpackaged"
