"""Times on the wire: RFC 3339, milliseconds, UTC."""

from __future__ import annotations

from datetime import UTC, datetime

from console.clock import Millis


def format_time(at: Millis) -> str:
    """``2026-11-23T16:02:05.250Z``."""
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at % 1000:03d}Z"


def parse_time(text: str) -> Millis:
    """Milliseconds since the epoch; raises ``ValueError`` for anything without a zone."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no zone")
    return round(moment.timestamp() * 1000)
