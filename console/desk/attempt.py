"""One call outward and what it came to: every way it can end has a name."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable

from msgspec import Struct, to_builtins

from console.clock import Clock
from console.errors import BackendError
from console.model.action import OperationState, Outcome, Undo
from console.secret import Redactor
from console.text import clean

log = logging.getLogger("warroom.desk")

DETAIL = 200


class Receipt(Struct, frozen=True):
    """What a call says of itself when it comes back."""

    detail: str = ""
    """One clause for the timeline: ``exit 0``, ``#4821``."""
    receipt: dict[str, object] = {}
    """What is worth keeping: ids, exit code, digest of the output."""
    undo: Undo | None = None
    state: OperationState = OperationState.SENT
    """``FAILED`` or ``UNKNOWN`` where the call knows better: a command that ended with 1, or one that was killed."""


async def attempt(name: str, call: Callable[[], Awaitable[Receipt]], clock: Clock, redact: Redactor) -> Outcome:
    """Make the call; never raises.

    A ``BackendError`` that says nothing was done is ``failed``. Everything else that is no receipt is ``unknown``:
    a write may have happened, and somebody has to look.
    """
    begin = clock.monotonic()

    def ended(state: OperationState, detail: str) -> Outcome:
        took_ms = round((clock.monotonic() - begin) * 1000)
        return Outcome(name, state, took_ms, clean(redact.text(detail), DETAIL))

    try:
        return _from_receipt(ended, await call(), redact)
    except BackendError as error:
        return ended(OperationState.FAILED if error.happened is False else OperationState.UNKNOWN, error.what)
    except asyncio.CancelledError:
        return ended(OperationState.UNKNOWN, "cut off on its way")
    except Exception as error:
        log.error("%s: %s", name, redact.text("".join(traceback.format_exception(error))))
        return ended(OperationState.UNKNOWN, f"{type(error).__name__}: {error}")


def _from_receipt(ended: Callable[[OperationState, str], Outcome], receipt: Receipt, redact: Redactor) -> Outcome:
    outcome = ended(receipt.state, receipt.detail)
    kept = redact.value(to_builtins(receipt.receipt, str_keys=True, enc_hook=str))
    return Outcome(outcome.operation_id, outcome.state, outcome.took_ms, outcome.detail, kept, receipt.undo)  # type: ignore[arg-type]
