"""One call outward and what it came to: every way it can end has a name."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from msgspec import to_builtins
from msgspec.structs import replace

from console.clock import Clock
from console.errors import BackendError, RateLimited, Unreachable
from console.model.action import OperationState, Outcome, Receipt
from console.secret import Redactor
from console.text import clean

log = logging.getLogger("warroom.desk")

DETAIL = 200
LOOK_UP_S = 10.0


class Tried(NamedTuple):
    """What one call came to."""

    outcome: Outcome
    again_s: float | None = None
    """Certainly nothing was done, and it may be tried again after so many seconds (0 = as the caller likes)."""


async def attempt(name: str, call: Callable[[], Awaitable[Receipt]], clock: Clock, redact: Redactor) -> Tried:
    """Make the call; never raises.

    A ``BackendError`` that says nothing was done is ``failed``. Everything else that is no receipt is ``unknown``:
    a write may have happened, and somebody has to look.
    """
    begin = clock.monotonic()

    def ended(state: OperationState, detail: str) -> Outcome:
        took_ms = round((clock.monotonic() - begin) * 1000)
        return Outcome(name, state, took_ms, clean(redact.text(detail), DETAIL))

    try:
        return Tried(_from_receipt(ended, await call(), redact))
    except BackendError as error:
        if error.happened is not False:
            return Tried(ended(OperationState.UNKNOWN, error.what))
        outcome = ended(OperationState.FAILED, error.what)
        if isinstance(error, RateLimited):
            return Tried(outcome, max(0.0, error.retry_after))
        return Tried(outcome, 0.0 if isinstance(error, Unreachable) else None)
    except asyncio.CancelledError:
        return Tried(ended(OperationState.UNKNOWN, "cut off on its way"))
    except Exception as error:
        log.error("%s: %s", name, redact.text("".join(traceback.format_exception(error))))
        return Tried(ended(OperationState.UNKNOWN, f"{type(error).__name__}: {error}"))


async def look_up(
    ask: Callable[[], Awaitable[Receipt | None]], name: str, clock: Clock, redact: Redactor
) -> Outcome | None:
    """What the service says became of it: ``sent``, ``failed`` (certainly not there); ``None`` = it cannot tell."""
    begin = clock.monotonic()

    def ended(state: OperationState, detail: str) -> Outcome:
        return Outcome(name, state, round((clock.monotonic() - begin) * 1000), clean(redact.text(detail), DETAIL))

    try:
        async with asyncio.timeout(LOOK_UP_S):
            found = await ask()
        if found is None:
            return ended(OperationState.FAILED, "looked up: it was not done")
        said = f"looked up: {found.detail or 'it was done'}"
        return _from_receipt(ended, replace(found, detail=said), redact)
    except asyncio.CancelledError:
        raise
    except Exception as error:
        log.warning("%s: cannot be looked up: %s", name, redact.text(f"{type(error).__name__}: {error}"))
        return None


def _from_receipt(ended: Callable[[OperationState, str], Outcome], receipt: Receipt, redact: Redactor) -> Outcome:
    outcome = ended(receipt.state, receipt.detail)
    kept = redact.value(to_builtins(receipt.receipt, str_keys=True, enc_hook=str))
    return Outcome(outcome.operation_id, outcome.state, outcome.took_ms, outcome.detail, kept, receipt.undo)  # type: ignore[arg-type]
