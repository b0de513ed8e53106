"""The console's own log: a rotating file, redacted, 0600; never the terminal."""

from __future__ import annotations

import logging
import os
from logging.handlers import RotatingFileHandler

from console.config import Config
from console.paths import state
from console.secret import Redactor

_SHARED = Redactor()


def shared_redactor() -> Redactor:
    """The process's redactor: learns each secret when it is resolved."""
    return _SHARED


class _Redacting(logging.Formatter):
    """Formats, then removes secrets from the whole text, tracebacks included."""

    def format(self, record: logging.LogRecord) -> str:
        return _SHARED.text(super().format(record))


def open_log(config: Config, level: int = logging.INFO) -> None:
    """Send the ``warroom`` loggers to ``warroom.log`` in the state folder, or nowhere if that cannot be written."""
    logger = logging.getLogger("warroom")
    logger.setLevel(level)
    logger.propagate = False
    try:
        folder = state()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handler: logging.Handler = _Private(folder / "warroom.log", maxBytes=2_000_000, backupCount=3, delay=True)
    except OSError:
        handler = logging.NullHandler()
    handler.setFormatter(_Redacting("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logger.handlers[:] = [handler]


class _Private(RotatingFileHandler):
    def _open(self):  # type: ignore[no-untyped-def]
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        return os.fdopen(descriptor, "a", encoding="utf-8", errors="backslashreplace")
