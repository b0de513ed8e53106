"""Acknowledging and silencing, one or hundreds at once, all through the desk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct, to_builtins

from console.alerts.filter import parse
from console.alerts.silencing import Plan, blast, by_source, exact, plan
from console.alerts.store import AlertStore
from console.config import AckConfig
from console.desk.arguments import parse_duration
from console.desk.attempt import Receipt
from console.desk.desk import Desk
from console.errors import Refused
from console.model.action import Action, Intent, OperationState, Outcome, Preview, Reply, Tier, Undo
from console.model.alert import Alert, Matcher, Silence
from console.model.entry import Draft, Kind
from console.ports import Handler, Silencer

ACK_MARK = "[warroom:ack]"
"""Stands in the comment of a silence that an acknowledgement set."""
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

    def chosen(self, action: Action) -> tuple[list[Alert], str]:
        """The alerts that are meant, and their words; marked keys win over a group, a group over a filter."""
        keys, group, text = action.args.get("keys"), action.args.get("group"), action.args.get("filter")
        if isinstance(keys, list | tuple) and keys:
            found = [a for a in (self.store.alert(str(k)) for k in keys) if a is not None]
            words = f"{len(found)} alerts" if len(found) != 1 else found[0].name
        elif group:
            known = self.store.group(str(group))
            found = [r.alert for r in known.members] if known is not None else []
            words = known.title if known is not None else ""
        elif text:
            found = list(self.store.matching(str(text)))
            words = f"alerts of filter {text}"
        else:
            raise Refused("nothing is chosen", next="put the cursor on an alert, or mark some with space")
        found = [a for a in found if a.firing]
        if not found:
            raise Refused("none of these alerts fires any more", next="look at the list again")
        return found, words


class AckHandler:
    """``alert.ack``: a fact in the journal; on request also a marked silence that lapses if nobody renews it."""

    def __init__(self, office: Office) -> None:
        self._office = office

    async def preview(self, action: Action) -> Preview:
        found, words = self._office.chosen(action)
        return Preview(
            f"Acknowledge {words}", "a note in the journal; nothing is sent", words, Tier.R1,
            blast=(f"{len(found)} alerts",), sample=_sample(found), undo="take the acknowledgement back",
        )  # fmt: skip

    async def perform(self, action: Action) -> Reply:
        office = self._office
        found, words = office.chosen(action)
        keys = [a.key for a in found]
        incident = office.incident(action)
        body: dict[str, object] = {
            "keys": keys,
            "note": str(action.args.get("note") or ""),
            "group": str(action.args.get("group") or ""),
            "words": words,
        }
        await office.desk.record(incident, [Draft(Kind.ALERT_ACKED, body, action.actor)], action)
        office.store.ack(keys, action.actor.id, office.desk.clock.now())
        text = f"acknowledged {_count(len(keys))}"
        if office.ack.silence or action.args.get("silence") == "yes":
            text += await self._silence(found, incident, action)
        undo = Undo("alert.unack", {"keys": keys, "incident": incident}, "take the acknowledgement back")
        return Reply(action.request_id, True, text, undo=undo, data={"keys": keys})

    async def _silence(self, found: Sequence[Alert], incident: str, action: Action) -> str:
        office = self._office
        ends = office.desk.clock.now() + round(office.ack.silence_s * 1000)
        comment = f"{ACK_MARK} acknowledged by {action.actor.id} {incident}".rstrip()
        done = 0
        able = [a for a in found if a.source in office.silencers and a.labels]
        for alert in able:
            words = f"silence {alert.name} while acknowledged"
            outcome = await set_silence(office, incident, alert.source, exact(alert), ends, comment, words, action)
            done += outcome.state is OperationState.SENT
        minutes = round(office.ack.silence_s / 60)
        missing = "" if done == len(found) else f", {len(found) - done} could not be"
        return f"; {done} silenced for {minutes} min, renewed while they fire{missing}"


class UnackHandler:
    """``alert.unack``: the acknowledgement is taken back; its marked silences end."""

    def __init__(self, office: Office) -> None:
        self._office = office

    async def preview(self, action: Action) -> Preview:
        found, words = self._office.chosen(action)
        return Preview(
            f"Un-acknowledge {words}", "a note in the journal", words, Tier.R1, blast=(f"{len(found)} alerts",)
        )

    async def perform(self, action: Action) -> Reply:
        office = self._office
        found, words = office.chosen(action)
        keys = [a.key for a in found]
        incident = office.incident(action)
        body: dict[str, object] = {"keys": keys, "words": words}
        await office.desk.record(incident, [Draft(Kind.ALERT_UNACKED, body, action.actor)], action)
        office.store.unack(keys)
        ended = 0
        for silence in ack_silences(office.silences()):
            if any(a.source == silence.source and exact(a) == silence.matchers for a in found):
                outcome = await end_silence(office, incident, silence, action)
                ended += outcome.state is OperationState.SENT
        also = f"; {ended} silences ended" if ended else ""
        undo = Undo("alert.ack", {"keys": keys, "incident": incident}, "acknowledge again")
        return Reply(action.request_id, True, f"un-acknowledged {_count(len(keys))}{also}", undo=undo)


class SilenceHandler:
    """``alert.silence``: shows what would be muted, then sets as few silences as say exactly that."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def _plans(self, action: Action) -> tuple[list[Plan], str]:
        office = self._office
        found, words = office.chosen(action)
        text = str(action.args.get("filter") or "")
        matchers = parse(text).matchers if text else None
        plans, unable = [], []
        for source, alerts in by_source(found).items():
            if source in office.silencers:
                plans.append(plan(source, alerts, office.store.all(), matchers))
            else:
                unable.append(f"{len(alerts)} of {source}")
        if not plans:
            raise Refused(f"{' and '.join(unable)} cannot be silenced there", next="acknowledge instead")
        return plans, words

    async def preview(self, action: Action) -> Preview:
        office = self._office
        plans, words = self._plans(action)
        seconds = _seconds(action)
        ends = office.desk.clock.now() + seconds * 1000
        others = [a for p in plans for a in p.others]
        warning = f"also mutes {len(others)} alerts that were not chosen: {_names(others)}" if others else ""
        calls = [
            f"{s} {', '.join(map(str, m))}" for p in plans for s in [p.source] for m in p.silences
        ]  # matchers, not the end: the end moves with the clock, and the digest is over the call
        describe = office.silencers[plans[0].source].describe_silence(plans[0].silences[0], ends)
        return Preview(
            title=f"Silence {words} for {_duration(seconds)}",
            call="; ".join(calls) + f"; for {_duration(seconds)}",
            target=", ".join(p.source for p in plans),
            tier=Tier.R2,
            environment=", ".join(filter(None, (office.environments.get(p.source, "") for p in plans))),
            blast=blast(plans),
            sample=(describe, *_sample([a for p in plans for a in p.chosen])),
            undo="end the silence (F4, x)",
            warning=warning,
        )

    async def perform(self, action: Action) -> Reply:
        office = self._office
        plans, words = self._plans(action)
        incident = office.incident(action)
        seconds = _seconds(action)
        ends = office.desk.clock.now() + seconds * 1000
        reason = str(action.args.get("reason") or "").strip()
        comment = f"{reason} ({action.actor.id}{', ' + incident if incident else ''})"
        said = f"silence {words} for {_duration(seconds)}"
        outcomes: list[tuple[str, Outcome]] = []
        for one in plans:
            for matchers in one.silences:
                outcome = await set_silence(office, incident, one.source, matchers, ends, comment, said, action)
                outcomes.append((one.source, outcome))
        return _told(action, words, seconds, plans, outcomes)


