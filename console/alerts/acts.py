"""Silencing through the desk: shown first, exactly; set in as few calls as say that; each with its way back."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from msgspec import Struct, to_builtins

from console.alerts.acks import AckHandler, UnackHandler
from console.alerts.effects import spoken
from console.alerts.filter import matches, parse
from console.alerts.office import Office, counted, end_silence, sample, set_silence
from console.alerts.silencing import Plan, blast, by_source, plan
from console.alerts.standing import Standing
from console.desk.arguments import parse_duration
from console.errors import Moot, Refused
from console.model.action import Action, OperationState, Outcome, Preview, Reply, Tier
from console.model.alert import Alert, Silence
from console.ports import Handler

__all__ = ["Office", "handlers"]


class SilenceHandler:
    """``alert.silence``: shows what would be muted, then sets as few silences as say exactly that."""

    def __init__(self, office: Office) -> None:
        self._office = office

    async def preview(self, action: Action) -> Preview:
        """Counts first, what was not chosen as a warning, and the exact call; the end stands in the sample only.

        It moves with the clock, and a confirmation is bound to the call.
        """
        office = self._office
        aim, seconds = await self._aim(action), _seconds(action)
        ends = office.desk.clock.now() + seconds * 1000
        calls = [f"{p.source} {{{', '.join(map(str, m))}}}" for p in aim.plans for m in p.silences]
        first = office.silencers[aim.plans[0].source].describe_silence(aim.plans[0].silences[0], ends)
        return Preview(
            title=f"Silence {aim.words} for {spoken(seconds)}",
            call="; ".join(calls) + f"; for {spoken(seconds)}",
            target=", ".join(p.source for p in aim.plans),
            tier=Tier.R2,
            environment=", ".join(dict.fromkeys(filter(None, (office.environments.get(p.source) for p in aim.plans)))),
            blast=await blast(aim.plans),
            sample=(first, *sample(list(chain.from_iterable(p.chosen for p in aim.plans)))),
            undo="end the silence (F4, x)",
            warning="; ".join(filter(None, (aim.others, aim.unable))),
        )

    async def perform(self, action: Action) -> Reply:
        """One operation for each silence; a source that does not answer is asked once, not for each."""
        office = self._office
        aim, seconds = await self._aim(action), _seconds(action)
        incident = office.incident(action)
        ends = office.desk.clock.now() + seconds * 1000
        reason = str(action.args.get("reason") or "").strip()
        comment = f"{reason} ({action.actor.id}{', ' + incident if incident else ''})"
        said = f"silence {aim.words} for {spoken(seconds)}"
        done = _Done()
        for one in aim.plans:
            for number, matchers in enumerate(one.silences):
                outcome = await set_silence(office, incident, one.source, matchers, ends, comment, said, action)
                done.outcomes.append((one.source, outcome))
                if outcome.state not in (OperationState.SENT, OperationState.QUEUED):
                    done.skipped += len(one.silences) - number - 1
                    break
        return done.reply(action, f"silenced {aim.words} for {spoken(seconds)}", aim)

    async def _aim(self, action: Action) -> _Aim:
        office = self._office
        rows, words = await office.chosen(action, resolved=True)
        by_filter = not action.args.get("keys") and not action.args.get("group")
        matchers = parse(str(action.args.get("filter") or "")).matchers if by_filter else None
        known = [row.alert async for some in office.store.slowly() for row in some]
        plans, unable = [], []
        for source, alerts in (await by_source(rows)).items():
            if source in office.silencers:
                plans.append(await plan(source, alerts, known, matchers))
            else:
                unable.append(f"{counted(len(alerts))} of {source}")
        if not plans:
            raise Refused(f"{' and '.join(unable)} cannot be silenced there", next="acknowledge instead")
        return _Aim(words, tuple(plans), f"{' and '.join(unable)} cannot be silenced there" if unable else "")


class _Aim(Struct, frozen=True):
    """What a silence is to be set on."""

    words: str
    plans: tuple[Plan, ...]
    unable: str
    """Which alerts no source can silence."""

    @property
    def others(self) -> str:
        others = [a for p in self.plans for a in p.others]
        return f"also mutes {counted(len(others))} not chosen: {_names(others)}" if others else ""


class _Done:
    """What came of each silence, in the order in which they were set."""

    def __init__(self) -> None:
        self.outcomes: list[tuple[str, Outcome]] = []
        self.skipped = 0

    def reply(self, action: Action, text: str, aim: _Aim) -> Reply:
        """Partial success is told as such, what nobody knows as that."""
        good = [o for _, o in self.outcomes if o.state is OperationState.SENT]
        unknown = [f"{s}: {o.detail}" for s, o in self.outcomes if o.state is OperationState.UNKNOWN]
        failed = [
            f"{s}: {o.detail}" for s, o in self.outcomes if o.state in (OperationState.FAILED, OperationState.DROPPED)
        ]
        queued = [f"{s}: {o.detail}" for s, o in self.outcomes if o.state is OperationState.QUEUED]
        waiting = [f"{len(queued)} waiting ({'; '.join(dict.fromkeys(queued))})"] if queued else []
        clauses = [
            *waiting,
            f"{len(failed)} failed ({'; '.join(failed)})" if failed else "",
            f"of {len(unknown)} nobody knows ({'; '.join(unknown)})" if unknown else "",
            f"{self.skipped} not tried" if self.skipped else "",
            aim.unable,
        ]
        if not good:
            text = "not silenced yet" if waiting else "not silenced"
        elif len(good) < len(self.outcomes) + self.skipped:
            text += f": {len(good)} of {len(self.outcomes) + self.skipped} silences set"
        else:
            text += f", {counted(sum(len(p.chosen) + len(p.others) for p in aim.plans))}"
        return Reply(
            action.request_id,
            bool(good or waiting),
            "; ".join(filter(None, (text, *clauses))),
            next=(
                "look at F4 for what is in force"
                if unknown
                else "F6 shows what waits: r tries now, x drops it"
                if waiting
                else "u undoes them one by one"
                if len(good) > 1
                else ""
            ),
            undo=good[0].undo if len(self.outcomes) == 1 and good else None,
            data={"outcomes": [to_builtins(o) for _, o in self.outcomes]},
        )


class ExpireHandler:
    """``silence.expire``: ends a silence now."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def _find(self, action: Action, standing: Standing) -> Silence:
        name = str(action.args.get("silence") or "")
        if action.undoes and name in standing.ended:
            raise Moot(f"silence {name} has ended already", next="see F4 for those in force")
        silence = standing.find(name)
        if silence is not None:
            return silence
        source, _, id = name.partition("/")
        if source in self._office.silencers and id:
            return Silence(id, source, (), 0, 0, "", "")
        raise Refused(f"there is no silence {name}", next="see F4 for those in force")

    async def preview(self, action: Action) -> Preview:
        """Which alerts are heard again; those that another silence mutes as well are not.

        A silence keeps its matchers as long as it keeps its id, so a confirmation is bound to the id alone: what is
        listed of it may change while it is read.
        """
        office = self._office
        standing = office.standing(action)
        silence = self._find(action, standing)
        freed = await self._freed(silence, standing)
        what = f"{silence.source} {', '.join(map(str, silence.matchers))}; " if silence.matchers else ""
        blast = f"{counted(len(freed))} heard again" if silence.matchers else "which alerts it mutes is not known here"
        return Preview(
            title=f"End silence {silence.id[:8]}",
            call=f"{what}DELETE /api/v2/silence/{silence.id}",
            target=silence.key,
            tier=Tier.R2,
            environment=office.environments.get(silence.source, ""),
            blast=(blast,),
            sample=sample(freed),
            digest=f"end {silence.key}",
        )

    async def _freed(self, silence: Silence, standing: Standing) -> list[Alert]:
        """By matchers, not by what the source last said of its alerts: that may be older than the silence."""
        if not silence.matchers:
            return []
        others = [s.matchers for s in standing.active() if s.source == silence.source and s.id != silence.id]
        return [
            row.alert
            async for rows in self._office.store.slowly()
            for row in rows
            if row.alert.firing
            and row.alert.source == silence.source
            and not row.alert.inhibited
            and matches(silence.matchers, row.alert.labels)
            and not any(matches(m, row.alert.labels) for m in others)
        ]

    async def perform(self, action: Action) -> Reply:
        """One operation."""
        silence = self._find(action, self._office.standing(action))
        outcome = await end_silence(self._office, self._office.incident(action), silence, action)
        if outcome.state is OperationState.SENT:
            return Reply(action.request_id, True, f"ended silence {silence.id[:8]}", undo=outcome.undo)
        if outcome.state is OperationState.QUEUED:
            text = f"the silence is ended as soon as {silence.source} answers: {outcome.detail}"
            return Reply(action.request_id, True, text, next="F6 shows what waits")
        said = "it is not known whether the silence ended"
        if outcome.state is not OperationState.UNKNOWN:
            said = "the silence still holds"
        return Reply(action.request_id, False, f"{said}: {outcome.detail}", next="look at F4 and try again")


def handlers(office: Office) -> dict[str, Handler]:
    """The handlers of this capability by action id; from here on the store shows the copies that can be silenced."""
    office.store.prefer(office.silencers)
    return {
        "alert.ack": AckHandler(office),
        "alert.unack": UnackHandler(office),
        "alert.silence": SilenceHandler(office),
        "silence.expire": ExpireHandler(office),
    }


def _seconds(action: Action) -> int:
    return parse_duration(action.args.get("duration") or "")


def _names(alerts: Sequence[Alert]) -> str:
    return ", ".join(dict.fromkeys(f"{a.service} {a.name}".strip() for a in alerts[:20]))[:200]
