"""What every test starts from."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from console.journal import ballast


@pytest.fixture(autouse=True)
def light_ballast(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds of consoles with 8 MB each would fill the disk of temporary folders."""
    monkeypatch.setattr(ballast, "SIZE", 64 << 10)


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
