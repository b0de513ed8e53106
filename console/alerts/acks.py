"""Acknowledging: seen, by whom, until it resolves; one alert or hundreds in one entry."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress

from console.alerts.office import Office, counted, end_silence, sample, set_silence
from console.alerts.silencing import exact
from console.errors import BackendError
from console.model.action import Action, OperationState, Preview, Reply, Tier, Undo
from console.model.alert import Alert, Silence
from console.model.entry import Draft, Kind

ACK_MARK = "[warroom:ack]"
"""Stands in the comment of a silence that an acknowledgement set."""
MOST = 100
"""Silences that one acknowledgement may set; each is a call and a line in the journal."""


class AckHandler:
    """``alert.ack``: a fact in the journal; on request also marked silences that lapse if nobody renews them."""

    def __init__(self, office: Office) -> None:
        self._office = office

    async def preview(self, action: Action) -> Preview:
        """How many are acknowledged, and whether anything is sent."""
        found, words = await self._office.chosen(action)
        call, undo = "a note in the journal; nothing is sent", "take the acknowledgement back"
        if self._silences(action):
            call = f"a note in the journal, and a silence of {self._minutes} min on each, renewed while it fires"
            undo += ", which ends its silences"
        return Preview(
            f"Acknowledge {words}", call, words, Tier.R1, blast=self._blast(found), sample=sample(found), undo=undo
        )

    async def perform(self, action: Action) -> Reply:
        """One entry for all; those that somebody acknowledged before stay theirs."""
        office = self._office
        found, words = await office.chosen(action)
        fresh = [a for a in found if not self._by(a)]
        if not fresh:
            return Reply(
                action.request_id, True, f"acknowledged already, by {', '.join(sorted(set(map(self._by, found))))}"
            )
        keys = [a.key for a in fresh]
        incident = office.incident(action)
        body: dict[str, object] = {
            "keys": keys,
            "note": str(action.args.get("note") or ""),
            "group": str(action.args.get("group") or ""),
            "words": words,
        }
        await office.desk.record(incident, [Draft(Kind.ALERT_ACKED, body, action.actor)], action)
        office.store.ack(keys, action.actor.id, office.desk.clock.now())
        text = f"acknowledged {counted(len(keys))}"
        if len(fresh) < len(found):
            text += f", {len(found) - len(fresh)} were already"
        if self._silences(action):
            text += await self._silence(fresh, incident, action)
        undo = Undo("alert.unack", {"keys": keys, "incident": incident}, "take the acknowledgement back")
        return Reply(action.request_id, True, text, undo=undo, data={"keys": keys})

    def _by(self, alert: Alert) -> str:
        row = self._office.store.row(alert.key)
        return row.acked_by if row is not None else ""

    def _blast(self, found: Sequence[Alert]) -> tuple[str, ...]:
        before = sum(bool(self._by(a)) for a in found)
        return (counted(len(found)), *([f"{before} acknowledged already"] if before else []))

    def _silences(self, action: Action) -> bool:
        return self._office.ack.silence or action.args.get("silence") == "yes"

    @property
    def _minutes(self) -> int:
        return round(self._office.ack.silence_s / 60)

    async def _silence(self, found: Sequence[Alert], incident: str, action: Action) -> str:
        office = self._office
        able = [a for a in found if a.source in office.silencers and exact(a)]
        if len(able) > MOST:
            return f"; none silenced, {len(able)} are too many for a silence each: silence the group with s"
        ends = office.desk.clock.now() + round(office.ack.silence_s * 1000)
        where = f" in {incident}" if incident else ""
        comment = f"{ACK_MARK} acknowledged by {action.actor.id}{where}; lapses unless warroom renews it"
        done, failed = 0, dict[str, str]()
        for alert in able:
            if alert.source in failed:
                continue
            words = f"silence {alert.name} while acknowledged"
            outcome = await set_silence(office, incident, alert.source, exact(alert), ends, comment, words, action)
            if outcome.state is OperationState.SENT:
                done += 1
            else:
                failed[alert.source] = outcome.detail
        text = f"; {done} silenced for {self._minutes} min, renewed while they fire"
        if done < len(found):
            why = "; ".join(f"{source}: {detail}" for source, detail in failed.items())
            text += f", {len(found) - done} could not be" + (f" ({why})" if why else "")
        return text


class UnackHandler:
    """``alert.unack``: the acknowledgement is taken back; its marked silences end."""

    def __init__(self, office: Office) -> None:
        self._office = office

    async def preview(self, action: Action) -> Preview:
        """How many are taken back, and which silences end with them."""
        found, words = await self._office.chosen(action)
        ending = counted(len(await self._silences_of(found)), "silence")
        return Preview(
            f"Un-acknowledge {words}", "a note in the journal", words, Tier.R1,
            blast=(counted(len(found)), f"{ending} of theirs ends"), undo="acknowledge again",
        )  # fmt: skip

    async def perform(self, action: Action) -> Reply:
        """One entry for all, then an operation for each silence."""
        office = self._office
        found, words = await office.chosen(action)
        keys = [a.key for a in found]
        incident = office.incident(action)
        body: dict[str, object] = {"keys": keys, "words": words}
        await office.desk.record(incident, [Draft(Kind.ALERT_UNACKED, body, action.actor)], action)
        office.store.unack(keys)
        outcomes = [await end_silence(office, incident, s, action) for s in await self._silences_of(found)]
        text = f"un-acknowledged {counted(len(keys))}"
        if outcomes:
            text += f"; {counted(sum(o.state is OperationState.SENT for o in outcomes), 'silence')} ended"
        bad = [o for o in outcomes if o.state is not OperationState.SENT]
        if bad:
            text += f", {len(bad)} not: {bad[0].detail}; they lapse within {round(office.ack.silence_s / 60)} min"
        undo = Undo("alert.ack", {"keys": keys, "incident": incident}, "acknowledge again")
        return Reply(action.request_id, True, text, undo=undo, data={"keys": keys})

    async def _silences_of(self, found: Sequence[Alert]) -> list[Silence]:
        """Asked of the sources again: one that was set a moment ago may not be in the list that was read last."""
        known = {s.key: s for s in self._office.silences()}
        for source in dict.fromkeys(a.source for a in found):
            if source in self._office.silencers:
                with suppress(BackendError):
                    known |= {s.key: s for s in await self._office.silencers[source].silences()}
        theirs = {(a.source, frozenset(exact(a))) for a in found}
        return [s for s in ack_silences(known.values()) if (s.source, frozenset(s.matchers)) in theirs]


def ack_silences(silences: Iterable[Silence]) -> list[Silence]:
    """Those that acknowledgements set."""
    return [s for s in silences if s.comment.startswith(ACK_MARK)]
