"""What the acts on alerts share: which alerts are meant, and silences set and ended through the desk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct, to_builtins

from console.alerts.effects import END, SET, EndOrder, SilenceOrder, arguments
from console.alerts.slices import Slices
from console.alerts.standing import Standing
from console.alerts.store import AlertStore
from console.config import AckConfig
from console.desk.desk import Desk
from console.errors import Moot, Refused
from console.model.action import Action, Intent, Outcome, Tier
from console.model.alert import Alert, AlertRow, AlertState, Matcher, Silence
from console.model.incident import Incident
from console.ports import Silencer

SAMPLE = 8
PATIENCE_S = 300
"""How long a silence may wait for a source that does not answer; after that it is no longer what was asked."""


class Homes(Struct, frozen=True):
    """Which journal an alert belongs to: that of the incident which links it, or its group; else the watch."""

    named: str
    """The incident on screen."""
    states: tuple[Incident, ...]
    groups: Mapping[str, str]
    """Groups in which linked alerts stand: what joins one is linked at the next pass."""

    def of(self, row: AlertRow) -> str:
        """The incident, ``""`` for the watch."""
        linked = (state.key for state in self.states if row.key in state.linked)
        return next(linked, "") or self.groups.get(row.group, "")

    def holding(self, key: str, watch: Incident | None) -> list[str]:
        """The journals that hold an acknowledgement of the alert."""
        held = [state.key for state in self.states if key in state.acked]
        return [*held, ""] if watch is not None and key in watch.acked else held


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
    incidents: Callable[[], Iterable[Incident]] = tuple
    """The incidents that are open in this console."""

    def incident(self, action: Action) -> str:
        """The incident that the action is about, ``""`` for the watch."""
        return str(action.args.get("incident") or self.current())

    def state(self, incident: str) -> Incident | None:
        """The fold of an incident, of the watch for ``""``; ``None`` if it is not open in this console."""
        try:
            return self.desk.state(incident) if self.desk.state is not None else None
        except Refused:
            return None

    async def homes(self, action: Action) -> Homes:
        """The journals that alerts belong to, that of the incident on screen before others."""
        named = self.incident(action)
        states = sorted((s for s in self.incidents() if s.status.open or s.key == named), key=lambda s: s.key != named)
        groups: dict[str, str] = {}
        slices = Slices()
        for state in states:
            async for some in slices.over(list(state.linked)):
                rows = (self.store.row(key) for key in some)
                for group in {row.group for row in rows if row is not None and row.group}:
                    groups.setdefault(group, state.key)
        return Homes(named, tuple(states), groups)

    def standing(self, action: Action) -> Standing:
        """Silences in force, those of the last seconds too."""
        states = map(self.state, dict.fromkeys((self.incident(action), "")))
        return Standing(self.silences(), filter(None, states), self.desk.clock.now())

    async def chosen(self, action: Action, *, resolved: bool = False) -> tuple[list[AlertRow], str]:
        """The alerts that are meant, and their words; marked keys win over a group, a group over a filter.

        What has resolved is left out, unless ``resolved``: then alerts that are named are meant whatever their state
        is at this moment, and of a group or filter those that flap, or if none fires any more all that just did.
        """
        keys, group, text = action.args.get("keys"), action.args.get("group"), action.args.get("filter")
        named = isinstance(keys, list | tuple) and bool(keys)
        if named:
            rows = await self._rows(keys)  # type: ignore[arg-type]
        elif group:
            known = self.store.group(str(group))
            rows = list(known.members) if known is not None else []
        elif text:
            rows = await self._rows([alert.key for alert in await self.store.search(str(text))])
        else:
            raise Refused("nothing is chosen", next="put the cursor on an alert, or mark some with space")
        if not rows:
            raise Moot("none of these alerts is known any more", next="look at the list again")
        meant = await self._meant(rows, resolved, named)
        if not meant:
            raise Moot(
                "none of these alerts fires at this moment",
                next="an acknowledgement ends with its alert; what comes and goes can be silenced with s",
            )
        if named:
            first = meant[0].alert
            words = counted(len(meant)) if len(meant) != 1 else f"{first.service} {first.name}".strip()
        elif group:
            words = known.title if known is not None else ""
        else:
            words = f"{counted(len(meant))} that match{'es' * (len(meant) == 1)} {text}"
        return meant, words

    async def _rows(self, keys: Sequence[object]) -> list[AlertRow]:
        """Two keys may mean one alert: that of each copy."""
        found: dict[str, AlertRow] = {}
        async for some in Slices().over(keys):
            found |= {row.key: row for row in (self.store.row(str(key)) for key in some) if row is not None}
        return list(found.values())

    async def _meant(self, rows: list[AlertRow], resolved: bool, named: bool) -> list[AlertRow]:
        out: list[AlertRow] = []
        if resolved and named:
            return rows
        async for some in Slices().over(rows):
            out += [r for r in some if r.alert.state is not AlertState.RESOLVED or (resolved and r.flapping)]
        return out or (rows if resolved else [])


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
    id, starts_at = (renews.id, renews.starts_at) if renews is not None else ("", office.desk.clock.now())
    written = tuple(map(str, matchers))
    order = SilenceOrder(
        source, written, starts_at, ends_at, action.actor.id, office.desk.redact.text(comment), id
    )  # fmt: skip
    intent = Intent(
        operation_id=operation_id,
        action=action.id,
        words=words,
        call=office.silencers[source].describe_silence(matchers, ends_at),
        target=f"{source} {', '.join(written)}",
        tier=Tier.R2,
        args=arguments(order),
        automatic=automatic,
        effect=SET,
        ttl_s=0 if automatic else PATIENCE_S,
    )
    return await office.desk.carry_out(incident, intent, action=action)


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
    intent = Intent(
        operation_id=operation_id,
        action=action.id,
        words=f"end silence {silence.id[:8]}",
        call=f"{silence.source}: DELETE /api/v2/silence/{silence.id}",
        target=silence.key,
        tier=Tier.R2,
        args=arguments(EndOrder(silence.key)),
        prior=to_builtins(silence),
        automatic=automatic,
        effect=END,
        ttl_s=0 if automatic else PATIENCE_S,
    )
    return await office.desk.carry_out(incident, intent, action=action)


def counted(number: int, word: str = "alert") -> str:
    """``1 alert``, ``37 alerts``."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def sample(alerts: Sequence[Alert]) -> tuple[str, ...]:
    """The first of them, a line each."""
    lines = [f"{a.severity.label} {a.service} {a.summary}".strip() for a in alerts[:SAMPLE]]
    if len(alerts) > SAMPLE:
        lines.append(f"and {len(alerts) - SAMPLE} more")
    return tuple(lines)
