"""Fixtures: a home of its own, a configuration, the engine's stand-in."""

from __future__ import annotations

import os
import sys
import types
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from console.cli.root import warroom
from tests.unit.cli.support import Engine, Run


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [n for n in os.environ if n.startswith(("WARROOM_", "XDG_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path


@pytest.fixture
def run(home: Path) -> Run:
    def invoke(*arguments: str, input: str | None = None) -> Result:
        return CliRunner().invoke(warroom, list(arguments), input=input)

    return invoke


@pytest.fixture
def config(home: Path) -> Path:
    path = home / "config" / "warroom" / "config.yaml"
    path.parent.mkdir(parents=True)
    path.write_text("operator: ana\nsources:\n  am: {type: alertmanager, url: 'http://127.0.0.1:9'}\n")
    path.chmod(0o600)
    return path


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    fake = Engine()
    module = types.ModuleType("console.engine.oneshot")
    for name in ("perform", "list_alerts", "probe_all"):
        setattr(module, name, getattr(fake, name))
    monkeypatch.setitem(sys.modules, "console.engine.oneshot", module)
    return fake
