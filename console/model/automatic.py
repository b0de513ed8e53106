"""What the fold makes of claims of duty, of holds and of anchors."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from console.model.action import Undo
from console.model.bodies import AnchorMade, DutyReleased, DutyTaken, HoldReleased, HoldSet
from console.model.duty import TERM_MS, Duty, Hold, mark_of
from console.model.entry import Entry, Kind
from console.model.incident import Mark
from console.model.wording import line_of, one_line

if TYPE_CHECKING:
    from console.model.folding import Folding

UNWORTHY = frozenset(
    {
        Kind.ANCHOR_MADE, Kind.SEGMENT_SEALED, Kind.SEGMENT_OPENED, Kind.LANE_OPENED, Kind.DUTY_TAKEN,
        Kind.DUTY_RELEASED, Kind.CONSOLE_ATTACHED,
    }
)  # fmt: skip
"""Bookkeeping that alone is no reason for an anchor; an anchor for other reasons covers it."""


def taken(fold: Folding, entry: Entry, body: DutyTaken) -> None:
    """A claim or a renewal; one that does not follow what stands came too late and has no effect."""
    was = fold.duty
    if body.after != was.mark or body.lane != entry.stamp.lane:
        return
    renewed = bool(was.lane) and (body.console, entry.actor.id) == (was.console, was.who)
    since = was.since if renewed else entry.occurred_at
    until = min(body.until, entry.stamp.wall + TERM_MS)
    fold.duty = Duty(body.lane, body.console, entry.actor.id, since, until, mark_of(entry))
    if not renewed:
        why = f" from {one_line(was.who, 64)}" if was.lane and was.who != entry.actor.id else ""
        because = {"dead": ", whose console ended", "lapsed": ", whose console is silent"}.get(body.basis, "")
        text = f"took duty{why}{because if why else ''}"
        fold.add(replace(line_of(entry, None), mark=Mark.SYSTEM, text=text))


def released(fold: Folding, entry: Entry, body: DutyReleased) -> None:
    """The holder lays duty down; of anybody else it means nothing."""
    if (body.console, entry.stamp.lane) == (fold.duty.console, fold.duty.lane):
        fold.duty = Duty(mark=mark_of(entry))


def hold_set(fold: Folding, entry: Entry, body: HoldSet) -> None:
    """Everything automatic is held; a second hold changes nothing but that it was said again."""
    was = fold.hold
    if was.on:
        fold.hold = replace(was, told_at=entry.stamp.wall)
        if body.carried:
            return
    elif body.carried:
        if not was.told_at:  # else it was released before this page said it again
            fold.hold = Hold(body.by or entry.actor.id, body.since, body.reason, entry.stamp.wall)
        return
    else:
        fold.hold = Hold(entry.actor.id, entry.occurred_at, body.reason, entry.stamp.wall)
        if not body.undoes:
            args: dict[str, object] = {"to": "off"}
            fold.remember(entry, "hold automatic actions", Undo("desk.hold", args, "let them go on"))
    because = f": {body.reason}" if body.reason else ""
    fold.add(replace(line_of(entry, None), text=one_line(f"held all automatic actions{because}")))


def hold_released(fold: Folding, entry: Entry, body: HoldReleased) -> None:
    """What is automatic goes on."""
    fold.hold = Hold(told_at=entry.stamp.wall)
    fold.forget(action="desk.hold")
    because = f": {body.reason}" if body.reason else ""
    fold.add(replace(line_of(entry, None), text=one_line(f"let automatic actions go on{because}")))


def anchored(fold: Folding, entry: Entry, body: AnchorMade) -> None:
    """Heads that stand outside; no line in the timeline."""
    known = fold.own("anchored")
    for lane, (seq, _) in body.heads.items():
        key = f"{lane} {body.sink}"
        known[key] = max(min(seq, fold.moved.get(lane, 0)), known.get(key, 0))


def moved(fold: Folding, entry: Entry) -> None:
    """Note how far a lane has come with what is worth an anchor."""
    lane = entry.stamp.lane
    if entry.kind is Kind.LANE_OPENED:  # a page of the watch begins: numbers start again
        for key in [key for key in fold.anchored if key.split(" ")[0] == lane]:
            del fold.own("anchored")[key]
        fold.own("moved").pop(lane, None)
    elif entry.kind not in UNWORTHY:
        fold.own("moved")[lane] = entry.stamp.seq


SERVE: dict[Kind, Callable[[Folding, Entry, Any], None]] = {
    Kind.DUTY_TAKEN: taken,
    Kind.DUTY_RELEASED: released,
    Kind.HOLD_SET: hold_set,
    Kind.HOLD_RELEASED: hold_released,
    Kind.ANCHOR_MADE: anchored,
}