def _told(
    action: Action, words: str, seconds: int, plans: Sequence[Plan], outcomes: Sequence[tuple[str, Outcome]]
) -> Reply:
    good = [o for _, o in outcomes if o.state is OperationState.SENT]
    bad = [f"{source}: {o.detail}" for source, o in outcomes if o.state is not OperationState.SENT]
    muted = sum(len(p.chosen) + len(p.others) for p in plans)
    data: dict[str, object] = {"outcomes": [to_builtins(o) for _, o in outcomes]}
    if not good:
        return Reply(action.request_id, False, f"nothing was silenced: {'; '.join(bad)}", data=data)
    text = f"silenced {words} for {_duration(seconds)}, {_count(muted)}"
    if bad:
        text += f"; {len(bad)} of {len(outcomes)} silences failed: {'; '.join(bad)}"
    undo = good[0].undo if len(outcomes) == 1 else None
    return Reply(
        action.request_id, True, text, next="u undoes them one by one" if len(good) > 1 else "", undo=undo, data=data
    )


class ExpireHandler:
    """``silence.expire``: ends a silence now."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def _find(self, action: Action) -> Silence:
        name = str(action.args.get("silence") or "")
        for silence in self._office.silences():
            if silence.key == name:
                return silence
        source, _, id = name.partition("/")
        if source in self._office.silencers and id:
            return Silence(id, source, (), 0, 0, "", "")
        raise Refused(f"there is no silence {name}", next="see F4 for those in force")

    async def preview(self, action: Action) -> Preview:
        office = self._office
        silence = self._find(action)
        freed = [
            a for a in office.store.all() if a.firing and a.source == silence.source and silence.id in a.silenced_by
        ]
        return Preview(
            title=f"End silence {silence.id[:8]}",
            call=f"{silence.source} {', '.join(map(str, silence.matchers))}; DELETE /api/v2/silence/{silence.id}",
            target=silence.key,
            tier=Tier.R2,
            environment=office.environments.get(silence.source, ""),
            blast=(f"{len(freed)} alerts are heard again",),
            sample=_sample(freed),
            undo="set it again",
        )

    async def perform(self, action: Action) -> Reply:
        silence = self._find(action)
        outcome = await end_silence(self._office, self._office.incident(action), silence, action)
        if outcome.state is not OperationState.SENT:
            return Reply(action.request_id, False, f"the silence still holds: {outcome.detail}")
        return Reply(action.request_id, True, f"ended silence {silence.id[:8]}", undo=outcome.undo)


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
    id: str = "",
    automatic: bool = False,
) -> Outcome:
    """Set or, with ``id``, renew one silence through the desk."""
    silencer = office.silencers[source]
    now = office.desk.clock.now()

    async def call() -> Receipt:
        made = await silencer.create_silence(matchers, now, ends_at, action.actor.id, comment, id)
        undo = Undo("silence.expire", {"silence": f"{source}/{made}"}, "end the silence")
        return Receipt(f"silence {made[:8]}", {"silence": f"{source}/{made}", "ends_at": ends_at}, undo)

    intent = Intent(
        operation_id="",
        action=action.id,
        words=words,
        call=silencer.describe_silence(matchers, ends_at),
        target=f"{source} {', '.join(map(str, matchers))}",
        tier=Tier.R2,
        args={"source": source, "matchers": [str(m) for m in matchers], "comment": comment},
        automatic=automatic,
    )
    return await office.desk.carry_out(incident, intent, call, action=action)


async def end_silence(office: Office, incident: str, silence: Silence, action: Action) -> Outcome:
    """End one silence through the desk; what it was is kept as the value before."""
    silencer = office.silencers[silence.source]

    async def call() -> Receipt:
        await silencer.expire_silence(silence.id)
        return Receipt(f"silence {silence.id[:8]} ended", {"silence": silence.key})

    intent = Intent(
        operation_id="",
        action=action.id,
        words=f"end silence {silence.id[:8]}",
        call=f"{silence.source}: DELETE /api/v2/silence/{silence.id}",
        target=silence.key,
        tier=Tier.R2,
        args={"silence": silence.key},
        prior=to_builtins(silence),
    )
    return await office.desk.carry_out(incident, intent, call, action=action)


def ack_silences(silences: Iterable[Silence]) -> list[Silence]:
    """Those that acknowledgements set."""
    return [s for s in silences if s.comment.startswith(ACK_MARK)]


def handlers(office: Office) -> dict[str, Handler]:
    """The handlers of this capability by action id."""
    return {
        "alert.ack": AckHandler(office),
        "alert.unack": UnackHandler(office),
        "alert.silence": SilenceHandler(office),
        "silence.expire": ExpireHandler(office),
    }


def _seconds(action: Action) -> int:
    return parse_duration(action.args.get("duration") or "")


def _duration(seconds: int) -> str:
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size and seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def _count(number: int) -> str:
    return f"{number} alert" if number == 1 else f"{number} alerts"


def _names(alerts: Sequence[Alert]) -> str:
    return ", ".join(dict.fromkeys(f"{a.service} {a.name}".strip() for a in alerts[:20]))[:200]


def _sample(alerts: Sequence[Alert]) -> tuple[str, ...]:
    lines = [f"{a.severity.label} {a.service} {a.summary}".strip() for a in alerts[:SAMPLE]]
    if len(alerts) > SAMPLE:
        lines.append(f"and {len(alerts) - SAMPLE} more")
    return tuple(lines)
