"""What every test starts from."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.journal import ballast, syslog


@pytest.fixture(autouse=True)
def light_ballast(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds of consoles with 8 MB each would fill the disk of temporary folders."""
    monkeypatch.setattr(ballast, "SIZE", 64 << 10)


@pytest.fixture(autouse=True)
def no_log_daemon(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Journals that lose their disks leave the log of the machine that runs the tests alone."""
    monkeypatch.setattr(syslog, "DEV_LOG", tmp_path / "no-log-daemon")


@pytest.fixture(autouse=True)
def log_as_it_was() -> Iterator[None]:
    """A test that opens the console's log file leaves the loggers to the next as it found them."""
    logger = logging.getLogger("warroom")
    before = (logger.propagate, logger.level, list(logger.handlers))
    yield
    logger.propagate, logger.level = before[0], before[1]
    for handler in logger.handlers:
        if handler not in before[2]:
            handler.close()
    logger.handlers[:] = before[2]
