"""What ``doctor`` asks of an adapter: one small request, and what its failure means."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from console.clock import Clock
from console.config import SourceConfig
from console.errors import Unauthorised, Unreachable, WarroomError
from console.model.source import Probe


async def probe(config: SourceConfig, clock: Clock, version: Callable[[], Awaitable[str]]) -> Probe:
    """The backend's answer to one request; never raises."""
    begin = clock.monotonic()
    reachable, authorised, found, detail, then = True, True, "", "", ""
    try:
        found = await version()
    except Unauthorised as error:
        authorised, detail, then = False, error.what, error.next
    except Unreachable as error:
        reachable, authorised, detail, then = False, False, error.what, error.next
    except WarroomError as error:
        authorised, detail, then = False, error.what, error.next
    except Exception as error:
        authorised, detail = False, type(error).__name__
    took = round((clock.monotonic() - begin) * 1000)
    return Probe(config.name, config.type, config.url, reachable, authorised, found, took, detail, then)
