"""What the fold makes of an incident's alerts: which belong to it, how they stand, who acknowledged them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from console.model.action import Undo
from console.model.alert import AlertState
from console.model.bodies import AlertsAcked, AlertsTold
from console.model.entry import Entry, Kind
from console.model.incident import LinkedAlert
from console.model.wording import count, line_of

if TYPE_CHECKING:
    from console.model.folding import Folding


def told(fold: Folding, entry: Entry, body: AlertsTold) -> None:
    """Alerts that belong to the incident, as a source told them last; one that ended needs no acknowledgement."""
    linked = fold.own("linked")
    for alert in body.alerts:
        known = linked.get(alert.key)
        linked[alert.key] = LinkedAlert(
            alert.key,
            alert.name or (known.name if known else ""),
            alert.service or (known.service if known else ""),
            alert.state,
            entry.occurred_at,
            alert.host or (known.host if known else ""),
        )
        if alert.state is AlertState.RESOLVED and alert.key in fold.acked:
            del fold.own("acked")[alert.key]
            fold.own("acked_at").pop(alert.key, None)
    fold.tell(line_of(entry, body))


def acked(fold: Folding, entry: Entry, body: AlertsAcked) -> None:
    """Alerts acknowledged, or no longer; each reverses the other."""
    acked, times = fold.own("acked"), fold.own("acked_at")
    taken = entry.kind is Kind.ALERT_ACKED
    for key in body.keys:
        if taken:
            acked.setdefault(key, entry.actor.id)
            times[key] = entry.recorded_at
        else:
            acked.pop(key, None)
            times.pop(key, None)
    names = [known.name for key in body.keys if (known := fold.linked.get(key))]
    fold.add(line_of(entry, body, names))
    if taken and not body.undoes:
        args: dict[str, object] = {"keys": list(body.keys), "incident": fold.key}
        words = f"acknowledge {count(len(body.keys), 'alert')}"
        _reversed(fold, "alert.ack", set(body.keys))
        fold.remember(entry, words, Undo("alert.unack", args, "take the acknowledgement back"))
    elif not taken:
        _reversed(fold, "alert.unack", set(body.keys))
        if not body.undoes:
            words = f"un-acknowledge {count(len(body.keys), 'alert')}"
            args = {"keys": list(body.keys), "incident": fold.key}
            fold.remember(entry, words, Undo("alert.ack", dict(args), "acknowledge again"))


def _reversed(fold: Folding, action: str, keys: set[str]) -> None:
    """What this action would reverse on these alerts has been reversed, by whatever entry."""
    for kept in list(fold.reversible):
        held = kept.undo.args.get("keys")
        if kept.undo.action == action and isinstance(held, list) and keys.issuperset(held):
            fold.forget(kept.key)


SERVE: dict[Kind, Callable[[Folding, Entry, Any], None]] = {
    Kind.ALERT_LINKED: told,
    Kind.ALERT_RECEIVED: told,
    Kind.ALERT_ACKED: acked,
    Kind.ALERT_UNACKED: acked,
}
