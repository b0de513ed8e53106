"""What the acts on alerts share: which alerts are meant, and silences set and ended through the desk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct, to_builtins

from console.alerts.store import AlertStore
from console.config import AckConfig
from console.desk.desk import Desk
from console.errors import Refused
from console.model.action import Action, Intent, Outcome, Receipt, Tier, Undo
from console.model.alert import Alert, AlertState, Matcher, Silence
from console.ports import Silencer

SAMPLE = 8


class Office(Struct, frozen=True):
    """What these handlers share: the store, the desk, who can silence, and which incident is on screen."""

    store: AlertStore
    desk: Desk
    silencers: Mapping[str, Silencer]
    environments: Mapping[str, str]
    silences: Callable[[], Iterable[Silence]]
    """Silences that are known."""
    current: Callable[[], str]
    ack: AckConfig

    def incident(self, action: Action) -> str:
        """The incident that the action is about, ``""`` for the watch."""
        return str(action.args.get("incident") or self.current())

    async def chosen(self, action: Action) -> tuple[list[Alert], str]:
        """The alerts that are meant, and their words; marked keys win over a group, a group over a filter."""
        keys, group, text = action.args.get("keys"), action.args.get("group"), action.args.get("filter")
        if isinstance(keys, list | tuple) and keys:
            # Two keys may mean one alert: that of each copy.
            found = list({a.key: a for a in (self.store.alert(str(k)) for k in keys) if a is not None}.values())
            words = counted(len(found)) if len(found) != 1 else f"{found[0].service} {found[0].name}".strip()
        elif group:
            known = self.store.group(str(group))
            found = [r.alert for r in known.members] if known is not None else []
            words = known.title if known is not None else ""
        elif text:
            found = await self.store.search(str(text))
            words = f"alerts of filter {text}"
        else:
            raise Refused("nothing is chosen", next="put the cursor on an alert, or mark some with space")
        found = [a for a in found if a.state is not AlertState.RESOLVED]
        if not found:
            raise Refused("none of these alerts fires any more", next="look at the list again")
        return found, words


async def set_silence(
    office: Office,
    incident: str,
    source: str,
    matchers: Sequence[Matcher],
    ends_at: int,
    comment: str,
    words: str,
    action: Action,
    *,
    renews: Silence | None = None,
    automatic: bool = False,
    operation_id: str = "",
) -> Outcome:
    """Set one silence through the desk, or make ``renews`` last longer.

    Alertmanager keeps the id of a silence only if matchers and start stay the same (``canUpdate`` in its
    silence/silence.go); with another id, who undoes the first would end nothing.
    """
    silencer = office.silencers[source]
    id, starts_at = (renews.id, renews.starts_at) if renews is not None else ("", office.desk.clock.now())
    comment = office.desk.redact.text(comment)

    async def call() -> Receipt:
        made = await silencer.create_silence(matchers, starts_at, ends_at, action.actor.id, comment, id)
        undo = Undo("silence.expire", {"silence": f"{source}/{made}"}, "end the silence")
        return Receipt(f"silence {made[:8]}", {"silence": f"{source}/{made}", "ends_at": ends_at}, undo)

    intent = Intent(
        operation_id=operation_id,
        action=action.id,
        words=words,
        call=silencer.describe_silence(matchers, ends_at),
        target=f"{source} {', '.join(map(str, matchers))}",
        tier=Tier.R2,
        args={"source": source, "matchers": [str(m) for m in matchers], "comment": comment},
        automatic=automatic,
    )
    return await office.desk.carry_out(incident, intent, call, action=action)


async def end_silence(
    office: Office,
    incident: str,
    silence: Silence,
    action: Action,
    *,
    automatic: bool = False,
    operation_id: str = "",
) -> Outcome:
    """End one silence through the desk; what it was is kept as the value before."""
    silencer = office.silencers[silence.source]

    async def call() -> Receipt:
        await silencer.expire_silence(silence.id)
        return Receipt(f"silence {silence.id[:8]} ended", {"silence": silence.key})

    intent = Intent(
        operation_id=operation_id,
        action=action.id,
        words=f"end silence {silence.id[:8]}",
        call=f"{silence.source}: DELETE /api/v2/silence/{silence.id}",
        target=silence.key,
        tier=Tier.R2,
        args={"silence": silence.key},
        prior=to_builtins(silence),
        automatic=automatic,
    )
    return await office.desk.carry_out(incident, intent, call, action=action)


def counted(number: int, word: str = "alert") -> str:
    """``1 alert``, ``37 alerts``."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def sample(alerts: Sequence[Alert]) -> tuple[str, ...]:
    """The first of them, a line each."""
    lines = [f"{a.severity.label} {a.service} {a.summary}".strip() for a in alerts[:SAMPLE]]
    if len(alerts) > SAMPLE:
        lines.append(f"and {len(alerts) - SAMPLE} more")
    return tuple(lines)
