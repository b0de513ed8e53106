"""What the tests of the command line share: a stand-in for the engine, hostile text, and a look for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from click.testing import Result

from console.config import Config
from console.model.action import Action, Preview, Reply, Tier, Undo
from console.model.alert import AlertRow
from console.model.source import Probe, SourceHealth

ROOT = Path(__file__).parents[3]
HOSTILE = "\x1b]0;owned\x07\u202egnp.exe\x9b31m"
Run = Callable[..., Result]


class Engine:
    """What the engine is asked, and what it answers."""

    def __init__(self) -> None:
        self.actions: list[Action] = []
        self.configs: list[Config] = []
        self.tier = Tier.R2
        self.reply: Reply | None = None
        self.error: Exception | None = None
        self.rows: list[AlertRow] = []
        self.health: list[SourceHealth] = []
        self.probes: list[Probe] = []

    async def perform(self, config: Config, action: Action) -> Reply:
        self.actions.append(action)
        self.configs.append(config)
        if self.error is not None:
            raise self.error
        if self.reply is not None:
            return self.reply
        if action.preview or (self.tier >= 2 and not action.digest):
            preview = Preview(
                "Silence 2 alerts", f"POST {HOSTILE}", "am/orders", self.tier, "prod eu-1", ("2 alerts",), digest="d1"
            )
            return Reply(action.request_id, action.preview, "Silence 2 alerts", preview=preview)
        return Reply(
            action.request_id, True, f"silenced 2 alerts {HOSTILE}", undo=Undo("silence.expire", {}, "expire it")
        )

    async def list_alerts(self, config: Config, source: str, filter: str) -> tuple[list[AlertRow], list[SourceHealth]]:
        self.configs.append(config)
        return self.rows, self.health

    async def probe_all(self, config: Config) -> list[Probe]:
        names = {s.name for s in config.sources}
        return [p for p in self.probes if p.name in names]


def harmless(result: Result) -> bool:
    return all(line.isprintable() for line in result.output.split("\n"))
