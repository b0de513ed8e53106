"""What every test starts from."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest


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
