"""Duty and hold: in which console things happen by themselves, and whether anything may.

Duty is a lease in the journal. Each claim names the claim or renewal that it follows; in the merged order the first to
follow one wins and every other has no effect, so all consoles agree, whatever their clocks say. That a holder is silent
is judged by each console's own monotonic clock (``console/engine/duty.py``), never by the times written here.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from console.clock import Millis
from console.model.action import OperationState
from console.model.entry import Entry

if TYPE_CHECKING:
    from console.model.incident import Operation

TERM_MS = 25_000
"""How long a claim or renewal holds."""
DIGITS = 24
_TRIES = 50


class Duty(Struct, frozen=True):
    """Who holds duty for a journal; folded in ``console/model/automatic.py``."""

    lane: str = ""
    """The holder's lane, ``""`` = nobody."""
    console: str = ""
    """The holding process: a lane passes on to the next console of the same user, duty does not."""
    who: str = ""
    since: Millis = 0
    until: Millis = 0
    """Until when it is valid if it is not renewed, by the holder's clock."""
    mark: str = ""
    """The claim, renewal or release that stands; the next must name it."""


class Hold(Struct, frozen=True):
    """Whether everything automatic is held, and by whom."""

    by: str = ""
    since: Millis = 0
    reason: str = ""
    told_at: Millis = 0
    """When it was written down last; it is said again on each page of the watch."""

    @property
    def on(self) -> bool:
        return bool(self.by)


def operation_id(incident: str, rule: str, subject: str, due: object) -> str:
    """The id of an automatic effect: the same in every console that would begin it."""
    facts = msgspec.json.encode([incident, rule, subject, str(due)])
    return f"auto-{sha256(facts).hexdigest()[:DIGITS]}"


def next_id(operations: Mapping[str, Operation], incident: str, rule: str, subject: str, due: object) -> str:
    """The id under which it is begun: after tries that certainly did nothing, that of the next try.

    An id that stands in ``operations`` otherwise is returned as it is: it is not begun again.
    """
    for count in range(_TRIES):
        name = operation_id(incident, rule, subject, f"{due}" if not count else f"{due} try {count + 1}")
        known = operations.get(name)
        if known is None or known.state not in (OperationState.FAILED, OperationState.DROPPED):
            break
    return name


def mark_of(entry: Entry) -> str:
    """What the next claim names: unique across the pages of the watch, in which ids repeat."""
    stamp = entry.stamp
    return f"{stamp.wall}.{stamp.logical}.{entry.id}"
