"""Builds adapters by name, and ties capabilities, desk and journals together."""

from __future__ import annotations

import asyncio
import importlib
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from console.clock import Clock, Ids
from console.config import Config, SourceConfig
from console.engine.metrics import MetricBoard
from console.engine.pace import Pace
from console.engine.source import Duty, SourceTask
from console.errors import ConfigError
from console.model.alert import Silence
from console.model.metric import MetricQuery, Rule, Target
from console.model.source import SourceHealth
from console.ports import Adapter, AlertSource, MetricStore, Silencer, Watcher
from console.text import nearest

log = logging.getLogger("warroom.engine")

ADAPTERS: Mapping[str, str] = {
    "prometheus": "console.adapters.prometheus:Prometheus",
    "alertmanager": "console.adapters.alertmanager:Alertmanager",
}
"""Source type → the class that serves it, imported on first use."""


def adapter_class(kind: str) -> Callable[..., Adapter]:
    """The class behind a source type."""
    if kind not in ADAPTERS:
        near = nearest(kind, ADAPTERS)
        raise ConfigError(f"no adapter for type {kind!r}", next=f"did you mean {near!r}?" if near else "see init")
    module, name = ADAPTERS[kind].split(":")
    found: Callable[..., Adapter] = getattr(importlib.import_module(module), name)
    return found


def queries(config: Config) -> list[MetricQuery]:
    """The metrics of the configuration, as queries."""
    return [
        MetricQuery(f"m{n}", m.title, m.source, m.query, m.unit, m.limit, m.above, m.service)
        for n, m in enumerate(config.metrics)
    ]
